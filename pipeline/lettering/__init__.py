"""Text as the printer sets it: strips of grey, rendered once per string, font and resolution.

The receipt printer sets whole dots (about 190 to the inch) from hinted fonts, and the scanner
sees them a little blurred. So a string is rendered in black and white at whole dots, then scaled
to the scan's resolution. A vote count or a party name costs one rendering in a whole run.

The printer's font is like Arial. Of the free ones that are, Liberation Sans is nearest to its bold
letters. Its regular figure 1 has a foot; TeX Gyre Heros' has none, as the printed one, and its 5 is
as like its 6 as on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.layout import MM_PER_INCH, Font

_FONT_FILES = {
    "regular": Path(__file__).with_name("fonts") / "TeXGyreHeros-Regular.otf",
    "bold": Path(__file__).with_name("fonts") / "LiberationSans-Bold.ttf",
}
_PAD = 4
# What heat and paper do to a dot: its neighbours darken, more along the printing head than across.
_BLEED = np.array([[0.05, 0.2, 0.05], [0.25, 1.0, 0.25], [0.05, 0.2, 0.05]], np.float32)
_BLUR = 0.4  # of the scanner's lens, in dots; the feeder's warp adds as much again


@dataclass(frozen=True)
class Strip:
    """A rendered string: grey (255 is blank), cut to its ink, `rise` pixels of it above the foot
    of the capitals."""

    grey: NDArray[np.uint8]
    rise: int

    @property
    def width(self) -> int:
        """Its ink's width in pixels."""
        return int(self.grey.shape[1])


@lru_cache(maxsize=64)
def _font(weight: str, dots: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT_FILES[weight]), dots, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=20_000)
def strip(text: str, font: Font, dot: float, dpi: int) -> Strip:
    """Render `text` on one line; `dot` is the printer's dot in millimetres."""
    dots = max(4, round(font.size / dot))
    scale = font.size / MM_PER_INCH * dpi / dots
    face = _font(font.weight, dots)
    pieces = list(text) if font.spacing else [text]
    steps = [face.getlength(piece) + font.spacing / dot for piece in pieces]
    wide, high = int(sum(steps)) + 2 * _PAD + dots, 2 * dots + 2 * _PAD
    image = Image.new("L", (wide, high), 255)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    for number, piece in enumerate(pieces):
        x = _PAD + round(sum(steps[:number]))
        draw.text((x, _PAD + dots), piece, fill=0, font=face, anchor="ls")
    return _cut_to_ink(_scan(np.asarray(image), scale, font.stretch), round((_PAD + dots) * scale))


def _scan(dots: NDArray[np.uint8], scale: float, stretch: float) -> NDArray[np.uint8]:
    size = (round(dots.shape[1] * scale * stretch), round(dots.shape[0] * scale))
    bled = cv2.bitwise_not(cv2.filter2D(cv2.bitwise_not(dots), -1, _BLEED))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(bled, size, interpolation=way)
    return np.asarray(cv2.GaussianBlur(scaled, (0, 0), _BLUR * scale), dtype=np.uint8)


def _cut_to_ink(grey: NDArray[np.uint8], baseline: int) -> Strip:
    ink = grey < 225
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return Strip(np.full((1, 1), 255, np.uint8), 1)
    top, left = int(rows[0]), int(columns[0])
    cut = np.ascontiguousarray(grey[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1])
    cut.setflags(write=False)
    return Strip(cut, baseline - top)
