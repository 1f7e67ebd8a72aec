"""What the members of a table leave on its sheet: names, ID numbers, signatures, thumbprints.

All of it is invented, and visibly so: nobody is called any of the names below and no ID number
has these forms. Whoever looks for personal data in an output can search for exactly these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.layout import Members
from pipeline.synthetic.canvas import Canvas
from pipeline.synthetic.drawn import MemberBox, quad
from pipeline.synthetic.hand import (
    STAMP_RADIUS,
    THUMB_HIGH,
    THUMB_WIDE,
    press_thumb,
    sign,
    stamp,
    write,
)

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
STAMP_WORDS = ("MESA", "INVENTADA")

Rng = np.random.Generator


@dataclass(frozen=True)
class Filling:
    """What goes into a box."""

    name: bool = False
    identity: bool = False
    signature: bool = False
    thumbprint: bool = False
    stamp: bool = False


# How often people fill a box in which way; three of four who sign leave a thumbprint too.
_USUAL = Filling(name=True, identity=True, signature=True)
_SHARES = (
    (_USUAL, 0.18),
    (Filling(name=True, identity=True, signature=True, thumbprint=True), 0.54),
    (Filling(), 0.12),
    (Filling(name=True), 0.04),
    (Filling(name=True, identity=True), 0.04),
    (Filling(signature=True), 0.02),
    (Filling(name=True, signature=True), 0.03),
    (Filling(name=True, identity=True, thumbprint=True), 0.02),
    (Filling(thumbprint=True), 0.01),
)
_STAMP_SHARE = 0.015  # of boxes: on one sheet of eleven, where there are six


@dataclass(frozen=True)
class _Box:
    """A box on the roll, in mm; the space for the signature begins at `field`."""

    left: float
    top: float
    right: float
    bottom: float
    field: float
    label_pitch: float

    @property
    def middle(self) -> float:
        return (self.field + self.bottom) / 2


def fill_members(canvas: Canvas, members: Members, top: float, rng: Rng) -> tuple[MemberBox, ...]:
    """Write into the boxes whose first rule is at `top`; `rng` decides what, and in which."""
    names = rng.permutation(len(INVENTED_NAMES))
    boxes = []
    for number, role in enumerate(members.roles):
        y = top + number * members.box_pitch
        pitch = members.label_pitch
        field = y + (len(members.labels) + 1) * pitch
        box = _Box(members.left, y, members.right, y + members.box_pitch, field, pitch)
        filling = _draw_filling(box, rng)
        _fill_box(canvas, box, filling, INVENTED_NAMES[names[number % len(names)]], rng)
        frame = (canvas.px(v) for v in (box.left, box.top, box.right, box.bottom))
        boxes.append(MemberBox(role=role, quad=quad(*frame), **vars(filling)))
    return tuple(boxes)


def _draw_filling(box: _Box, rng: Rng) -> Filling:
    kinds, shares = zip(*_SHARES, strict=True)
    filling: Filling = kinds[int(rng.choice(len(kinds), p=shares))]
    stamped = rng.random() < _STAMP_SHARE and box.bottom - box.field > 2.3 * STAMP_RADIUS
    return replace(filling, stamp=bool(stamped))


def _fill_box(canvas: Canvas, box: _Box, filling: Filling, name: str, rng: Rng) -> None:
    x = box.left + 11 + rng.uniform(0, 6)
    if filling.name:
        write(canvas, name, x, box.top + box.label_pitch * 1.75, rng)
    if filling.identity:
        identity = INVENTED_IDS[int(rng.integers(len(INVENTED_IDS)))]
        write(canvas, identity, x, box.top + box.label_pitch * 2.75, rng)
    if filling.signature:
        _sign(canvas, box, rng)
    if filling.thumbprint:
        # Most thumbs land at the right end of the box, half of them across its frame.
        left = box.right - THUMB_WIDE + rng.uniform(-7, 7)
        highest = max(1.0, (box.bottom - box.field) / THUMB_HIGH)
        press_thumb(canvas, left, box.bottom - THUMB_HIGH * rng.uniform(0.85, highest), rng)
    if filling.stamp:
        x, y = rng.uniform(box.left, box.right), box.middle + rng.uniform(-1.5, 1.5)
        stamp(canvas, STAMP_WORDS, x, y, rng)


def _sign(canvas: Canvas, box: _Box, rng: Rng) -> None:
    """Scribble over a third to two thirds of the box's width."""
    high, wide = box.bottom - box.field, box.right - box.left
    centre = (
        box.left + wide * rng.uniform(0.35, 0.55),
        box.middle + high * rng.uniform(-0.05, 0.05),
    )
    sign(canvas, centre, (wide * rng.uniform(0.17, 0.33), high * rng.uniform(0.25, 0.5)), rng)
