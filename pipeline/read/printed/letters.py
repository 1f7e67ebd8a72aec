"""Drawings of letters that have each their own width, as hexadecimal digits have.

All are strokes (`glyphs.strokes`) at `glyphs.SCALE`; each is as wide as the printer moves on for
it, so that the letters of a line lie side by side and share no pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layout import MM_PER_INCH, Font, OutlineFont
from pipeline.lettering import strip
from pipeline.lettering.outline import CAPITAL, advance
from pipeline.read.printed.glyphs import ROOM, ROWS, SCALE, draw_strokes, letter_middles, strokes
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.place import Doubles

_OUTLINED, _DOTTED = 0.12, 0.07
"""Blur in millimetres of the letters' outlines, and of the dots that the font's hints make of them.
"""
_SHIFTS = range(-2, 3)  # pixels that two letters are moved to look alike


@dataclass(frozen=True)
class Letters:
    """The letters of an alphabet in one shape: `drawn` (C) of (ROWS, width), `widths` (C,) in
    pixels, exact."""

    text: str
    widths: Doubles
    drawn: tuple[Floats, ...]

    @cached_property
    def energies(self) -> Doubles:
        """The sum of squares of each, (C,)."""
        return np.array([float(np.square(one).sum()) for one in self.drawn])

    @cached_property
    def apart(self) -> Doubles:
        """The sum of squares by which two letters differ, laid over each other as well as can be:
        (C, C), 1 on the diagonal."""
        return np.array([[_distance(a, b) for b in self.drawn] for a in self.drawn])

    @property
    def steps(self) -> NDArray[np.int64]:
        """The widths in whole pixels."""
        return np.asarray(np.rint(self.widths), np.int64)

    def numbers(self, text: str) -> NDArray[np.int64]:
        """Which letters a text is of."""
        return np.array([self.text.index(letter) for letter in text], np.int64)


def draw_letters(text: str, outline: OutlineFont, hinted: Font, dot: float) -> tuple[Letters, ...]:
    """An alphabet in all shapes; `dot` is the printer's, in millimetres.

    A printer has one shape for all letters, but which is not known; a sharp scan shows dots.
    """
    widths = np.array([advance(letter, outline) * SCALE for letter in text])
    pairs = list(zip(text, widths, strict=True))
    outlined = tuple(_outlined(letter, outline, width) for letter, width in pairs)
    dotted = tuple(_dotted(letter, hinted, dot, width) for letter, width in pairs)
    return Letters(text, widths, outlined), Letters(text, widths, dotted)


def _outlined(letter: str, font: OutlineFont, width: float) -> Floats:
    line, (x,) = draw_strokes(letter, font, _OUTLINED), letter_middles(letter, font)
    return _cut(line, x, width)


def _cut(line: Floats, x: float, width: float, y: float = (ROWS - 1) / 2) -> Floats:
    return np.asarray(cv2.getRectSubPix(line, (round(width), ROWS), (x, y)), np.float32)


def _dotted(letter: str, font: Font, dot: float, width: float) -> Floats:
    """The letter as it stands between two zeros: where its advance, not its ink, has its middle."""
    set_line = strip(f"0{letter}0", font, dot, round(SCALE * MM_PER_INCH))
    ink = np.pad(1 - set_line.grey / np.float32(255), ROOM)
    line = strokes(np.asarray(cv2.GaussianBlur(ink, (0, 0), _DOTTED * SCALE), np.float32))
    y = ROOM + set_line.rise - font.size * CAPITAL / 2 * SCALE - 0.5
    return _cut(line, ROOM + (set_line.width - 1) / 2, width, y)


def _distance(one: Floats, other: Floats) -> float:
    """1 for the same letter, which never competes with itself."""
    if one is other:
        return 1.0
    wide = max(one.shape[1], other.shape[1]) + 2 * _SHIFTS.stop
    first = _padded(one, wide, 0)
    return min(float(np.square(first - _padded(other, wide, shift)).sum()) for shift in _SHIFTS)


def _padded(letter: Floats, wide: int, shift: int) -> Floats:
    left = (wide - letter.shape[1]) // 2 + shift
    return np.pad(letter, ((0, 0), (left, wide - letter.shape[1] - left)))
