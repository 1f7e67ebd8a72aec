"""Our count against a published table, mesa by mesa: who has which mesas, and who differs in what.

For every field and every sum: ours = ours on the mesas that both have + ours elsewhere, and theirs
likewise, so that each vote of the difference between two totals has its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.analyse.published import EMPTY, NULL, REGISTERED, VALID, Problem, PublishedTable
from pipeline.count.resolve import MesaStatus, Resolution, ResolvedMesa
from pipeline.election import Election, MesaKey
from pipeline.read.qr.payload import Payload

NOT_LISTED = "not-listed"
"""The status of a mesa that nothing here names. It may still be one of the expected ones."""


@dataclass(frozen=True)
class Difference:
    """One number of one mesa that differs. `scan` is the one that ours rests on."""

    mesa: MesaKey
    field: str
    ours: int
    theirs: int
    line: int
    scan: str


@dataclass(frozen=True)
class OneSided:
    """A mesa that only one side has numbers for. `status` is ours; `line` is theirs, if any."""

    mesa: MesaKey
    status: str
    valid_votes: int
    line: int | None


@dataclass(frozen=True)
class FieldSums:
    """One field summed: over the mesas that both have, and over those that one side has alone."""

    field: str
    ours_both: int
    theirs_both: int
    only_ours: int
    only_theirs: int
    differing: int
    """Mesas that both have and that differ in it."""

    @property
    def ours(self) -> int:
        """Our total."""
        return self.ours_both + self.only_ours

    @property
    def theirs(self) -> int:
        """Their total."""
        return self.theirs_both + self.only_theirs


@dataclass(frozen=True)
class Comparison:
    """A count beside a table. `not_taken` rows could not be understood; see `problems`."""

    table: str
    sha256: str
    encoding: str
    rows: int
    not_taken: int
    padded: int
    both: int
    equal: int
    sums: tuple[FieldSums, ...]
    differences: tuple[Difference, ...]
    only_ours: tuple[OneSided, ...]
    only_theirs: tuple[OneSided, ...]
    problems: tuple[Problem, ...]

    @property
    def differing(self) -> int:
        """Mesas that both have and that differ in something."""
        return self.both - self.equal

    @property
    def only_theirs_by_status(self) -> Mapping[str, int]:
        """What became here of the mesas that only they have numbers for."""
        found = [item.status for item in self.only_theirs]
        return {status: found.count(status) for status in sorted(set(found))}


def compare(resolution: Resolution, table: PublishedTable, election: Election) -> Comparison:
    """Hold the counted mesas against a table's."""
    known = {mesa.mesa: mesa for mesa in resolution.mesas}
    counted = {key: mesa for key, mesa in known.items() if mesa.status is MesaStatus.COUNTED}
    ours = {key: _numbers(mesa, election) for key, mesa in counted.items()}
    theirs = {row.mesa: row for row in table.rows}
    both = sorted(ours.keys() & theirs.keys())
    differences = tuple(
        Difference(
            key, field, ours[key][field], number, theirs[key].line,
            _scan(counted[key]),
        )
        for key in both
        for field, number in theirs[key].numbers.items()
        if ours[key].get(field, number) != number
    )  # fmt: skip
    return Comparison(
        table=table.name,
        sha256=table.sha256,
        encoding=table.encoding,
        rows=len(table.rows),
        not_taken=table.not_taken,
        padded=table.padded,
        both=len(both),
        equal=len(both) - len({difference.mesa for difference in differences}),
        sums=tuple(_sums(table, ours, differences)),
        differences=differences,
        only_ours=tuple(_only_ours(counted, theirs.keys())),
        only_theirs=tuple(_only_theirs(table, known, ours.keys())),
        problems=table.problems,
    )


def _numbers(mesa: ResolvedMesa, election: Election) -> dict[str, int]:
    """What is counted of a mesa, by field; registered voters only where they are known."""
    payload = _payload(mesa)
    votes = {c.code: sum(payload.votes[i] for i in c.positions) for c in election.candidates}
    rest = {VALID: payload.valid_votes, NULL: payload.null_votes, EMPTY: payload.empty_votes}
    voters = mesa.registered_voters
    return votes | rest | ({} if voters is None else {REGISTERED: voters})


def _payload(mesa: ResolvedMesa) -> Payload:
    payload = mesa.payload
    assert payload is not None, "a counted mesa has numbers"  # noqa: S101
    return payload


def _scan(mesa: ResolvedMesa) -> str:
    return mesa.source.uri if mesa.source else ""


def _sums(
    table: PublishedTable,
    ours: Mapping[MesaKey, Mapping[str, int]],
    differences: Iterable[Difference],
) -> Iterator[FieldSums]:
    theirs = {row.mesa: row.numbers for row in table.rows}
    differing = [difference.field for difference in differences]
    for field in table.fields:
        mine = {key: numbers[field] for key, numbers in ours.items() if field in numbers}
        told = {key: numbers for key, numbers in theirs.items() if field in numbers}
        yield FieldSums(
            field,
            sum(number for key, number in mine.items() if key in told),
            sum(numbers[field] for key, numbers in told.items() if key in mine),
            sum(number for key, number in mine.items() if key not in told),
            sum(numbers[field] for key, numbers in told.items() if key not in mine),
            differing.count(field),
        )


def _only_ours(
    counted: Mapping[MesaKey, ResolvedMesa], theirs: Iterable[MesaKey]
) -> Iterator[OneSided]:
    known = set(theirs)
    for key in sorted(counted.keys() - known):
        mesa = counted[key]
        yield OneSided(key, mesa.status.value, _payload(mesa).valid_votes, None)


def _only_theirs(
    table: PublishedTable, known: Mapping[MesaKey, ResolvedMesa], ours: Iterable[MesaKey]
) -> Iterator[OneSided]:
    counted = set(ours)
    for row in table.rows:
        if row.mesa not in counted:
            mesa = known.get(row.mesa)
            status = mesa.status.value if mesa else NOT_LISTED
            yield OneSided(row.mesa, status, row.votes, row.line)


def difference_rows(comparison: Comparison) -> Iterator[dict[str, object]]:
    """Rows of `schema.DIFFERENCES`: numbers that differ, then the mesas that one side has alone."""
    for item in comparison.differences:
        yield {
            "mesa": item.mesa,
            "kind": "differs",
            "status": MesaStatus.COUNTED.value,
            "field": item.field,
            "here": item.ours,
            "there": item.theirs,
            "difference": item.ours - item.theirs,
            "line": item.line,
            "scan": item.scan,
        }
    for kind, side, found in (
        ("only-here", "here", comparison.only_ours),
        ("only-there", "there", comparison.only_theirs),
    ):
        for mesa in found:
            yield {
                "mesa": mesa.mesa,
                "kind": kind,
                "status": mesa.status,
                "field": VALID,
                side: mesa.valid_votes,
                "line": mesa.line,
            }
