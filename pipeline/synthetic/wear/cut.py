"""Sheets cut off: the paper lay beyond the scanner's window, or an app cropped the image.

Levels say how much of the symbol's side is lost; `light` stops just short of the symbol.
"""

from __future__ import annotations

from pipeline.synthetic.wear.view import MODULES, Rng, View, family

_SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
_LEVELS: dict[str, float | None] = {"light": None} | {f"{share}": share for share in _SHARES}


def _depth(view: View, share: float | None, room: float) -> float:
    """How far the cut goes beyond the symbol's edge; without a share it leaves two modules."""
    if share is not None:
        return share * view.side
    return -min(2 * view.side / MODULES, room)


def _crop_left(view: View, share: float | None, _rng: Rng) -> View:
    x0 = view.box[0]
    return _kept(view, left=int(x0 + _depth(view, share, x0)))


def _crop_right(view: View, share: float | None, _rng: Rng) -> View:
    x1 = view.box[2]
    return _kept(view, right=int(x1 - _depth(view, share, view.image.shape[1] - x1)))


def _crop_bottom(view: View, share: float | None, _rng: Rng) -> View:
    y1 = view.box[3]
    return _kept(view, bottom=int(y1 - _depth(view, share, view.image.shape[0] - y1)))


def _crop_top(view: View, share: float | None, _rng: Rng) -> View:
    """`light` loses the heading alone; any other level loses everything above the symbol too."""
    y0 = view.box[1]
    return _kept(view, top=int(0.05 * y0 if share is None else y0 + share * view.side))


def _kept(
    view: View, left: int = 0, top: int = 0, right: int | None = None, bottom: int | None = None
) -> View:
    left, top = max(left, 0), max(top, 0)
    image = view.image[top:bottom, left:right].copy()
    return view.moved(image, lambda points: points - (left, top))


FAMILIES = (
    family("crop_left", "The left edge of the sheet is cut off.", _crop_left, _LEVELS),
    family("crop_right", "The right edge of the sheet is cut off.", _crop_right, _LEVELS),
    family("crop_bottom", "The end of the sheet is cut off.", _crop_bottom, _LEVELS),
    family("crop_top", "The upper part of the sheet is cut off.", _crop_top, _LEVELS),
)
