"""The sides of the members' boxes: upright lines at which the rules end.

A feeder lets a sheet drift sideways, a photograph narrows it, and what a scan was laid over by may
be millimetres off: each side is followed by itself from box to box.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.members.path import smoothest
from pipeline.read.members.rules import Comb
from pipeline.read.members.span import SCALE
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.place import Doubles

CLEAR = 0.3
"""How clearly a side must be seen to count."""
_REACH = round(13.0 * SCALE)  # columns that a side may be off
_DRIFT = 10  # columns that it may move from one box to the next
_DRIFT_COST = 0.02  # of a rule, for each of them
_LINE = 0.7  # what its line counts against the rules that end at it
_NARROW = 7  # columns: what is wider is no line
_HIGH = 4.0  # millimetres of a line that are averaged
_DARKEST_PAPER = 40.0
_PAPER = (3, 5)  # so many rows off a rule is paper
_WITHIN, _BESIDE, _CLEAR = 48, 12, 2  # columns in which rules run, or do not, and that tell nothing


@dataclass(frozen=True)
class Frame:
    """The columns (B, 2) of both sides of each box, and how clearly a line stands at the better
    seen side, 0 to 1."""

    columns: Doubles
    clearness: float


def find_frame(
    grey: Grey, comb: Comb, inside: NDArray[np.bool_], left: float, right: float
) -> Frame:
    """Find both sides of each box.

    Args:
        grey: an upright strip.
        comb: its rules.
        inside: (B, columns), what of each box lies on the scan; elsewhere there is no rule.
        left: the column where the left side should be.
        right: the same of the right one.
    """
    tops = comb.rows[:: (len(comb.rows) - 1) // len(inside)]
    lines = np.stack([_uprights(grey[a:b]) for a, b in pairwise(tops)]) / max(comb.usual, 1e-6)
    lines = np.clip(lines, 0, 1) * inside
    rules = _along_rules(grey, comb, len(inside)) * inside
    last = grey.shape[1] - 1
    # The right side is the left one of the strip in a mirror.
    mirrored = _LINE * lines[:, ::-1] + _ends(rules[:, ::-1])
    sides = (
        _follow(_LINE * lines + _ends(rules), left),
        last - _follow(mirrored, last - right),
    )
    clear = tuple(_clearness(lines, side) for side in sides)
    if min(clear) < CLEAR <= max(clear):  # one side is cut off, or bleached
        wide = right - left
        sides = (sides[0], sides[0] + wide) if clear[0] > clear[1] else (sides[1] - wide, sides[1])
    return Frame(np.stack(sides, axis=1), max(clear))


def _clearness(lines: Floats, columns: Doubles) -> float:
    """The median darkness of the boxes' lines at their columns (B,), or right beside them."""
    near = np.clip(columns[:, None].astype(np.int64) + np.arange(-1, 2), 0, lines.shape[1] - 1)
    return float(np.median(np.take_along_axis(lines, near, axis=1).max(axis=1)))


def _follow(scores: Floats, column: float) -> Doubles:
    """The best columns (B,) around one."""
    low = round(column) - _REACH
    padded = np.pad(scores, ((0, 0), (2 * _REACH, 2 * _REACH)))
    near = padded[:, low + 2 * _REACH : low + 4 * _REACH + 1]
    return low + smoothest(near, [_DRIFT] * (len(near) - 1), _DRIFT_COST).astype(np.float64)


def _uprights(box: Grey) -> Floats:
    """How much darker than left and right of it each column is."""
    size = (box.shape[1], max(1, round(box.shape[0] / SCALE / _HIGH)))
    cells = cv2.resize(box, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    around = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((1, _NARROW), np.uint8))
    return np.asarray(((around - cells) / np.maximum(around, _DARKEST_PAPER)).mean(axis=0))


def _along_rules(grey: Grey, comb: Comb, boxes: int) -> Floats:
    """How dark each box's rules are at each column: (B, columns), 1 being the usual."""
    low, high = _PAPER
    rows = np.clip(comb.rows[:-1, None] + np.arange(-high, high + 1), 0, len(grey) - 1)
    bands = grey[rows].astype(np.float32)
    above, below = bands[:, : high - low + 1].mean(axis=1), bands[:, high + low :].mean(axis=1)
    paper = np.maximum(np.minimum(above, below), _DARKEST_PAPER)
    rule = bands[:, high - 1 : high + 2].min(axis=1)
    dark = np.clip((paper - rule) / paper / max(comb.usual, 1e-6), 0, 1)
    return np.asarray(dark.reshape(boxes, -1, grey.shape[1]).mean(axis=1))


def _ends(rules: Floats) -> Floats:
    """How much more rules run right of a column than left of it, for each column: (B, columns)."""
    margin = _WITHIN + _CLEAR
    padded = np.pad(rules, ((0, 0), (margin, margin)))
    sums = np.pad(np.cumsum(padded, axis=1), ((0, 0), (1, 0)))
    at = np.arange(rules.shape[1]) + margin
    within = sums[:, at + _CLEAR + _WITHIN] - sums[:, at + _CLEAR]
    beside = sums[:, at - _CLEAR] - sums[:, at - _CLEAR - _BESIDE]
    return np.asarray(within / _WITHIN - beside / _BESIDE, np.float32)
