"""Scoring the digits of a row: how well each number 0 to 1999 explains the cell.

A number's digits stand centred, at a fixed pitch. Its score is the correlation of the whole cell
with the number drawn of digit templates, -1 to 1: ink that the number leaves unexplained lowers it.
The templates are learned on the sheet itself, from the Código column, whose numbers are known;
in this printer's fonts and after any scanner, nothing else tells a 5 from a 6 as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layout import OutlineFont
from pipeline.lettering.outline import advance, draw_outline
from pipeline.read.printed.cells import Frame
from pipeline.read.printed.ink import Floats, correlate, sharpen
from pipeline.read.printed.register import peak

Doubles = NDArray[np.float64]

LARGEST = 1999
"""The largest number that is looked for; no table has more voters."""
SCALE = 10.0
FRAME = Frame(half_width=3.7, above=1.7, below=1.7, pixels_per_mm=SCALE)
_BOX = (21, 15)  # rows and columns of a template: 2.1 x 1.5 mm
_BAND = 1.15  # millimetres above and below the middle in which a cell's energy is taken
_PLACES = (1, 2, 3, 4)
REACH = (2, 2)  # pixels, across and down, that a number may be off the row's place
RULED_REACH = (6, 4)  # the same, across and down, in rows between rules, which no code places
_CODE_REACH = 8  # pixels that a row may be off
_NOTHING = 1e-6
_OWN = 3.0  # how many samples on the sheet weigh as much as the font's template


@dataclass(frozen=True)
class Digits:
    """Templates (10, 21, 15) and the pitch of the digits in pixels."""

    templates: Floats
    pitch: float


def font_digits(font: OutlineFont) -> Digits:
    """The templates before anything is learned."""
    rows, columns = _BOX
    drawn = []
    for digit in "0123456789":
        glyph = sharpen(draw_outline(digit, font, SCALE, rows, pad=0.5), SCALE)
        middle = (
            0.5 * SCALE + advance(digit, font) * SCALE / 2 - font.spacing * font.size * SCALE / 2
        )
        drawn.append(cv2.getRectSubPix(glyph, (columns, rows), (middle, (rows - 1) / 2)))
    return Digits(np.stack(drawn), advance("0", font) * SCALE)


def draw_numbers(texts: Sequence[str], digits: Digits) -> list[Floats]:
    """Numbers as this print would show them, each on an odd number of rows and columns."""
    return [_drawn(text, digits) for text in texts]


def find_numbers(
    drawn: Sequence[Floats], cells: Floats, around: Doubles, reach: int = _CODE_REACH
) -> tuple[Doubles, Doubles]:
    """Where each row's known number lies off the middle of its cell, and how well it fits.

    Args:
        drawn: the numbers (R), from `draw_numbers`.
        cells: (R, H, W) sharpened ink.
        around: (R, 2), pixels off the middle about which to look.
        reach: how many pixels on each side.

    Returns:
        Offsets (R, 2) in pixels, and correlations (R,) with the cells, -1 to 1.
    """
    offsets, scores = np.zeros((len(drawn), 2)), np.zeros(len(drawn))
    down, across = FRAME.middle
    for row, (number, cell) in enumerate(zip(drawn, cells, strict=True)):
        high, wide = number.shape
        x0, y0 = (round(float(value)) for value in around[row])
        top = max(0, down + y0 - high // 2 - reach)
        left = max(0, across + x0 - wide // 2 - reach)
        window = cell[top : down + y0 + high // 2 + 1 + reach]
        window = window[:, left : across + x0 + wide // 2 + 1 + reach]
        if window.shape[0] < high or window.shape[1] < wide:
            continue
        x, y, scores[row] = peak(correlate(window, number))
        offsets[row] = x + left + wide // 2 - across, y + top + high // 2 - down
    return offsets, scores


def _drawn(text: str, digits: Digits) -> Floats:
    """A number as it would be printed, on an odd number of rows and columns."""
    rows, columns = _BOX
    reach = (len(text) - 1) / 2 * digits.pitch
    width = 2 * (round(reach) + columns // 2 + 1) + 1
    out = np.zeros((rows, width), np.float32)
    for place, digit in enumerate(text):
        middle = width // 2 + (place - (len(text) - 1) / 2) * digits.pitch
        left = round(middle) - columns // 2
        shift = np.array([[1, 0, middle - round(middle)], [0, 1, 0]])
        glyph = cv2.warpAffine(digits.templates[int(digit)], shift, (columns, rows))
        out[:, left : left + columns] += glyph
    return out


def alike(one: int, other: int, digits: Digits) -> float:
    """The correlation, -1 to 1, of two numbers as they would be printed."""
    drawn = [_drawn(str(number), digits) for number in (one, other)]
    width = max(image.shape[1] for image in drawn)
    padded = [
        np.pad(image, ((0, 0), ((width - image.shape[1]) // 2,) * 2)).ravel() for image in drawn
    ]
    norms = math.prod(float(np.sqrt((image**2).sum())) for image in padded)
    return float(padded[0] @ padded[1]) / max(norms, _NOTHING)


def learn_digits(codes: list[str], cells: Floats, offsets: Doubles, digits: Digits) -> Digits:
    """Templates of this sheet: the mean of each digit where a code shows it, and the font's.

    Args:
        codes: the numbers that stand in the cells.
        cells: (R, H, W) sharpened ink.
        offsets: (R, 2) pixels, as `find_numbers` gives them.
        digits: what is known so far.
    """
    values, glyphs = [], []
    down, across = FRAME.middle
    for code, cell, (off_x, off_y) in zip(codes, cells, offsets, strict=True):
        for place, digit in enumerate(code):
            x = across + off_x + (place - (len(code) - 1) / 2) * digits.pitch
            glyphs.append(cv2.getRectSubPix(cell, _BOX[::-1], (float(x), float(down + off_y))))
            values.append(int(digit))
    if not values:
        return digits
    return learn(np.array(values), np.stack(glyphs).reshape(len(values), -1), digits)


def learn(values: NDArray[np.int64], glyphs: Floats, digits: Digits) -> Digits:
    """Templates from glyphs (G, 21 * 15) that show digits (G,)."""
    start = digits.templates.reshape(10, -1)
    usual = np.sqrt((start**2).sum(axis=1))
    norms = np.sqrt((glyphs**2).sum(axis=1))
    shows = (values == np.arange(10)[:, None]).astype(np.float32)
    units = glyphs / np.maximum(norms, _NOTHING)[:, None]
    learned = _OWN * start / np.maximum(usual, _NOTHING)[:, None] + shows @ units
    learned /= np.maximum(np.sqrt((learned**2).sum(axis=1)), _NOTHING)[:, None]
    # Every digit keeps the energy that it has in print: a 1 holds less ink than an 8.
    gain = np.median(norms / usual[values])
    energies = [
        np.median(norms[values == digit]) if shows[digit].sum() >= _OWN else usual[digit] * gain
        for digit in range(10)
    ]
    learned *= np.array(energies)[:, None]
    return Digits(np.asarray(learned.reshape(digits.templates.shape), np.float32), digits.pitch)


def score_numbers(cells: Floats, digits: Digits, reach: tuple[int, int] = REACH) -> Floats:
    """Scores (R, LARGEST + 1) of all numbers in cells (R, H, W) centred on their column.

    A number may lie `reach` pixels (across, down) off its row's place.
    """
    matches = _matches(cells, digits, reach)
    energy = energies(cells)
    weights = (digits.templates**2).sum(axis=(1, 2))
    out = np.full((len(cells), LARGEST + 1), -1.0, np.float32)
    for places in _PLACES:
        first = 10 ** (places - 1) if places > 1 else 0
        values = np.arange(first, min(10**places, LARGEST + 1))
        if values.size:
            scores = _score_places(matches, weights, places, values)
            out[:, values] = scores / np.maximum(energy, 1e-6)[:, None]
    return out


def energies(cells: Floats) -> Floats:
    """Ink (R,), as the root of its squares, in the band of each cell where a number stands."""
    down, across = FRAME.middle
    band, half = round(_BAND * SCALE), round(3.2 * SCALE)
    inner = cells[:, down - band : down + band + 1, across - half : across + half + 1]
    return np.asarray(np.sqrt((inner**2).sum(axis=(1, 2))), np.float32)


def _matches(cells: Floats, digits: Digits, reach: tuple[int, int]) -> Floats:
    """Inner products (R, S, 7, 10): shift, half-pitch position from -3 to 3, digit."""
    rows, columns = _BOX
    down, across = FRAME.middle
    count, _, width = cells.shape
    high = rows + 2 * reach[1]
    top = down - high // 2
    # One tall image for all cells: a correlation of many small ones costs more to begin than to do.
    tall = np.ascontiguousarray(cells[:, top : top + high]).reshape(count * high, width)
    places = np.round(across + (np.arange(7) - 3) * digits.pitch / 2).astype(int) - columns // 2
    xs = places[None, :] + np.arange(-reach[0], reach[0] + 1)[:, None]
    shifts = (2 * reach[1] + 1) * (2 * reach[0] + 1)
    out = np.empty((count, shifts, 7, 10), np.float32)
    for digit, template in enumerate(digits.templates):
        found = cv2.matchTemplate(tall, template, cv2.TM_CCORR)
        whole = np.empty((count * high, found.shape[1]), np.float32)
        whole[: len(found)] = found  # below it lies nothing that is asked for
        near = whole.reshape(count, high, -1)[:, : 2 * reach[1] + 1]
        out[..., digit] = near[:, :, xs].reshape(count, shifts, 7)
    return out


def _score_places(
    matches: Floats, weights: Floats, places: int, values: NDArray[np.int64]
) -> Floats:
    """Scores (R, V) of numbers with so many digits, at the two shifts that suit them best."""
    positions = 3 + np.arange(-(places - 1), places, 2)
    here = matches[:, :, positions, :]
    easy = (here / np.maximum(np.sqrt(weights), _NOTHING)).max(axis=3).sum(axis=2)
    best = np.argsort(-easy, axis=1)[:, :2]
    figures = values[:, None] // 10 ** np.arange(places - 1, -1, -1) % 10
    norm = np.sqrt(weights[figures].sum(axis=1))
    scores = np.full((len(matches), values.size), -np.inf, np.float32)
    for shift in best.T:
        at = here[np.arange(len(matches)), shift]
        total = sum(at[:, place][:, figures[:, place]] for place in range(places))
        np.maximum(scores, total / np.maximum(norm, _NOTHING), out=scores)
    return scores
