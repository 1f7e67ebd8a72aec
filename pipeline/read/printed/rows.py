"""From a placed page to scores: every row's numbers, in digits and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed import digits as digit_column
from pipeline.read.printed import words as word_column
from pipeline.read.printed.cells import cut_cells, ink_cells
from pipeline.read.printed.digits import (
    Digits,
    draw_numbers,
    find_numbers,
    learn_digits,
    score_numbers,
)
from pipeline.read.printed.form import Row
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Doubles, Placement
from pipeline.read.printed.words import Words, learn_words, score_words

Integers = NDArray[np.int64]

_NUMBER_REACH = 4  # pixels that a number may be off its row's place, to teach
_RIVAL_REACH = 2  # pixels around a code in which its neighbours' are tried
_CLEAR = 0.08  # of two scores together: a row that is so much clearer than its rivals teaches
_NEIGHBOURS = 2  # rows on each side whose codes tell where a row lies, beside its own


@dataclass(frozen=True)
class RowScores:
    """Scores (R, N) of every number in every row of the form; N numbers from 0.

    `codes` (B,) tells of each row of the ballot how well its known code fits where it should stand,
    less how well a neighbour's code fits there: a negative one means that rows are shifted, or that
    the row cannot be seen. The looks are the templates that this sheet taught.
    """

    digits: Floats
    words: Floats
    codes: Doubles
    digit_look: Digits
    word_look: Words


def score_rows(
    page: Grey,
    placement: Placement,
    model: PrintModel,
    expected: Sequence[int | None] | None = None,
) -> RowScores:
    """Score the rows of a full-size page.

    First the Código column tells where each row lies and what this sheet's digits look like. What
    its words look like is taught by the rows whose digits and words say the same; where the numbers
    are expected (R, None where not), they teach words and digits both: one forged cell among the
    many of a sheet changes no template.
    """
    form = model.form
    rows = list(form.rows)
    ballot = rows[form.votes]
    aligned = _align(page, placement, ballot, model)
    everywhere = _spread(aligned.offsets, form.votes, len(rows))
    numbers = _cut(page, placement, rows, [row.number_x for row in rows], everywhere, "digits")
    spelled = _cut(page, placement, rows, [row.words_x for row in rows], everywhere, "words")
    wraps = np.array([row.wraps for row in rows])
    if expected is not None:
        known = np.array([-1 if value is None else value for value in expected])[form.votes]
        digits = _teach_digits(aligned, numbers[form.votes], known, model)
        digit_scores = _score_digits(numbers, rows, digits)
        taught = learn_words(spelled[form.votes], known, model.words)
        return RowScores(
            digit_scores, score_words(spelled, taught, wraps), aligned.fits, digits, taught
        )
    digits = learn_digits(aligned.codes, aligned.cells, aligned.pixels, model.digits)
    first = _score_digits(numbers, rows, digits)[form.votes]
    known = _believed(first, score_words(spelled[form.votes], model.words, wraps[form.votes]))
    digits = _teach_digits(aligned, numbers[form.votes], known, model)
    taught = learn_words(spelled[form.votes], known, model.words)
    digit_scores = _score_digits(numbers, rows, digits)
    return RowScores(
        digit_scores, score_words(spelled, taught, wraps), aligned.fits, digits, taught
    )


def _believed(digits: Floats, words: Floats) -> Integers:
    """The number of each row (R,) that both columns together show clearly, -1 where none is."""
    both = digits + words
    second, best = np.sort(np.partition(both, -2, axis=1)[:, -2:], axis=1).T
    return np.where(best - second >= _CLEAR, both.argmax(axis=1), -1).astype(np.int64)


def _teach_digits(aligned: _Aligned, cells: Floats, known: Integers, model: PrintModel) -> Digits:
    """Learn the digits from the codes and from the numbers that are expected."""
    seen = np.flatnonzero((known >= 0) & (known <= digit_column.LARGEST))
    texts = [str(known[row]) for row in seen]
    first = learn_digits(aligned.codes, aligned.cells, aligned.pixels, model.digits)
    middle = np.zeros((len(texts), 2))
    places, _ = find_numbers(draw_numbers(texts, first), cells[seen], middle, _NUMBER_REACH)
    return learn_digits(
        aligned.codes + texts,
        np.concatenate([aligned.cells, cells[seen]]),
        np.concatenate([aligned.pixels, places]),
        model.digits,
    )


def _score_digits(cells: Floats, rows: list[Row], digits: Digits) -> Floats:
    ruled = np.array([row.ruled for row in rows])
    scores = np.empty((len(rows), digit_column.LARGEST + 1), np.float32)
    scores[~ruled] = score_numbers(cells[~ruled], digits)
    scores[ruled] = score_numbers(cells[ruled], digits, digit_column.RULED_REACH)
    return scores


@dataclass(frozen=True)
class _Aligned:
    """The Código column: its texts, cells, each one's place off the middle in pixels (B, 2), the
    rows' places off the placement in millimetres (B, 2), and how well the codes fit (B,)."""

    codes: list[str]
    cells: Floats
    pixels: Doubles
    offsets: Doubles
    fits: Doubles


def _align(page: Grey, placement: Placement, ballot: list[Row], model: PrintModel) -> _Aligned:
    codes = [row.code for row in ballot]
    code_x = model.form.layout.ballot_table.code_x
    nothing = np.zeros((len(ballot), 2))
    cells = _cut(page, placement, ballot, [code_x] * len(ballot), nothing, "digits")
    offsets, _ = find_numbers(draw_numbers(codes, model.digits), cells, nothing)
    drawn = draw_numbers(codes, learn_digits(codes, cells, offsets, model.digits))
    offsets, own = find_numbers(drawn, cells, nothing)
    rivals = [
        find_numbers(others, cells, offsets, _RIVAL_REACH)[1]
        for others in (drawn[-1:] + drawn[:-1], drawn[1:] + drawn[:1])
    ]
    calm = _calm(offsets) / digit_column.SCALE
    return _Aligned(codes, cells, offsets, calm, own - np.maximum(*rivals))


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
