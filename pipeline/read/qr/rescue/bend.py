"""Paper that is not flat: how far each module lies from its place on the flat grid.

Curl moves modules a little, and neighbours alike: the best of some shifts is taken around every
module. A fold or crease moves whole rows or columns from some line on: dynamic programming over
the rows finds the shifts, with a price for each change. What is best is what shows two clear
levels, and agrees with the function modules.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.qr.rescue.locate import Grid
from pipeline.read.qr.rescue.refine import project
from pipeline.read.qr.rescue.sample import Shifts, levels, module_values
from pipeline.read.qr.rescue.tone import Floats, sample_at

CURL = np.arange(-1.25, 1.26, 0.25)
FOLD = np.arange(-2.5, 2.51, 0.5)
FOLD_PRICE = 7.0
FINE = np.array([-0.25, 0.0, 0.25])
Matrix = NDArray[np.float64]


class _Fit:
    """How well modules at shifted places show the symbol."""

    def __init__(self, image: Floats, grid: Grid) -> None:
        paper, ink = levels(module_values(image, grid), 13)
        self._image, self._grid = image, grid
        self._middle = np.nan_to_num((paper + ink) / 2)
        self._span = np.nan_to_num(np.maximum(paper - ink, 1e-3), nan=1e9)
        function = grid.model.function
        self.known = function >= 0
        self.signs = np.where(self.known, function * 2 - 1, 0).astype(np.float64)
        side = grid.model.size
        self.x, self.y = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)

    def soft(self, dx: Matrix | float, dy: Matrix | float) -> Matrix:
        """Soft values (n x n) with every module moved by dx, dy modules."""
        side = self._grid.model.size
        centres = np.stack([(self.x + dx).ravel(), (self.y + dy).ravel()], axis=1)
        points = project(self._grid.transform, centres)
        values = sample_at(self._image, points[:, 0], points[:, 1]).reshape(side, side)
        return np.asarray(np.clip((self._middle - values) / self._span * 2, -1, 1), np.float64)

    def merit(self, dx: Matrix | float, dy: Matrix | float) -> Matrix:
        """Per module: agreement where the value is known, clearness where it is not."""
        soft = self.soft(dx, dy)
        return np.where(self.known, 2 * soft * self.signs, np.abs(soft))

    def best_around(
        self, dx: Matrix | float, dy: Matrix | float, steps: Matrix, price: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each module the steps (indices for x and y) that are best in the 9 x 9 around it."""
        stack = []
        for step_y in steps:
            for step_x in steps:
                merit = self.merit(dx + step_x, dy + step_y).astype(np.float32)
                stack.append(cv2.blur(merit, (9, 9)) - price * np.hypot(step_x, step_y))
        winner = np.array(stack).argmax(axis=0)
        return winner % len(steps), winner // len(steps)


def curled(image: Floats, grid: Grid) -> Shifts:
    """Shifts that vary smoothly over the symbol."""
    best_x, best_y = _Fit(image, grid).best_around(0.0, 0.0, CURL, 0.015)
    smooth = [cv2.medianBlur(CURL[best].astype(np.float32), 5) for best in (best_x, best_y)]
    return smooth[0].astype(np.float64), smooth[1].astype(np.float64)


def folded(image: Floats, grid: Grid) -> Shifts:
    """Shifts of whole rows and columns."""
    fit = _Fit(image, grid)
    side = grid.model.size
    options = sorted(
        ((x, y) for y in FOLD for x in FOLD), key=lambda shift: abs(shift[0]) + abs(shift[1])
    )
    choices = np.array(options)
    dx, dy = np.zeros((side, side)), np.zeros((side, side))
    for axis in (1, 0, 1):
        gains = np.empty((len(choices), side))
        for number, (x, y) in enumerate(choices):
            soft = fit.soft(dx + x, dy + y)
            agreement = (soft * fit.signs).sum(axis=axis)
            gains[number] = agreement + 0.2 * (np.abs(soft) * ~fit.known).sum(axis=axis)
        gains -= 0.15 * np.abs(choices).sum(axis=1)[:, None]
        lines = choices[_path(gains, FOLD_PRICE)]
        if axis == 1:
            dx, dy = dx + lines[:, 0][:, None], dy + lines[:, 1][:, None]
        else:
            dx, dy = dx + lines[:, 0][None], dy + lines[:, 1][None]
    best_x, best_y = fit.best_around(dx, dy, FINE, 0.01)
    return dx + FINE[best_x], dy + FINE[best_y]


def _path(gains: Matrix, price: float) -> NDArray[np.int64]:
    """The choice for each line that gains most, each change of choice at a price (Viterbi)."""
    count, lines = gains.shape
    score = gains[:, 0].copy()
    back = np.zeros((lines, count), np.int64)
    for line in range(1, lines):
        best = int(score.argmax())
        stays = score >= score[best] - price
        back[line] = np.where(stays, np.arange(count), best)
        score = np.where(stays, score, score[best] - price) + gains[:, line]
    choice = int(score.argmax())
    path = [choice]
    for line in range(lines - 1, 0, -1):
        choice = int(back[line, choice])
        path.append(choice)
    return np.array(path[::-1])
