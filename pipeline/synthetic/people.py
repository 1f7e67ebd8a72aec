"""What the members of a table leave in their boxes: names, ID numbers, signatures, thumbprints.

All of it is invented, and visibly so: nobody is called any of the names below and no ID number
has these forms. Whoever looks for personal data in an output can search for exactly these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layout import MM_PER_INCH, Font, Members
from pipeline.lettering import strip
from pipeline.synthetic.canvas import Canvas

INVENTED_NAMES = (
    "INVENTADA PRUEBA",
    "FICTICIO EJEMPLO",
    "SUPUESTA MUESTRA",
    "IMAGINARIO ENSAYO",
    "SIMULADA FIGURA",
    "NADIE APARENTE",
    "FINGIDA QUIMERA",
    "DOBLE FANTASMA",
    "POSTIZO MODELO",
    "ILUSORIA COPIA",
)
INVENTED_IDS = tuple(f"00.000.{number:03d}" for number in range(1, 13))

_EMPTY_SHARE = 0.12
_THUMBPRINT_SHARE = 0.75
_HAND = Font("regular", 3.1)
_PEN = 45
_VARIANTS = 6


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float
    label_pitch: float


def fill_members(canvas: Canvas, members: Members, top: float, rng: np.random.Generator) -> None:
    """Write into the boxes whose first rule is at `top`; `rng` decides what, and in which."""
    names = rng.permutation(len(INVENTED_NAMES))
    for number in range(len(members.roles)):
        if rng.random() < _EMPTY_SHARE:
            continue
        y = top + number * members.box_pitch
        box = _Box(members.left, y, members.right, y + members.box_pitch, members.label_pitch)
        _fill_box(canvas, box, INVENTED_NAMES[names[number % len(names)]], rng)


def _fill_box(canvas: Canvas, box: _Box, name: str, rng: np.random.Generator) -> None:
    x = box.left + 11 + rng.uniform(0, 6)
    _write(canvas, name, x, box.top + box.label_pitch * 1.75, rng)
    identity = INVENTED_IDS[int(rng.integers(len(INVENTED_IDS)))]
    _write(canvas, identity, x, box.top + box.label_pitch * 2.75, rng)
    _sign(canvas, box, rng)
    if rng.random() < _THUMBPRINT_SHARE:
        _press_thumb(canvas, box, rng)


def _write(canvas: Canvas, text: str, x: float, y: float, rng: np.random.Generator) -> None:
    hand = _handwritten(canvas, text, int(rng.integers(_VARIANTS)))
    canvas.paste(hand, canvas.px(x), canvas.px(y) - hand.shape[0] * 3 // 4)


def _handwritten(canvas: Canvas, text: str, variant: int) -> NDArray[np.uint8]:
    return _hand_strip(text, variant, canvas.paper.dot, canvas.dpi)


@lru_cache(maxsize=512)
def _hand_strip(text: str, variant: int, dot: float, dpi: int) -> NDArray[np.uint8]:
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


def _sign(canvas: Canvas, box: _Box, rng: np.random.Generator) -> None:
    """Scribble over a third to two thirds of the box in one thin line of loops."""
    field_top = box.top + 4 * box.label_pitch
    high = box.bottom - field_top
    wide = box.right - box.left
    centre = np.array([box.left + wide * rng.uniform(0.35, 0.55), field_top + high * 0.5])
    reach = np.array([wide * rng.uniform(0.17, 0.33), high * rng.uniform(0.25, 0.5)])
    time = np.linspace(0, 1, 160)
    turns = rng.uniform(3, 7)
    path = np.stack(
        [
            2 * time - 1 + 0.25 * np.sin(2 * np.pi * turns * time + rng.uniform(0, 6)),
            0.6 * np.sin(2 * np.pi * turns * time) * (1 - 0.5 * time)
            + 0.4 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * time + rng.uniform(0, 6)),
        ],
        axis=1,
    )
    points = (centre + path * reach) / MM_PER_INCH * canvas.dpi * 16
    cv2.polylines(
        canvas.image,
        [np.round(points).astype(np.int32)],
        isClosed=False,
        color=_PEN + int(rng.integers(0, 50)),
        thickness=max(1, canvas.dpi // 100),
        lineType=cv2.LINE_AA,
        shift=4,
    )


def _press_thumb(canvas: Canvas, box: _Box, rng: np.random.Generator) -> None:
    smudge = _thumbprint(int(rng.integers(_VARIANTS)), canvas.dpi)
    # Most thumbs land at the right end of the box, half of them across its frame.
    left = canvas.px(box.right) - smudge.shape[1] + canvas.px(rng.uniform(-8, 5))
    top = canvas.px(box.bottom - rng.uniform(0.3, 0.9) * 4 * box.label_pitch)
    canvas.paste(smudge, left, top)


@lru_cache(maxsize=64)
def _thumbprint(variant: int, dpi: int) -> NDArray[np.uint8]:
    """An oval smudge of ridges, about 12.7 x 9 mm."""
    rng = np.random.default_rng(1000 + variant)
    wide, high = round(12.7 / MM_PER_INCH * dpi), round(9 / MM_PER_INCH * dpi)
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    bend = 0.35 * np.sin(2.2 * x + rng.uniform(0, 6)) + 0.25 * np.cos(2.6 * y + rng.uniform(0, 6))
    away = np.hypot(x - rng.uniform(-0.4, 0.4), 0.8 * (y - rng.uniform(0.1, 0.6))) + 0.35 * bend
    ridges = 0.5 + 0.5 * np.sin(away * 2 * np.pi * 9)
    blotches = cv2.GaussianBlur(rng.normal(size=(high, wide)), (0, 0), dpi / 28)
    pressure = np.clip(0.75 + 3.0 * blotches * dpi / 200, 0.1, 1.0)
    oval = np.clip((1 - np.hypot(x, y)) * 6, 0, 1)
    ink = oval * pressure * np.clip(1.5 * ridges - 0.2, 0, 1)
    return np.asarray(255 - 185 * ink, dtype=np.uint8)
