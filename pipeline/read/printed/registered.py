"""The number of registered voters, by comparing digits: quick, and silent where in doubt."""

from __future__ import annotations

import numpy as np

from pipeline.read.printed.glyphs import ROWS
from pipeline.read.printed.header_model import HeaderModel
from pipeline.read.printed.header_place import LowerLines, find_lower
from pipeline.read.printed.ink import Grey
from pipeline.read.printed.line import LineScores, energies, score_places
from pipeline.read.printed.place import Placement

_DIGIT, _BLANK = 0.6, 0.3
"""Ink of a digit at least, and of an empty place at most, as shares of the usual digit's."""
_LEAST = 0.85
_CLEAR = 0.08
STRONG = 0.65
"""Gain of print from which bows of bold digits are seen; faded, blurred or coarse scans have less.
"""


def read_registered(page: Grey, placement: Placement, model: HeaderModel) -> int | None:
    """The registered voters, or None where any digit is in doubt (about 1 ms)."""
    lower = find_lower(page, placement, model)
    found = number_line(lower, model) if lower else None
    if lower is None or found is None or gain(lower, model) < STRONG:
        return None
    sure = found.best.min() >= _LEAST and found.margins(found.text).min() >= _CLEAR
    proper = found.text == str(int(found.text))
    return int(found.text) if sure and proper else None


def number_line(lower: LowerLines, model: HeaderModel) -> LineScores | None:
    """The places before the word that hold ink; None where that is not clear."""
    xs, y = model.number_places + lower.x, lower.y + ROWS // 2
    usual = max(gain(lower, model) * model.strong.usual_ink, 1e-6)
    share = energies(lower.cell, xs, y) / usual
    filled = share >= _DIGIT
    count = int(filled.sum())
    before = len(xs) - count
    if not 0 < count < len(xs) or not filled[before:].all() or (share[:before] > _BLANK).any():
        return None
    return score_places(lower.cell, xs[before:], y, model.strong)


def gain(lower: LowerLines, model: HeaderModel) -> float:
    """How strong the word is printed, 1 for as strong as it is drawn."""
    drawn = model.voters.drawn
    (high, wide), top, left = drawn.shape, round(lower.y), round(lower.x)
    word = lower.cell[max(0, top) : top + high, max(0, left) : left + wide]
    return float(np.linalg.norm(word) / np.linalg.norm(drawn))
