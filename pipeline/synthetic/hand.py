"""What hands leave on paper: writing, signatures, thumbprints, stamps. Drawn, never anybody's.

Functions put ink on a canvas and give back the quad around it; `rng` decides how it looks.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layout import MM_PER_INCH, Font
from pipeline.lettering import strip
from pipeline.synthetic.canvas import Canvas
from pipeline.synthetic.drawn import Floats, Image, quad

Rng = np.random.Generator

THUMB_WIDE, THUMB_HIGH = 12.7, 9.0
STAMP_RADIUS = 10.5
_HAND = Font("regular", 3.1)
_STAMP_FONT = Font("bold", 2.6)
_PEN = 45
_FAINTEST = 225  # lighter is no ink
_VARIANTS = 6
_SMOOTH = 12  # points of a stroke between two of its knots


def write(canvas: Canvas, text: str, x: float, y: float, rng: Rng) -> Floats:
    """Write a line by hand, from x (mm) on, with its foot about at y."""
    ink = _hand_strip(text, int(rng.integers(_VARIANTS)), canvas.paper.dot, canvas.dpi)
    return _laid(canvas, ink, canvas.px(x), canvas.px(y) - ink.shape[0] * 3 // 4)


def write_upwards(canvas: Canvas, text: str, x: float, y: float, rng: Rng) -> Floats:
    """Write a line by hand along an edge: turned, with its left end at y (mm) and its foot at x."""
    level = _hand_strip(text, int(rng.integers(_VARIANTS)), canvas.paper.dot, canvas.dpi)
    ink = np.ascontiguousarray(np.rot90(level))
    return _laid(canvas, ink, canvas.px(x) - ink.shape[1] * 3 // 4, canvas.px(y) - ink.shape[0])


def sign(
    canvas: Canvas, centre: tuple[float, float], reach: tuple[float, float], rng: Rng
) -> Floats:
    """A signature in thin strokes that fills centre ± reach (mm)."""
    strokes = [_scribble(rng)]
    if rng.random() < 0.5:
        strokes.append(_flourish(rng))
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    tone, thick = _PEN + int(rng.integers(0, 50)), max(1, canvas.dpi // 100)
    placed = [
        ((stroke - low) / (high - low) * 2 - 1) * reach + centre  # to the full width and height
        for stroke in strokes
    ]
    for stroke in placed:
        cv2.polylines(
            canvas.image,
            [np.round(stroke / MM_PER_INCH * canvas.dpi * 16).astype(np.int32)],
            isClosed=False,
            color=(tone,),
            thickness=thick,
            lineType=cv2.LINE_AA,
            shift=4,
        )
    x, y = centre
    return _quad(canvas, x - reach[0], y - reach[1], x + reach[0], y + reach[1])


def press_thumb(canvas: Canvas, left: float, top: float, rng: Rng) -> Floats:
    """A thumbprint whose upper left corner lies at (left, top) mm."""
    ink = _thumbprint(int(rng.integers(2 * _VARIANTS)), canvas.dpi)
    return _laid(canvas, ink, canvas.px(left), canvas.px(top))


def stamp(canvas: Canvas, words: tuple[str, str], x: float, y: float, rng: Rng) -> Floats:
    """A round stamp with two words, centred at (x, y) mm."""
    ink = _stamped(words, int(rng.integers(_VARIANTS)), canvas.paper.dot, canvas.dpi)
    return _laid(canvas, ink, canvas.px(x) - ink.shape[1] // 2, canvas.px(y) - ink.shape[0] // 2)


def _laid(canvas: Canvas, patch: Image, left: int, top: int) -> Floats:
    """Put a patch down; give back the quad around its ink."""
    canvas.paste(patch, left, top)
    ink = patch < _FAINTEST
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return quad(left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)


def _quad(canvas: Canvas, x0: float, y0: float, x1: float, y1: float) -> Floats:
    return quad(canvas.px(x0), canvas.px(y0), canvas.px(x1), canvas.px(y1))


@lru_cache(maxsize=512)
def _hand_strip(text: str, variant: int, dot: float, dpi: int) -> Image:
    """Slant and sway a printed string until it passes for a hand."""
    printed = strip(text, _HAND, dot, dpi).grey
    thin = cv2.dilate(printed, np.ones((2, 1), np.uint8))
    rng = np.random.default_rng(variant)
    high, wide = thin.shape
    margin = high
    y, x = np.mgrid[0 : high + 2 * margin, 0 : wide + 2 * margin].astype(np.float32)
    slant, wave = rng.uniform(0.1, 0.5), rng.uniform(20, 60) * dpi / 200
    sway = 0.10 * high * np.sin(x / wave + rng.uniform(0, 6))
    push = 0.12 * high * np.sin(x / (wave * 0.37) + y / high * 2)
    source_x = x - margin + slant * (y - margin - high) + push
    source_y = y - margin + sway + rng.uniform(-0.04, 0.04) * (x - wide / 2)
    hand = cv2.remap(
        thin,
        source_x.astype(np.float32),
        source_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderValue=255,
    )
    return np.asarray(np.maximum(hand, _PEN), dtype=np.uint8)


def _scribble(rng: Rng) -> NDArray[np.float64]:
    """One stroke from left to right, up and down: tall at the start, flat towards the end."""
    knots = int(rng.integers(9, 20))
    along = np.linspace(-1, 1, knots) + rng.normal(0, 0.16, knots)
    height = rng.uniform(0.25, 1, knots) * np.linspace(1, rng.uniform(0.25, 0.7), knots)
    height *= np.where(np.arange(knots) % 2 == 0, 1, -1)
    return _curve(np.stack([along + rng.uniform(-0.3, 0.3) * height, -height], axis=1))


def _flourish(rng: Rng) -> NDArray[np.float64]:
    """A line below the name, there and back."""
    x0, x1 = rng.uniform(-1, -0.5), rng.uniform(0.4, 1.1)
    low = rng.uniform(0.5, 1.1)
    return _curve(np.array([(x1, 0.3), (x0, low), (x1 * 0.8, low - 0.15), (x0 * 0.4, low + 0.3)]))


def _curve(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth line through points (Catmull and Rom's)."""
    before, after = 2 * knots[0] - knots[1], 2 * knots[-1] - knots[-2]
    p = np.concatenate([[before], knots, [after]])[:, None]
    t = np.linspace(0, 1, _SMOOTH, endpoint=False)[None, :, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    line = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.asarray(np.concatenate([line.reshape(-1, 2), knots[-1:]]))


@lru_cache(maxsize=64)
def _thumbprint(variant: int, dpi: int) -> Image:
    """An oval smudge of ridges, about 12.7 x 9 mm: blotched, and worn away on one side."""
    rng = np.random.default_rng(1000 + variant)
    size = rng.uniform(0.85, 1.1)
    wide, high = (
        round(size * THUMB_WIDE / MM_PER_INCH * dpi),
        round(size * THUMB_HIGH / MM_PER_INCH * dpi),
    )
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    bend = 0.35 * np.sin(2.2 * x + rng.uniform(0, 6)) + 0.25 * np.cos(2.6 * y + rng.uniform(0, 6))
    away = np.hypot(x - rng.uniform(-0.4, 0.4), 0.8 * (y - rng.uniform(0.1, 0.6))) + 0.35 * bend
    ridges = 0.5 + 0.5 * np.sin(away * 2 * np.pi * rng.uniform(7, 10))
    blotches = cv2.GaussianBlur(rng.normal(size=(high, wide)), (0, 0), dpi / 28)
    pressure = np.clip(0.75 + 3.0 * blotches * dpi / 200, 0.1, 1.0)
    pressure *= np.clip(1.1 + rng.uniform(-0.6, 0.6) * x + rng.uniform(-0.4, 0.4) * y, 0.25, 1)
    edge = 1 + 0.12 * np.sin(3 * np.arctan2(y, x) + rng.uniform(0, 6))
    oval = np.clip((edge - np.hypot(x, y) * 1.1) * 5, 0, 1)
    smear = np.clip(1.5 * ridges - 0.2, rng.uniform(0, 0.25), 1)
    print_ = cv2.GaussianBlur(oval * pressure * smear, (0, 0), 0.6 * dpi / 200)
    return np.asarray(255 - 185 * print_, dtype=np.uint8)


@lru_cache(maxsize=64)
def _stamped(words: tuple[str, str], variant: int, dot: float, dpi: int) -> Image:
    """Two rings around two words, unevenly inked and a little turned."""
    rng = np.random.default_rng(2000 + variant)
    radius = round(STAMP_RADIUS / MM_PER_INCH * dpi)
    side, unit = 2 * radius + 1, dpi / 200
    ring = np.zeros((side, side), np.uint8)
    for reach, stroke in ((0.95, 5), (0.8, 2)):
        cv2.circle(ring, (radius, radius), int(reach * radius), (255,), round(stroke * unit))
    for line, word in zip((-0.3, 0.15), words, strict=True):
        ink = strip(word, _STAMP_FONT, dot, dpi).grey
        top, left = radius + round(line * radius), radius - ink.shape[1] // 2
        place = ring[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(place, 255 - ink, out=place)
    turn = cv2.getRotationMatrix2D((radius, radius), float(rng.uniform(-25, 25)), 1)
    pressed = cv2.warpAffine(ring, turn, (side, side)) / 255
    patchy = cv2.GaussianBlur(rng.normal(size=(side, side)), (0, 0), 6 * unit)
    cover = pressed * np.clip(0.75 + 8 * unit * patchy, 0.15, 1)
    return np.asarray(255 - rng.uniform(100, 160) * cover, dtype=np.uint8)
