"""An election, loaded and frozen: ballot, identities, places, register, official results.

`SheetRules` is the part that decides how a scan is read. It travels to the process that reads;
everything else (places, registers) is used only when records are resolved into totals, so that a
better register never makes anybody read the scans again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from pipeline.election.codes import ActaCodeFormat, MesaKey
from pipeline.layout import Layout

NATION = "nation"


@dataclass(frozen=True)
class Position:
    """One line of the ballot: a party that carries a candidate."""

    index: int
    candidate: str
    candidate_name: str
    party: str
    party_code: str


@dataclass(frozen=True)
class Candidate:
    """A candidate and the ballot positions whose votes are theirs."""

    code: str
    name: str
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Symbol:
    """The QR symbols that this election prints: allowed versions, error correction level."""

    versions: tuple[int, ...]
    error_correction: str


@dataclass(frozen=True)
class PayloadFormat:
    """Grammar of the QR's text: acta code, votes, null votes, empty votes."""

    field_separator: str
    value_separator: str
    max_digits: int


@dataclass(frozen=True)
class SheetRules:
    """All that reading one scan needs to know of the election."""

    acta_code: ActaCodeFormat
    payload: PayloadFormat
    positions: int
    symbol: Symbol
    top_units: frozenset[str]
    """Codes of the highest units (states): a centre outside them is not of this election."""
    layout: Layout | None = field(default=None, hash=False)
    """Where everything stands on the sheet; without it no print is read."""
    ballot: tuple[Position, ...] = field(default=(), hash=False)
    """The rows of the sheet, in the order of the payload's votes."""


@dataclass(frozen=True)
class Level:
    """A level of the country; `digits` is the length of its code, a prefix of the centre code."""

    name: str
    digits: int


@dataclass(frozen=True)
class Unit:
    """A place at some level, and how many mesas the register expects there."""

    level: str
    code: str
    name: str
    expected: int


@dataclass(frozen=True)
class OfficialResult:
    """One announced figure, with who announced it and when."""

    source: str
    date: str
    candidate: str
    votes: int
    scope_percent: str
    note: str


@dataclass(frozen=True)
class PublishedTable:
    """How the sheets' publisher laid out a table of results by mesa.

    `columns` holds (name, what stands in it): `state:number`, `state:name`, `centre:integer` (for
    any level), `mesa`, `valid_votes`, `votes:EG` ... `units` holds the publisher's own number and
    name of a place, by code, where they are not those of the register.
    """

    columns: tuple[tuple[str, str], ...]
    units: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class IndependentCount:
    """What somebody else counted from the same sheets, as far as they published it."""

    source: str
    date: str
    sheets_read: int | None
    sheets_given: int | None
    votes: Mapping[str, int]
    """By candidate; only those that were published."""
    valid_votes: int | None
    note: str


@dataclass(frozen=True)
class ResultColumns:
    """How a table of results by mesa names its columns. Either `acta_code` or the other two."""

    acta_code: str | None
    centre: str | None
    mesa: str | None
    votes: Mapping[str, tuple[str, ...]]
    """By candidate: one column, or several that are summed."""
    valid_votes: str | None = None
    null_votes: str | None = None
    empty_votes: str | None = None
    registered_voters: str | None = None
    scan: str | None = None
    """Name or address of the sheet's image."""
    delimiter: str = ","


@dataclass(frozen=True)
class Election:
    """One election. Build it with `load_election`; an `Election` that exists is consistent."""

    slug: str
    title: str
    country: str
    date: date
    folder: Path
    rules: SheetRules
    positions: tuple[Position, ...]
    levels: tuple[Level, ...]
    """From the highest (state) to the centre; the nation stands above them."""
    units: Mapping[str, Unit]
    """By code; the nation has the code ''."""
    registered: Mapping[MesaKey, int]
    """Registered voters by mesa, where known."""
    official: tuple[OfficialResult, ...]
    independent: tuple[IndependentCount, ...]
    electorate: Mapping[str, int]
    """All registered voters of a unit by its code ('' is the nation), where known."""
    result_columns: ResultColumns | None
    """Of the tables of results by mesa that were published for this election."""
    sources: Mapping[str, str]
    """Where each data file comes from, by its key in election.yaml."""
    layout_file: Path | None
    """Where everything stands on the sheet; see `pipeline.layout`."""
    shares_file: Path | None
    """How a candidate's votes spread over parties; used only to invent elections."""
    map_file: Path | None
    map_key: str
    files: tuple[str, ...]
    """Names of all files of the definition, within `folder`."""
    config_sha256: str
    """Hash over every file of the definition."""
    rules_sha256: str
    """Hash over `rules` alone: a change means that scans must be read again."""
    published_table: PublishedTable | None = None
    """The layout of a table that others published, to compare with line by line."""

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Candidates in the order in which the ballot first names them."""
        found: dict[str, list[Position]] = {}
        for position in self.positions:
            found.setdefault(position.candidate, []).append(position)
        return tuple(
            Candidate(code, lines[0].candidate_name, tuple(line.index for line in lines))
            for code, lines in found.items()
        )

    @cached_property
    def centre_level(self) -> Level:
        """The lowest level."""
        return self.levels[-1]

    @property
    def nation(self) -> Unit:
        """The whole country; its `expected` is the number that every level must sum to."""
        return self.units[""]

    def parent_code(self, code: str) -> str:
        """The code of the unit one level above ('' above the highest level)."""
        shorter = [level.digits for level in self.levels if level.digits < len(code)]
        return code[: shorter[-1]] if shorter else ""

    def ancestors(self, centre: str) -> tuple[str, ...]:
        """Codes of the centre's units from the centre up to the nation."""
        return (*(centre[: level.digits] for level in reversed(self.levels)), "")

    def level_of(self, code: str) -> str:
        """The name of the level that a code belongs to."""
        return next((level.name for level in self.levels if level.digits == len(code)), NATION)

    def name_of(self, code: str) -> str:
        """The unit's name, or its code where no register names it."""
        unit = self.units.get(code)
        return unit.name if unit else code
