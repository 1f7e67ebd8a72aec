"""The counted mesas in the columns of a table that others published, to compare line by line.

It copies that table's habits, its numbers without leading zeros among them: nothing else reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.count.resolve import Resolution, ResolvedMesa
from pipeline.election import Election, PublishedTable
from pipeline.publish.opendata.scans import Naming
from pipeline.publish.opendata.table import Column, Row, Table, Value, number, text

Cell = Callable[[ResolvedMesa], Value]


def published_table(resolution: Resolution, election: Election, naming: Naming) -> Table | None:
    """The table, or None if the election names no such layout."""
    layout = election.published_table
    if layout is None:
        return None
    cells = [_cell(holds, election, layout, naming) for _, holds in layout.columns]

    def rows() -> Iterator[Row]:
        # In the order of centre and number, as the publisher's own.
        for mesa in sorted(resolution.mesas, key=lambda mesa: (mesa.centre, mesa.number)):
            if mesa.payload:
                yield tuple(cell(mesa) for cell in cells)

    columns = tuple(_column(name, holds) for name, holds in layout.columns)
    title = "The counted mesas in the layout of the sheets' publisher"
    return Table("published-layout", title, columns, rows, all_formats=False)


def _column(name: str, holds: str) -> Column:
    about = f"In the publisher's layout: {holds.replace(':', ', ')}"
    return text(name, about) if holds == "scan" or holds.endswith(":name") else number(name, about)


def _cell(holds: str, election: Election, layout: PublishedTable, naming: Naming) -> Cell:
    """What to write into a column; the definition has been checked when it was loaded."""
    what, _, which = holds.partition(":")
    if what == "votes":
        positions = next(c.positions for c in election.candidates if c.code == which)
        return lambda mesa: sum(mesa.payload.votes[i] for i in positions) if mesa.payload else None
    if what == "scan":
        return lambda mesa: naming.name(mesa.source.uri) if mesa.source else None
    if what == "mesa":
        return lambda mesa: mesa.number
    if what == "registered_voters":
        return lambda mesa: mesa.registered_voters
    if not which:
        return lambda mesa: getattr(mesa.payload, what)  # valid_votes, null_votes, empty_votes
    return _place(what, which, election, layout)


def _place(name: str, which: str, election: Election, layout: PublishedTable) -> Cell:
    """A place's whole code as a number, the publisher's number of it, or its name."""
    lengths = [0, *(level.digits for level in election.levels)]
    digits = next(level.digits for level in election.levels if level.name == name)
    start = lengths[lengths.index(digits) - 1]
    if which == "integer":
        return lambda mesa: int(mesa.centre[:digits])
    if which == "number":
        return lambda mesa: int(
            layout.units.get(mesa.centre[:digits], (mesa.centre[start:digits],))[0]
        )
    return lambda mesa: (
        layout.units[mesa.centre[:digits]][1]
        if mesa.centre[:digits] in layout.units
        else election.name_of(mesa.centre[:digits])
    )
