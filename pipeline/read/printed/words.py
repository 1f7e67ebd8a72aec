"""Scoring the words of a row: how well each number 0 to 1999, spelled out, explains the cell.

149 stands as "Cero, Uno, Cuatro, Nueve", centred; a string too wide for its column drops its last
word to a second line. So where each word of each number stands is known beforehand, and a number's
score is the correlation of the whole cell with its words drawn there, -1 to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layout import OutlineFont
from pipeline.lettering.outline import advance, draw_outline
from pipeline.read.printed.cells import Frame
from pipeline.read.printed.digits import LARGEST
from pipeline.read.printed.ink import Floats, correlate, sharpen

Integers = NDArray[np.int64]

SCALE = 6.0
FRAME = Frame(half_width=15.2, above=1.7, below=3.9, pixels_per_mm=SCALE)
ROWS = 15  # of a template: 2.5 mm
_PAD = 0.35  # millimetres left and right of a word in its template
REACH_X, REACH_Y = 4, 2  # pixels that a string may be off its row's place
SLACK = 5  # pixels over which each word may lie off its place in its string
LOOSE = 0.9  # millimetres around the widest string of one line in which both layouts are tried
OWN = 3.0  # how many samples on the sheet weigh as much as the font's template
_FAINT = 0.2  # energy of a second line, of the first's, below which there is none


@dataclass(frozen=True)
class Words:
    """Templates by word: ten with the comma that follows, ten without, and where they stand.

    `starts` (2, N, 4) are the left edges of each number's templates, in pixels from the column's
    middle, on one line and on two.
    """

    templates: tuple[Floats, ...]
    starts: Integers
    widths: NDArray[np.float64]
    """Of each number's string on one line, in millimetres."""
    one_line: float
    second_line: float

    @property
    def energies(self) -> Floats:
        """Squared norms (20,)."""
        return np.array([(template**2).sum() for template in self.templates], np.float32)


NUMBERS = np.arange(LARGEST + 1)
FIGURES = NUMBERS[:, None] // 10 ** np.arange(3, -1, -1) % 10
"""The four digits of each number, shape (N, 4)."""
TEMPLATE = FIGURES + np.array([0, 0, 0, 10])
"""The template of each word: the last one has no comma."""


def font_words(
    words: tuple[str, ...], font: OutlineFont, one_line: float, second_line: float
) -> Words:
    """Templates and places before anything is learned."""
    texts = [word + "," for word in words] + list(words)
    drawn = [sharpen(draw_outline(text, font, SCALE, ROWS, pad=_PAD), SCALE) for text in texts]
    steps = np.array([advance(word + ", ", font) for word in words])
    ends = np.array([advance(word, font) for word in words])
    lengths = np.concatenate([steps[FIGURES[:, :3]], ends[FIGURES[:, 3:]]], axis=1)
    widths = lengths.sum(axis=1)
    before = np.concatenate(
        [np.zeros((len(NUMBERS), 1)), np.cumsum(lengths, axis=1)[:, :3]], axis=1
    )
    one = before - widths[:, None] / 2
    first = lengths[:, :3].sum(axis=1) - advance(" ", font)
    two = np.concatenate([before[:, :3] - first[:, None] / 2, -lengths[:, 3:] / 2], axis=1)
    starts = np.round((np.stack([one, two]) - _PAD) * SCALE).astype(np.int64)
    return Words(tuple(drawn), starts, widths, one_line, second_line)


def score_words(cells: Floats, words: Words, wraps: NDArray[np.bool_]) -> Floats:
    """Scores (R, LARGEST + 1) of all numbers in cells (R, H, W); `wraps` (R,): two lines happen."""
    down, across = FRAME.middle
    lines = lines_of(cells, words)
    lower, first, second = lines.lower, lines.first, lines.second
    two_lines = wraps & lines.two
    upper_map = _matches(cells, words, down, range(20))
    scores = _sum_words(upper_map, upper_map, words, 0, across)
    too_wide = words.widths > _widest(words)
    scores[np.ix_(wraps, too_wide)] = -np.inf
    if two_lines.any():
        chosen = np.flatnonzero(two_lines)
        lower_map = _matches(cells[chosen], words, lower, range(10, 20))
        wrapped = _sum_words(upper_map[chosen], lower_map, words, 1, across)
        wrapped[:, words.widths < words.one_line - LOOSE] = -np.inf
        scores[chosen] = np.maximum(scores[chosen], wrapped)
    energy = np.sqrt(first + np.where(wraps, second, 0))
    norms = np.sqrt(words.energies[TEMPLATE].sum(axis=1))
    scores = scores / norms / np.maximum(energy, 1e-6)[:, None]
    return np.asarray(np.maximum(scores, -1.0), np.float32)


@dataclass(frozen=True)
class Lines:
    """Squared ink (R,) of the two lines of cells, and the pixel row of the second one."""

    first: Floats
    second: Floats
    lower: int

    @property
    def two(self) -> NDArray[np.bool_]:
        """Whether anything stands on the second line, (R,)."""
        return np.asarray(self.second > _FAINT * self.first, bool)


def lines_of(cells: Floats, words: Words) -> Lines:
    """The two lines of cells (R, H, W)."""
    down = FRAME.middle[0]
    lower = down + round(words.second_line * SCALE)
    return Lines(_energy(cells, down), _energy(cells, lower), lower)


def _energy(cells: Floats, middle: int) -> Floats:
    """Squared ink (R,) of a line."""
    band = cells[:, middle - ROWS // 2 : middle + ROWS // 2 + 1]
    return np.asarray((band**2).sum(axis=(1, 2)), np.float32)


def _matches(cells: Floats, words: Words, middle: int, which: range) -> Floats:
    """Inner products (R, 20, X) of templates with a line, the best over small shifts.

    X counts the left edges of templates; a template that was not asked for matches nowhere.
    """
    count, _, width = cells.shape
    high = ROWS + 2 * REACH_Y
    top = max(0, middle - high // 2)
    # One tall image for all cells: a correlation of many small ones costs more to begin than to do.
    tall = np.ascontiguousarray(cells[:, top : top + high]).reshape(count * high, width)
    out = np.full((count, 20, width), -1e3, np.float32)
    for number in which:
        template = words.templates[number]
        found = cv2.matchTemplate(tall, template, cv2.TM_CCORR)
        whole = np.empty((count * high, found.shape[1]), np.float32)
        whole[: len(found)] = found  # below it lies nothing that is asked for
        best = whole.reshape(count, high, -1)[:, : 2 * REACH_Y + 1].max(axis=1)
        out[:, number, : best.shape[1]] = cv2.dilate(best, np.ones((1, SLACK), np.uint8))
    return out


def _sum_words(upper: Floats, last: Floats, words: Words, line: int, across: int) -> Floats:
    """The sum of a number's four words, (R, N), at the shift that suits it best."""
    count, _, width = upper.shape
    flat, flat_last = upper.reshape(count, -1), last.reshape(count, -1)
    best = np.full((count, len(NUMBERS)), -np.inf, np.float32)
    for shift in range(-REACH_X, REACH_X + 1):
        x = np.clip(words.starts[line] + across + shift, 0, width - 1)
        at = TEMPLATE * width + x
        total = flat_last[:, at[:, 3]]
        for place in range(3):
            total += flat[:, at[:, place]]
        np.maximum(best, total, out=best)
    return best


def alike(one: int, other: int, words: Words) -> float:
    """The correlation, -1 to 1, of two numbers' words as they would be printed on one line."""
    drawn = [_drawn(number, words) for number in (one, other)]
    norms = math.prod(float(np.sqrt((image**2).sum())) for image in drawn)
    return float((drawn[0] * drawn[1]).sum()) / max(norms, 1e-6)


def _drawn(number: int, words: Words) -> Floats:
    middle = round(2 * FRAME.half_width * SCALE)  # strings that wrap are wider than their column
    out = np.zeros((ROWS, 2 * middle), np.float32)
    for kind, start in zip(TEMPLATE[number], words.starts[0, number], strict=True):
        template = words.templates[kind]
        left = middle + int(start)
        out[:, left : left + template.shape[1]] += template
    return out


def learn_words(cells: Floats, values: Integers, words: Words) -> Words:
    """Templates of this sheet, from cells (R, H, W) whose numbers (R,) are known or believed.

    Only strings that surely stand on one line teach; a word's own samples weigh by their number
    against the font's, so that one cell alone never redefines a word.
    """
    samples: list[list[Floats]] = [[] for _ in range(20)]
    down, across = FRAME.middle
    high = ROWS + 2 * REACH_Y
    wrapped = lines_of(cells, words).two
    for cell, value, two_lines in zip(cells, values, wrapped, strict=True):
        if not 0 <= value <= LARGEST or two_lines or words.widths[value] > _widest(words):
            continue
        line = cell[down - high // 2 : down + high // 2 + 1]
        for number, start in zip(TEMPLATE[value], words.starts[0, value], strict=True):
            glyph = _sample(line, words.templates[number], across + int(start))
            if glyph is not None:
                samples[number].append(glyph)
    gains = [
        np.sqrt((glyph**2).sum() / (words.templates[number] ** 2).sum())
        for number, found in enumerate(samples)
        for glyph in found
    ]
    if not gains:
        return words
    gain = float(np.median(gains))
    learned = [
        (OWN * gain * template + np.sum(found, axis=0)) / (OWN + len(found))
        if found
        else gain * template
        for template, found in zip(words.templates, samples, strict=True)
    ]
    templates = tuple(np.asarray(template, np.float32) for template in learned)
    return Words(templates, words.starts, words.widths, words.one_line, words.second_line)


def _widest(words: Words) -> float:
    """Millimetres that a string may have to stand on one line."""
    return words.one_line + LOOSE


def _sample(line: Floats, template: Floats, left: int) -> Floats | None:
    """The piece of a line that looks most like a template, near where it should start."""
    left = left - REACH_X
    window = line[:, max(0, left) : max(0, left + template.shape[1] + 2 * REACH_X)]
    if window.shape[1] < template.shape[1]:
        return None
    found = correlate(window, template)
    _, score, _, (x, y) = cv2.minMaxLoc(found)
    if score < _ALIKE:
        return None
    return np.asarray(window[y : y + template.shape[0], x : x + template.shape[1]], np.float32)


_ALIKE = 0.4
"""A piece that correlates less with its template teaches nothing."""
