"""The UUID in the header, on two lines: one for every machine that printed sheets.

Nothing else on the sheet checks it, so it is given only where every digit is sure.
"""

from __future__ import annotations

import numpy as np

from pipeline.read.printed.glyphs import SCALE
from pipeline.read.printed.header_model import UUID_LETTERS, HeaderModel
from pipeline.read.printed.header_place import NEAR, UpperLines, cut_line, middle
from pipeline.read.printed.ink import Grey
from pipeline.read.printed.learn import settle, suit
from pipeline.read.printed.place import Placement
from pipeline.read.printed.spell import Numbers, Window, Written, line_middle, link
from pipeline.read.printed.upright import Box, columns_on_page

_LINES = ("00000000-0000-0000-0000-", "000000000000")
"""How it is broken, 0 for any digit."""
_COARSEST = 7.0  # pixels per millimetre, as for the hash
_ASIDE = 3.0  # millimetres that a digit may stand off its place, for the widths of those before it
_BESIDE = 4.0  # millimetres beside the lines that are looked at


def read_uuid(
    page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines
) -> str | None:
    """The UUID, or None where not every digit is sure."""
    if not placement.pixels_per_mm >= _COARSEST:
        return None
    place = model.layout.header
    lines = [
        _cut(page, placement, model, upper, place.uuid_baseline + number * place.line_pitch)
        for number in range(len(_LINES))
    ]
    allowed = [_allowed(pattern) for pattern in _LINES]
    windows = [_window(line, may, model) for line, may in zip(lines, allowed, strict=True)]
    choice = suit(lines[0], model.hexadecimal, windows[0], allowed[0])
    if choice is None:
        return None
    spellings = [
        link(line, choice.letters, window, choice.gain, may).spell(len(may))
        for line, window, may in zip(lines, windows, allowed, strict=True)
    ]
    return settle(lines, spellings, choice, allowed)


def _allowed(pattern: str) -> Numbers:
    """Which letters may stand where, (N, C)."""
    hyphens = np.array([[letter == "-"] for letter in pattern])
    is_hyphen = np.array([letter == "-" for letter in UUID_LETTERS])
    return np.asarray(hyphens == is_hyphen, np.int64)


def _cut(
    page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines, baseline: float
) -> Written:
    place = model.layout.header
    y = upper.top + middle(baseline, model.layout.fonts.body)
    x, half = upper.x + place.centre_x, place.max_width / 2 + _BESIDE
    box = Box(x - half, y - NEAR, x + half, y + NEAR)
    cell = cut_line(page, placement, box)
    on_page = columns_on_page(page, placement.local(y)[:2], box, SCALE, y)
    return Written(cell, line_middle(cell, round(NEAR * SCALE)), *on_page)


def _window(line: Written, allowed: Numbers, model: HeaderModel) -> Window:
    """Where each letter may begin: the line is centred, its letters are of usual width."""
    widths = (allowed * model.hexadecimal[0].widths).sum(axis=1) / allowed.sum(axis=1)
    starts = (line.cell.shape[1] - widths.sum()) / 2 + np.cumsum(widths) - widths
    reach = round(_ASIDE * SCALE)
    lows = np.maximum(np.rint(starts - reach), 0).astype(np.int64)
    return Window(lows, 2 * reach + 1)
