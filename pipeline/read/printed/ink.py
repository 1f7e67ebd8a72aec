"""From grey to ink: how much darker than the paper around it a pixel is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

_BLACK, _BLACKEST = 70, 25
"""Well lit paper is never so dark, and none at all in any light; what is, lies beside the sheet."""
_SHADE = 0.35
"""Of the paper's usual tone: in a poor light, what is darker lies beside the sheet."""
_COARSER = 4


def ink_of(grey: Grey, reach: float) -> Floats:
    """Ink, 0 to 1, of a grey image; `reach` is the width in pixels of the widest stroke of ink.

    The paper's tone is the grey image closed over: strokes narrower than `reach` vanish from it.
    """
    height, width = grey.shape
    small_size = (max(1, width // _COARSER), max(1, height // _COARSER))
    small = cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA)
    side = max(3, round(reach / _COARSER))
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    paper = cv2.blur(paper, (2 * (side // 2) + 1, 2 * (side // 2) + 1))
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    beside = _beside(np.asarray(paper, np.uint8))
    # 255 * grey / paper, rounded: at most 255, and one pass over bytes.
    lightness = cv2.divide(grey, np.maximum(paper, 1), scale=255)
    ink = np.asarray(cv2.bitwise_not(lightness), np.uint8)
    if beside is not None:
        ink[beside] = 0
    return np.divide(ink, np.float32(255), dtype=np.float32)


def _beside(paper: Grey) -> NDArray[np.bool_] | None:
    """What is too dark to be paper; None if nothing is."""
    if paper.min() >= _BLACK:
        return None
    return np.asarray(paper < darkest_paper(paper), bool)


def darkest_paper(paper: Grey) -> float:
    """The tone (0 to 255) below which nothing is paper, from a page whose strokes are closed."""
    usual = float(np.percentile(paper[::8, ::8], 75))
    return min(_BLACK, max(_BLACKEST, _SHADE * usual))


def correlate(window: Floats, pattern: Floats) -> Floats:
    """Normalised correlation, -1 to 1, of a pattern at each place of a window."""
    return np.asarray(cv2.matchTemplate(window, pattern, cv2.TM_CCOEFF_NORMED), np.float32)


def sharpen(ink: Floats, pixels_per_mm: float) -> Floats:
    """Band-pass: strokes stay, slow shades and single specks go. Same shape."""
    fine = cv2.GaussianBlur(ink, (0, 0), _FINE * pixels_per_mm)
    return np.asarray(fine - cv2.GaussianBlur(ink, (0, 0), _SLOW * pixels_per_mm), np.float32)


_FINE, _SLOW = 0.08, 0.28
"""In millimetres; a stroke of the printed letters is 0.25 wide."""
