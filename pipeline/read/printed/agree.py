"""Holding the print against the QR: the numbers are known, so only their rivals are asked about.

Of each row and column, the margin is the score of the QR's number less the best score of any other.
If the paper showed that other number, the margin would be about `-score * (1 - alike)`, where
`alike` is how much the two look alike in this sheet's print: a 6 and an 8 do, a 2 and a 7 do not.
The row is a *mismatch* where half of that is seen, or as much as no blemish makes; it *agrees*
where the margin is positive; it is *weak* in between, and where the paper is too unclear to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed import digits as digit_column
from pipeline.read.printed import words as word_column
from pipeline.read.printed.form import Form
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.rows import RowScores

HALFWAY = 0.65
"""Share of the margin that another number would make from which it is taken to stand there."""
_LEAST, _MOST = (0.012, 0.012), (0.08, 0.02)
"""For digits and words: no smaller margin is an alarm, and every larger one is."""
CLEAR = 0.8  # of the sheet's usual score: what fits less than that is no number, but a stain
LEGIBLE = (0.82, 0.75)
"""The usual score of a sheet's digits and words below which nothing is told from them."""


class Agreement(StrEnum):
    """Of one number on the paper with the QR's."""

    AGREES = "agrees"
    WEAK = "weak"
    MISMATCH = "mismatch"


@dataclass(frozen=True)
class RowCheck:
    """One row held against the QR: by what it counts (`code` of ballot rows), and both columns."""

    counts: str
    code: str
    expected: int
    digits: Agreement
    words: Agreement
    digits_read: int
    words_read: int

    @property
    def mismatch(self) -> bool:
        """Whether either column shows another number."""
        return Agreement.MISMATCH in (self.digits, self.words)

    @property
    def differs(self) -> bool:
        """Whether both columns show another number."""
        return self.digits is self.words is Agreement.MISMATCH

    @property
    def shows(self) -> bool:
        """Whether a column shows the number."""
        return Agreement.AGREES in (self.digits, self.words)

    @property
    def agrees(self) -> bool:
        """Whether a column shows the number and none another."""
        return self.shows and not self.mismatch

    @property
    def agrees_twice(self) -> bool:
        """Whether both columns show the number."""
        return self.digits is self.words is Agreement.AGREES

    @property
    def sentence(self) -> str:
        """What differs, in words."""
        row = f"row of code {self.code}" if self.code else f"row of {self.counts} votes"
        columns = (
            ("digits", self.digits, self.digits_read),
            ("words", self.words, self.words_read),
        )
        shown = [f"{name} {read}" for name, way, read in columns if way is Agreement.MISMATCH]
        return f"{row}: QR {self.expected}, {' and '.join(shown)}"


def expected_numbers(
    form: Form, votes: Sequence[int], null_votes: int, empty_votes: int
) -> list[int | None]:
    """The number that each row must show by the QR; None where the QR does not say."""
    valid = sum(votes)
    known = {
        "machine": valid + null_votes + empty_votes,
        "all": valid + null_votes + empty_votes,
        "valid": valid,
        "null": null_votes,
        "empty": empty_votes,
    }
    of_ballot = iter(votes)
    return [
        next(of_ballot) if row.counts == "votes" else known.get(row.counts) for row in form.rows
    ]


def check_rows(
    scores: RowScores, form: Form, expected: Sequence[int | None]
) -> tuple[RowCheck, ...]:
    """Hold every row that the QR speaks of against it."""
    shifted = np.zeros(len(form.rows), bool)
    shifted[form.votes] = scores.codes <= 0
    digits = _ways(
        scores.digits,
        expected,
        shifted,
        0,
        lambda one, other: digit_column.alike(one, other, scores.digit_look),
    )
    words = _ways(
        scores.words,
        expected,
        shifted,
        1,
        lambda one, other: word_column.alike(one, other, scores.word_look),
    )
    return tuple(
        RowCheck(row.counts, row.code, value, *way, *read)
        for row, value, way, read in (
            (row, value, (a[0], b[0]), (a[1], b[1]))
            for row, value, a, b in zip(form.rows, expected, digits, words, strict=True)
        )
        if value is not None
    )


def _ways(
    table: Floats,
    expected: Sequence[int | None],
    shifted: NDArray[np.bool_],
    column: int,
    alike: Callable[[int, int], float],
) -> list[tuple[Agreement, int]]:
    """Of each row, how it stands to what is expected, and the number that fits best."""
    usual = float(np.median(table.max(axis=1)))
    return [
        (Agreement.WEAK, int(scores.argmax()))
        if value is None or moved
        else way(scores, value, column, alike, usual)
        for scores, value, moved in zip(table, expected, shifted, strict=True)
    ]


def way(
    scores: Floats, value: int, column: int, alike: Callable[[int, int], float], usual: float
) -> tuple[Agreement, int]:
    """How a row stands to what is expected, and the number that fits best.

    Args:
        scores: (N,) of all numbers.
        value: the expected one.
        column: 0 for digits, 1 for words.
        alike: how much two numbers look alike in this column.
        usual: the sheet's usual best score.
    """
    read = int(scores.argmax())
    unclear = usual < LEGIBLE[column] or scores[read] < CLEAR * usual
    if unclear or value >= len(scores):
        return Agreement.WEAK, read
    return _way(scores, value, column, alike), read


def _way(scores: Floats, value: int, column: int, alike: Callable[[int, int], float]) -> Agreement:
    rivals = scores.copy()
    rivals[value] = -np.inf
    rival = int(rivals.argmax())
    margin = float(scores[value] - rivals[rival])
    if margin > 0:
        return Agreement.AGREES
    clear = float(rivals[rival]) * (1 - alike(value, rival))
    alarm = min(max(_LEAST[column], HALFWAY * clear), _MOST[column])
    return Agreement.MISMATCH if margin < -alarm else Agreement.WEAK
