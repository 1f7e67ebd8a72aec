"""The hash below the symbol: 64 hexadecimal digits on two lines, given only where all are sure.

Nothing else on the sheet checks them. They serve to notice that two sheets carry the same hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.layout import Layout
from pipeline.read.printed.form import Form
from pipeline.read.printed.glyphs import SCALE, strokes
from pipeline.read.printed.ink import Floats, Grey, ink_of
from pipeline.read.printed.learn import settle, suit
from pipeline.read.printed.letters import Letters, draw_letters
from pipeline.read.printed.place import Doubles
from pipeline.read.printed.spell import Window, Written, line_middle, link
from pipeline.read.printed.upright import Box, columns_on_page, cut

HEXADECIMAL = "0123456789ABCDEF"
_LENGTH = 64
_OTHER = 4  # digits that the first line may have more or fewer: it breaks where the paper ends
_TELLING = 20  # digits by which the shape of all is chosen
_COARSEST = 7.0  # pixels per millimetre, 178 dpi: below that compression makes a 6 an 8
_ABOVE = 2.0  # millimetres above the lines' capitals that are looked at
_OFF = 2.0  # millimetres that the lines may stand off their place below the symbol
_STROKE = 3.0  # millimetres: letters that run together are wider than their strokes
_DARK = 0.4  # of the darkest rows: a row of letters
_TALL = (1.2, 2.6)  # millimetres that a line of capitals is high, blurred or sharp
_OFF_PITCH = 0.4
_WHITE = (1.6, 4.0)  # millimetres above and below the lines that are white paper
_BLANK = 0.25  # of the paler line: white
_ASIDE = 4.5  # millimetres that a digit may stand off its place, for the widths of those before it
_MOVED = 0.5  # pixels of the page by which a second look is moved
_MARGIN = 1.0  # millimetres of the paper's edges that are not looked at


@dataclass(frozen=True)
class HashModel:
    """What is known of the lines before they are read."""

    form: Form
    shapes: tuple[Letters, ...]

    @property
    def layout(self) -> Layout:
        """The form's."""
        return self.form.layout

    def window(self, count: int, digits: int) -> Window:
        """Where the first `count` of `digits` may begin."""
        pitch, reach = float(self.shapes[0].widths.mean()), round(_ASIDE * SCALE)
        middle = (self.layout.hash.x - _MARGIN) * SCALE
        starts = middle + (np.arange(count) - digits / 2) * pitch - reach
        return Window(np.maximum(np.rint(starts), 0).astype(np.int64), 2 * reach + 1)


def draw_hash_model(form: Form) -> HashModel:
    """Draw the digits (about 20 ms)."""
    layout = form.layout
    shapes = draw_letters(HEXADECIMAL, layout.outlines.body, layout.fonts.body, layout.paper.dot)
    return HashModel(form, shapes)


def hash_by_symbol(
    page: Grey, corners: Sequence[float], modules: int, model: HashModel
) -> str | None:
    """The 64 digits below a symbol whose corners (x, y from the top left) are known."""
    square = model.form.symbol_corners(modules).astype(np.float64)
    points = np.column_stack([square, np.ones(len(square))])
    found = np.array(corners, np.float64).reshape(4, 2)
    affine = np.asarray(np.linalg.lstsq(points, found, rcond=None)[0].T, np.float64)
    return read_hash(page, affine, model, float(square[:, 1].max()), _OFF)


def hash_by_members(page: Grey, affine: Doubles, model: HashModel) -> str | None:
    """The same where no symbol was read, by a map of the millimetres below the members' block.

    A symbol of any size may stand there, or none.
    """
    symbol = model.layout.symbol
    sizes = [(17 + 4 * version) * symbol.module for version in symbol.versions]
    middle = model.form.symbol_top + (min(sizes) + max(sizes)) / 2
    off = (max(sizes) - min(sizes)) / 2 + 2 * _OFF
    for end, room in ((middle, off), (model.form.members_end, 2 * _OFF)):
        found = read_hash(page, affine, model, end, room)
        if found:
            # Where compression has worn the digits, another sampling shows others.
            moved = affine + np.array([[0, 0, _MOVED], [0, 0, _MOVED]])
            return found if read_hash(page, moved, model, end, room) == found else None
    return None


def read_hash(page: Grey, affine: Doubles, model: HashModel, end: float, off: float) -> str | None:
    """The 64 digits, or None where not all are sure.

    Args:
        page: the full-size page.
        affine: (2, 3), from the form's millimetres to pixels around the lines.
        model: the digits.
        end: millimetres of the form down to the lower edge of what stands above the lines.
        off: millimetres by which the lines may stand off their place.
    """
    (a, b), (c, d) = affine[:, :2]
    if not abs(a * d - b * c) >= _COARSEST**2:
        return None
    lines = _find(page, affine, model, end, off)
    return None if lines is None else _spell(lines, model)


def _find(
    page: Grey, affine: Doubles, model: HashModel, end: float, off: float
) -> tuple[Written, Written] | None:
    """The two lines; None where no two of that height and pitch stand alone."""
    place = model.layout.hash
    first = end + place.baseline
    top = first - off - _WHITE[1] - _ABOVE
    low = first + off + place.line_pitch + _WHITE[1]
    box = Box(_MARGIN, top, model.layout.paper.width - _MARGIN, low)
    ink = ink_of(cut(page, affine, box, SCALE), _STROKE * SCALE)
    rows = _two_lines(ink, place.line_pitch)
    if rows is None:
        return None
    cell = strokes(ink)
    written = [
        Written(cell, y, *columns_on_page(page, affine, box, SCALE, box.top + y / SCALE))
        for y in (line_middle(cell, row) for row in rows)
    ]
    return written[0], written[1]


def _spell(lines: tuple[Written, Written], model: HashModel) -> str | None:
    """The digits, the lines being broken where both together explain the most ink."""
    usual = model.layout.hash.line_length
    choice = suit(lines[0], model.shapes, model.window(_TELLING, usual))
    if choice is None:
        return None
    counts = range(usual - _OTHER, usual + _OTHER + 1)
    most = (counts[-1], _LENGTH - counts[0])
    chains = [
        link(line, choice.letters, model.window(count, count - _OTHER), choice.gain, None)
        for line, count in zip(lines, most, strict=True)
    ]
    first, second = (chain.forward.max(axis=1) for chain in chains)
    count = max(counts, key=lambda count: float(first[count] + second[_LENGTH - count]))
    spellings = [chains[0].spell(count), chains[1].spell(_LENGTH - count)]
    return settle(lines, spellings, choice, (None, None))


def _two_lines(ink: Floats, pitch: float) -> tuple[int, int] | None:
    """The middle rows of the first two lines that follow each other as those of the hash do, with
    white paper above and below them."""
    profile = ink.sum(axis=1)
    dark = profile > _DARK * float(np.quantile(profile, 0.9))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], dark, [False]]).astype(int)))
    low, high = (length * SCALE for length in _TALL)
    lines = [(top + end - 1) / 2 for top, end in edges.reshape(-1, 2) if low <= end - top <= high]
    for first, second in pairwise(lines):
        near = abs(second - first - pitch * SCALE) <= _OFF_PITCH * SCALE
        if near and _stands_alone(profile, round(float(first)), round(float(second))):
            return round(float(first)), round(float(second))
    return None


def _stands_alone(profile: Floats, first: int, second: int) -> bool:
    near, far = (round(length * SCALE) for length in _WHITE)
    around = (profile[max(0, first - far) : first - near], profile[second + near : second + far])
    darkest = max((float(part.mean()) for part in around if part.size), default=0.0)
    return darkest <= _BLANK * float(min(profile[first], profile[second]))
