"""The tables of mesas and of totals by level, with the same vote columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.count.outputs import acta_rows
from pipeline.count.resolve import Resolution
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import NATION, Election
from pipeline.publish.opendata.scans import Naming, page_of
from pipeline.publish.opendata.table import Column, Row, Table, flag, number, text
from pipeline.schema import party_column


def vote_columns(election: Election) -> tuple[Column, ...]:
    """A column for each candidate, then one for each line of the ballot."""
    candidates = (number(c.code, f"Votes for {c.name}: the sum of its lines of the ballot")
                  for c in election.candidates)  # fmt: skip
    lines = (
        number(
            party_column(election, line.index),
            f"Line {line.index + 1} of the ballot: {line.candidate_name} for {line.party}",
        )
        for line in election.positions
    )
    return (*candidates, *lines)


def _by_candidate(votes: Sequence[int], election: Election) -> Iterator[int]:
    for candidate in election.candidates:
        yield sum(votes[index] for index in candidate.positions)


def mesas_table(resolution: Resolution, election: Election, naming: Naming) -> Table:
    """A row for every expected or found mesa."""
    columns = (
        text("mesa", "Centre code and number; 0101-/3 is the third mesa of 0101 that no register "
             "names", required=True),
        *(text(level.name, f"Code of the {level.name}") for level in election.levels),
        number("number", "Number of the mesa in its centre"),
        flag("listed", "Whether a register names it"),
        text("status", "counted, quarantined or missing", required=True),
        flag("unread", "Missing, though a scan of it is known that cannot be read"),
        text("grade", "How well the numbers are proven: proven, qr or print"),
        text("acta_code", "Code of the sheet that counts"),
        number("registered_voters", "Registered voters, where a register knows them"),
        number("valid_votes", "Sum of the ballot's lines"),
        number("null_votes", "Null votes"),
        number("empty_votes", "Empty votes"),
        *vote_columns(election),
        text("scan", "Name of the scan's file that counts"),
        text("sha256", "SHA-256 of that file"),
        number("page", "Page of that file"),
        number("scans", "How many scans of it were found, copies of a file not counted",
               required=True),
        text("findings", "Codes of the findings on it, separated by spaces"),
    )  # fmt: skip

    def rows() -> Iterator[Row]:
        return (_mesa_row(row, election, naming) for row in acta_rows(resolution, election))

    return Table("mesas", "Every expected or found mesa", columns, rows, key=("mesa",))


def _mesa_row(row: dict[str, object], election: Election, naming: Naming) -> Row:
    """A mesa's row; `row` is one of `actas.parquet`, whose types are those of its schema."""
    cells: dict[str, object] = {**row, "page": None}
    votes = row.get("votes")
    lines: list[int] = list(votes) if isinstance(votes, list) else []
    uri, codes = row.get("scan"), row["findings"]
    if isinstance(uri, str):
        cells |= {"scan": naming.name(uri), "page": page_of(uri)}
    cells["findings"] = " ".join(codes) if isinstance(codes, list) and codes else None
    shown = (*_by_candidate(lines, election), *lines) if lines else (None,) * _width(election)
    places = (level.name for level in election.levels)
    before = ("mesa", *places, "number", "listed", "status", "unread", "grade", "acta_code",
              "registered_voters", "valid_votes", "null_votes", "empty_votes")  # fmt: skip
    after = ("scan", "sha256", "page", "scans", "findings")
    return (*(_value(cells.get(name)) for name in before), *shown,
            *(_value(cells.get(name)) for name in after))  # fmt: skip


def _width(election: Election) -> int:
    return len(election.candidates) + len(election.positions)


def _value(cell: object) -> str | int | bool | None:
    if cell is None or isinstance(cell, str | int):
        return cell
    raise TypeError(f"{cell!r} is no cell of the open data")


TOTALS = (
    text("level", "The level's name", required=True),
    text("code", "Code of the unit; empty for the nation; 0101- are the mesas of 0101 that no part "
         "of it lists"),
    text("parent", "Code of the unit above"),
    text("name", "Name of the unit", required=True),
    number("expected", "Mesas that exist: counted + quarantined + missing", required=True),
    number("counted", "Mesas whose sheet is in the totals", required=True),
    number("quarantined", "Mesas with sheets that a person must look at", required=True),
    number("missing", "Mesas without a sheet that could be counted", required=True),
    number("unread", "Of the missing: a scan is known, but cannot be read", required=True),
    number("registered_voters", "Registered voters of the counted mesas, where known",
           required=True),
    number("valid_votes", "Valid votes of the counted mesas", required=True),
    number("null_votes", "Null votes of the counted mesas", required=True),
    number("empty_votes", "Empty votes of the counted mesas", required=True),
)  # fmt: skip


def totals_tables(totals: Totals, election: Election) -> list[Table]:
    """A table for each level, from the nation down."""
    columns = (*TOTALS, *vote_columns(election))
    return [
        _totals_table(level, units, columns, election) for level, units in totals.levels.items()
    ]


def _totals_table(
    level: str, units: Sequence[UnitTotals], columns: tuple[Column, ...], election: Election
) -> Table:
    def rows() -> Iterator[Row]:
        return (_unit_row(unit, election) for unit in units)

    key = () if level == NATION else ("code",)
    return Table(f"totals/{level}", f"Totals by {level}", columns, rows, key)


def _unit_row(unit: UnitTotals, election: Election) -> Row:
    votes: list[int] = unit.votes.tolist()
    plain = (getattr(unit, column.name) for column in TOTALS)
    return (*(None if cell == "" else cell for cell in plain), *_by_candidate(votes, election),
            *votes)  # fmt: skip
