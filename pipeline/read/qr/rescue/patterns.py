"""Places that look like a symbol's finder or alignment pattern: concentric squares, dark and light.

Each square is a box, so that the likeness of all places is a few sums over boxes. It is the
correlation that `cv2.matchTemplate` gives with such a pattern, in a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.qr.rescue.tone import Floats

Complex = NDArray[np.complex128]

SCALE = 4
"""Pixels a module in the image that is searched: enough for the patterns, cheap to search."""
LEAST_PEAK = 0.5
"""Likeness of a pattern. That of a sharp one is 0.92: the image is soft, the squares are not."""
INVERTED = 0.15
"""By so much the negative must look more like it."""
FINDERS, ALIGNMENTS = 8, 36
"""How many of the best peaks of each kind are tried."""
FLAT = 1e-4
"""Variance below which there is nothing to see."""
OUTSIDE = 2 * SCALE
"""Pixels beyond the image in which the middle of a pattern may lie that its edge cuts."""
BAND = 256
"""Rows that are searched at once."""


@dataclass(frozen=True)
class Peaks:
    """Places that look like a pattern. `kind` is 0 for a finder, 1 for an alignment pattern."""

    place: Complex
    kind: NDArray[np.int64]


@dataclass(frozen=True)
class Rings:
    """Concentric squares a module wide, from the outside in: 1 dark, 0 light."""

    values: tuple[int, ...]

    @cached_property
    def sides(self) -> tuple[int, ...]:
        """Of the square within each ring, that ring included; pixels."""
        return tuple(SCALE * (2 * inner + 1) for inner in reversed(range(len(self.values))))

    @cached_property
    def jumps(self) -> tuple[tuple[int, int], ...]:
        """Where a square is other than those around it: 1 or -1, and its side."""
        outer = (0, *self.values[:-1])
        found = zip(self.values, outer, self.sides, strict=True)
        return tuple((value - before, side) for value, before, side in found if value != before)

    @cached_property
    def mean(self) -> float:
        """Of the pattern's pixels."""
        return sum(jump * side**2 for jump, side in self.jumps) / self.sides[0] ** 2

    @cached_property
    def strength(self) -> float:
        """Norm of the pattern about its mean: its dark share is `mean`, the rest is light."""
        return float(self.sides[0] * (self.mean * (1 - self.mean)) ** 0.5)


FINDER_RINGS, ALIGNMENT_RINGS = Rings((0, 1, 0, 1, 1)), Rings((1, 0, 1))


def find_patterns(soft: Floats) -> tuple[Peaks, bool]:
    """Peaks of both kinds, and whether they are inverted: light where they should be dark.

    `soft` is darkness at `SCALE` pixels a module.
    """
    frame = cv2.copyMakeBorder(soft, *4 * (OUTSIDE,), cv2.BORDER_CONSTANT, value=(0.0,))
    finder, alignment = _likenesses(np.asarray(frame, np.float32))
    inverted = bool(-finder.min() > max(finder.max() + INVERTED, LEAST_PEAK))
    if inverted:
        finder, alignment = -finder, -alignment
    first, second = _peaks(finder, FINDERS, 6), _peaks(alignment, ALIGNMENTS, 5)
    kind = np.r_[np.zeros(len(first), np.int64), np.ones(len(second), np.int64)]
    return Peaks(np.r_[first, second] - OUTSIDE * (1 + 1j), kind), inverted


def _likenesses(soft: Floats) -> tuple[Floats, Floats]:
    """Likeness with both patterns everywhere, band by band: a band fits the processor's cache."""
    finder, alignment = np.empty_like(soft), np.empty_like(soft)
    height, reach = len(soft), FINDER_RINGS.sides[0] // 2
    for top in range(0, height, BAND):
        bottom = min(height, top + BAND)
        above = max(0, top - reach)
        sums = Sums(soft[above : bottom + reach])
        inner = slice(top - above, bottom - above)
        finder[top:bottom] = likeness(sums, FINDER_RINGS)[inner]
        alignment[top:bottom] = likeness(sums, ALIGNMENT_RINGS)[inner]
    return finder, alignment


class Sums:
    """Sums over boxes of an image, each made once: the patterns have sides in common."""

    def __init__(self, image: Floats) -> None:
        self._image = image
        self._made: dict[int, Floats] = {}

    def of(self, side: int) -> Floats:
        """Of the values."""
        if side not in self._made:
            self._made[side] = self._sum_up(cv2.boxFilter, side)
        return self._made[side]

    def of_squares(self, side: int) -> Floats:
        """Of the values' squares."""
        return self._sum_up(cv2.sqrBoxFilter, side)

    def _sum_up(self, function: Callable[..., Any], side: int) -> Floats:
        border = cv2.BORDER_CONSTANT
        sums = function(self._image, cv2.CV_32F, (side, side), normalize=False, borderType=border)
        return np.asarray(sums, np.float32)


def likeness(sums: Sums, rings: Rings) -> Floats:
    """Correlation (-1 to 1) of what lies around each pixel with the pattern.

    A pixel stands for the place half a pixel up and left of its centre. Beyond the image all is 0.
    """
    area = rings.sides[0] ** 2
    total = sums.of(rings.sides[0])
    alike = total * -rings.mean
    for jump, side in rings.jumps:
        (np.add if jump > 0 else np.subtract)(alike, sums.of(side), out=alike)
    spread = sums.of_squares(rings.sides[0])
    spread -= total * total / area
    np.maximum(spread, FLAT * area, out=spread)
    np.sqrt(spread, out=spread)
    spread *= rings.strength
    alike /= spread
    return alike


def _peaks(likely: Floats, count: int, radius: int) -> Complex:
    """The highest local maxima, as x + iy."""
    if likely.size == 0 or likely.max() < LEAST_PEAK:
        return np.zeros(0, np.complex128)
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    highest = np.asarray(cv2.dilate(likely, kernel), np.float32)
    np.maximum(highest, LEAST_PEAK, out=highest)
    rows, columns = np.nonzero(likely >= highest)
    best = np.argsort(-likely[rows, columns], kind="stable")[:count]
    return np.asarray(columns[best] + 1j * rows[best] - (0.5 + 0.5j), np.complex128)
