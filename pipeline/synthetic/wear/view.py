"""What every kind of damage works on: a grey image and where its QR symbol stands.

Lengths in the damage modules are pixels of a 200 dpi scan; `View.px` turns them into this
image's pixels, so that a level means the same on a 300 dpi scan or on a crop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rng = np.random.Generator

SIDE_AT_200_DPI = 446.0
MODULES = 49
PAPER = 235
PointMap = Callable[[Floats], NDArray[np.floating]]
Setting = TypeVar("Setting")


@dataclass(frozen=True)
class View:
    """A grey image and its symbol's corners (top left, top right, bottom right, bottom left).

    `others` (n x 2) are more points of the sheet; they follow the paper as the corners do.
    """

    image: Image
    corners: Floats
    others: Floats = field(default_factory=lambda: np.zeros((0, 2), np.float32))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the upright rectangle around the symbol."""
        (x0, y0), (x1, y1) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def side(self) -> float:
        """Length of the symbol's side in pixels."""
        edges = self.corners - np.roll(self.corners, 1, axis=0)
        return float(np.hypot(edges[:, 0], edges[:, 1]).mean())

    @property
    def scale(self) -> float:
        """This image's pixels for one pixel at 200 dpi."""
        return max(self.side / SIDE_AT_200_DPI, 0.05)

    def px(self, length: float) -> int:
        """A length given for 200 dpi, in this image's pixels, at least 1."""
        return max(1, round(length * self.scale))

    def with_image(self, image: Image) -> View:
        """The same places, other pixels."""
        return View(image, self.corners, self.others)

    def moved(self, image: Image, way: PointMap) -> View:
        """Another image, on which every point has moved; `way` maps n x 2 points to as many."""
        points = np.concatenate([self.corners, self.others]).astype(np.float32)
        there = way(points).astype(np.float32)
        count = len(self.corners)
        return View(image, there[:count], there[count:])

    def noisy(self, values: Floats, sigma: float, rng: Rng) -> View:
        """These grey values with the sensor's noise on them."""
        return self.with_image(to_grey(values + grain(values.shape, sigma, rng)))


@dataclass(frozen=True)
class Family:
    """A kind of damage, with its levels from slight to severe."""

    name: str
    levels: tuple[str, ...]
    what: str
    wear: Callable[[View, str, Rng], View] = field(repr=False)


def family(
    name: str,
    what: str,
    worker: Callable[[View, Setting, Rng], View],
    settings: Mapping[str, Setting],
) -> Family:
    """A family whose levels are the names of its settings."""

    def wear(view: View, level: str, rng: Rng) -> View:
        return worker(view, settings[level], rng)

    return Family(name, tuple(settings), what, wear)


def guess_corners(image: Image) -> Floats:
    """Where the symbol would stand: near a strip's end, else in the middle of the image."""
    height, width = image.shape
    strip = height > 2 * width
    side = 0.71 * (width if strip else min(width, height))
    centre_y = 0.965 * height - side / 2 if strip else height / 2
    half = side / 2
    around = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    return np.asarray(around + np.array([width / 2, centre_y]), dtype=np.float32)


def to_grey(values: Floats) -> Image:
    """Rounded and clipped to 0..255."""
    return cv2.convertScaleAbs(np.maximum(values, 0)).astype(np.uint8, copy=False)


def grain(shape: tuple[int, ...], sigma: float, rng: Rng) -> Floats:
    """Normal noise; drawn for 512 rows and repeated below, for a strip has 7,000."""
    height, width = shape
    tile = rng.standard_normal((min(height, 512), width), dtype=np.float32) * np.float32(sigma)
    return np.resize(tile, (height, width))


def smooth_field(shape: tuple[int, int], cells: tuple[int, int], low: float, rng: Rng) -> Floats:
    """A field from `low` to 1 that varies over so many cells down and across."""
    coarse = rng.uniform(low, 1, cells).astype(np.float32)
    fine = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.clip(fine, low, 1).astype(np.float32)


def warped(view: View, matrix: NDArray[np.float64], background: int, margin: int) -> View:
    """The whole image through a perspective matrix, on a canvas that holds all of it."""
    height, width = view.image.shape
    outline = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], dtype=np.float64)
    reach = cv2.perspectiveTransform(outline, matrix)[0]
    low = np.floor(reach.min(axis=0)) - margin
    size = np.ceil(reach.max(axis=0) - low) + margin
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    total = shift @ matrix
    image = cv2.warpPerspective(
        view.image,
        total,
        (int(size[0]), int(size[1])),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(background,),
    )
    return view.moved(
        image.astype(np.uint8, copy=False),
        lambda points: cv2.perspectiveTransform(points[None].astype(np.float64), total)[0],
    )
