"""Where the header's lines stand on a scan, above the form.

The header's length varies with names and addresses, so it is taken from both ends. Its lower lines
(centre code, registered voters) stand fixed above the form. Its upper ones (title, acta code, UUID,
date) stand fixed to the title of the office, five large lines that no other part of the sheet
resembles: those are looked for over the range that names may take up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.election import ActaCodeFormat
from pipeline.layout import Font, Layout
from pipeline.lettering.outline import CAPITAL
from pipeline.read.printed.form import Form, Text, draw_fixed
from pipeline.read.printed.glyphs import (
    ROWS,
    SCALE,
    Glyphs,
    Pattern,
    draw_glyphs,
    draw_pattern,
    places_before,
    strokes,
)
from pipeline.read.printed.ink import Floats, Grey, ink_of
from pipeline.read.printed.line import match
from pipeline.read.printed.place import Doubles, Placement
from pipeline.read.printed.register import peak

_ROUGH = 2.0  # pixels per millimetre of the search for the upper lines
_LARGE_STROKE, _STROKE = 3.0, 1.2  # millimetres: the widest strokes of large and of small letters
_REACH_X = 4.0  # millimetres that the upper lines may be off sideways
_LONGEST = 64.0  # millimetres that names and addresses may add to the shortest header
_SLACK = 6.0  # millimetres that the feeder may shorten it
_SEEN = 0.45  # of the upper lines' correlation; elsewhere on sheets it stays below 0.39
_ASIDE = 1.6  # millimetres that the acta code may be off from there sideways
_NEAR = 3.0  # half the height of the cells in which a line is looked for
_BESIDE = 0.7  # millimetres that the centre code may be off its place above the voters
_LOWER_WIDTH = 26.0  # millimetres that the two lowest lines take up at most
_WORD_SEEN = 0.6
_MOST_DIGITS = 5  # places looked at before that word


@dataclass(frozen=True)
class Box:
    """An upright cut-out in millimetres of the form."""

    left: float
    top: float
    right: float
    bottom: float

    def moved(self, x: float, y: float) -> Box:
        """The same box elsewhere."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)


@dataclass(frozen=True)
class HeaderModel:
    """What is known of a header before it is read.

    `block` is the ink of its fixed upper lines, `block_box` where they stand, in millimetres from
    the top of the header's rule. `number_places` are where the digits of the number of voters may
    stand, from the highest, in pixels from the left edge of `voters.drawn`, the word after them.
    """

    layout: Layout
    acta_code: ActaCodeFormat
    block: Floats
    block_box: Box
    shortest: float
    code: Pattern
    centre: Pattern
    voters: Pattern
    number_places: Doubles
    body: Glyphs
    strong: Glyphs

    @property
    def centre_digits(self) -> slice:
        """Where the centre's digits stand among those of the acta code."""
        parts = self.acta_code.parts
        first = [name for name, _ in parts].index("centre")
        start = sum(count for _, count in parts[:first])
        return slice(start, start + parts[first][1])

    def written(self, digits: str) -> str:
        """The digits of an acta code with the separators between them."""
        rest, parts = digits, []
        for _, count in self.acta_code.parts:
            parts.append(rest[:count])
            rest = rest[count:]
        return self.acta_code.separator.join(parts)


@dataclass(frozen=True)
class UpperLines:
    """The place of the header's rule: its top in y, how far it is off in x; the block's score."""

    x: float
    top: float
    score: float


def draw_header_model(form: Form, acta_code: ActaCodeFormat) -> HeaderModel:
    """Draw all that reading a header needs (about 50 ms)."""
    layout = form.layout
    texts = tuple(_fixed(layout))
    end = texts[-1].baseline
    half = layout.header.max_width / 2
    x = layout.header.centre_x
    box = Box(x - half, 0.0, x + half, end + 0.5)
    block = draw_fixed(form, _ROUGH, box.top, box.bottom, texts, rules=())
    first = round(box.left * _ROUGH)
    box = Box(first / _ROUGH, 0.0, (first + round(2 * half * _ROUGH)) / _ROUGH, box.bottom)
    body, strong = layout.outlines.body, layout.outlines.strong
    digits = ["0" * count for _, count in acta_code.parts]
    centre = "0" * dict(acta_code.parts)["centre"]
    return HeaderModel(
        layout,
        acta_code,
        block[:, first : round(box.right * _ROUGH)],
        box,
        _shortest(layout, end),
        draw_pattern(acta_code.separator.join(digits), body),
        draw_pattern(centre, body),
        draw_pattern(layout.header.voters, strong),
        places_before(layout.header.voters, _MOST_DIGITS, strong),
        draw_glyphs(body, layout.fonts.body, layout.paper.dot),
        draw_glyphs(strong, layout.fonts.strong, layout.paper.dot),
    )


def _fixed(layout: Layout) -> Iterator[Text]:
    """The upper lines that are the same on every sheet, from top to bottom."""
    place, fonts = layout.header, layout.fonts
    yield Text(place.title, fonts.heading, place.centre_x, place.title_baseline, "centre")
    y = place.office_baseline
    for text in place.office:
        yield Text(text, fonts.office, place.centre_x, y, "centre")
        y += place.office_pitch
    y += place.election_gap - place.office_pitch
    yield Text(place.election, fonts.body, place.centre_x, y, "centre")


def _shortest(layout: Layout, election: float) -> float:
    """From the header's top to the form, with a line each for one place and the centre."""
    place = layout.header
    below = place.first_place_gap + place.centre_gap + place.centre_code_gap
    return election + below + place.voters_gap + place.rule_end_gap + place.table_gap


def cut(page: Grey, placement: Placement, box: Box, pixels_per_mm: float) -> Grey:
    """Cut a box out of the page, upright; beyond the page its edge goes on."""
    scale = pixels_per_mm
    width, height = round((box.right - box.left) * scale), round((box.bottom - box.top) * scale)
    half = 0.5 / scale  # a pixel's middle
    pixel = np.array([[1 / scale, 0, box.left + half], [0, 1 / scale, box.top + half], [0, 0, 1]])
    move = (placement.local((box.top + box.bottom) / 2) @ pixel)[:2]
    corners = move @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    low = np.clip(np.floor(corners.min(axis=1)) - 8, 0, None).astype(int)
    high = np.clip(np.ceil(corners.max(axis=1)) + 9, 0, page.shape[::-1]).astype(int)
    if (high - low < 1).any():
        return np.full((height, width), 255, np.uint8)
    move[:, 2] -= low
    part, move = _averaged(page[low[1] : high[1], low[0] : high[0]], move)
    return np.asarray(
        cv2.warpAffine(
            part,
            move,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _averaged(part: Grey, move: Doubles) -> tuple[Grey, Doubles]:
    """Average a part down where a warp by `move` (target to part) would skip its pixels."""
    whole = int(float(np.hypot(move[0, 0], move[1, 0])) + 0.4)
    if whole < 2:
        return part, move
    height, width = part.shape
    size = (max(1, width // whole), max(1, height // whole))
    smaller = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    # Not just a division: the size was rounded, and a pixel's middle is not its corner.
    factor = np.array([[size[0] / width], [size[1] / height]])
    move = move * factor
    move[:, 2:] += (factor - 1) / 2
    return smaller, move


def cut_line(page: Grey, placement: Placement, box: Box) -> Floats:
    """Cut a box as strokes, at `glyphs.SCALE`."""
    grey = cut(page, placement, box, SCALE)
    return strokes(ink_of(grey, _STROKE * SCALE))


def find_upper(page: Grey, placement: Placement, model: HeaderModel) -> UpperLines | None:
    """Look for the upper lines; None where they are not seen."""
    box = model.block_box
    lowest = -model.shortest + _SLACK
    top = lowest - _LONGEST - 2 * _SLACK
    strip = Box(box.left - _REACH_X, top, box.right + _REACH_X, lowest + box.bottom)
    ink = ink_of(cut(page, placement, strip, _ROUGH), _LARGE_STROKE * _ROUGH)
    x, y, score = peak(match(ink, model.block))
    if not score >= _SEEN:
        return None
    return UpperLines(x / _ROUGH - _REACH_X, top + y / _ROUGH, score)


def middle(baseline: float, font: Font) -> float:
    """The height of the middle of a line's capitals."""
    return baseline - font.size * CAPITAL / 2


def cut_code(page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines) -> Floats:
    """The acta code's line, with the room that the search leaves it."""
    place, font = model.layout.header, model.layout.fonts.body
    y = middle(place.code_baseline, font)
    half = model.code.drawn.shape[1] / SCALE / 2 + _ASIDE
    box = Box(place.centre_x - half, y - _NEAR, place.centre_x + half, y + _NEAR)
    return cut_line(page, placement, box.moved(upper.x, upper.top))


@dataclass(frozen=True)
class LowerLines:
    """The cell with the two lowest lines; `x`, `y` where the drawing of the word after the number
    of voters begins on it, and `middle` the height of that line on the form."""

    cell: Floats
    x: float
    y: float
    middle: float


def find_lower(page: Grey, placement: Placement, model: HeaderModel) -> LowerLines | None:
    """Find the line of registered voters by its word; None where it is not seen."""
    place = model.layout.header
    y = middle(-(place.table_gap + place.rule_end_gap), model.layout.fonts.strong)
    left, right = place.right_x - _LOWER_WIDTH, place.right_x + _NEAR
    above, below = place.voters_gap + _NEAR, _NEAR + 1.0
    cell = cut_line(page, placement, Box(left, y - above, right, y + below))
    wide = model.voters.drawn.shape[1]
    top = round(place.voters_gap * SCALE)
    start = max(0, cell.shape[1] - wide - round(2 * _NEAR * SCALE))
    x, down, fit = peak(match(cell[top:, start:], model.voters.drawn))
    if not fit >= _WORD_SEEN:
        return None
    height = y - above + (down + top + ROWS / 2) / SCALE
    return LowerLines(cell, x + start, down + top, height)


def cut_centre(lower: LowerLines, model: HeaderModel) -> Floats:
    """The line of the centre code: above the voters, and like them aligned to the right."""
    high, wide = model.centre.drawn.shape
    near = round(_BESIDE * SCALE)
    right = lower.x + model.voters.drawn.shape[1]
    y = lower.y - model.layout.header.voters_gap * SCALE
    high, wide = high + 2 * near, wide + 2 * near
    rows, columns = lower.cell.shape
    left = int(np.clip(round(right - wide) + near, 0, columns - wide))
    top = int(np.clip(round(y) - near, 0, rows - high))
    return lower.cell[top : top + high, left : left + wide]
