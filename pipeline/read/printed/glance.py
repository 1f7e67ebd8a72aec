"""A glance at a print whose numbers the QR tells: does every row clearly show its own?

Most sheets do, and then nothing else need be asked. What is not clear here is no verdict: it is
left to `agree`, which tries every number that might stand there instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed import digits as digit_column
from pipeline.read.printed import words as word_column
from pipeline.read.printed.agree import LEGIBLE, Agreement, RowCheck, way
from pipeline.read.printed.cells import Frame, cut_cells, ink_cells
from pipeline.read.printed.digits import LARGEST, Digits
from pipeline.read.printed.form import Row
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.laid import (
    Fits,
    LaidDigits,
    fit_digits,
    fit_words,
    lay_digits,
    lay_words,
    learn_laid_digits,
    learn_laid_words,
)
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Doubles, Placement

Bools = NDArray[np.bool_]

_REACH = 6  # pixels (0.6 mm) that a number may be off its place
_NEIGHBOURS = 2  # rows on each side that tell where a row lies
_FITS, _WORST = (0.9, 0.85), 0.8
"""Shares of the sheet's usual fit: of a whole number in digits and in words, and of each of their
glyphs. A sound row seldom fits less; of those that show another number nearly all do."""
_FEW_CODES = 0.5  # of the ballot's codes must stand where they should, or the rows are others


@dataclass(frozen=True)
class Glance:
    """What was seen: every row that the QR speaks of shows its number."""

    rows: tuple[RowCheck, ...]
    placement: Placement


@dataclass(frozen=True)
class _Asked:
    """The rows of the form whose numbers are expected, and these (R,)."""

    rows: list[Row]
    numbers: list[int]
    votes: Bools
    ruled: Bools
    wraps: Bools


def glance(
    page: Grey, placement: Placement, model: PrintModel, expected: Sequence[int | None]
) -> Glance | None:
    """Look at a full-size page; None unless each row of the ballot shows what is expected in digits
    and in words, and each row of totals in one of them and in none another.

    The placement may be off by half a millimetre; the one that comes back is not.
    """
    asked = _asked(model, expected)
    if asked is None:
        return None
    ballot = [row for row in asked.rows if row.counts == "votes"]
    laid = _lay_digits(page, placement, model, ballot, asked)
    digits = learn_laid_digits(laid.some(_taught(ballot, asked)), model.digits)
    fits = fit_digits(laid, digits)
    codes, numbers = _part(fits, slice(len(ballot))), _part(fits, slice(len(ballot), None))
    if _clear(codes, 0).mean() < _FEW_CODES or np.median(numbers.scores) < LEGIBLE[0]:
        return None
    offsets = _offsets(laid.offsets, asked) / digit_column.SCALE
    of_digits = _ways_of_digits(page, placement, asked, offsets, digits, numbers)
    agree = np.array([found is Agreement.AGREES for found in of_digits])
    if not agree[asked.votes].all():
        return None
    of_words = _ways_of_words(page, placement, model, asked, offsets, asked.votes | ~agree)
    rows = [
        RowCheck(row.counts, row.code, number, *ways, number, number)
        for row, number, ways in zip(
            asked.rows, asked.numbers, zip(of_digits, of_words, strict=True), strict=True
        )
    ]
    if not all(row.agrees and (row.counts != "votes" or row.agrees_twice) for row in rows):
        return None
    told = tuple(row for row in rows if row.counts != "book")
    return Glance(told, placement.moved(np.median(offsets, axis=0)))


def _asked(model: PrintModel, expected: Sequence[int | None]) -> _Asked | None:
    """The rows to look at; the book of voters should show what the machine does."""
    of_form = list(zip(model.form.rows, expected, strict=True))
    machine = next(value for row, value in of_form if row.counts == "machine")
    values = [(row, machine if row.counts == "book" else value) for row, value in of_form]
    chosen = [(row, value) for row, value in values if value is not None]
    if any(value > LARGEST for _, value in chosen):
        return None
    rows = [row for row, _ in chosen]
    return _Asked(
        rows,
        [value for _, value in chosen],
        np.array([row.counts == "votes" for row in rows]),
        np.array([row.ruled for row in rows]),
        np.array([row.wraps for row in rows]),
    )


def _lay_digits(
    page: Grey, placement: Placement, model: PrintModel, ballot: list[Row], asked: _Asked
) -> LaidDigits:
    """Codes and numbers, laid over their cells."""
    rows = ballot + asked.rows
    code_x = model.form.layout.ballot_table.code_x
    xs = np.array([code_x] * len(ballot) + [row.number_x for row in asked.rows])
    cells = _cut(page, placement, rows, xs, np.zeros((len(rows), 2)), digit_column.FRAME)
    texts = [row.code for row in ballot] + [str(number) for number in asked.numbers]
    return lay_digits(cells, texts, model.digits, _REACH)


def _cut(
    page: Grey, placement: Placement, rows: list[Row], xs: Doubles, offsets: Doubles, frame: Frame
) -> Floats:
    return ink_cells(cut_cells(page, placement, rows, xs, offsets, frame), rows, frame)


def _taught(ballot: list[Row], asked: _Asked) -> Bools:
    """The laid numbers that teach: rules touch the totals'."""
    return np.concatenate([np.ones(len(ballot), bool), ~asked.ruled])


def _offsets(found: NDArray[np.int64], asked: _Asked) -> Doubles:
    """Pixels (R, 2) that each asked row lies off its place, as its neighbourhood tells.

    One stained code or number must not move its row.
    """
    ballot = np.flatnonzero(asked.votes)
    codes, numbers = found[: len(ballot)], found[len(ballot) :][asked.votes]
    own = np.clip(np.arange(len(asked.rows)) - ballot[0], 0, len(ballot) - 1)
    near = own[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1)
    near = np.clip(near, 0, len(ballot) - 1)
    return np.asarray(np.median(np.concatenate([codes[near], numbers[near]], axis=1), axis=1))


def _ways_of_digits(
    page: Grey, placement: Placement, asked: _Asked, offsets: Doubles, digits: Digits, fits: Fits
) -> list[Agreement]:
    """How each row's digits stand to its number; unclear ones are held against all numbers."""
    usual, clear = float(np.median(fits.scores)), _clear(fits, 0)
    ways = [Agreement.AGREES] * len(clear)
    for ruled in (False, True):
        rows = np.flatnonzero(~clear & (asked.ruled == ruled))
        if not rows.size:
            continue
        some = [asked.rows[row] for row in rows]
        xs = np.array([row.number_x for row in some])
        cells = _cut(page, placement, some, xs, offsets[rows], digit_column.FRAME)
        reach = digit_column.RULED_REACH if ruled else digit_column.REACH
        scores = digit_column.score_numbers(cells, digits, reach)
        alike = partial(digit_column.alike, digits=digits)
        for row, table in zip(rows, scores, strict=True):
            ways[row], _ = way(table, asked.numbers[row], 0, alike, usual)
    return ways


def _ways_of_words(
    page: Grey,
    placement: Placement,
    model: PrintModel,
    asked: _Asked,
    offsets: Doubles,
    chosen: Bools,
) -> list[Agreement]:
    """The same of the words of chosen rows: a total whose digits agree needs none."""
    places = np.flatnonzero(chosen)
    rows = [asked.rows[place] for place in places]
    numbers = np.array([asked.numbers[place] for place in places])
    wraps = asked.wraps[places]
    xs = np.array([row.words_x for row in rows])
    cells = _cut(page, placement, rows, xs, offsets[places], word_column.FRAME)
    laid = lay_words(cells, numbers, model.words, wraps)
    words = learn_laid_words(laid, model.words)
    fits = fit_words(laid, words)
    usual, clear = float(np.median(fits.scores)), _clear(fits, 1)
    ways = [Agreement.WEAK] * len(chosen)
    for place in places[clear]:
        ways[place] = Agreement.AGREES
    unclear = np.flatnonzero(~clear)
    if unclear.size:
        scores = word_column.score_words(cells[unclear], words, wraps[unclear])
        alike = partial(word_column.alike, words=words)
        for row, table in zip(unclear, scores, strict=True):
            ways[places[row]], _ = way(table, int(numbers[row]), 1, alike, usual)
    return ways


def _part(fits: Fits, rows: slice) -> Fits:
    return Fits(fits.scores[rows], fits.margins[rows], fits.worst[rows])


def _clear(fits: Fits, column: int) -> Bools:
    """Rows (R,) that fit as the sheet's others do, each glyph too, and with none changed as well.

    On a sheet whose usual fit is poor, none is clear.
    """
    usual = float(np.median(fits.scores))
    fit = fits.scores >= _FITS[column] * usual
    glyphs = fits.worst >= _WORST * np.median(fits.worst)
    return np.asarray(fit & glyphs & (fits.margins > 0) & (usual >= LEGIBLE[column]), bool)
