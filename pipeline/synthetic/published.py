"""A published table of results by mesa, row by row, checked: a bad row names file and line.

Reads both layouts of 2024: the first (UTF-8 with a byte order mark, registered voters in `RE`)
and the later one (latin-1, its mark mangled, no `RE`). Centre codes are padded back to their full
length, for 40% of them lost a leading zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.election import Election
from pipeline.errors import InputError

_REQUIRED = ("CENTRO", "MESA", "VOTOS_VALIDOS", "VOTOS_NULOS")
_PLACES = ("EDO", "MUN", "PAR")


@dataclass(frozen=True)
class PublishedRow:
    """One mesa as published; `votes` by candidate, in the order of `election.candidates`."""

    centre: str
    number: int
    registered: int | None
    votes: tuple[int, ...]
    null_votes: int
    places: tuple[str, ...]


def read_published(path: Path, election: Election, limit: int | None = None) -> list[PublishedRow]:
    """The table's rows, or its first `limit` rows.

    Raises:
        InputError: not such a table, or a row that is wrong; says which line and why.
    """
    if limit is not None and limit < 1:
        raise InputError(f"{limit} rows were asked for: ask for at least 1")
    rows: list[PublishedRow] = []
    seen: set[tuple[str, int]] = set()
    for line, cells in islice(_lines(path, election), limit):
        row = _row(f"{path}: line {line}", cells, election)
        if (row.centre, row.number) in seen:
            raise InputError(
                f"{path}: line {line}: mesa {row.number} of centre {row.centre} stands twice"
            )
        seen.add((row.centre, row.number))
        rows.append(row)
    if not rows:
        raise InputError(f"{path}: the table has no rows")
    return rows


def _lines(path: Path, election: Election) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    wanted = (*_REQUIRED, *(candidate.code for candidate in election.candidates))
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in wanted if name not in header]
        if missing:
            raise InputError(
                f"{path}: line 1: no column {', '.join(missing)}",
                "Give the table of results by mesa that was published for this election.",
            )
        for cells in filter(None, reader):
            if len(cells) != len(header):
                raise InputError(
                    f"{path}: line {reader.line_num}: {len(cells)} cells, expected {len(header)}"
                )
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not a CSV file: {error}") from error


def _text(path: Path) -> str:
    """The file's text without its byte order mark, even one that was re-encoded on its way."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.lstrip("\ufeff\u00ef\u00bb\u00bf\u00c3\u00af\u00c2?")


def _row(where: str, cells: dict[str, str], election: Election) -> PublishedRow:
    biggest = 10**election.rules.payload.max_digits - 1
    votes = tuple(_number(where, cells, c.code, biggest) for c in election.candidates)
    valid = _number(where, cells, "VOTOS_VALIDOS")
    if sum(votes) != valid:
        raise InputError(
            f"{where}: the candidates' votes sum to {sum(votes)}, VOTOS_VALIDOS is {valid}"
        )
    digits = dict(election.rules.acta_code.parts)
    number = _number(where, cells, "MESA", 10 ** digits["mesa"] - 1)
    if number == 0:
        raise InputError(f"{where}: MESA is 0: mesas count from 1")
    return PublishedRow(
        centre=_centre(where, cells["CENTRO"], digits["centre"], election),
        number=number,
        registered=_number(where, cells, "RE", biggest) if cells.get("RE") else None,
        votes=votes,
        null_votes=_number(where, cells, "VOTOS_NULOS", biggest),
        places=tuple(cells.get(name, "") for name in _PLACES),
    )


def _centre(where: str, text: str, digits: int, election: Election) -> str:
    if not (text.isascii() and text.isdigit()) or len(text) > digits:
        raise InputError(f"{where}: CENTRO is {text!r}: expected up to {digits} digits")
    centre = text.zfill(digits)
    top = centre[: election.levels[0].digits]
    if top not in election.rules.top_units:
        raise InputError(
            f"{where}: CENTRO is {text!r}: {election.levels[0].name} {top} "
            "is not one of this election"
        )
    return centre


def _number(where: str, cells: dict[str, str], column: str, biggest: int = 10**9) -> int:
    text = cells[column]
    if not (text.isascii() and text.isdigit()) or int(text) > biggest:
        raise InputError(f"{where}: {column} is {text!r}: expected a whole number up to {biggest}")
    return int(text)
