"""Whether rules that were found can be nothing else than the block's. What is published rests on
it: a doubt is a no."""

from __future__ import annotations

import numpy as np

from pipeline.read.members.frame import CLEAR
from pipeline.read.members.rules import CELL
from pipeline.read.members.span import SCALE
from pipeline.read.members.view import View
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.place import Doubles

_SEEN = 0.6  # of the visible rules must be seen
_SEEN_FROM_BELOW = 0.85  # where the symbol alone tells where they are
_SEEN_AT_END = 0.5  # of the rules of the first box, and of the last where no symbol vouches for it
_TOP_OFF = 4.0  # millimetres that the block may stand off its place below the form
_GAP_OFF = (-1.6, 2.0)  # millimetres that the symbol may stand nearer or farther than it should
_RUNS_ON = 0.45  # of a rule's darkness beside the frame: that is no rule of a box
_RULE = 0.4  # of the usual darkness, all along: that is a rule
_OFF = 6  # rows from a rule on that another one would stand at
_STRANGERS = 1  # rules among the block's that are none of them: a crease
_SWAY, _NEAR = 8, 2  # rows that another box may lie off the pitch, and each of its rules off that


def is_sure(view: View) -> bool:
    """Whether the rules that the view holds are those of the block, first to last."""
    comb = view.comb
    in_box = len(view.form.layout.members.labels) + 2
    enough = _SEEN if view.span.from_above else _SEEN_FROM_BELOW
    return (
        int(comb.visible.sum()) > in_box
        and comb.share() >= enough
        and _upper_end_holds(view, comb.share(slice(in_box)))
        and _lower_end_holds(view, comb.share(slice(-in_box - 1, None)))
        and _has_sides(view)
        and not _has_strangers(view)
        and not _has_more_boxes(view)
    )


def _upper_end_holds(view: View, share: float) -> bool:
    visible = bool(view.comb.visible[0])
    if not view.span.from_above:
        return share == 1 or not visible
    off = float(view.height(view.comb.rows[:1])[0]) - view.form.members_top
    return visible and share >= _SEEN_AT_END and abs(off) < _TOP_OFF


def _lower_end_holds(view: View, share: float) -> bool:
    visible = bool(view.comb.visible[-1])
    if not view.span.from_below:
        return share >= _SEEN_AT_END or not visible
    low, high = _GAP_OFF
    return visible and low < view.gap - view.form.layout.symbol.gap < high


def _has_sides(view: View) -> bool:
    """Whether there is a frame, beyond which no rule goes on: scratches and stripes do."""
    rows = view.comb.rows[view.comb.seen]
    left, right = view.sides.mean(axis=0)
    between = view.profile(left + CELL, right - CELL)[rows].mean()
    outer = ((left - 2.5 * CELL, left - CELL / 2), (right + CELL / 2, right + 2.5 * CELL))
    beside = max(view.profile(*edges)[rows].mean() for edges in outer)
    return view.frame.clearness >= CLEAR and bool(beside <= _RUNS_ON * between)


def _even(view: View, sides: Doubles) -> Floats:
    left, right = sides
    return view.even(left + CELL / 2, right - CELL / 2)


def _has_strangers(view: View) -> bool:
    """Whether rules stand among those of the block, or right above or below, that are none of
    them: then some, or all, were taken for their neighbours."""
    even, comb = _even(view, view.sides.mean(axis=0)), view.comb
    peaks = 1 + np.flatnonzero(
        (even[1:-1] > _RULE * comb.usual) & (even[1:-1] >= even[:-2]) & (even[1:-1] > even[2:])
    )
    pitch = view.form.layout.members.label_pitch * SCALE
    first, last = comb.rows[0], comb.rows[-1]
    around = peaks[(peaks > first - pitch - _OFF) & (peaks < last + pitch)]
    strange = around[np.abs(around[:, None] - comb.rows).min(axis=1, initial=1 << 20) > _OFF]
    beyond = (strange < first) | (strange > last)
    return bool(beyond.any()) or len(strange) > _STRANGERS


def _has_more_boxes(view: View) -> bool:
    """Whether another box stands above the first one or below the last one: where both ends are
    known, there is no room for one."""
    if view.span.from_above and view.span.from_below:
        return False
    heights, in_box = view.height(view.comb.rows), len(view.form.layout.members.labels) + 2
    above = heights[:in_box] - (heights[in_box] - heights[0])
    below = heights[-in_box:-1] + (heights[-1] - heights[-in_box - 1])
    return _is_ruled(view, above, view.sides[0]) or _is_ruled(view, below, view.sides[-1])


def _is_ruled(view: View, heights: Doubles, sides: Doubles) -> bool:
    """Whether rules stand at all these heights, or all a little higher or lower."""
    room = (_SWAY + 2 * _NEAR) / SCALE
    other = view.elsewhere(heights[0] - room, heights[-1] + room)
    rule = _even(other, sides) > _RULE * view.comb.usual
    wide = np.convolve(rule, np.ones(2 * _NEAR + 1), "same") > 0
    rows = np.rint((heights - other.strip.top) * SCALE).astype(int)
    shifts = np.arange(-_SWAY, _SWAY + 1)
    return bool(wide[np.clip(rows[:, None] + shifts, 0, len(wide) - 1)].all(axis=0).any())
