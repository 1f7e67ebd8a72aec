"""Finding the block of the members' boxes on a scan."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipeline.read.members.block import Members
from pipeline.read.members.rules import settle
from pipeline.read.members.span import lay_spans
from pipeline.read.members.sure import is_sure
from pipeline.read.members.view import View, view_block
from pipeline.read.printed.form import Form
from pipeline.read.printed.ink import Grey
from pipeline.read.printed.place import Doubles, Placement

_CLEAR = 0.97  # of the rules: with so many seen, nothing is tilted


def find_members(
    page: Grey, scale: float, placement: Placement, form: Form, corners: Doubles | None
) -> Members | None:
    """Find the block; None where it is not found for sure.

    Args:
        page: grey; `scale` of its pixels make one of the full-size scan (0.5 for a half-size page).
        scale: see `page`.
        placement: where the form lies on the scan.
        form: the form.
        corners: (4, 2) of the QR symbol in full-size pixels, or None where it was not read.
    """
    views = [view_block(page, scale, span, form) for span in lay_spans(form, placement, corners)]
    if not views:
        return None
    view = max(views, key=_share)
    if _share(view) < _CLEAR:
        view = max(view, view.straightened(), key=_share)
    return _members(view) if is_sure(view) else None


def _share(view: View) -> float:
    return view.comb.share()


def _members(view: View) -> Members:
    """The block in pixels of the scan."""
    comb, sides = view.comb, view.sides
    boxes = len(sides)
    per_box = (len(comb.rows) - 1) // boxes
    xs = sides[np.minimum(np.arange(len(comb.rows)) // per_box, boxes - 1)]
    points = np.stack([xs, view.height(_rows_at(view, xs))], axis=-1).reshape(-1, 2)
    unit = view.span.pixels_per_mm
    return Members(
        size=view.size,
        rules=view.span.to_scan(points).reshape(-1, 2, 2),
        seen=comb.seen,
        boxes=boxes,
        cut_above=not comb.visible[0],
        cut_below=not comb.visible[-1],
        pixels_per_mm=unit,
        gap=view.gap * unit if view.span.from_below else None,
    )


def _rows_at(view: View, xs: Doubles) -> Doubles:
    """The row of each rule (N) at its ends' x (N, 2)."""
    comb, (low, high) = view.comb, view.between
    halves = pairwise((low, view.middle, high))
    left, right = (settle(view.profile(*half), comb.rows) for half in halves)
    slopes = np.where(comb.seen, (right - left) / ((high - low) / 2), np.nan)
    # A hand on one half of a rule moves its end: the others of its box stand as it does.
    ends = [*range(0, len(slopes) - 1, len(view.form.layout.members.labels) + 2), len(slopes)]
    slope = np.concatenate([np.full(b - a, _median(slopes[a:b])) for a, b in pairwise(ends)])
    middle = np.where(comb.seen, (left + right) / 2, comb.rows)
    return np.asarray(middle[:, None] + slope[:, None] * (xs - view.middle))


def _median(values: Doubles) -> float:
    """Of those that are known; 0 if none is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0
