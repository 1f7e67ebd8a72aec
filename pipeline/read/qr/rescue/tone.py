"""From grey pixels to darkness: 1 is ink, -1 is paper, as seen against the surroundings.

Fading, shadows and stains change the grey of ink and paper together and slowly; the difference to
the local extremes stays.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Points = NDArray[np.floating[Any]]

LEAST_CONTRAST = 4.0
"""Half the grey levels between ink and paper below which there is nothing but noise."""


def darkness(grey: Floats, window: float) -> Floats:
    """Darkness in [-1, 1] of every pixel against the extremes within about `window` pixels."""
    factor = max(1, int(window // 8))
    small = cv2.resize(grey, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    side = max(3, int(window / factor) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    sigma = window / factor / 3
    high = cv2.GaussianBlur(cv2.dilate(small, kernel), (0, 0), sigma)
    low = cv2.GaussianBlur(cv2.erode(small, kernel), (0, 0), sigma)
    size = (grey.shape[1], grey.shape[0])
    middle = np.asarray(cv2.resize((high + low) / 2, size), np.float32)
    half = np.asarray(cv2.resize((high - low) / 2, size), np.float32)
    np.maximum(half, LEAST_CONTRAST, out=half)
    # In place: fresh memory costs as much as the sums.
    middle -= grey
    middle /= half
    return np.clip(middle, -1, 1, out=middle)


def sample_at(image: Floats, x: Points, y: Points, outside: float = 0.0) -> Floats:
    """Bilinear values at pixel coordinates (the centre of the first pixel is 0, 0)."""
    values = cv2.remap(
        image,
        np.asarray(x, np.float32),
        np.asarray(y, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=outside,
    )
    return np.asarray(values, np.float32)
