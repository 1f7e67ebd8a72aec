"""What speaks for and against the sheets as such: findings, grades, and hints for a second look.

A hint is never a reason to leave a sheet out: among tens of thousands of mesas some look odd by
chance alone. Code, sentence and rule of each stand here alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.analyse.ink import Ink, InkSummary, sum_up_ink
from pipeline.count.resolve import GRADES, MesaStatus, Resolution, ResolvedMesa
from pipeline.count.totals import Totals
from pipeline.election import Election, MesaKey
from pipeline.findings import CATALOGUE, Gravity, Kind

FEWEST_ODD = 50
"""Valid votes below which one candidate having all of them is nothing odd."""


@dataclass(frozen=True)
class FindingCount:
    """A kind of finding, and the scans and mesas that have it."""

    kind: Kind
    scans: int
    mesas: int


@dataclass(frozen=True)
class HintKind:
    """What a hint is about. `rule` says when it is given."""

    code: str
    sentence: str
    rule: str


@dataclass(frozen=True)
class Hint:
    """Mesas worth a second look, and the valid votes on each of their sheets."""

    kind: HintKind
    mesas: tuple[MesaKey, ...]
    valid_votes: int


@dataclass(frozen=True)
class Integrity:
    """All of it. `ink` is None where no sheet was looked at for it."""

    findings: tuple[FindingCount, ...]
    grades: Mapping[str, int]
    hints: tuple[Hint, ...]
    ink: InkSummary | None


def examine(resolution: Resolution, totals: Totals, election: Election, ink: Ink) -> Integrity:
    """Sum up what is known of the sheets."""
    return Integrity(
        count_findings(resolution),
        dict.fromkeys(GRADES, 0) | dict(totals.grades),
        find_hints(resolution, election),
        sum_up_ink(resolution, election, ink),
    )


def count_findings(resolution: Resolution) -> tuple[FindingCount, ...]:
    """Findings by code: first those that keep a sheet out, then the most frequent."""
    scans: Counter[str] = Counter()
    mesas: dict[str, set[MesaKey]] = defaultdict(set)
    for _, verdict in resolution.scans.verdicts():
        for code in {finding.code for finding in verdict.findings}:
            scans[code] += 1
            mesas[code] |= {verdict.mesa} if verdict.mesa else set()
    counts = (FindingCount(CATALOGUE[code], scans[code], len(mesas[code])) for code in scans)
    return tuple(sorted(counts, key=_order))


def _order(found: FindingCount) -> tuple[bool, int, str]:
    return found.kind.gravity is not Gravity.BLOCKS, -found.scans, found.kind.code


def find_hints(resolution: Resolution, election: Election) -> tuple[Hint, ...]:
    """All hints on counted mesas, kind by kind; within each the sheets with most votes first."""
    counted = [m for m in resolution.mesas if m.status is MesaStatus.COUNTED and m.payload]
    hints = []
    for kind, rule in _HINTS:
        found = [_hint(kind, group) for group in rule(counted, election)]
        hints += sorted(found, key=lambda hint: (-hint.valid_votes, hint.mesas))
    return tuple(hints)


def _hint(kind: HintKind, mesas: Sequence[ResolvedMesa]) -> Hint:
    votes = mesas[0].payload.valid_votes if mesas[0].payload else 0
    return Hint(kind, tuple(sorted(mesa.mesa for mesa in mesas)), votes)


Groups = Iterable[Sequence[ResolvedMesa]]


def _equal(mesas: Iterable[ResolvedMesa], _election: Election) -> Groups:
    groups: dict[object, list[ResolvedMesa]] = defaultdict(list)
    for mesa in mesas:
        payload = mesa.payload
        if payload and payload.valid_votes:
            groups[payload.votes, payload.null_votes, payload.empty_votes].append(mesa)
    return (group for group in groups.values() if len(group) > 1)


def _one_sided(mesas: Iterable[ResolvedMesa], election: Election) -> Groups:
    lines = [candidate.positions for candidate in election.candidates]
    for mesa in mesas:
        votes = mesa.payload.votes if mesa.payload else ()
        if sum(votes) >= FEWEST_ODD:
            most = max(sum(votes[i] for i in positions) for positions in lines)
            if most == sum(votes) and len(lines) > 1:
                yield [mesa]


def _everybody(mesas: Iterable[ResolvedMesa], _election: Election) -> Groups:
    for mesa in mesas:
        payload = mesa.payload
        full = payload is not None and payload.ballots == mesa.registered_voters
        if payload and full and payload.valid_votes >= FEWEST_ODD:
            yield [mesa]


_HINTS: tuple[tuple[HintKind, Callable[[Sequence[ResolvedMesa], Election], Groups]], ...] = (
    (
        HintKind(
            "equal-votes",
            "Several mesas have the very same votes in every line",
            "all ballot positions, null and empty votes are equal; not of sheets without votes",
        ),
        _equal,
    ),
    (
        HintKind(
            "one-sided",
            "One candidate has every valid vote",
            f"at least {FEWEST_ODD} valid votes, all for one candidate",
        ),
        _one_sided,
    ),
    (
        HintKind(
            "everybody-voted",
            "As many votes as registered voters",
            f"ballots = registered voters, at least {FEWEST_ODD} valid votes",
        ),
        _everybody,
    ),
)
HINT_KINDS = tuple(kind for kind, _ in _HINTS)
