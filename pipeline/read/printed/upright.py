"""Cutting parts of a page out upright, by where they stand on the form."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed.ink import Grey
from pipeline.read.printed.place import Doubles, Placement

Pixels = NDArray[np.int64]

_BESIDE = 8  # pixels cut around a part, for the averaging


@dataclass(frozen=True)
class Box:
    """An upright cut-out in millimetres of the form."""

    left: float
    top: float
    right: float
    bottom: float


def cut_placed(page: Grey, placement: Placement, box: Box, pixels_per_mm: float) -> Grey:
    """Cut a box out of a page on which the form was placed."""
    affine = placement.local((box.top + box.bottom) / 2)[:2]
    return cut(page, affine, box, pixels_per_mm)


def cut(page: Grey, affine: Doubles, box: Box, pixels_per_mm: float) -> Grey:
    """Cut a box out of a page by a map (2, 3) from millimetres to pixels.

    Beyond the page its edge goes on; a box that lies wholly outside is white.
    """
    scale = pixels_per_mm
    width, height = round((box.right - box.left) * scale), round((box.bottom - box.top) * scale)
    half = 0.5 / scale  # a pixel's middle
    pixel = np.array([[1 / scale, 0, box.left + half], [0, 1 / scale, box.top + half], [0, 0, 1]])
    return cut_pixels(page, affine @ pixel, (width, height))


def cut_pixels(page: Grey, move: Doubles, size: tuple[int, int]) -> Grey:
    """Cut `size` (width, height) out of a page by a map (2, 3) from its pixels to the page's.

    Beyond the page its edge goes on; what lies wholly outside is white.
    """
    width, height = size
    corners = move @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    low, high = _bounds(corners, page.shape)
    if not np.isfinite(move).all() or (high - low < 1).any():
        return np.full((height, width), 255, np.uint8)
    move = np.column_stack([move[:, :2], move[:, 2] - low])
    part, move = _averaged(page[low[1] : high[1], low[0] : high[0]], move)
    return np.asarray(
        cv2.warpAffine(
            part,
            move,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _bounds(corners: Doubles, shape: tuple[int, ...]) -> tuple[Pixels, Pixels]:
    """The first and the last x, y of the page's part around corners (2, N)."""
    size = np.array(shape[1::-1], np.float64)
    low = np.nan_to_num(np.floor(corners.min(axis=1)) - _BESIDE)
    high = np.nan_to_num(np.ceil(corners.max(axis=1)) + _BESIDE + 1)
    return np.clip(low, 0, size).astype(int), np.clip(high, 0, size).astype(int)


def _averaged(part: Grey, move: Doubles) -> tuple[Grey, Doubles]:
    """Average a part down where a warp by `move` (target to part) would skip its pixels."""
    whole = int(float(np.hypot(move[0, 0], move[1, 0])) + 0.4)
    if whole < 2:
        return part, move
    height, width = part.shape
    size = (max(1, width // whole), max(1, height // whole))
    smaller = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    # Not just a division: the size was rounded, and a pixel's middle is not its corner.
    factor = np.array([[size[0] / width], [size[1] / height]])
    move = move * factor
    move[:, 2:] += (factor - 1) / 2
    return smaller, move


def columns_on_page(
    page: Grey, affine: Doubles, box: Box, pixels_per_mm: float, y: float
) -> tuple[int, int]:
    """Between which columns of a cut-out the line at height `y` (millimetres) lies on the page."""
    columns = np.arange(round((box.right - box.left) * pixels_per_mm))
    xs = box.left + (columns + 0.5) / pixels_per_mm
    points = affine @ np.stack([xs, np.full(len(xs), y), np.ones(len(xs))])
    height, width = page.shape
    inside = (points >= 0).all(axis=0) & (points[0] < width) & (points[1] < height)
    on_page = np.flatnonzero(inside)
    return (int(on_page[0]), int(on_page[-1])) if on_page.size else (0, -1)
