"""Drawings that a line of the header is compared with: its ten digits, and the line as a whole.

All are ink at `SCALE`, of which `strokes` leaves what is as wide as a letter's stroke.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.layout import MM_PER_INCH, Font, OutlineFont
from pipeline.lettering import strip
from pipeline.lettering.outline import CAPITAL, advance, draw_outline
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.place import Doubles

SCALE = 10.0
"""Pixels per millimetre."""
ROWS = 25
"""Of a drawn line; the middle of its capitals runs along the middle row."""
BOX = (23, 13)
"""Rows and columns of a digit: about its pitch, so that neighbours hardly enter."""
_SHARP, _SOFT = 0.12, 0.25
"""Blur of strokes in millimetres, of an even scan and of one out of focus."""
_FINE, _SLOW = 0.1, 0.5  # millimetres: specks below and shades above are left out
_PAD = 0.5  # millimetres beside a drawn line
ROOM = 16
"""Pixels around a drawing, that its edge bends nothing."""
_FIRST_PIXEL = 0.375  # `draw_outline` sets a text's start so much left of a whole pixel
_DIGITS = "0123456789"


@dataclass(frozen=True)
class Glyphs:
    """The ten digits of a font in several shapes: `flat` (S, 10, 299), of zero mean and length 1.

    `apart` (S, 10, 10) is the distance between two digits. A printer has one shape for all of
    them, but which is not known: real digits lie between the font's outlines and the dots that its
    hints make of them.
    """

    flat: Floats
    apart: Floats
    pitch: float
    usual_ink: float


@dataclass(frozen=True)
class Pattern:
    """A line (25, W) with mean digits wherever one stands, and their middles (P,) in pixels."""

    drawn: Floats
    places: Doubles


def strokes(ink: Floats) -> Floats:
    """What in the ink is as wide as a stroke; paper without ink becomes 0. Same shape."""
    fine = cv2.GaussianBlur(ink, (0, 0), _FINE * SCALE)
    return np.asarray(fine - cv2.GaussianBlur(ink, (0, 0), _SLOW * SCALE), np.float32)


def draw_glyphs(outline: OutlineFont, hinted: Font, dot: float) -> Glyphs:
    """The digits of a font; `dot` is the printer's, in millimetres."""
    sharp = np.stack([_outlined(digit, outline, _SHARP) for digit in _DIGITS])
    soft = np.stack([_outlined(digit, outline, _SOFT) for digit in _DIGITS])
    dots = np.stack([_hinted(digit, hinted, dot) for digit in _DIGITS])
    usual_ink = float(np.median(np.linalg.norm(sharp, axis=1)))
    flat = np.stack([sharp, dots, soft])
    flat -= flat.mean(axis=2, keepdims=True)
    flat /= np.linalg.norm(flat, axis=2, keepdims=True)
    alike = flat @ flat.transpose(0, 2, 1)
    apart = np.sqrt(2 * np.maximum(1 - alike, 0.01))
    return Glyphs(flat, np.asarray(apart, np.float32), advance("0", outline) * SCALE, usual_ink)


def _outlined(digit: str, font: OutlineFont, blur: float) -> Floats:
    middle = (letter_middles(digit, font)[0], (ROWS - 1) / 2)
    return _boxed(draw_strokes(digit, font, blur), middle)


def _hinted(digit: str, font: Font, dot: float) -> Floats:
    """The digit as it stands between two zeros: where its advance, not its ink, has its middle."""
    dpi = round(SCALE * MM_PER_INCH)
    drawn, zeros = (strip(text, font, dot, dpi) for text in (f"0{digit}0", "000"))
    ink = strokes(np.asarray(np.pad(1 - drawn.grey / np.float32(255), ROOM), np.float32))
    y = ROOM + drawn.rise - font.size * CAPITAL / 2 * SCALE - 0.5
    return _boxed(ink, (ROOM + (zeros.width - 1) / 2, y))


def _boxed(ink: Floats, middle: tuple[float, float]) -> Floats:
    return np.asarray(cv2.getRectSubPix(ink, BOX[::-1], middle), np.float32).ravel()


def draw_pattern(text: str, font: OutlineFont) -> Pattern:
    """A line of this text, in which every 0 stands for any digit."""
    options = _DIGITS if "0" in text else "0"
    drawn = [draw_strokes(text.replace("0", digit), font, _SHARP) for digit in options]
    middles = zip(letter_middles(text, font), text, strict=True)
    digits = [middle for middle, letter in middles if letter == "0"]
    return Pattern(np.asarray(np.mean(drawn, axis=0), np.float32), np.array(digits))


def places_before(word: str, count: int, font: OutlineFont) -> Doubles:
    """Where `count` digits stand before a word and a blank, as seen from the word's drawing."""
    whole, alone = letter_middles("0" * count + f" {word}", font), letter_middles(word, font)
    return np.array(whole[:count]) - whole[count + 1] + alone[0]


def draw_strokes(text: str, font: OutlineFont, blur: float) -> Floats:
    """A text's strokes (25, W)."""
    pad = _PAD + ROOM / SCALE
    ink = draw_outline(text, font, SCALE, ROWS + 2 * ROOM, pad, blur)
    return strokes(ink)[ROOM:-ROOM, ROOM:-ROOM]


def letter_middles(text: str, font: OutlineFont) -> list[float]:
    """The pixel in the middle of each letter of a drawn text."""
    space = font.spacing * font.size * font.stretch
    ends = [advance(text[: n + 1], font) for n in range(len(text))]
    starts = [0.0, *ends[:-1]]
    return [
        (_PAD + (start + end - space) / 2) * SCALE - _FIRST_PIXEL
        for start, end in zip(starts, ends, strict=True)
    ]
