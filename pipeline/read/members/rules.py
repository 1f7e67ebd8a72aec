"""The rules of the members' boxes: a comb of known spacing, found as a whole.

The strip is averaged into columns a few millimetres wide, so that a rule is dark in all of them and
hardly anything else is. Then all rules are placed at once, on the path of least bend that meets
most darkness; a rule that a hand or a fold hides lies between its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.members.path import smoothest
from pipeline.read.members.span import SCALE, Strip
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.place import Doubles

CELL = 4.0
"""Width in millimetres of the columns that rules are looked for in."""
_THICK = 7  # pixels: what is lower is a rule, what is higher a shade
_DARKEST_PAPER = 40.0  # keeps noise on a scanner's black lid small
_BEND = 0.08  # of their distance that neighbouring rules may come closer or go apart: a fold
_BEND_COST = 0.06  # a pixel, of a rule
_OFF_COST = 0.04  # of a rule, times the square of millimetres, at an end whose place is known
_LEVEL = 96  # percentile of a strip's rows: a rule is two rows of 40
_NEAR = 6  # rows around a rule that tell nothing of the noise
_FAINT, _OVER_NOISE, _OF_USUAL = 0.006, 2.0, 0.4  # how dark a rule must be to count as seen
_SETTLE = 3  # rows around a rule in which its ends are looked for


@dataclass(frozen=True)
class Comb:
    """The rules (N) placed in a strip: their rows, which lie on the scan, and which are seen.

    `usual` is how much darker than the paper they are, 0 to 1.
    """

    rows: NDArray[np.int64]
    visible: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    usual: float

    def share(self, part: slice = slice(None)) -> float:
        """The share of the visible rules that is seen; 0 where none is visible."""
        visible = int(self.visible[part].sum())
        return float(self.seen[part].sum()) / visible if visible else 0.0


def ridges(strip: Strip) -> Floats:
    """How much darker than above and below, of the paper's tone: (rows, columns of CELL)."""
    rows, columns = strip.grey.shape
    size = (round(columns / SCALE / CELL), rows)
    cells = cv2.resize(strip.grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    around = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((_THICK, 1), np.uint8))
    return np.asarray((around - cells) / np.maximum(around, _DARKEST_PAPER), np.float32)


def find_comb(
    profile: Floats, rows: Doubles, visible: NDArray[np.bool_], known: tuple[bool, bool]
) -> Comb:
    """Place all rules at once.

    Args:
        profile: (R,) mean ridge of the strip's rows.
        rows: (N,) where the rules should be; how far they may be off is what the strip has more.
        visible: (N,) which of them lie on the scan: only they count.
        known: whether the first and the last one's place is known, to a millimetre or two.
    """
    found = _place(profile, np.rint(rows).astype(int), visible, known)
    dark = np.maximum.reduce([profile[found - 1], profile[found], profile[found + 1]])
    far = np.ones(len(profile), bool)
    for row in found:
        far[max(0, row - _NEAR) : row + _NEAR + 1] = False
    noise = float(np.percentile(profile[far], 90)) if far.any() else 0.0
    usual = float(np.percentile(dark[visible], 70)) if visible.any() else 0.0
    seen = visible & (dark > max(_FAINT, _OVER_NOISE * noise, _OF_USUAL * usual))
    return Comb(found, visible, seen, usual)


def _place(
    profile: Floats, rows: NDArray[np.int64], visible: NDArray[np.bool_], known: tuple[bool, bool]
) -> NDArray[np.int64]:
    reach = int(min(rows[0], len(profile) - 1 - rows[-1])) - 1
    off = np.arange(-reach, reach + 1)
    level = max(float(np.percentile(profile, _LEVEL)), 1e-6)
    share = np.clip(profile / level, 0, 1)[rows[:, None] + off] * visible[:, None]
    start, end = (_OFF_COST * np.square(off / SCALE) * sure for sure in known)
    steps = [max(2, round(_BEND * apart)) for apart in np.diff(rows)]
    return rows + smoothest(share, steps, _BEND_COST, start, end) - reach


def settle(profile: Floats, rows: NDArray[np.int64]) -> Doubles:
    """The rows (N) to a part of one: the middle of the ridge around each."""
    near = np.arange(-_SETTLE, _SETTLE + 1)
    around = profile[np.clip(rows[:, None] + near, 0, len(profile) - 1)]
    around = np.clip(around - around.max(axis=1, keepdims=True) / 3, 0, None)
    weight = around.sum(axis=1)
    moved = (around * near).sum(axis=1) / np.where(weight > 0, weight, 1)
    return np.asarray(rows + moved, np.float64)
