"""Laying the form over a scan: block by block, first roughly, then to a tenth of a millimetre.

The scan is warped upright into a strip by a first guess (of the QR's corners, or of a search). The
form is cut into blocks; each is compared with the strip over a window, and one path through all
windows is chosen that bends no more than a feeder bends paper. So no scale has to be searched, and
a block that a stain hides is carried by its neighbours. Then each block's left and right part is
compared again, finer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.read.printed.form import Form, Text, draw_fixed
from pipeline.read.printed.ink import Floats, Grey, correlate, ink_of
from pipeline.read.printed.place import COLUMNS, Doubles, Placement

FINE, COARSE = 4.0, 2.0
"""Pixels per millimetre of the strip: right to 0.1 mm; to 0.3 mm in half the time."""
ROUGH = 1.0
_MARGIN_X = 12.0  # millimetres of the strip left and right of the paper
_MARGIN_Y = 42.0
_REACH = (8.0, 36.0)  # how far off the first guess may be, in x and y
_BEND = 0.055  # the steepest change of y along y that a feeder makes
_BEND_COST = 0.02  # of correlation, for a millimetre of bend between neighbouring blocks
_NEAR = 1.6  # millimetres around the rough place where the fine one is looked for
_HALF = 19.5  # half the width in millimetres of a block's left and right part
_STROKE = 3.0  # millimetres: the widest thing on a sheet that is ink and not shade
_SEEN = 0.25  # a correlation below this tells nothing
_STRAY = 1.2  # millimetres off the middle of its neighbours: no paper bends so
_TYPICAL = 0.5  # how dark the numbers and words count that nearly every sheet has


@dataclass(frozen=True)
class Reference:
    """The form as ink, cut into blocks between `edges` (millimetres).

    `scale` are the pixels per millimetre of the `fine` drawing.
    """

    edges: Doubles
    fine: Floats
    rough: Floats
    scale: float

    def rough_blocks(self) -> list[Floats]:
        """The rough drawing, block by block: together they are all of it."""
        cuts = np.round((self.edges - self.edges[0]) * ROUGH).astype(int)
        return [self.rough[a:b] for a, b in pairwise(cuts)]

    @property
    def heights(self) -> Doubles:
        """The middles of the blocks."""
        return np.asarray((self.edges[1:] + self.edges[:-1]) / 2, np.float64)


def draw_reference(form: Form, scale: float = FINE, blocks: int = 11) -> Reference:
    """Draw what every sheet carries: all that is fixed, and the commonest number at half weight."""
    top, end = -1.0, form.remarks_end + 1
    fixed = draw_fixed(form, scale, top, end)
    usual = ", ".join([form.layout.words[0]] * 4)
    fonts = form.layout.fonts
    texts = tuple(
        Text(usual, fonts.words, row.words_x, row.baseline, "centre", weight=_TYPICAL)
        for row in form.rows
    )
    numbers = draw_fixed(form, scale, top, end, texts=texts, rules=())
    fine = np.maximum(fixed, numbers)
    rough = _shrink(fixed, scale / ROUGH)
    return Reference(np.linspace(top, end, blocks + 1), fine, rough, scale)


def register(
    page: Grey, scale: float, guess: Doubles, form: Form, reference: Reference
) -> Placement:
    """Lay the form over a page.

    Args:
        page: grey; `scale` of its pixels make one of the full-size scan (0.5 for a half-size page).
        scale: see `page`.
        guess: (2, 3), the form's millimetres to full-size pixels, right within `_REACH`.
        form: the form.
        reference: its drawing.

    Always gives a placement; whether it is any good tells its score.
    """
    fine = reference.scale
    strip = _Strip(-_MARGIN_X, -_MARGIN_Y, form.layout.paper.width, form.remarks_end, fine)
    ink = ink_of(strip.cut(page, scale, guess), _STROKE * fine)
    rough = _rough_path(_shrink(ink, fine / ROUGH), strip, reference)
    shifts, scores = _fine_shifts(ink, strip, reference, rough)
    return Placement(guess, reference.heights, _smooth(shifts, scores), scores.mean(1))


@dataclass(frozen=True)
class _Strip:
    """The upright window of the form that is compared: its left and top edge in millimetres, its
    pixels per millimetre."""

    left: float
    top: float
    paper_width: float
    form_end: float
    fine: float

    def cut(self, page: Grey, scale: float, affine: Doubles) -> Grey:
        width = round((self.paper_width + 2 * _MARGIN_X) * self.fine)
        height = round((self.form_end + 2 * _MARGIN_Y) * self.fine)
        pixel = np.array([[1 / self.fine, 0, self.left], [0, 1 / self.fine, self.top], [0, 0, 1]])
        move = scale * (affine @ pixel)
        page, move = shrink_for(page, move)
        return np.asarray(
            cv2.warpAffine(
                page,
                move,
                (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=255,
            ),
            np.uint8,
        )


def shrink_for(page: Grey, move: Doubles) -> tuple[Grey, Doubles]:
    """Average the page down where a warp by `move` (target to page) would skip its pixels."""
    step = float(np.hypot(move[0, 0], move[1, 0]))
    whole = int(step + 0.4)
    if whole < 2:
        return page, move
    size = (max(1, page.shape[1] // whole), max(1, page.shape[0] // whole))
    smaller = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
    return smaller, move / whole


def _shrink(ink: Floats, factor: float) -> Floats:
    size = (round(ink.shape[1] / factor), round(ink.shape[0] / factor))
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)


def _rough_path(ink: Floats, strip: _Strip, reference: Reference) -> Doubles:
    """Displacements (K, 2) in millimetres, right to about one."""
    reach_x, reach_y = (round(value * ROUGH) for value in _REACH)
    left = round(-strip.left * ROUGH) - reach_x
    maps = []
    for top, block in zip(reference.edges[:-1], reference.rough_blocks(), strict=True):
        y = round((top - strip.top) * ROUGH) - reach_y
        window = _window(ink, left, y, block.shape[1] + 2 * reach_x, block.shape[0] + 2 * reach_y)
        maps.append(correlate(window, block))
    rows = smoothest([found.max(axis=1) for found in maps], reference)
    across = [
        found[max(0, row - 1) : row + 2].max(axis=0) for found, row in zip(maps, rows, strict=True)
    ]
    columns = smoothest(across, reference)
    return (
        np.array(
            [(x - reach_x, y - reach_y) for x, y in zip(columns, rows, strict=True)], np.float64
        )
        / ROUGH
    )


def _window(ink: Floats, left: int, top: int, width: int, height: int) -> Floats:
    """A cut-out that may reach over the edges: there is no ink there."""
    out = np.zeros((height, width), np.float32)
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(ink.shape[0], top + height), min(ink.shape[1], left + width)
    if y0 < y1 and x0 < x1:
        out[y0 - top : y1 - top, x0 - left : x1 - left] = ink[y0:y1, x0:x1]
    return out


def smoothest(scores: list[Floats], reference: Reference) -> list[int]:
    """The path with the best sum of scores whose neighbours differ no more than paper bends."""
    run = float(reference.edges[1] - reference.edges[0])
    step = max(1, int(np.ceil(_BEND * run * ROUGH)))
    length = min(len(score) for score in scores)
    total, back = scores[0][:length].copy(), []
    bends = np.abs(np.arange(-step, step + 1))[:, None] / ROUGH * _BEND_COST
    padded = np.full(length + 2 * step, -9, np.float32)
    for score in scores[1:]:
        padded[step : step + length] = total
        options = sliding_window_view(padded, length) - bends
        best = options.argmax(axis=0)
        back.append(np.arange(length) + best - step)
        total = options.max(axis=0) + score[:length]
    path = [int(total.argmax())]
    for came in reversed(back):
        path.append(int(np.clip(came[path[-1]], 0, length - 1)))
    return path[::-1]


def _fine_shifts(
    ink: Floats, strip: _Strip, reference: Reference, rough: Doubles
) -> tuple[Doubles, Doubles]:
    """Displacements (K, 2, 2) and correlations (K, 2) of the blocks' left and right parts."""
    blocks = len(rough)
    shifts = np.zeros((blocks, 2, 2))
    scores = np.full((blocks, 2), -1.0)
    fine = reference.scale
    reach = round(_NEAR * fine)
    for number, (top, end) in enumerate(pairwise(reference.edges)):
        first = round((top - reference.edges[0]) * fine)
        rows = slice(first, round((end - reference.edges[0]) * fine))
        exact = first / fine + reference.edges[0]
        for side, middle in enumerate(COLUMNS):
            x = round((middle - _HALF) * fine)
            part = reference.fine[rows, x : round((middle + _HALF) * fine)]
            aim_x = round((x / fine + rough[number, 0] - strip.left) * fine)
            aim_y = round((exact + rough[number, 1] - strip.top) * fine)
            window = _window(
                ink, aim_x - reach, aim_y - reach,
                part.shape[1] + 2 * reach, part.shape[0] + 2 * reach,
            )  # fmt: skip
            found = correlate(window, part)
            dx, dy, scores[number, side] = peak(found)
            shifts[number, side] = (
                (aim_x - reach + dx) / fine + strip.left - x / fine,
                (aim_y - reach + dy) / fine + strip.top - exact,
            )
    return shifts, scores


def peak(found: Floats) -> tuple[float, float, float]:
    """The highest point of a map of scores, to a part of a pixel: x, y, score."""
    _, score, _, (x, y) = cv2.minMaxLoc(found)
    return x + _vertex(found[y], x), y + _vertex(found[:, x], y), float(score)


def _vertex(values: Floats, at: int) -> float:
    """The top of the parabola through three neighbours, from the middle one."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[at - 1 : at + 2])
    curve = before - 2 * here + after
    return 0.5 * (before - after) / curve if curve < 0 else 0.0


def _strays(shifts: Doubles) -> NDArray[np.bool_]:
    """Blocks (K,) whose place (K, 2) does not lie between their neighbours'."""
    padded = np.vstack([2 * shifts[1] - shifts[2], shifts, 2 * shifts[-2] - shifts[-3]])
    between = (padded[:-2] + padded[2:]) / 2
    off = np.abs(shifts - between).max(axis=1)
    # A stray spoils its neighbours' middle too: it is the one that is farther off than they.
    worst = np.maximum.reduce([np.pad(off, 1)[:-2], off, np.pad(off, 1)[2:]])
    return np.asarray((off > _STRAY) & (off >= worst), bool)


def _smooth(shifts: Doubles, scores: Doubles) -> Doubles:
    """Fill blocks that were not seen from their neighbours, and calm tilt and width.

    Tilt (the right part lower than the left) and width change slowly down a sheet; a wrong peak in
    one part of a block would turn its rows.
    """
    out = shifts.copy()
    numbers = np.arange(len(out))
    for side in (0, 1):
        seen = (scores[:, side] > _SEEN) & ~_strays(out[:, side])
        if 2 <= seen.sum() < len(out):
            for axis in (0, 1):
                out[:, side, axis] = np.interp(numbers, numbers[seen], out[seen, side, axis])
    between = out[:, 1] - out[:, 0]
    calm = np.stack([np.median(between[max(0, n - 2) : n + 3], axis=0) for n in numbers])
    calm[:, 0] = np.median(between[:, 0])
    middle_y = out.mean(axis=1)[:, 1]
    out[:, 1, 0] = out[:, 0, 0] + calm[:, 0]
    out[:, 0, 1], out[:, 1, 1] = middle_y - calm[:, 1] / 2, middle_y + calm[:, 1] / 2
    return out
