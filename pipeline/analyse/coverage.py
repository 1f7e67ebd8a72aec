"""Which sheets are counted and which are not: by place, by scanning station, by size of the mesa.

Whether what is missing is like what is there cannot be seen from the sheets that are missing; but
it can be seen whether they come from the same places, stations and sizes of mesa. `spread` is the
index of dissimilarity of the two (O. D. Duncan and B. Duncan, American Sociological Review 20,
1955): half the sum over groups of |share of the counted - share of the others|: 0 where both are
spread alike, 1 where they have no group in common.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.analyse.bounds import rounded
from pipeline.analyse.names import stations_of
from pipeline.analyse.voters import Voters
from pipeline.count.resolve import MesaStatus, Resolution, ResolvedMesa, ScanStatus
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import NATION, Election

SIZE_CLASSES = 5


@dataclass(frozen=True)
class PlaceCoverage:
    """The expected mesas of a unit: counted + quarantined + missing = expected.

    `unread` of the missing are known to have a scan that cannot be read.
    """

    level: str
    code: str
    name: str
    expected: int
    counted: int
    quarantined: int
    missing: int
    unread: int


@dataclass(frozen=True)
class StationCoverage:
    """The scans of one scanning station by status, and what its counted sheets say."""

    station: str
    """'' holds the scans whose name tells none; all of them, where names tell of nearly as many
    stations as there are scans (see `names`)."""
    scans: int
    statuses: Mapping[str, int]
    votes: Mapping[str, int]
    valid_votes: int

    @property
    def sheets(self) -> int:
        """Scans that are counted or might have been: counted, quarantined, unreadable, failed."""
        return self.statuses[ScanStatus.COUNTED.value] + self.lost

    @property
    def lost(self) -> int:
        """Scans that are not counted though they are neither repeated nor foreign."""
        lost = (ScanStatus.QUARANTINED, ScanStatus.UNREADABLE, ScanStatus.FAILED)
        return sum(self.statuses[status.value] for status in lost)


@dataclass(frozen=True)
class SizeCoverage:
    """The mesas with `low` to `high` registered voters; None where they are not known."""

    low: int | None
    high: int | None
    expected: int
    counted: int
    votes: Mapping[str, int]
    valid_votes: int


@dataclass(frozen=True)
class Registration:
    """Registered voters for a mean: of the counted mesas, and of what is left of the register.

    The rest is None where the register's total is not known.
    """

    counted_voters: int
    counted_mesas: int
    rest_voters: int | None
    rest_mesas: int

    @property
    def sentence(self) -> str:
        """Whether what is not counted are smaller or larger mesas; '' if that cannot be told."""
        if self.rest_voters is None or not self.rest_mesas or not self.counted_mesas:
            return ""
        rest = rounded(self.rest_voters, self.rest_mesas)
        counted = rounded(self.counted_voters, self.counted_mesas)
        return (
            f"By the register of all voters, a mesa that is not counted has {rest:,} registered "
            f"voters on average, a counted one {counted:,}."
        )


@dataclass(frozen=True)
class Coverage:
    """All of it. `places` goes by level, the nation first, down to the level above the centres."""

    places: Mapping[str, tuple[PlaceCoverage, ...]]
    stations: tuple[StationCoverage, ...]
    sizes: tuple[SizeCoverage, ...]
    registration: Registration
    spread: Mapping[str, float | None]
    """By what is told apart; None where nothing is counted or nothing is missing."""

    @property
    def nation(self) -> PlaceCoverage:
        """The whole."""
        return self.places[NATION][0]


def cover(
    resolution: Resolution, totals: Totals, voters: Mapping[str, Voters], election: Election
) -> Coverage:
    """The coverage of a count."""
    names = [NATION, *(level.name for level in election.levels[:-1])]
    stations = _stations(resolution, election)
    sizes = _sizes(resolution, totals, election)
    spread = {
        name: dissimilarity(
            (unit.counted, unit.quarantined + unit.missing) for unit in totals.levels[name]
        )
        for name in names[1:]
    }
    spread["station"] = dissimilarity(
        (s.statuses[ScanStatus.COUNTED.value], s.lost) for s in stations
    )
    known = [size for size in sizes if size.low is not None]
    spread["size"] = dissimilarity((s.counted, s.expected - s.counted) for s in known)
    return Coverage(
        {name: tuple(_place(unit) for unit in totals.levels[name]) for name in names},
        stations,
        sizes,
        _registration(totals.nation, voters.get("", Voters()), election),
        spread,
    )


def dissimilarity(groups: Iterable[tuple[int, int]]) -> float | None:
    """Of pairs (counted, not counted) by group; None where one of them has nothing."""
    pairs = list(groups)
    there, lost = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    if not there or not lost:
        return None
    # In integers up to the last step: the same whatever the order of the groups.
    return sum(abs(a * lost - b * there) for a, b in pairs) / (2 * there * lost)


def _place(unit: UnitTotals) -> PlaceCoverage:
    return PlaceCoverage(
        unit.level,
        unit.code,
        unit.name,
        unit.expected,
        unit.counted,
        unit.quarantined,
        unit.missing,
        unit.unread,
    )


def _stations(resolution: Resolution, election: Election) -> tuple[StationCoverage, ...]:
    uris = (uri for uri, _ in resolution.scans.verdicts())
    station = stations_of(uris, len(resolution.scans))
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for uri, verdict in resolution.scans.verdicts():
        statuses[station(uri)][verdict.status.value] += 1
    for mesa in resolution.mesas:
        if mesa.source and mesa.payload:
            given = _by_candidate(mesa.payload.votes, election)
            votes[station(mesa.source.uri)].update(given)
    return tuple(
        StationCoverage(
            name,
            sum(statuses[name].values()),
            {status.value: statuses[name][status.value] for status in ScanStatus},
            {c.code: votes[name][c.code] for c in election.candidates},
            sum(votes[name].values()),
        )
        for name in sorted(statuses)
    )


def _by_candidate(votes: Sequence[int], election: Election) -> dict[str, int]:
    return {c.code: sum(votes[i] for i in c.positions) for c in election.candidates}


def _sizes(resolution: Resolution, totals: Totals, election: Election) -> tuple[SizeCoverage, ...]:
    """Fifths of the mesas whose registered voters are known, the smallest first; then the rest."""
    known = [m for m in resolution.mesas if m.registered_voters is not None]
    ranked = sorted(m.registered_voters or 0 for m in known)
    edges = sorted(
        {ranked[len(ranked) * i // SIZE_CLASSES] for i in range(1, SIZE_CLASSES)}
        if ranked
        else set()
    )
    groups: list[list[ResolvedMesa]] = [[] for _ in range(len(edges) + 1)]
    for mesa in known:
        groups[bisect_right(edges, mesa.registered_voters or 0)].append(mesa)
    sizes = [_size(group, len(group), election) for group in groups if group]
    unknown = [m for m in resolution.mesas if m.registered_voters is None]
    others = totals.nation.expected - len(known)
    return (*sizes, _size(unknown, others, election)) if others else tuple(sizes)


def _size(mesas: Sequence[ResolvedMesa], expected: int, election: Election) -> SizeCoverage:
    votes: Counter[str] = Counter()
    counted = 0
    for mesa in mesas:
        if mesa.status is MesaStatus.COUNTED and mesa.payload:
            counted += 1
            votes.update(_by_candidate(mesa.payload.votes, election))
    voters = [m.registered_voters for m in mesas if m.registered_voters is not None]
    return SizeCoverage(
        min(voters, default=None),
        max(voters, default=None),
        expected,
        counted,
        {c.code: votes[c.code] for c in election.candidates},
        sum(votes.values()),
    )


def _registration(nation: UnitTotals, voters: Voters, election: Election) -> Registration:
    whole = election.electorate.get("")
    rest = None if whole is None else max(0, whole - voters.counted)
    return Registration(
        voters.counted, voters.counted_mesas, rest, nation.expected - nation.counted
    )
