"""Where the header's lines stand on a scan, above the form.

The header's length varies with names and addresses, so it is taken from both ends. Its lower lines
(centre code, registered voters) stand fixed above the form. Its upper ones (title, acta code, UUID,
date) stand fixed to the title of the office, five large lines that no other part of the sheet
resembles: those are looked for over the range that names may take up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.layout import Font
from pipeline.lettering.outline import CAPITAL
from pipeline.read.printed.glyphs import ROWS, SCALE, strokes
from pipeline.read.printed.header_model import ROUGH, HeaderModel
from pipeline.read.printed.ink import Floats, Grey, ink_of
from pipeline.read.printed.line import match
from pipeline.read.printed.place import Placement
from pipeline.read.printed.register import peak
from pipeline.read.printed.upright import Box, cut_placed

_LARGE_STROKE, _STROKE = 3.0, 1.2  # millimetres: the widest strokes of large and of small letters
_REACH_X = 4.0  # millimetres that the upper lines may be off sideways
_LONGEST = 64.0  # millimetres that names and addresses may add to the shortest header
_SLACK = 6.0  # millimetres that the feeder may shorten it
_SEEN = 0.45  # of the upper lines' correlation; elsewhere on sheets it stays below 0.39
_ASIDE = 1.6  # millimetres that a line may be off from there sideways
NEAR = 3.0
"""Half the height in millimetres of the cells in which a line is looked for."""
_BESIDE = 0.7  # millimetres that the centre code may be off its place above the voters
_WORD_SEEN = 0.6


@dataclass(frozen=True)
class UpperLines:
    """The place of the header's rule: its top in y, how far it is off in x; the block's score."""

    x: float
    top: float
    score: float


def cut_line(page: Grey, placement: Placement, box: Box) -> Floats:
    """Cut a box as strokes, at `glyphs.SCALE`."""
    grey = cut_placed(page, placement, box, SCALE)
    return strokes(ink_of(grey, _STROKE * SCALE))


def find_upper(page: Grey, placement: Placement, model: HeaderModel) -> UpperLines | None:
    """Look for the upper lines; None where they are not seen."""
    box = model.block_box
    lowest = -model.shortest + _SLACK
    top = lowest - _LONGEST - 2 * _SLACK
    strip = Box(box.left - _REACH_X, top, box.right + _REACH_X, lowest + box.bottom)
    ink = ink_of(cut_placed(page, placement, strip, ROUGH), _LARGE_STROKE * ROUGH)
    x, y, score = peak(match(ink, model.block))
    if not score >= _SEEN:
        return None
    return UpperLines(x / ROUGH - _REACH_X, top + y / ROUGH, score)


def middle(baseline: float, font: Font) -> float:
    """The height of the middle of a line's capitals."""
    return baseline - font.size * CAPITAL / 2


def cut_code(page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines) -> Floats:
    """The acta code's line, with the room that the search leaves it."""
    place, font = model.layout.header, model.layout.fonts.body
    y = upper.top + middle(place.code_baseline, font)
    x, half = upper.x + place.centre_x, _half_width(model.code.drawn)
    return cut_line(page, placement, Box(x - half, y - NEAR, x + half, y + NEAR))


def cut_moment(page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines) -> Floats:
    """The line of date and time, likewise."""
    place, font = model.layout.header, model.layout.fonts.body
    y = upper.top + middle(place.printed_at_baseline, font)
    half = _half_width(model.moment.drawn)
    x = upper.x + place.right_x - (half - _ASIDE)
    return cut_line(page, placement, Box(x - half, y - NEAR, x + half, y + NEAR))


def _half_width(drawn: Floats) -> float:
    return float(drawn.shape[1]) / SCALE / 2 + _ASIDE


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
    left, right = place.right_x - model.lower_width - 2 * NEAR, place.right_x + NEAR
    above, below = place.voters_gap + NEAR, NEAR + 1.0
    cell = cut_line(page, placement, Box(left, y - above, right, y + below))
    wide = model.voters.drawn.shape[1]
    top = round(place.voters_gap * SCALE)
    start = max(0, cell.shape[1] - wide - round(2 * NEAR * SCALE))
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
