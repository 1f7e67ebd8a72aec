"""Cutting cells out of a scan: each row's columns, upright, at one scale, as sharpened ink.

Cells of one kind form a stack (R, H, W), a row each; the column's middle and the digits' middle lie
at the same pixel in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.read.printed.form import Row
from pipeline.read.printed.ink import Floats, Grey, ink_of, sharpen
from pipeline.read.printed.place import Doubles, Placement
from pipeline.read.printed.register import shrink_for

_STROKE = 3.2  # millimetres: the heaviest print is ink, everything wider is shade
_LONG = 5.0  # millimetres: a longer horizontal stroke is a rule


@dataclass(frozen=True)
class Frame:
    """A cell's extent around a column's middle and the digits' middle, in millimetres."""

    half_width: float
    above: float
    below: float
    pixels_per_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a cell."""
        scale = self.pixels_per_mm
        return round((self.above + self.below) * scale) + 1, 2 * round(self.half_width * scale) + 1

    @property
    def middle(self) -> tuple[int, int]:
        """The pixel (row, column) where both middles lie."""
        return round(self.above * self.pixels_per_mm), round(self.half_width * self.pixels_per_mm)


def cut_cells(
    page: Grey, placement: Placement, rows: list[Row], xs: Doubles, offsets: Doubles, frame: Frame
) -> Grey:
    """Cut a stack of grey cells (R, H, W).

    Args:
        page: the full-size page.
        placement: where the form lies on it.
        rows: the rows (R).
        xs: (R,), the middle of each one's column, in millimetres of the form.
        offsets: (R, 2), how far in millimetres each row lies from where the placement has it.
        frame: the cells' extent.
    """
    height, width = frame.shape
    down, across = frame.middle
    scale = frame.pixels_per_mm
    ys = np.array([row.y for row in rows])
    pixels = np.zeros((len(rows), 3, 3))
    pixels[:, [0, 1], [0, 1]] = 1 / scale
    pixels[:, 0, 2] = xs + offsets[:, 0] - across / scale
    pixels[:, 1, 2] = ys + offsets[:, 1] - down / scale
    pixels[:, 2, 2] = 1
    moves = (placement.locals(ys) @ pixels)[:, :2]
    source, _ = shrink_for(page, moves[0])
    shrunk = page.shape[1] // source.shape[1]
    out = np.empty((len(rows), height, width), np.uint8)
    for cell, move in zip(out, moves, strict=True):
        cv2.warpAffine(
            source,
            move / shrunk,
            (width, height),
            dst=cell,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return out


def ink_cells(cells: Grey, rows: list[Row], frame: Frame) -> Floats:
    """Sharpened ink of a stack of grey cells, rules taken out of the rows that have them."""
    count, height, width = cells.shape
    scale = frame.pixels_per_mm
    # One tall image: a cell's neighbours lend it nothing but their paper's tone.
    ink = ink_of(cells.reshape(count * height, width), _STROKE * scale).reshape(cells.shape)
    for cell, row in zip(ink, rows, strict=True):
        if row.ruled:
            _take_out_rules(cell, scale)
    tall = sharpen(ink.reshape(count * height, width), scale)
    return np.asarray(tall.reshape(cells.shape), np.float32)


def _take_out_rules(ink: Floats, scale: float) -> None:
    """Set long horizontal strokes to no ink, in place."""
    length = max(3, min(round(_LONG * scale), ink.shape[1] // 2))
    # A rule may lean by a pixel over its length: look for it in ink that is a pixel thicker.
    thicker = cv2.dilate(ink, np.ones((2, 1), np.uint8))
    rules = cv2.morphologyEx(thicker, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    np.clip(ink - rules, 0, 1, out=ink)
