"""Scans of which a part is gone: the paper was torn or lay beyond the window, somebody cut it.

Cuts go by what stands on the sheet, not by shares of its symbol, as those of `wear.cut` do: they
say which blocks are lost. `rng` decides where in the gap, or in the block, the cut runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from pipeline.synthetic.drawn import DrawnSheet, Floats, Image

Rng = np.random.Generator
_SIDE = (0.0, 0.06)
_DEEP_SIDE = (0.09, 0.2)


def cut_off(scan: DrawnSheet, name: str, rng: Rng) -> DrawnSheet:
    """The sheet without the part that `CUTS` names."""
    return CUTS[name](scan, rng)


def _kept(
    scan: DrawnSheet,
    left: float = 0,
    top: float = 0,
    right: float | None = None,
    bottom: float | None = None,
) -> DrawnSheet:
    high, wide = scan.image.shape
    x0, y0 = (max(0, round(edge)) for edge in (left, top))
    x1 = wide if right is None else min(wide, round(right))
    y1 = high if bottom is None else min(high, round(bottom))
    image: Image = scan.image[y0:y1, x0:x1].copy()
    return scan.moved(image, lambda points: points - np.array([x0, y0], np.float32))


def _heights(*quads: Floats) -> tuple[float, float]:
    points = np.concatenate(quads)
    return float(points[:, 1].min()), float(points[:, 1].max())


def _between(
    above: tuple[float, float], below: tuple[float, float], rng: Rng, to: float = 0.85
) -> float:
    """Somewhere in the gap between two blocks, at most at the share `to` of it."""
    return float(rng.uniform(0.15, to)) * (below[0] - above[1]) + above[1]


def _head_part(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """Acta code and UUID are gone; centre code and registered voters are there."""
    above = _heights(scan.cell("header", 2, "printed-at").quad)
    below = _heights(scan.cell("header", 3, "centre-code").quad)
    return _kept(scan, top=_between(above, below, rng))


def _head(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """The whole header is gone; all tables are there."""
    above = _heights(scan.cell("header", 4, "registered").quad)
    below = _heights(scan.cell("voters", 0, "digits").quad)
    # The voters' heading row stands in the lower half of the gap.
    return _kept(scan, top=_between(above, below, rng, to=0.4))


def _head_and_rows(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """The header, the table of voters and the first rows of the ballot are gone."""
    rows = scan.column("ballot", "digits")
    lost = int(rng.integers(1, max(2, len(rows) // 4)))
    return _kept(scan, top=_heights(rows[lost].quad)[1] + 1)


def _below_symbol(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """The hash is gone, the symbol is there."""
    above = _members(scan) if scan.symbol_corners is None else _heights(scan.symbol_corners)
    below = _heights(scan.cell("foot", 0, "hash").quad)
    return _kept(scan, bottom=_between(above, below, rng))


def _above_symbol(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """The symbol is gone, all members' boxes are there."""
    above, below = _members(scan), _heights(scan.cell("foot", 0, "hash").quad)
    if scan.symbol_corners is not None:
        below = _heights(scan.symbol_corners)
    return _kept(scan, bottom=_between(above, below, rng))


def _in_members(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """The symbol and some of the members' boxes are gone."""
    top, bottom = _members(scan)
    return _kept(scan, bottom=top + float(rng.uniform(0.1, 0.9)) * (bottom - top))


def _below_ballot(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
    """All below the ballot's last row is gone, the summary too."""
    above = _heights(scan.column("ballot", "words")[-1].quad)
    below = _heights(scan.column("summary", "words")[0].quad)
    return _kept(scan, bottom=_between(above, below, rng))


def _members(scan: DrawnSheet) -> tuple[float, float]:
    return _heights(*(box.quad for box in scan.boxes))


def _left(share: tuple[float, float]) -> Callable[[DrawnSheet, Rng], DrawnSheet]:
    def cut(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
        x0, _, x1, _ = scan.members_box
        return _kept(scan, left=x0 + float(rng.uniform(*share)) * (x1 - x0))

    return cut


def _right(share: tuple[float, float]) -> Callable[[DrawnSheet, Rng], DrawnSheet]:
    def cut(scan: DrawnSheet, rng: Rng) -> DrawnSheet:
        x0, _, x1, _ = scan.members_box
        return _kept(scan, right=x1 - float(rng.uniform(*share)) * (x1 - x0))

    return cut


CUTS: Mapping[str, Callable[[DrawnSheet, Rng], DrawnSheet]] = MappingProxyType(
    {
        "head-part": _head_part,
        "head": _head,
        "head-and-rows": _head_and_rows,
        "below-symbol": _below_symbol,
        "above-symbol": _above_symbol,
        "in-members": _in_members,
        "below-ballot": _below_ballot,
        "left": _left(_SIDE),
        "left-deep": _left(_DEEP_SIDE),
        "right": _right(_SIDE),
        "right-deep": _right(_DEEP_SIDE),
    }
)
"""What can be gone: of the sides the frame's line, or up to a fifth of the frame's width."""
