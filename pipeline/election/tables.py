"""The data tables of an election definition, read line by line: a mistake names file and line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.election.codes import ActaCodeFormat, MesaKey
from pipeline.election.model import (
    NATION,
    IndependentCount,
    Level,
    OfficialResult,
    Position,
    Unit,
)
from pipeline.errors import ConfigError

Row = Mapping[str, str]
MOST_DIGITS = 12
"""No number of mesas, voters or votes is longer."""
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")


def read_ballot(path: Path) -> tuple[Position, ...]:
    """The ballot's positions, in order; `position` must count 0, 1, 2 ..."""
    positions: list[Position] = []
    seen: set[tuple[str, str]] = set()
    columns = ("position", "candidate", "candidate_name", "party", "party_code")
    for line, row in _rows(path, columns):
        if row["position"] != str(len(positions)):
            raise _wrong(path, line, "position", row["position"], f"expected {len(positions)}")
        if not row["candidate"] or not row["party"]:
            raise _wrong(path, line, "candidate", row["candidate"], "candidate or party is empty")
        if (row["candidate"], row["party"]) in seen:
            raise _wrong(path, line, "party", row["party"], "this candidate has that party twice")
        seen.add((row["candidate"], row["party"]))
        positions.append(
            Position(
                len(positions),
                row["candidate"],
                row["candidate_name"],
                row["party"],
                row["party_code"],
            )
        )
    if not positions:
        raise ConfigError(f"{path}: the ballot has no position")
    return tuple(positions)


def read_expected(path: Path, levels: tuple[Level, ...], most: int) -> dict[str, Unit]:
    """Expected mesas by place. The nation's row is required; parents must hold their children.

    No centre has more than `most` mesas: acta codes have no numbers for them.
    """
    digits = {NATION: 0} | {level.name: level.digits for level in levels}
    units: dict[str, Unit] = {}
    for line, row in _rows(path, ("level", "code", "name", "expected_mesas")):
        level, code = row["level"], row["code"]
        if level not in digits:
            raise _wrong(path, line, "level", level, f"expected one of {', '.join(digits)}")
        if len(code) != digits[level] or not (code == "" or _is_number(code)):
            raise _wrong(
                path,
                line,
                "code",
                code,
                f"a {level} has {digits[level]} digits; was a leading zero lost?",
            )
        if code in units:
            raise _wrong(path, line, "code", code, "stands twice")
        expected = _number(path, line, "expected_mesas", row["expected_mesas"])
        if level == levels[-1].name and expected > most:
            why = f"acta codes number no more than {most} mesas"
            raise _wrong(path, line, "expected_mesas", row["expected_mesas"], why)
        units[code] = Unit(level, code, row["name"], expected)
    if "" not in units:
        raise ConfigError(f"{path}: there is no row of level 'nation'")
    _check_sums(path, units, levels)
    return units


def _check_sums(path: Path, units: Mapping[str, Unit], levels: tuple[Level, ...]) -> None:
    """Every unit has a parent, and children never expect more than their parent."""
    lengths = [0, *(level.digits for level in levels)]
    sums: dict[str, int] = {}
    for code, unit in units.items():
        if code == "":
            continue
        parent = code[: max(length for length in lengths if length < len(code))]
        if parent not in units:
            raise ConfigError(f"{path}: {unit.level} {code} has no parent {parent} in the table")
        sums[parent] = sums.get(parent, 0) + unit.expected
    for code, total in sums.items():
        if total > units[code].expected:
            raise ConfigError(
                f"{path}: {units[code].level} {code!r} expects {units[code].expected} mesas, "
                f"but its parts sum to {total}"
            )


def read_registered(path: Path, code_format: ActaCodeFormat) -> dict[MesaKey, int]:
    """Registered voters by mesa."""
    registered: dict[MesaKey, int] = {}
    digits = dict(code_format.parts)["centre"]
    for line, row in _rows(path, ("code", "mesa", "registered_voters")):
        code = row["code"]
        if len(code) != digits or not _is_number(code):
            raise _wrong(
                path, line, "code", code, f"a centre has {digits} digits; was a leading zero lost?"
            )
        number = _number(path, line, "mesa", row["mesa"])
        if not 1 <= number <= code_format.most_mesas:
            most = code_format.most_mesas
            raise _wrong(path, line, "mesa", row["mesa"], f"expected 1 to {most}")
        mesa = code_format.mesa_key(code, number)
        if mesa in registered:
            raise _wrong(path, line, "mesa", row["mesa"], f"{mesa} stands twice")
        registered[mesa] = _number(path, line, "registered_voters", row["registered_voters"])
    return registered


def read_official(path: Path, candidates: frozenset[str]) -> tuple[OfficialResult, ...]:
    """Announced figures; `candidate` is one of the ballot, or OTHERS, VALID, NULL."""
    allowed = candidates | {"OTHERS", "VALID", "NULL"}
    columns = ("source", "date", "scope_percent_of_mesas", "candidate", "votes", "note")
    results = []
    for line, row in _rows(path, columns):
        if row["candidate"] not in allowed:
            raise _wrong(path, line, "candidate", row["candidate"], "not on the ballot")
        votes = _number(path, line, "votes", row["votes"])
        scope = row["scope_percent_of_mesas"]
        if scope and not (_PERCENT.fullmatch(scope) and float(scope) <= 100):
            why = "expected a number from 0 to 100, or nothing"
            raise _wrong(path, line, "scope_percent_of_mesas", scope, why)
        results.append(
            OfficialResult(
                row["source"],
                row["date"],
                row["candidate"],
                votes,
                scope,
                row["note"],
            )
        )
    return tuple(results)


def read_published_columns(
    path: Path, levels: tuple[Level, ...], candidates: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """The columns of a published table, in order, and what stands in each."""
    plain = {"mesa", "registered_voters", "valid_votes", "null_votes", "empty_votes", "scan"}
    places = {f"{level.name}:{what}" for level in levels for what in ("number", "integer", "name")}
    allowed = plain | places | {f"votes:{code}" for code in candidates}
    columns: dict[str, str] = {}
    for line, row in _rows(path, ("column", "holds")):
        if row["holds"] not in allowed:
            why = "expected a place such as state:name, mesa, valid_votes, votes:CANDIDATE, scan"
            raise _wrong(path, line, "holds", row["holds"], why)
        if not row["column"] or row["column"] in columns:
            raise _wrong(path, line, "column", row["column"], "is empty or stands twice")
        columns[row["column"]] = row["holds"]
    return tuple(columns.items())


def read_published_units(path: Path, levels: tuple[Level, ...]) -> dict[str, tuple[str, str]]:
    """The publisher's number and name of places, by code."""
    digits = {level.digits for level in levels}
    units: dict[str, tuple[str, str]] = {}
    for line, row in _rows(path, ("code", "number", "name")):
        code = row["code"]
        if len(code) not in digits or not _is_number(code) or code in units:
            raise _wrong(path, line, "code", code, "is no place's code, or stands twice")
        units[code] = (str(_number(path, line, "number", row["number"])), row["name"])
    return units


def read_independent(path: Path, candidates: tuple[str, ...]) -> tuple[IndependentCount, ...]:
    """What others counted; beside the fixed columns there is one for each candidate they tell."""
    fixed = ("source", "date", "sheets_read", "sheets_given", "valid", "note")
    counts = []
    for line, row in _rows(path, fixed):
        unknown = [name for name in row if name not in (*fixed, *candidates)]
        if unknown:
            raise _wrong(path, 1, "column", unknown[0], "neither a fixed column nor on the ballot")
        told = {name: _optional(path, line, name, row[name]) for name in row if name in candidates}
        counts.append(
            IndependentCount(
                row["source"],
                row["date"],
                _optional(path, line, "sheets_read", row["sheets_read"]),
                _optional(path, line, "sheets_given", row["sheets_given"]),
                {name: votes for name, votes in told.items() if votes is not None},
                _optional(path, line, "valid", row["valid"]),
                row["note"],
            )
        )
    return tuple(counts)


def check_map(path: Path, key: str, top: Level, codes: frozenset[str]) -> None:
    """The map is GeoJSON; its features carry a number, and some of them are highest units."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        numbers = [feature["properties"][key] for feature in features]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: not a GeoJSON map with the property {key!r}: {error}"
        ) from error
    if not any(str(number).zfill(top.digits) in codes for number in numbers):
        raise ConfigError(f"{path}: no {key} in it is the code of a {top.name}")


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    """Line number and row of a CSV file with at least these columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = [name for name in columns if name not in header]
            if missing:
                raise ConfigError(f"{path}: line 1: no column {', '.join(missing)} in {header}")
            width = len(header)
            for cells in _parsed(reader, path):
                if not cells:
                    continue
                if len(cells) != width:
                    raise ConfigError(
                        f"{path}: line {reader.line_num}: {len(cells)} cells, expected {width}"
                    )
                yield reader.line_num, dict(zip(header, cells, strict=True))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text: {error}") from error


def _parsed(reader: Any, path: Path) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise ConfigError(f"{path}: line {reader.line_num}: {error}") from error


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(path: Path, line: int, column: str, text: str) -> int:
    if not _is_number(text) or len(text) > MOST_DIGITS:
        shown = text if len(text) <= 50 else text[:50] + "..."
        raise _wrong(path, line, column, shown, "expected a whole number")
    return int(text)


def _optional(path: Path, line: int, column: str, text: str) -> int | None:
    return _number(path, line, column, text) if text else None


def _wrong(path: Path, line: int, column: str, value: str, why: str) -> ConfigError:
    return ConfigError(f"{path}: line {line}: {column} is {value!r}: {why}")
