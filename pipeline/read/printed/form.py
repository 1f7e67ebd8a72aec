"""The printed form: where every row, rule and fixed text stands, below the header.

Millimetres; x from the left edge of the paper, y from the first rule of the table of voters, the
highest thing on the sheet below which everything stands fixed. One `Form` serves a whole election.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.layout import MM_PER_INCH, Font, Layout
from pipeline.lettering import Strip, strip
from pipeline.lettering.outline import CAPITAL

Floats = NDArray[np.float32]

NAME_WEIGHT = 0.25
"""Of the candidates' names: large, bold, and set up to 5% wider or narrower than they are drawn."""


@dataclass(frozen=True)
class BallotLine:
    """A position of the ballot as the sheet names it."""

    candidate: str
    party: str
    code: str


@dataclass(frozen=True)
class Row:
    """A row with a number: what it counts and where its columns are centred.

    `y` is the middle of its digits, `height` theirs. `counts` is `votes` for a row of the ballot,
    else a key of the layout (machine, book, all, valid, none, null, empty). `code` is printed left
    of the number on ballot rows and is known beforehand. `ruled` rows stand between rules that may
    touch the digits; `wraps` is whether long words go to a second line.
    """

    counts: str
    y: float
    number_x: float
    words_x: float
    height: float
    code: str = ""
    ruled: bool = False
    wraps: bool = True

    @property
    def baseline(self) -> float:
        """The foot of its digits."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Text:
    """A fixed text: its font, where its ink begins, its baseline, and how much it is to be trusted
    when a sheet is laid over it."""

    text: str
    font: Font
    x: float
    baseline: float
    align: str = "left"
    weight: float = 1.0


@dataclass(frozen=True)
class Form:
    """All that is known of a sheet before it is read.

    `rules` are (x0, y0, x1, y1). `box_rules` are the y of the rules of the members' boxes, from the
    top of the first to the bottom of the last, five to a box and one at the end.
    """

    layout: Layout
    rows: tuple[Row, ...]
    texts: tuple[Text, ...] = field(repr=False)
    rules: tuple[tuple[float, float, float, float], ...] = field(repr=False)
    table_end: float
    remarks_end: float
    members_top: float
    members_end: float

    @cached_property
    def votes(self) -> slice:
        """The rows of the ballot among `rows`: neighbours."""
        numbers = [n for n, row in enumerate(self.rows) if row.counts == "votes"]
        return slice(numbers[0], numbers[-1] + 1)

    @property
    def symbol_top(self) -> float:
        """The upper edge of the QR symbol."""
        return self.members_end + self.layout.symbol.gap

    def symbol_corners(self, modules: int) -> Floats:
        """Corners of a symbol, shape (4, 2): top left, top right, bottom right, bottom left."""
        half = modules * self.layout.symbol.module / 2
        x, top = self.layout.symbol.x, self.symbol_top
        left, right, bottom = x - half, x + half, top + 2 * half
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def build_form(layout: Layout, ballot: Sequence[BallotLine]) -> Form:
    """Lay the form out."""
    voters = list(_voters(layout))
    voters_end = layout.voters_table.heading_height + 2 * layout.voters_table.row_pitch
    ballot_rows, headings, box_end = _ballot(layout, ballot, voters_end)
    summary_top = box_end + layout.summary_table.table_gap
    summary = list(_summary(layout, summary_top))
    table_end = summary_top + len(summary) * layout.summary_table.row_pitch
    remarks_end = table_end + layout.remarks.gap + layout.remarks.rows * layout.remarks.row_pitch
    members_top = remarks_end + layout.members.gap
    members_end = members_top + len(layout.members.roles) * layout.members.box_pitch
    ends = _Ends(voters_end, box_end, table_end, remarks_end, members_top, members_end)
    return Form(
        layout,
        (*voters, *ballot_rows, *summary),
        (*headings, *_captions(layout, ends)),
        tuple(_rules(layout, ends)),
        table_end,
        remarks_end,
        members_top,
        members_end,
    )


@dataclass(frozen=True)
class _Ends:
    """Where the parts of the form end (or begin)."""

    voters: float
    box: float
    table: float
    remarks: float
    members_top: float
    members: float


def _middle(baseline: float, font: Font) -> float:
    return baseline - font.size * CAPITAL / 2


def _voters(layout: Layout) -> Iterator[Row]:
    table, font = layout.voters_table, layout.fonts.digits
    for number, row in enumerate(table.rows):
        baseline = table.heading_height + number * table.row_pitch + table.row_baseline
        y = _middle(baseline, font)
        yield Row(row.counts, y, table.number_x, table.words_x, font.size * CAPITAL, ruled=True)


def _ballot(
    layout: Layout, ballot: Sequence[BallotLine], above: float
) -> tuple[list[Row], list[Text], float]:
    table, fonts = layout.ballot_table, layout.fonts
    y = above + table.box_gap + table.first_heading - table.row_to_heading
    rows, texts, candidate = [], [], None
    for line in ballot:
        if line.candidate == candidate:
            y += table.row_pitch
        else:
            candidate = line.candidate
            y += table.row_to_heading
            name = Text(candidate, fonts.candidate, table.candidate_x, y, weight=NAME_WEIGHT)
            texts.append(name)
            y += table.heading_to_row
        texts.extend(_sigla(layout, line.party, y))
        texts.append(Text(line.code, fonts.digits, table.code_x, y, "centre"))
        middle = _middle(y, fonts.digits)
        height = fonts.digits.size * CAPITAL
        rows.append(Row("votes", middle, table.number_x, table.words_x, height, line.code))
    return rows, texts, y + table.box_end


def _sigla(layout: Layout, party: str, y: float) -> Iterator[Text]:
    table, font = layout.ballot_table, layout.fonts.sigla
    lines: list[str] = []
    for word in party.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_mm(longer, font, layout) <= table.sigla_max_width:
            lines[-1] = longer
        else:
            lines.append(word)
    for number, text in enumerate(lines):
        baseline = y + number * table.sigla_line_pitch
        yield Text(text, font, table.sigla_right, baseline, "right")


def width_mm(text: str, font: Font, layout: Layout) -> float:
    """How wide a string is printed."""
    dpi = 200
    return strip(text, font, layout.paper.dot, dpi).width * MM_PER_INCH / dpi


def _summary(layout: Layout, top: float) -> Iterator[Row]:
    table, font = layout.summary_table, layout.fonts.digits
    for number, row in enumerate(table.rows):
        y = _middle(top + number * table.row_pitch + table.row_baseline, font)
        height = font.size * CAPITAL
        yield Row(row.counts, y, table.number_x, table.words_x, height, ruled=True, wraps=False)


def _captions(layout: Layout, ends: _Ends) -> Iterator[Text]:
    """The fixed texts of every table but the ballot's own."""
    fonts, voters, table = layout.fonts, layout.voters_table, layout.ballot_table
    baseline = voters.heading_baseline
    yield Text(voters.headings[0], fonts.heading, voters.heading_x, baseline)
    yield Text(voters.headings[1], fonts.heading, voters.number_x, baseline, "centre")
    yield Text(voters.headings[2], fonts.heading, voters.words_x, baseline, "centre")
    for number, row in enumerate(voters.rows):
        y = voters.heading_height + number * voters.row_pitch + voters.row_baseline
        for line, text in enumerate(row.name):
            yield Text(text, fonts.words, voters.name_x, y + line * voters.row_line_pitch)
    for heading in table.headings:
        baseline = ends.voters + table.header_baseline
        yield Text(heading.text, fonts.words, heading.x, baseline, "centre")
    summary = layout.summary_table
    baseline = ends.box + summary.title_baseline
    yield Text(summary.title, fonts.strong, summary.title_x, baseline, "centre")
    top = ends.box + summary.table_gap
    for number, line_ in enumerate(summary.rows):
        baseline = top + number * summary.row_pitch + summary.row_baseline
        yield Text(line_.name, fonts.words, summary.name_x, baseline)
    remarks, closing = layout.remarks, layout.closing
    top = ends.table + remarks.gap
    yield Text(remarks.text, fonts.heading, remarks.text_x, top + remarks.baseline)
    for number, text in enumerate(closing.lines):
        baseline = ends.remarks + closing.baseline + number * closing.line_pitch
        yield Text(text, fonts.heading, closing.x, baseline)
    members = layout.members
    baseline = ends.remarks + members.title_baseline
    yield Text(members.title, fonts.strong, members.title_x, baseline, "centre")


def _rules(layout: Layout, ends: _Ends) -> Iterator[tuple[float, float, float, float]]:
    voters, ballot, summary = layout.voters_table, layout.ballot_table, layout.summary_table
    tops = [0.0] + [voters.heading_height + n * voters.row_pitch for n in range(3)]
    yield from _grid(voters.left, voters.right, tops, voters.rules_x)
    yield from _grid(ballot.left, ballot.right, [ends.voters + ballot.box_gap, ends.box], ())
    top = ends.box + summary.table_gap
    tops = [top + n * summary.row_pitch for n in range(len(summary.rows) + 1)]
    yield from _grid(summary.left, summary.right, tops, summary.rules_x)
    remarks = layout.remarks
    tops = [ends.table + remarks.gap + n * remarks.row_pitch for n in range(remarks.rows + 1)]
    yield from _grid(remarks.left, remarks.right, tops, ())


def _grid(
    left: float, right: float, ys: Sequence[float], xs: Sequence[float]
) -> Iterator[tuple[float, float, float, float]]:
    for y in ys:
        yield left, y, right, y
    for x in (left, *xs, right):
        yield x, ys[0], x, ys[-1]


def draw_fixed(
    form: Form,
    pixels_per_mm: float,
    top: float,
    end: float,
    texts: Sequence[Text] | None = None,
    rules: Sequence[tuple[float, float, float, float]] | None = None,
) -> Floats:
    """Ink (0 to 1) between two heights, over the paper's whole width, of all that is fixed (or of
    other texts and rules)."""
    scale = pixels_per_mm
    width = round(form.layout.paper.width * scale)
    ink = np.zeros((round((end - top) * scale), width), np.float32)
    for x0, y0, x1, y1 in form.rules if rules is None else rules:
        _fill(ink, (x0 * scale, (y0 - top) * scale, x1 * scale, (y1 - top) * scale), form, scale)
    dpi = round(scale * MM_PER_INCH)
    for text in form.texts if texts is None else texts:
        drawn = strip(text.text, text.font, form.layout.paper.dot, dpi)
        shift = {"left": 0, "centre": drawn.width // 2, "right": drawn.width}[text.align]
        _paste(
            ink,
            drawn,
            round(text.x * scale) - shift,
            round((text.baseline - top) * scale),
            text.weight,
        )
    return ink


def _fill(ink: Floats, line: tuple[float, float, float, float], form: Form, scale: float) -> None:
    """A rule: thinner than a pixel at small scales, so its darkness carries the thickness."""
    thick = form.layout.paper.rule * scale
    whole = max(1, round(thick))
    x0, y0, x1, y1 = (round(value) for value in line)
    high, wide = max(whole, y1 - y0), max(whole, x1 - x0)
    patch = ink[max(0, y0) : max(0, y0 + high), max(0, x0) : max(0, x0 + wide)]
    np.maximum(patch, min(1.0, thick / whole) * 0.8, out=patch)


def _paste(ink: Floats, drawn: Strip, left: int, baseline: int, weight: float) -> None:
    top = baseline - drawn.rise
    high, wide = drawn.grey.shape
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(ink.shape[0], top + high), min(ink.shape[1], left + wide)
    if y0 < y1 and x0 < x1:
        glyphs = 1 - drawn.grey[y0 - top : y1 - top, x0 - left : x1 - left] / np.float32(255)
        np.maximum(ink[y0:y1, x0:x1], weight * glyphs, out=ink[y0:y1, x0:x1])
