"""A line whose pattern is known but not its digits: which stand there, and how surely.

The line is found by a drawing that holds the mean of all ten digits wherever one stands, so that no
expected number pulls it. Then each place is compared with the ten digits. A line may be 2% wider
or narrower than it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.read.printed.glyphs import BOX, ROWS, SCALE, Glyphs, Pattern
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.place import Doubles
from pipeline.read.printed.register import peak

_REACH = 1  # pixels that a digit may be off its place
_LOOSE = 5  # pixels that a digit at a line's end may be off its place
_NEAR = 3  # pixels around a place to try
_SURE = 0.88  # a line that fits so well does not stand one digit further on: there it is 0.8
_LEAST_INK = 0.4  # of the fullest place's ink
# By how many pixels a line may be off as a whole, and at its ends by being wider or narrower.
_SHIFTS, _SPREADS = (0, -1, 1, -2, 2), (0, -1, 1, -2, 2, -3, 3)
_MOVES = np.array([(shift, spread) for shift in _SHIFTS for spread in _SPREADS])


@dataclass(frozen=True)
class LineScores:
    """What a line shows: `scores` (P, 10), the correlation of every place with every digit.

    `apart` (10, 10) is the distance between the digits; `y` the height of their middle, in pixels
    of the cell.
    """

    scores: Floats
    apart: Floats
    y: float

    @property
    def text(self) -> str:
        """The digits that fit best."""
        return "".join(map(str, self.scores.argmax(axis=1)))

    @property
    def best(self) -> Floats:
        """How well they fit, (P,)."""
        return np.asarray(self.scores.max(axis=1), np.float32)

    def margins(self, digits: str) -> Floats:
        """How much better these digits fit than the best of all others, (P,); below 0: worse.

        Counted in what separates the two digits: 8 and 0, which share most of their ink, need a
        smaller difference than 1 and 0. A digit that stands there has a margin of some 0.2 to 0.7.
        """
        places, values = np.arange(len(digits)), np.array([int(digit) for digit in digits])
        margins = (self.scores[places, values][:, None] - self.scores) / self.apart[values]
        margins[places, values] = np.inf
        return np.asarray(margins.min(axis=1), np.float32)

    def below_middle(self, cell: Floats) -> float:
        """By how many millimetres the line lies below the middle of its cell."""
        return float(self.y - (cell.shape[0] - 1) / 2) / SCALE


def match(cell: Floats, pattern: Floats) -> Floats:
    """Correlation of a pattern at each place of a cell, but for empty places, where it is near 0.

    The plain normalised correlation is anything at all on paper without ink. Here a place that
    holds less than `_LEAST_INK` of the ink of the fullest one counts as if it held that much.
    """
    zero_mean = pattern - pattern.mean()
    products = np.asarray(cv2.matchTemplate(cell, zero_mean, cv2.TM_CCORR), np.float32)
    size = (pattern.shape[1], pattern.shape[0])
    sums = cv2.boxFilter(cell, cv2.CV_32F, size, anchor=(0, 0), normalize=False)
    squares = cv2.sqrBoxFilter(cell, cv2.CV_32F, size, anchor=(0, 0), normalize=False)
    energy = np.asarray(squares - sums * sums / pattern.size, np.float32)
    norms = np.sqrt(np.maximum(energy[: products.shape[0], : products.shape[1]], 0))
    norms = np.maximum(norms, max(_LEAST_INK * float(norms.max()), 1e-6))
    return np.asarray(products / (norms * np.linalg.norm(zero_mean)), np.float32)


def score_line(cell: Floats, pattern: Pattern, glyphs: Glyphs) -> LineScores:
    """Find a line in a cell of strokes, at least as large as the pattern, and score it.

    Mean digits fit nearly as well one digit further on; real ones tell which place is right.
    """
    found = match(cell, pattern.drawn)
    x, y, _ = peak(found)
    options = []
    for step in (0, -1, 1):
        option = _scored(cell, pattern, glyphs, found, x + step * glyphs.pitch, y)
        if option and option.best.mean() >= _SURE:
            return option
        options.append(option)
    return max((option for option in options if option), key=lambda option: option.best.mean())


def _scored(
    cell: Floats, pattern: Pattern, glyphs: Glyphs, found: Floats, x: float, y: float
) -> LineScores | None:
    """The scores where the pattern fits best near x, y; None beyond the cell or where it does not
    fit half as well as elsewhere."""
    left, top = max(0, round(x) - _NEAR), max(0, round(y) - _NEAR)
    near = found[top : round(y) + _NEAR + 1, left : max(0, round(x) + _NEAR + 1)]
    if not near.size or near.max() < found.max() / 2:
        return None
    right, down, _ = peak(near)
    x, y = left + right, top + down
    middle = y + ROWS // 2
    return score_places(cell, _settled(cell, pattern.places + x, middle, glyphs), middle, glyphs)


def score_places(cell: Floats, xs: Doubles, y: float, glyphs: Glyphs) -> LineScores:
    """Score places (P,) at height y, in pixels, in the shape that suits the whole line best."""
    rows, columns = BOX
    boxes = _boxes(cell, xs, y, (columns + 2 * _REACH, rows + 2 * _REACH))
    windows = sliding_window_view(boxes, BOX, axis=(1, 2)).reshape(len(xs), -1, rows * columns)
    scores = _correlations(windows, glyphs).max(axis=1)  # P, S, 10
    shape = int(scores.max(axis=2).sum(axis=0).argmax())
    return LineScores(scores[:, shape], glyphs.apart[shape], float(y))


def energies(cell: Floats, xs: Doubles, y: float) -> Floats:
    """How much ink (root of its squares) stands at places (P,)."""
    boxes = _boxes(cell, xs, y, BOX[::-1])
    return np.asarray(np.sqrt((boxes**2).sum(axis=(1, 2))), np.float32)


def _settled(cell: Floats, xs: Doubles, y: float, glyphs: Glyphs) -> Doubles:
    """The places (P,) moved and spread as suits them best, whatever their digits are."""
    rows, columns = BOX
    boxes = _boxes(cell, xs, y, (columns + 2 * _LOOSE, rows))
    windows = sliding_window_view(boxes, columns, axis=2).transpose(0, 2, 1, 3)
    windows = windows.reshape(len(xs), 2 * _LOOSE + 1, rows * columns)
    quality = _correlations(windows, glyphs).max(axis=(2, 3))
    along = (xs - xs.mean()) / max(float(np.ptp(xs)) / 2, 1e-6)
    moves = _MOVES[:, :1] + _MOVES[:, 1:] * along  # options, P
    steps = np.round(moves).astype(int) + _LOOSE
    best = quality[np.arange(len(xs)), steps].sum(axis=1).argmax()
    return np.asarray(xs + moves[best], np.float64)


def _boxes(cell: Floats, xs: Doubles, y: float, size: tuple[int, int]) -> Floats:
    """Cut-outs (P, H, W) of size (W, H) around places; beyond the cell its edge goes on."""
    return np.stack([np.asarray(cv2.getRectSubPix(cell, size, (float(x), y))) for x in xs])


def _correlations(windows: Floats, glyphs: Glyphs) -> Floats:
    """Correlations (P, W, S, 10) of windows (P, W, 299) with the digits in all their shapes."""
    places, count, pixels = windows.shape
    flat = windows.reshape(-1, pixels)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    products = (flat @ glyphs.flat.reshape(-1, pixels).T) / norms
    return np.asarray(products.reshape(places, count, -1, 10), np.float32)
