"""A published table of results by mesa, whatever its columns are called: rows, and what is wrong.

Which column holds what is told by `ResultColumns`. A row that cannot be understood is kept as a
problem with its line, never passed over and never repaired, but for one thing: centre codes are
padded back to their length, for 40% of those published in 2024 lost a leading zero.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.election import Election, MesaKey, ResultColumns
from pipeline.errors import InputError

MOST_BYTES = 64 * 2**20
MOST_DIGITS = 9
MOST_PROBLEMS = 1000
VALID, NULL, EMPTY, REGISTERED = "VALID", "NULL", "EMPTY", "REGISTERED"
BESIDE = (VALID, NULL, EMPTY, REGISTERED)
"""Fields beside the candidates' codes; a row may leave them empty."""
_MARKS = "\ufeff\u00ef\u00bb\u00bf\u00c2\u00c3\u00af\u0082\u0083?"
"""What a byte order mark is, and what becomes of it on its way through other encodings."""


@dataclass(frozen=True)
class PublishedMesa:
    """One row. `numbers` holds the fields that the table tells: candidates, VALID, NULL ..."""

    mesa: MesaKey
    line: int
    numbers: Mapping[str, int]
    scan: str

    @property
    def votes(self) -> int:
        """The candidates' votes together."""
        return sum(number for field, number in self.numbers.items() if field not in BESIDE)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row, and whether it is taken all the same. The header is line 1."""

    line: int
    taken: bool
    sentence: str


@dataclass(frozen=True)
class PublishedTable:
    """A whole table. `padded` centre codes had lost zeros; `fields` are those that are compared."""

    name: str
    sha256: str
    encoding: str
    fields: tuple[str, ...]
    rows: tuple[PublishedMesa, ...]
    not_taken: int
    problems: tuple[Problem, ...]
    """The first ones; a table may be wrong in every row."""
    padded: int


class _BadRowError(Exception):
    """A row that cannot be taken; its text says why."""


def read_table(path: Path, election: Election, columns: ResultColumns) -> PublishedTable:
    """Read a table.

    Raises:
        InputError: no such file, too large, not a CSV file, or a column that must be there is not.
    """
    raw = _bytes(path)
    text, encoding = _decode(raw)
    lines = _lines(path, text, columns)
    header = set(next(lines)[1])
    found = _fields(columns, election)
    fields = {field: names for field, names in found.items() if header.issuperset(names)}
    rows: dict[MesaKey, PublishedMesa] = {}
    problems: list[Problem] = []
    padded = not_taken = 0
    for line, cells in lines:
        try:
            row = _row(line, cells, fields, columns, election)
            if row.mesa in rows:
                raise _BadRowError(f"mesa {row.mesa} stands on line {rows[row.mesa].line} already")
        except _BadRowError as error:
            problems.append(Problem(line, False, str(error)))
            not_taken += 1
            continue
        rows[row.mesa] = row
        padded += _was_padded(cells, columns, election)
        problems += _remarks(row)
    return PublishedTable(
        name=path.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        encoding=encoding,
        fields=tuple(fields),
        rows=tuple(rows[mesa] for mesa in sorted(rows)),
        not_taken=not_taken,
        problems=tuple(problems[:MOST_PROBLEMS]),
        padded=padded,
    )


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{path}: {size:,} bytes are too many for a table of results.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _decode(raw: bytes) -> tuple[str, str]:
    """The text without any byte order mark, whole or mangled; latin-1 where it is not UTF-8."""
    try:
        text, encoding = raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = raw.decode("latin-1"), "latin-1"
    return text.lstrip(_MARKS), encoding


def _fields(columns: ResultColumns, election: Election) -> dict[str, tuple[str, ...]]:
    """The columns of each field that the mapping names, candidates in ballot order."""
    single = {
        VALID: columns.valid_votes,
        NULL: columns.null_votes,
        EMPTY: columns.empty_votes,
        REGISTERED: columns.registered_voters,
    }
    votes = {c.code: columns.votes[c.code] for c in election.candidates if c.code in columns.votes}
    return votes | {field: (name,) for field, name in single.items() if name}


def _lines(path: Path, text: str, columns: ResultColumns) -> Iterator[tuple[int, dict[str, str]]]:
    """The header (as cells that name themselves), then line number and cells of each row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=columns.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, columns)
        yield 1, {name: name for name in header}
        for cells in filter(None, reader):
            # A row of another length has the cells that it has; what is lacking is told below.
            yield reader.line_num, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not a CSV file: {error}") from error


def _check_header(path: Path, header: list[str], columns: ResultColumns) -> None:
    identity = [name for name in (columns.acta_code, columns.centre, columns.mesa) if name]
    wanted = [*identity, *(name for names in columns.votes.values() for name in names)]
    missing = [name for name in wanted if name not in header]
    if missing:
        raise InputError(
            f"{path}: line 1: no column {', '.join(missing)}.",
            "Name the columns in a --mapping FILE.yaml; docs/analysis.md has an example.",
        )
    twice = sorted({name for name in wanted if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}: line 1: the column {twice[0]} stands twice.")


def _row(
    line: int,
    cells: Mapping[str, str],
    fields: Mapping[str, tuple[str, ...]],
    columns: ResultColumns,
    election: Election,
) -> PublishedMesa:
    told = (f for f in fields if f not in BESIDE or cells.get(fields[f][0], "").strip())
    return PublishedMesa(
        _mesa(cells, columns, election),
        line,
        {field: sum(_number(cells, name) for name in fields[field]) for field in told},
        cells.get(columns.scan or "", ""),
    )


def _mesa(cells: Mapping[str, str], columns: ResultColumns, election: Election) -> MesaKey:
    codes = election.rules.acta_code
    if columns.acta_code:
        text = cells.get(columns.acta_code, "").strip()
        key = codes.mesa_key_of(text)
        if key is None:
            raise _BadRowError(f"{columns.acta_code} is {_shown(text)}: not an acta code")
        return key
    centre = cells.get(columns.centre or "", "").strip()
    digits = dict(codes.parts)["centre"]
    if not _is_number(centre) or len(centre) > digits:
        raise _BadRowError(f"{columns.centre} is {_shown(centre)}: expected up to {digits} digits")
    number = _number(cells, columns.mesa or "")
    if not 1 <= number <= codes.most_mesas:
        raise _BadRowError(f"{columns.mesa} is {number}: expected 1 to {codes.most_mesas}")
    return codes.mesa_key(centre.zfill(digits), number)


def _was_padded(cells: Mapping[str, str], columns: ResultColumns, election: Election) -> bool:
    digits = dict(election.rules.acta_code.parts)["centre"]
    return bool(columns.centre) and len(cells[columns.centre or ""].strip()) < digits


def _number(cells: Mapping[str, str], name: str) -> int:
    text = cells.get(name, "").strip()
    if not _is_number(text) or len(text) > MOST_DIGITS:
        raise _BadRowError(f"{name} is {_shown(text)}: expected a whole number")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _remarks(row: PublishedMesa) -> Iterator[Problem]:
    """What is wrong with a row in itself, though it is taken as it is."""
    valid = row.numbers.get(VALID)
    votes = row.votes
    if valid is not None and votes != valid:
        why = f"the candidates' votes sum to {votes}, the valid votes are {valid}"
        yield Problem(row.line, True, why)
    registered = row.numbers.get(REGISTERED)
    if registered is not None and votes > registered:
        yield Problem(row.line, True, f"{votes} votes, {registered} registered voters")
