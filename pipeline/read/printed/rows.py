"""From a placed page to scores: every row's numbers, in digits and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed import digits as digit_column
from pipeline.read.printed import words as word_column
from pipeline.read.printed.cells import cut_cells, ink_cells
from pipeline.read.printed.digits import Digits, code_offsets, learn_digits, score_numbers
from pipeline.read.printed.form import Row
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Doubles, Placement
from pipeline.read.printed.words import Words, learn_words, score_words

_NEIGHBOURS = 2  # rows on each side whose codes tell where a row lies, beside its own


@dataclass(frozen=True)
class RowScores:
    """Scores (R, N) of every number in every row of the form; N numbers from 0.

    `codes` (B,) tells of each row of the ballot how well its known code fits where it should stand,
    less how well a neighbour's code fits there: a negative one means that rows are shifted, or that
    the row cannot be seen.
    """

    digits: Floats
    words: Floats
    codes: Doubles


def score_rows(page: Grey, placement: Placement, model: PrintModel) -> RowScores:
    """Score the rows of a full-size page.

    First the Código column tells where each row lies and what this sheet's digits look like; then
    the numbers are scored; what digits and words agree upon teaches how its words look, and the
    words are scored again.
    """
    form = model.form
    rows = list(form.rows)
    ballot = rows[form.votes]
    offsets, digits, codes = _align(page, placement, ballot, model)
    everywhere = _spread(offsets, form.votes, len(rows))
    numbers = _cut(page, placement, rows, [row.number_x for row in rows], everywhere, "digits")
    digit_scores = _score_digits(numbers, rows, digits)
    spelled = _cut(page, placement, rows, [row.words_x for row in rows], everywhere, "words")
    wraps = np.array([row.wraps for row in rows])
    word_scores = score_words(spelled, model.words, wraps)
    taught = _teach(spelled[form.votes], digit_scores[form.votes], word_scores[form.votes], model)
    return RowScores(digit_scores, score_words(spelled, taught, wraps), codes)


def _score_digits(cells: Floats, rows: list[Row], digits: Digits) -> Floats:
    ruled = np.array([row.ruled for row in rows])
    scores = np.empty((len(rows), digit_column.LARGEST + 1), np.float32)
    scores[~ruled] = score_numbers(cells[~ruled], digits)
    scores[ruled] = score_numbers(cells[ruled], digits, digit_column.RULED_REACH)
    return scores


def _align(
    page: Grey, placement: Placement, ballot: list[Row], model: PrintModel
) -> tuple[Doubles, Digits, Doubles]:
    """Each row's offset (B, 2) in millimetres, this sheet's digits, and how well the codes fit."""
    codes = [row.code for row in ballot]
    code_x = model.form.layout.ballot_table.code_x
    nothing = np.zeros((len(ballot), 2))
    cells = _cut(page, placement, ballot, [code_x] * len(ballot), nothing, "digits")
    offsets, _ = code_offsets(codes, cells, model.digits)
    digits = learn_digits(codes, cells, offsets, model.digits)
    offsets, own = code_offsets(codes, cells, digits)
    _, before = code_offsets(codes[-1:] + codes[:-1], cells, digits)
    _, after = code_offsets(codes[1:] + codes[:1], cells, digits)
    digits = learn_digits(codes, cells, offsets, model.digits)
    return _calm(offsets) / digit_column.SCALE, digits, own - np.maximum(before, after)


def _calm(offsets: Doubles) -> Doubles:
    """The median of each row's neighbourhood: one stained code must not move its row."""
    spread = range(len(offsets))
    near = [offsets[max(0, n - _NEIGHBOURS) : n + _NEIGHBOURS + 1] for n in spread]
    return np.stack([np.median(rows, axis=0) for rows in near])


def _spread(offsets: Doubles, votes: slice, rows: int) -> Doubles:
    """Offsets for all rows: those without a code take their nearest neighbour's."""
    numbers = np.clip(np.arange(rows) - votes.start, 0, len(offsets) - 1)
    return np.asarray(offsets[numbers], np.float64)


def _cut(
    page: Grey,
    placement: Placement,
    rows: list[Row],
    xs: list[float],
    offsets: Doubles,
    column: str,
) -> Floats:
    frame = digit_column.FRAME if column == "digits" else word_column.FRAME
    grey = cut_cells(page, placement, rows, np.array(xs), offsets, frame)
    return ink_cells(grey, rows, frame)


def _teach(cells: Floats, digits: Floats, words: Floats, model: PrintModel) -> Words:
    """Learn the words' look from the rows whose digits say the same."""
    read = words.argmax(axis=1)
    same: NDArray[np.bool_] = read == digits.argmax(axis=1)
    return learn_words(cells[same], read[same], model.words)
