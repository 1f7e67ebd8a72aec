"""Where everything stands on a printed tally sheet, in millimetres, and the texts it carries.

One `Layout` serves whoever draws a sheet and whoever looks for its rows on a scan. It is loaded
from an election's `layout.yaml`; a `Layout` that exists has every key, no unknown one, positive
lengths and a ten-word list. Each key is explained in that file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

MM_PER_INCH = 25.4

Mm = Annotated[float, Field(gt=0, lt=2000, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
VotersCount = Literal["machine", "book"]
SummaryCount = Literal["all", "valid", "none", "null", "empty"]

_STRICT_KEYS = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT_KEYS)
class Paper:
    """The strip of paper, and what holds for everything printed on it."""

    width: Mm
    top: Mm
    bottom: Mm
    rule: Mm
    dot: Mm


@dataclass(frozen=True, config=_STRICT_KEYS)
class Font:
    """A weight, an em size, by how much its letters are wider than the font's own, and how much
    wider the printer sets the gaps between them."""

    weight: Literal["regular", "bold"]
    size: Mm
    stretch: Annotated[float, Field(gt=0.5, lt=2)] = 1.0
    spacing: Annotated[float, Field(ge=0, lt=2, allow_inf_nan=False)] = 0.0


@dataclass(frozen=True, config=_STRICT_KEYS)
class Fonts:
    """The fonts by use."""

    office: Font
    candidate: Font
    heading: Font
    strong: Font
    body: Font
    words: Font
    sigla: Font
    digits: Font


@dataclass(frozen=True, config=_STRICT_KEYS)
class OutlineFont:
    """Unhinted letters: em, width factor, and the space after each letter in ems."""

    size: Mm
    stretch: Annotated[float, Field(gt=0.5, lt=2)]
    spacing: Annotated[float, Field(ge=0, lt=1)]
    weight: Literal["regular", "bold"] = "regular"


@dataclass(frozen=True, config=_STRICT_KEYS)
class Outlines:
    """How the columns and lines that are read are compared with a scan."""

    words: OutlineFont
    digits: OutlineFont
    body: OutlineFont
    strong: OutlineFont


@dataclass(frozen=True, config=_STRICT_KEYS)
class Logo:
    """The rectangle of the logo; y from the top of the header's rule."""

    x: Mm
    y: Mm
    width: Mm
    height: Mm


@dataclass(frozen=True, config=_STRICT_KEYS)
class Header:
    """Everything above the first table; its length varies with places and addresses."""

    rule_x: Mm
    centre_x: Mm
    right_x: Mm
    max_width: Mm
    line_pitch: Mm
    logo: Logo
    title_baseline: Mm
    code_baseline: Mm
    uuid_baseline: Mm
    printed_at_baseline: Mm
    office_baseline: Mm
    office_pitch: Mm
    election_gap: Mm
    first_place_gap: Mm
    place_gap: Mm
    centre_gap: Mm
    address_gap: Mm
    centre_code_gap: Mm
    voters_gap: Mm
    rule_end_gap: Mm
    table_gap: Mm
    title: Text
    office: Texts
    election: Text
    voters: Text


@dataclass(frozen=True, config=_STRICT_KEYS)
class VotersRow:
    """A row of the table of voters: its name on one or two lines, and what it counts."""

    name: Texts
    counts: VotersCount


@dataclass(frozen=True, config=_STRICT_KEYS)
class VotersTable:
    """The table of voters; y from its first rule."""

    left: Mm
    right: Mm
    rules_x: tuple[Mm, ...]
    heading_height: Mm
    heading_baseline: Mm
    row_pitch: Mm
    row_baseline: Mm
    row_line_pitch: Mm
    name_x: Mm
    number_x: Mm
    words_x: Mm
    heading_x: Mm
    headings: tuple[Text, Text, Text]
    rows: Annotated[tuple[VotersRow, ...], Field(min_length=1)]


@dataclass(frozen=True, config=_STRICT_KEYS)
class ColumnHeading:
    """A word above a column, centred at x."""

    text: Text
    x: Mm


@dataclass(frozen=True, config=_STRICT_KEYS)
class BallotTable:
    """The candidates' box: a bold name per candidate and a row per position of the ballot."""

    header_baseline: Mm
    box_gap: Mm
    left: Mm
    right: Mm
    candidate_x: Mm
    sigla_right: Mm
    code_x: Mm
    number_x: Mm
    words_x: Mm
    headings: tuple[ColumnHeading, ...]
    first_heading: Mm
    heading_to_row: Mm
    row_pitch: Mm
    row_to_heading: Mm
    sigla_max_width: Mm
    sigla_line_pitch: Mm
    box_end: Mm


@dataclass(frozen=True, config=_STRICT_KEYS)
class SummaryRow:
    """A row of the summary and what it counts."""

    name: Text
    counts: SummaryCount


@dataclass(frozen=True, config=_STRICT_KEYS)
class SummaryTable:
    """The table of totals below the candidates' box."""

    title: Text
    title_x: Mm
    title_baseline: Mm
    table_gap: Mm
    left: Mm
    right: Mm
    rules_x: tuple[Mm, ...]
    row_pitch: Mm
    row_baseline: Mm
    name_x: Mm
    number_x: Mm
    words_x: Mm
    rows: Annotated[tuple[SummaryRow, ...], Field(min_length=1)]


@dataclass(frozen=True, config=_STRICT_KEYS)
class Remarks:
    """The ruled space for remarks."""

    text: Text
    gap: Mm
    left: Mm
    right: Mm
    text_x: Mm
    baseline: Mm
    divider_x: Mm
    row_pitch: Mm
    rows: Annotated[int, Field(ge=1, le=50)]


@dataclass(frozen=True, config=_STRICT_KEYS)
class Closing:
    """The sentence above the signatures."""

    lines: Texts
    x: Mm
    baseline: Mm
    line_pitch: Mm


@dataclass(frozen=True, config=_STRICT_KEYS)
class Members:
    """The boxes that the members of the table sign: personal data stands here and nowhere else."""

    title: Text
    title_x: Mm
    title_baseline: Mm
    gap: Mm
    left: Mm
    right: Mm
    box_pitch: Mm
    label_pitch: Mm
    role_x: Mm
    role_baseline: Mm
    label_x: Mm
    label_baseline: Mm
    labels: Texts
    roles: Texts


@dataclass(frozen=True, config=_STRICT_KEYS)
class SymbolPlace:
    """The QR symbol: its place, the pitch of its modules, and the versions that are printed."""

    gap: Mm
    x: Mm
    module: Mm
    versions: Annotated[tuple[Annotated[int, Field(ge=1, le=40)], ...], Field(min_length=1)]
    error_correction: Literal["L", "M", "Q", "H"]


@dataclass(frozen=True, config=_STRICT_KEYS)
class HashLines:
    """The hexadecimal lines below the symbol, and the rule that ends the sheet."""

    x: Mm
    baseline: Mm
    line_pitch: Mm
    line_length: Annotated[int, Field(ge=1)]
    end_rule: Mm


@dataclass(frozen=True, config=_STRICT_KEYS)
class Layout:
    """A whole sheet, from top to bottom."""

    paper: Paper
    fonts: Fonts
    outlines: Outlines
    words: Annotated[tuple[Text, ...], Field(min_length=10, max_length=10)]
    words_max_width: Mm
    words_line_pitch: Mm
    header: Header
    voters_table: VotersTable
    ballot_table: BallotTable
    summary_table: SummaryTable
    remarks: Remarks
    closing: Closing
    members: Members
    symbol: SymbolPlace
    hash: HashLines

    @model_validator(mode="after")
    def _stands_on_the_paper(self) -> Layout:
        """Refuse a table that runs off the paper: the commonest slip is pixels for millimetres."""
        for name in ("voters_table", "ballot_table", "summary_table", "remarks", "members"):
            block = getattr(self, name)
            if not block.left < block.right <= self.paper.width:
                raise ValueError(
                    f"{name} spans {block.left} to {block.right} mm, "
                    f"the paper 0 to {self.paper.width} mm"
                )
        return self


_LAYOUT: TypeAdapter[Layout] = TypeAdapter(Layout)


def load_layout(path: Path) -> Layout:
    """Load and check a layout; a fault is a ValueError naming the file, the key and the value."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ValueError(f"{path}: expected keys and values, found {raw!r}")
    try:
        return _LAYOUT.validate_python(raw)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'layout'}: {fault['msg']}"
            f" (found {_shown(fault['input'])})"
            for fault in error.errors()
        ]
        raise ValueError("\n".join(f"{path}: {fault}" for fault in faults)) from error


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
