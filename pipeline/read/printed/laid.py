"""Known numbers laid over their cells, in digits and in words: where they fit, and how well.

Each digit (or word) is then compared with the nine others at its own place. A number that differs
in any of them loses there; one with more digits leaves ink unexplained, one with fewer asks for ink
where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.read.printed import digits as digit_column
from pipeline.read.printed import words as word_column
from pipeline.read.printed.digits import Digits
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.words import TEMPLATE, Words

Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NOTHING = 1e-6
_STEP = 2  # pixels between the first shifts that are tried
LOOSE = 3
"""Pixels that another word may lie off the expected one's place: its neighbours move with it."""
_AROUND = np.array([(0, 0), *((x, y) for y in (-1, 0, 1) for x in (-2, -1, 0, 1, 2) if x or y)])
"""Pixels off the expected number's place at which another may stand."""
_ALIKE = 0.4
"""A piece that correlates less with its template teaches nothing."""


@dataclass(frozen=True)
class Fits:
    """Of each row (R,): how well its number fits, -1 to 1, how much better than with any one of its
    digits or words changed, and how well the worst of these fits."""

    scores: Floats
    margins: Floats
    worst: Floats


@dataclass(frozen=True)
class LaidDigits:
    """Numbers where they fit their cells best.

    `rows` (D,) of all their digits in order, `values` (D,), `patches` (D, S, 21 * 15), the first
    where the number fits best and the others up to AROUND pixels beside it; `offsets` (R, 2) pixels
    (x, y) off the middle of the cell; `energy` (R,) of the ink around them.
    """

    rows: Integers
    values: Integers
    patches: Floats
    offsets: Integers
    energy: Floats

    def some(self, chosen: Bools) -> LaidDigits:
        """Only some rows (R,), numbered anew."""
        of_digits = chosen[self.rows]
        numbers = np.cumsum(chosen) - 1
        return LaidDigits(
            numbers[self.rows[of_digits]],
            self.values[of_digits],
            self.patches[of_digits],
            self.offsets[chosen],
            self.energy[chosen],
        )


def lay_digits(cells: Floats, texts: list[str], digits: Digits, reach: int) -> LaidDigits:
    """Lay numbers (R) over cells (R, H, W), each where it fits best within a reach of pixels."""
    high, wide = digits.templates.shape[1:]
    down, across = digit_column.FRAME.middle
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    values = np.array([int(digit) for text in texts for digit in text], np.int64)
    places = np.concatenate([np.arange(len(text)) - (len(text) - 1) / 2 for text in texts])
    left = np.round(across + places * digits.pitch).astype(np.int64) - wide // 2
    padded = np.pad(cells, ((0, 0), (reach, reach), (reach, reach)))
    windows = sliding_window_view(padded, (high, wide), axis=(1, 2))
    top = down - high // 2 + reach
    first = _starts(rows)

    def best(shifts: Integers, step: int) -> Integers:
        """Of shifts (R, S, 2) the best of each row, told by every so many pixels."""
        x = left[:, None] + reach + shifts[rows, :, 0]
        y = top + shifts[rows, :, 1]
        found = windows[..., ::step, ::step][rows[:, None], y, x].reshape(*x.shape, -1)
        own = digits.templates[:, ::step, ::step].reshape(10, -1)[values]
        fits = np.matmul(found, own[:, :, None])[:, :, 0]
        chosen = np.add.reduceat(fits, first).argmax(axis=1)
        return np.asarray(shifts[np.arange(len(shifts)), chosen], np.int64)

    everywhere = np.broadcast_to(
        _square(reach, _STEP), (len(texts), (2 * (reach // _STEP) + 1) ** 2, 2)
    )
    rough = best(everywhere, _STEP)
    near = np.clip(rough[:, None] + _square(1, 1), -reach, reach)
    offsets = best(near, 1)
    beside = np.clip(offsets[:, None] + _AROUND, -reach, reach)[rows]
    patches = windows[rows[:, None], top + beside[..., 1], left[:, None] + reach + beside[..., 0]]
    patches = patches.reshape(len(rows), len(_AROUND), high * wide)
    return LaidDigits(rows, values, patches, offsets, _energies(padded, offsets + reach))


def _square(reach: int, step: int) -> Integers:
    """Shifts (S, 2) on a grid around none."""
    steps = np.arange(-(reach // step) * step, reach + 1, step)
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def _starts(rows: Integers) -> Integers:
    """Where each row's glyphs begin."""
    return np.flatnonzero(np.diff(rows, prepend=-1))


def _energies(padded: Floats, shifts: Integers) -> Floats:
    high, wide = digit_column.FRAME.shape
    moved = [cell[y : y + high, x : x + wide] for cell, (x, y) in zip(padded, shifts, strict=True)]
    return digit_column.energies(np.stack(moved))


def learn_laid_digits(laid: LaidDigits, digits: Digits) -> Digits:
    """The digits as this sheet shows them."""
    return digit_column.learn(laid.values, laid.patches[:, 0], digits)


def fit_digits(laid: LaidDigits, digits: Digits) -> Fits:
    """How numbers fit where they were laid."""
    flat = digits.templates.reshape(10, -1)
    weights = np.broadcast_to((flat**2).sum(axis=1), (len(laid.values), 10))
    ink = np.sqrt((laid.patches[:, 0] ** 2).sum(axis=1))
    products = laid.patches @ flat.T
    here = np.arange(len(laid.values))
    own = products[here, 0, laid.values]
    products = products.max(axis=1)
    products[here, laid.values] = own
    return _fits(products, weights, laid.values, laid.rows, ink, laid.energy)


def _fits(
    products: Floats, weights: Floats, values: Integers, rows: Integers, ink: Floats, energy: Floats
) -> Fits:
    """From inner products (G, 10) of glyphs (G,) with templates, these squared norms (G, 10), and
    the ink where each glyph is expected (G,)."""
    here, first = np.arange(len(values)), _starts(rows)
    own, weight = products[here, values], weights[here, values]
    total, norm = np.add.reduceat(own, first), np.add.reduceat(weight, first)
    changed = (total[rows] - own)[:, None] + products
    changed /= np.sqrt(np.maximum((norm[rows] - weight)[:, None] + weights, _NOTHING))
    changed[here, values] = -np.inf
    rival = np.maximum.reduceat(changed.max(axis=1), first)
    around = np.maximum(energy, _NOTHING)
    score = total / np.sqrt(np.maximum(norm, _NOTHING))
    alone = own / np.maximum(ink * np.sqrt(weight), _NOTHING)
    return Fits(
        np.asarray(score / around, np.float32),
        np.asarray((score - rival) / around, np.float32),
        np.asarray(np.minimum.reduceat(alone, first), np.float32),
    )


@dataclass(frozen=True)
class LaidWords:
    """Spelled numbers where they fit their cells best: `kinds` (R, 4) of their words (see
    `words.TEMPLATE`), `patches` (R, 4, 2 * LOOSE + 1, 15, W) from each word's left edge,
    shifted by up to LOOSE pixels, `energy` (R,) of the ink in their lines."""

    kinds: Integers
    patches: Floats
    energy: Floats


def lay_words(cells: Floats, numbers: Integers, words: Words, wraps: Bools) -> LaidWords:
    """Lay numbers (R,), spelled out, over cells (R, H, W); `wraps` (R,): two lines happen."""
    lines = word_column.lines_of(cells, words)
    two = wraps & lines.two & (words.widths[numbers] >= words.one_line - word_column.LOOSE)
    down, across = word_column.FRAME.middle
    last = np.arange(4) == 3
    middles = np.where(two[:, None] & last, lines.lower, down)
    left = across + words.starts[two.astype(np.int64), numbers]
    kinds = TEMPLATE[numbers]
    room = word_column.REACH_X + word_column.SLACK // 2 + LOOSE
    wide = max(template.shape[1] for template in words.templates)
    padded = np.pad(cells, ((0, 0), (0, 0), (room, wide + room)))
    top = middles - word_column.ROWS // 2 - word_column.REACH_Y
    left = np.clip(left, 0, cells.shape[2])
    maps, depths = _word_maps(padded, words, kinds, left, top)
    x, y = _settled(maps, depths)
    windows = sliding_window_view(padded, (word_column.ROWS, wide), axis=(1, 2))
    columns = (left + LOOSE + x)[:, :, None] + np.arange(-LOOSE, LOOSE + 1)
    patches = windows[np.arange(len(cells))[:, None, None], (top + y)[:, :, None], columns]
    energy = np.sqrt(lines.first + np.where(wraps, lines.second, 0))
    return LaidWords(kinds, patches, np.asarray(energy, np.float32))


def _word_maps(
    padded: Floats, words: Words, kinds: Integers, left: Integers, top: Integers
) -> tuple[Floats, Integers]:
    """Of each word (R, 4) its products over shifts along the line (R, 4, X), and how deep (R, 4, X)
    in its window each lies."""
    high = word_column.ROWS + 2 * word_column.REACH_Y
    count = 2 * (word_column.REACH_X + word_column.SLACK // 2) + 1
    maps = np.empty((*kinds.shape, count), np.float32)
    depths = np.empty(maps.shape, np.int64)
    for row, cell in enumerate(padded):
        for place, kind in enumerate(kinds[row]):
            template = words.templates[kind]
            x, y = left[row, place] + LOOSE, top[row, place]
            window = cell[y : y + high, x : x + template.shape[1] + count - 1]
            found = cv2.matchTemplate(window, template, cv2.TM_CCORR)
            maps[row, place], depths[row, place] = found.max(axis=0), found.argmax(axis=0)
    return maps, depths


def _settled(maps: Floats, depths: Integers) -> tuple[Integers, Integers]:
    """Where each word (R, 4) lies in its window, x and y: all together at one shift, each by itself
    within the slack around it."""
    loose = sliding_window_view(maps, word_column.SLACK, axis=2)  # R, 4, shifts, slack
    shift = loose.max(axis=3).sum(axis=1).argmax(axis=1)
    own = np.take_along_axis(loose, shift[:, None, None, None], axis=2)[:, :, 0].argmax(axis=2)
    x = shift[:, None] + own
    return x, np.take_along_axis(depths, x[:, :, None], axis=2)[:, :, 0]


def learn_laid_words(laid: LaidWords, words: Words) -> Words:
    """The words as this sheet shows them."""
    middle = laid.patches[:, :, LOOSE]
    norms = np.sqrt(words.energies)
    sums, counts, gains = [], [], []
    for kind, template in enumerate(words.templates):
        mine = middle[laid.kinds == kind][:, :, : template.shape[1]]
        ink = np.sqrt((mine**2).sum(axis=(1, 2)))
        alike = (mine * template).sum(axis=(1, 2)) / np.maximum(ink * norms[kind], _NOTHING)
        taught = alike >= _ALIKE
        sums.append(mine[taught].sum(axis=0))
        counts.append(int(taught.sum()))
        gains.extend(ink[taught] / norms[kind])
    if not gains:
        return words
    start = word_column.OWN * float(np.median(gains))
    templates = tuple(
        np.asarray((start * template + total) / (word_column.OWN + count), np.float32)
        for template, total, count in zip(words.templates, sums, counts, strict=True)
    )
    return replace(words, templates=templates)


def fit_words(laid: LaidWords, words: Words) -> Fits:
    """How spelled numbers fit where they were laid."""
    wide = laid.patches.shape[-1]
    padded = np.zeros((20, word_column.ROWS, wide), np.float32)
    for kind, template in enumerate(words.templates):
        padded[kind, :, : template.shape[1]] = template
    flat = padded.reshape(20, -1)
    rows, kinds = np.repeat(np.arange(len(laid.kinds)), 4), laid.kinds.ravel()
    pieces = laid.patches.reshape(len(rows), laid.patches.shape[2], -1)
    products = (pieces @ flat.T).max(axis=1)
    others = np.arange(10) + kinds[:, None] // 10 * 10  # with a comma, or all without
    weights = (flat**2).sum(axis=1)[others]
    products = np.take_along_axis(products, others, axis=1)
    wide_as = np.array([template.shape[1] for template in words.templates])[kinds]
    inside = np.arange(wide) < wide_as[:, None]
    middle = laid.patches[:, :, LOOSE].reshape(len(rows), word_column.ROWS, wide)
    ink = np.sqrt(((middle**2).sum(axis=1) * inside).sum(axis=1))
    return _fits(products, weights, kinds % 10, rows, ink, laid.energy)
