"""Where the block of the members' boxes should lie on a scan, before anything of it is looked for.

Two lines are known: the block's first rule, just below what the form was laid over, and, where the
QR symbol was read, the symbol's upper edge just below the last rule. Between them the paper is
taken to be straight; what bends there is found by its rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.read.printed.form import Form
from pipeline.read.printed.ink import Grey
from pipeline.read.printed.place import Doubles, Placement
from pipeline.read.printed.upright import cut_pixels

SCALE = 4.0
"""Pixels per millimetre of the upright strip that is looked at."""
_STRETCH = (0.9, 1.13)  # of a scan along the way of its feeder, against across it
_LEAN = 0.2  # the steepest that a sheet's side stands to its rules
_LOWEST_SCORE = 0.2  # of a placement: below it nothing was recognised
_STRETCHES = (1.0, 0.95, 1.05, 0.9, 1.1, 0.85, 1.15)
"""Of the block against the symbol, on photographs."""
_BLOCKS = 4  # the last blocks of a placement tell how the sheet goes on below


@dataclass(frozen=True)
class Span:
    """A bilinear map from millimetres of the form to full-size pixels.

    `points` (2, 2, 2): pixels of two lines' left and right points, upper line first. `mm` are
    their (left, upper, right, lower) on the form. `from_above` and `from_below`: which line was
    seen and not only reckoned.
    """

    mm: tuple[float, float, float, float]
    points: Doubles
    from_above: bool
    from_below: bool

    @property
    def pixels_per_mm(self) -> float:
        """The scan's resolution across the sheet."""
        left, _, right, _ = self.mm
        across = self.points[:, 1] - self.points[:, 0]
        return float(np.hypot(*across.T).mean() / (right - left))

    def to_scan(self, points: Doubles) -> Doubles:
        """Pixels of points (N, 2) in millimetres."""
        left, upper, right, lower = self.mm
        across = ((points[:, 0] - left) / (right - left))[:, None]
        down = ((points[:, 1] - upper) / (lower - upper))[:, None]
        (a, b), (c, d) = self.points
        return np.asarray(
            (a * (1 - across) + b * across) * (1 - down) + (c * (1 - across) + d * across) * down
        )

    def tilted(self, upper: float, lower: float) -> Span:
        """The same with each line turned around its middle: to the right it falls by so much more
        of its length."""
        middles = self.points.mean(axis=1, keepdims=True)
        across = (self.points[:, 1] - self.points[:, 0])[:, None]
        down = np.stack([-across[..., 1], across[..., 0]], axis=-1)
        moved = np.array([upper, lower])[:, None, None] * down * [[-0.5], [0.5]]
        return replace(self, points=middles + across * [[-0.5], [0.5]] + moved)

    def local(self, x: float, y: float) -> Doubles:
        """The affine map around a point, (2, 3): millimetres to full-size pixels."""
        here, right, below = self.to_scan(np.array([(x, y), (x + 1, y), (x, y + 1)]))
        turn = np.stack([right - here, below - here], axis=1)
        return np.asarray(np.hstack([turn, (here - turn @ (x, y))[:, None]]))


def lay_spans(form: Form, placement: Placement, corners: Doubles | None) -> list[Span]:
    """Where a sheet's block may lie; none where neither end can be trusted.

    Args:
        form: the form.
        placement: where the form above the block lies.
        corners: (4, 2), the QR symbol's, from its top left clockwise; None if it was not read.
    """
    above = _above(form, placement) if placement.score > _LOWEST_SCORE else None
    if corners is None:
        return [above] if above else []
    if above:
        below, _ = _below(form, corners, above.pixels_per_mm)
        span = replace(above, points=np.stack([above.points[0], below]), from_below=True)
        if _is_straight(span):
            return [span]
    below, down = _below(form, corners, None)
    length = form.symbol_top - form.members_top
    spans = [np.stack([below - down * length * stretch, below]) for stretch in _STRETCHES]
    return [Span(_frame(form), points, False, True) for points in spans]


def _frame(form: Form) -> tuple[float, float, float, float]:
    members = form.layout.members
    return members.left, form.members_top, members.right, form.symbol_top


def _above(form: Form, placement: Placement) -> Span:
    """The block below the form, reckoned on from its last blocks."""
    left, upper, right, lower = _frame(form)
    points = placement.to_scan(np.array([(left, upper), (right, upper)]))
    below = points + _downwards(placement) * (lower - upper)
    return Span(_frame(form), np.stack([points, below]), True, False)


def _downwards(placement: Placement) -> Doubles:
    """Pixels (x, y) for a millimetre down the sheet below the last blocks."""
    heights = placement.heights[-_BLOCKS:]
    moves = placement.shifts[-_BLOCKS:].mean(axis=1)
    lean, stretch = np.polyfit(heights, moves, 1)[0]
    return np.asarray(placement.affine[:, :2] @ (lean, 1 + stretch))


def _below(form: Form, corners: Doubles, pixels_per_mm: float | None) -> tuple[Doubles, Doubles]:
    """Points (2, 2) at the symbol's upper edge, and the way (2,) of a millimetre down."""
    symbol, members = form.layout.symbol, form.layout.members
    corners = np.asarray(corners, np.float64).reshape(4, 2)
    across = corners[1] - corners[0]
    sizes = np.array([(17 + 4 * version) * symbol.module for version in symbol.versions])
    seen = np.hypot(*across) / pixels_per_mm if pixels_per_mm else sizes[0]
    size = sizes[np.abs(sizes - seen).argmin()]
    middle = (corners[0] + corners[1]) / 2
    xs = np.array([[members.left], [members.right]])
    down = (corners[2] + corners[3] - corners[0] - corners[1]) / 2 / size
    return middle + (xs - symbol.x) * across / size, down


def _is_straight(span: Span) -> bool:
    """Whether the two lines can belong to one sheet."""
    left, upper, right, lower = span.mm
    across = (span.points[:, 1] - span.points[:, 0]).mean(axis=0) / (right - left)
    down = (span.points[1] - span.points[0]).mean(axis=0) / (lower - upper)
    wide = float(np.hypot(*across))
    stretch = float(across[0] * down[1] - across[1] * down[0]) / wide**2
    lean = abs(float(across @ down)) / wide**2
    return _STRETCH[0] < stretch < _STRETCH[1] and lean < _LEAN


@dataclass(frozen=True)
class Strip:
    """An upright cut-out: pixel (row, column) lies at (left + column / SCALE, top + row / SCALE)
    millimetres."""

    grey: Grey
    left: float
    top: float


def cut_strip(
    page: Grey, scale: float, span: Span, window: tuple[float, float, float, float], run: float
) -> Strip:
    """Cut a window (left, top, right, end, in millimetres) out upright.

    Args:
        page: grey; `scale` of its pixels make one of the full-size scan.
        scale: see `page`.
        span: where the block lies.
        window: what to cut out; beside the page its edge goes on.
        run: the length in millimetres over which the paper is taken to be flat.
    """
    left, top, right, end = window
    rows, columns = round((end - top) * SCALE), round((right - left) * SCALE)
    grey = np.empty((rows, columns), np.uint8)
    step = max(1, round(run * SCALE))
    for first in range(0, rows, step):
        high = min(step, rows - first)
        y = top + (first + high / 2) / SCALE
        local = np.vstack([span.local((left + right) / 2, y), [0, 0, 1]])
        pixel = np.array([[1 / SCALE, 0, left], [0, 1 / SCALE, top + first / SCALE], [0, 0, 1]])
        move = (scale * (local @ pixel))[:2]
        grey[first : first + high] = cut_pixels(page, move, (columns, high))
    return Strip(grey, left, top)
