"""Where the form lies on a scan: a similarity, and how feeder and folds bent it.

A feeder stretches a sheet by up to 5% along its way and lets it drift sideways by millimetres;
across the way it keeps its scale. So a placement holds displacements at two columns of the form
(left and right) for each of a chain of blocks down the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
        return np.asarray(self.locals(np.array([y]))[0], np.float64)

    def locals(self, ys: Doubles) -> Doubles:
        """The affine maps (N, 3, 3) around heights (N,)."""
        low = np.clip(np.searchsorted(self.heights, ys) - 1, 0, len(self.heights) - 2)
        run = self.heights[low + 1] - self.heights[low]
        # Beyond the ends the nearest pair's slope is too wild a guide.
        part = np.clip((ys - self.heights[low]) / run, -0.5, 1.5)[:, None, None]
        near, far = self.shifts[low], self.shifts[low + 1]
        here = near * (1 - part) + far * part
        bend = (far - near).mean(axis=1) / run[:, None]
        lean, stretch = bend[:, 0], 1 + bend[:, 1]
        left, right = COLUMNS
        wide = 1 + (here[:, 1, 0] - here[:, 0, 0]) / (right - left)
        tilt = (here[:, 1, 1] - here[:, 0, 1]) / (right - left)
        bent = np.zeros((len(ys), 3, 3))
        bent[:, 0] = np.stack([wide, lean, left + here[:, 0, 0] - wide * left - lean * ys], axis=1)
        bent[:, 1] = np.stack(
            [tilt, stretch, ys + here[:, 0, 1] - tilt * left - stretch * ys], axis=1
        )
        bent[:, 2, 2] = 1
        return np.asarray(np.vstack([self.affine, [0, 0, 1]]) @ bent, np.float64)

    def moved(self, by: Doubles) -> Placement:
        """The same, everything displaced by so many millimetres (x, y)."""
        return replace(self, shifts=self.shifts + by)

    def to_scan(self, points: Doubles) -> Doubles:
        """Pixels of points (N, 2) in millimetres."""
        flat = np.column_stack([points, np.ones(len(points))])
        mapped = self.locals(points[:, 1])[:, :2] @ flat[:, :, None]
        return np.asarray(mapped[:, :, 0], np.float64).reshape(-1, 2)


def similarity(source: Doubles, target: Doubles) -> Doubles:
    """The similarity (2, 3) that maps points (N, 2) onto others best, in the least squares."""
    a, b = source - source.mean(0), target - target.mean(0)
    flat, aim = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    factor = (np.conj(flat) * aim).sum() / (np.abs(flat) ** 2).sum()
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    move = target.mean(0) - turn @ source.mean(0)
    return np.hstack([turn, move[:, None]])


def affinity(source: Doubles, target: Doubles) -> Doubles:
    """The affine map (2, 3) that does: a feeder may stretch a sheet along its way alone."""
    flat = np.column_stack([source, np.ones(len(source))])
    return np.asarray(np.linalg.lstsq(flat, target, rcond=None)[0].T, np.float64)
