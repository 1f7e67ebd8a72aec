"""Letters by their outlines, for comparing with a scan: unhinted, spaced, blurred as by a lens.

Hinted glyphs, as `strip` sets them, look right; but which dots the real printer's font sets is not
known, and a comparison suffers more from wrong dots than from none. Against the mean of some
hundred real words, outlines with a letter spacing of one printer's dot correlate at 0.92.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.layout import OutlineFont

Floats = NDArray[np.float32]

_FONT_FILES = {
    "regular": Path(__file__).with_name("fonts") / "LiberationSans-Regular.ttf",
    "bold": Path(__file__).with_name("fonts") / "LiberationSans-Bold.ttf",
}
_EM = 64  # pixels of the large rendering that the small ones are warped from
_FINER = 4
CAPITAL = 0.72
"""Height of a capital or a digit, of its em."""
_BLUR = 0.1
"""Of paper, lens and compression together, in millimetres."""


def advance(text: str, font: OutlineFont) -> float:
    """From the start of a text to where the next letter would start, in millimetres."""
    face = _face(font.weight)
    ems = sum(face.getlength(letter) / _EM + font.spacing for letter in text)
    return float(ems * font.size * font.stretch)


@lru_cache(maxsize=2)
def _face(weight: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT_FILES[weight]), _EM, layout_engine=ImageFont.Layout.BASIC)


def draw_outline(
    text: str,
    font: OutlineFont,
    pixels_per_mm: float,
    rows: int,
    pad: float,
    blur: float = _BLUR,
) -> Floats:
    """Ink of a text, 0 to 1, `rows` high with the middle of its capitals in the middle.

    The text starts `pad` millimetres from the left edge, and as much is left on the right; `blur`
    is in millimetres.
    """
    face, z = _face(font.weight), pixels_per_mm
    width = sum(face.getlength(letter) for letter in text) + len(text) * font.spacing * _EM
    image = Image.new("L", (int(width) + 4 * _EM, 3 * _EM), 0)
    draw = ImageDraw.Draw(image)
    x = float(_EM)
    for letter in text:
        draw.text((x, 2 * _EM), letter, fill=255, font=face, anchor="ls")
        x += face.getlength(letter) + font.spacing * _EM
    across, down = font.size * font.stretch / _EM * z, font.size / _EM * z
    columns = int(np.ceil(width * across + 2 * pad * z))
    middle = (2 - CAPITAL / 2) * _EM
    move = np.array(
        [
            [across * _FINER, 0, (pad * z - _EM * across) * _FINER],
            [0, down * _FINER, (rows * _FINER - 1) / 2 - middle * down * _FINER],
        ]
    )
    large = np.asarray(image, np.float32) / 255
    fine = cv2.warpAffine(large, move, (columns * _FINER, rows * _FINER), flags=cv2.INTER_AREA)
    fine = cv2.GaussianBlur(fine, (0, 0), blur * z * _FINER)
    return np.asarray(cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
