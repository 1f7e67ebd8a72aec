"""The shape of `election.yaml`, checked by pydantic: a mistake names the key and its value."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from pipeline.election.strict import read_checked

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Separator = Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[!-/:-@\[-`{-~]$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodePart(_Part):
    """A run of digits with a name."""

    name: Name
    digits: int = Field(ge=1, le=20, strict=True)


class AnyPart(CodePart):
    """A part of an acta code; `usual` is what it nearly always holds."""

    usual: Annotated[str, Field(pattern=r"^[0-9]+$")] | None = None

    @model_validator(mode="after")
    def _usual_fits(self) -> Self:
        if self.usual is not None and len(self.usual) != self.digits:
            raise ValueError(f"usual {self.usual!r} does not have {self.digits} digits")
        return self


class ActaCodePart(_Part):
    """How acta codes are written."""

    separator: Separator
    parts: list[AnyPart] = Field(min_length=2)


class PayloadPart(_Part):
    """How the QR's text is written."""

    field_separator: Separator
    value_separator: Separator
    max_digits: int = Field(ge=1, le=9, strict=True)

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.field_separator == self.value_separator:
            raise ValueError("field_separator and value_separator must differ")
        return self


class SymbolPart(_Part):
    """Which QR symbols the sheets carry."""

    versions: list[Annotated[int, Field(ge=1, le=40, strict=True)]] = Field(min_length=1)
    error_correction: Literal["L", "M", "Q", "H"]


class SourcedFile(_Part):
    """A data file and where it comes from."""

    file: FileName
    source: str = Field(min_length=1)


class MapFile(SourcedFile):
    """A GeoJSON map; `key` is the property with the unit's number."""

    key: str = Field(min_length=1)


class PublishedTableFiles(_Part):
    """The layout of a table that others published, and their own numbers and names of places."""

    columns: FileName
    units: FileName | None = None
    source: str = Field(min_length=1)


class ElectoratePart(_Part):
    """All registered voters of whole units: `nation` or a unit's code, and their number."""

    registered_voters: dict[str, Annotated[int, Field(ge=0, lt=10**12, strict=True)]] = Field(
        min_length=1
    )
    source: str = Field(min_length=1)


Column = Annotated[str, Field(min_length=1, max_length=200)]


class ColumnsPart(_Part):
    """The columns of a table of results by mesa."""

    acta_code: Column | None = None
    centre: Column | None = None
    mesa: Column | None = None
    votes: dict[str, Column | Annotated[list[Column], Field(min_length=1)]] = Field(min_length=1)
    valid_votes: Column | None = None
    null_votes: Column | None = None
    empty_votes: Column | None = None
    registered_voters: Column | None = None
    scan: Column | None = None
    delimiter: Literal[",", ";", "\t", "|"] = ","

    @model_validator(mode="after")
    def _mesas_are_named(self) -> Self:
        both = self.centre is not None and self.mesa is not None
        neither = self.centre is None and self.mesa is None
        if not (both and self.acta_code is None) and not (neither and self.acta_code):
            raise ValueError("give either acta_code, or centre and mesa")
        return self


class Definition(_Part):
    """All of `election.yaml`."""

    slug: Name
    title: str = Field(min_length=1)
    country: str = Field(min_length=1)
    date: date
    ballot: FileName
    acta_code: ActaCodePart
    levels: list[CodePart] = Field(min_length=1)
    payload: PayloadPart
    symbol: SymbolPart
    expected_mesas: SourcedFile
    registered_voters: SourcedFile | None = None
    official_results: SourcedFile | None = None
    independent_counts: SourcedFile | None = None
    electorate: ElectoratePart | None = None
    result_columns: ColumnsPart | None = None
    map: MapFile | None = None
    layout: FileName | None = None
    party_shares: SourcedFile | None = None
    published_table: PublishedTableFiles | None = None

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        digits = {part.name: part.digits for part in self.acta_code.parts}
        if len(digits) != len(self.acta_code.parts):
            raise ValueError("acta_code.parts: a name stands twice")
        if not {"centre", "mesa"} <= digits.keys():
            raise ValueError("acta_code.parts must contain 'centre' and 'mesa'")
        lengths = [level.digits for level in self.levels]
        if lengths != sorted(set(lengths)):
            raise ValueError("levels: digits must grow from level to level")
        if lengths[-1] != digits["centre"]:
            raise ValueError(
                f"levels: the last has {lengths[-1]} digits, the centre {digits['centre']}"
            )
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names) or "nation" in names or "mesa" in names:
            raise ValueError("levels: names must differ, and 'nation' and 'mesa' are taken")
        return self


def read_definition(path: Path) -> Definition:
    """Parse and check `election.yaml`.

    Raises:
        ConfigError: no such file, not YAML, or a key with a wrong value; says which.
    """
    hint = "Give a folder that holds an election.yaml, such as configs/venezuela-2024."
    return read_checked(path, TypeAdapter(Definition), hint)


def read_columns(path: Path) -> ColumnsPart:
    """Parse and check a column mapping: what stands under `result_columns` in an election.yaml.

    Raises:
        ConfigError: no such file, not YAML, or a key with a wrong value; says which.
    """
    hint = "Give a YAML file that names the columns of the table."
    return read_checked(path, TypeAdapter(ColumnsPart), hint)
