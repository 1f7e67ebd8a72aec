"""The blank roll that a sheet is printed on: millimetres outside, pixels inside.

Everything lands on it by taking the darker of two greys, as thermal print does; what falls over
an edge is cut off.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.layout import MM_PER_INCH, Font, Paper
from pipeline.lettering import Strip, strip
from pipeline.synthetic.drawn import Cell, Column, Floats, Table, quad

BLANK = 255
INK = 1  # 0 is left for what is no paper at all
_RULE_GREY = 50  # a rule is a dot or two thin, and never as dark as a letter
_RULER_DPI = 200
Align = Literal["left", "centre", "right"]


def width_mm(text: str, font: Font, dot: float) -> float:
    """How wide a string is in millimetres: alike at every resolution, as line breaks are."""
    return strip(text, font, dot, _RULER_DPI).width * MM_PER_INCH / _RULER_DPI


class Canvas:
    """A roll of paper of a layout's width and some height, at a resolution; `cells` tells what
    was printed on it where."""

    def __init__(self, paper: Paper, height: float, dpi: int) -> None:
        self.paper = paper
        self.dpi = dpi
        self.cells: list[Cell] = []
        self.image: NDArray[np.uint8] = np.full(
            (self.px(height), self.px(paper.width)), BLANK, np.uint8
        )

    def px(self, mm: float) -> int:
        """Millimetres to whole pixels."""
        return round(mm / MM_PER_INCH * self.dpi)

    def strip(self, text: str, font: Font) -> Strip:
        """Render a string for this roll."""
        return strip(text, font, self.paper.dot, self.dpi)

    def width_of(self, text: str, font: Font) -> float:
        """How wide a string is on this roll, in millimetres."""
        return width_mm(text, font, self.paper.dot)

    def text(
        self, text: str, font: Font, x: float, baseline: float, align: Align = "left"
    ) -> Floats:
        """Set a string with the foot of its capitals on `baseline`; give back its ink's quad."""
        ink = self.strip(text, font)
        left = self.px(x) - {"left": 0, "centre": ink.width // 2, "right": ink.width}[align]
        top = self.px(baseline) - ink.rise
        self.paste(ink.grey, left, top)
        return quad(left, top, left + ink.width, top + ink.grey.shape[0])

    def record(
        self,
        table: Table,
        row: int,
        column: Column,
        text: str,
        *inks: Floats,
        number: int | None = None,
    ) -> None:
        """Keep the truth of a text that was set, on one line or several."""
        points = np.concatenate(inks)
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        self.cells.append(Cell(table, row, column, text, quad(x0, y0, x1, y1), number))

    def paste(self, grey: NDArray[np.uint8], left: int, top: int) -> None:
        """Lay a patch of grey on the roll, at pixels; the darker of the two stays."""
        high, wide = self.image.shape
        y0, x0 = max(0, top), max(0, left)
        y1, x1 = min(high, top + grey.shape[0]), min(wide, left + grey.shape[1])
        if y0 < y1 and x0 < x1:
            target = self.image[y0:y1, x0:x1]
            np.minimum(target, grey[y0 - top : y1 - top, x0 - left : x1 - left], out=target)

    def rule(self, x0: float, y0: float, x1: float, y1: float, weight: float = 1.0) -> None:
        """Draw a rule centred on its line; `weight` times the usual thickness."""
        thick = max(1, round(self.paper.rule * weight / MM_PER_INCH * self.dpi))
        left, top = self.px(x0) - thick // 2, self.px(y0) - thick // 2
        right, bottom = self.px(x1) - thick // 2 + thick, self.px(y1) - thick // 2 + thick
        self.image[max(0, top) : bottom, max(0, left) : right] = _RULE_GREY

    def frame(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw four rules around a rectangle."""
        self.rule(x0, y0, x1, y0)
        self.rule(x0, y1, x1, y1)
        self.rule(x0, y0, x0, y1)
        self.rule(x1, y0, x1, y1)
