"""Where the form lies on a scan: a similarity, and how feeder and folds bent it.

A feeder stretches a sheet by up to 5% along its way and lets it drift sideways by millimetres;
across the way it keeps its scale. So a placement holds displacements at two columns of the form
(left and right) for each of a chain of blocks down the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

COLUMNS = (22.5, 55.5)
"""The x at which displacements are held: millimetres of the form."""


@dataclass(frozen=True)
class Placement:
    """From the form's millimetres to the scan's full-size pixels.

    `affine` is (2, 3). `heights` (K,) are the blocks' y; `shifts` (K, 2, 2) their displacements in
    millimetres: block, column, (x, y). `score` is the mean correlation of the blocks, `scores` (K,)
    that of each.
    """

    affine: Doubles
    heights: Doubles
    shifts: Doubles
    scores: Doubles
    _known: dict[float, Doubles] = field(default_factory=dict, init=False, repr=False)
    """Every row asks for its own again, column by column."""

    @property
    def score(self) -> float:
        """How well the whole form fits, 0 to 1."""
        return float(self.scores.mean())

    @property
    def pixels_per_mm(self) -> float:
        """The scan's resolution."""
        return float(np.hypot(self.affine[0, 0], self.affine[1, 0]))

    def local(self, y: float) -> Doubles:
        """The affine map around a height, (3, 3): form millimetres to scan pixels."""
        if y not in self._known:
            self._known[y] = self._local(y)
        return self._known[y]

    def _local(self, y: float) -> Doubles:
        low = int(np.clip(np.searchsorted(self.heights, y) - 1, 0, len(self.heights) - 2))
        run = self.heights[low + 1] - self.heights[low]
        part = (y - self.heights[low]) / run
        if not 0 <= part <= 1:  # beyond the ends the nearest pair's slope is too wild a guide
            part = float(np.clip(part, -0.5, 1.5))
        here = self.shifts[low] * (1 - part) + self.shifts[low + 1] * part
        stretch = 1 + (self.shifts[low + 1, :, 1] - self.shifts[low, :, 1]).mean() / run
        lean = (self.shifts[low + 1, :, 0] - self.shifts[low, :, 0]).mean() / run
        (x0, y0), (x1, y1) = here
        left, right = COLUMNS
        wide = 1 + (x1 - x0) / (right - left)
        tilt = (y1 - y0) / (right - left)
        bent = np.array(
            [
                [wide, lean, left + x0 - wide * left - lean * y],
                [tilt, stretch, y + y0 - tilt * left - stretch * y],
                [0, 0, 1],
            ]
        )
        return np.asarray(np.vstack([self.affine, [0, 0, 1]]) @ bent, np.float64)

    def to_scan(self, points: Doubles) -> Doubles:
        """Pixels of points (N, 2) in millimetres."""
        mapped = [(self.local(y) @ (x, y, 1.0))[:2] for x, y in points]
        return np.array(mapped, np.float64).reshape(-1, 2)


def similarity(source: Doubles, target: Doubles) -> Doubles:
    """The similarity (2, 3) that maps points (N, 2) onto others best, in the least squares."""
    a, b = source - source.mean(0), target - target.mean(0)
    flat, aim = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    factor = (np.conj(flat) * aim).sum() / (np.abs(flat) ** 2).sum()
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    move = target.mean(0) - turn @ source.mean(0)
    return np.hstack([turn, move[:, None]])
