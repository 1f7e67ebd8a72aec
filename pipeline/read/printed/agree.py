"""Holding the print against the QR: the numbers are known, so only their rivals are asked about.

Of each row and column: the margin is the score of the QR's number less the best score of any other.
It *agrees* where the margin is clear, is a *mismatch* where another number clearly fits better, and
is *weak* in between, and wherever the paper is too unclear to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.read.printed.form import Form
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.rows import RowScores

ALARM = -0.012
"""A margin below it says that the paper shows another number."""
AGREES = 0.0
_CLEAR = 0.6  # of the sheet's usual score: what fits less than that is no number, but a stain


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
    ways = [_ways(table, expected, shifted) for table in (scores.digits, scores.words)]
    checks = []
    for number, (row, value) in enumerate(zip(form.rows, expected, strict=True)):
        if value is not None:
            (digits, digits_read), (words, words_read) = (way[number] for way in ways)
            checks.append(
                RowCheck(row.counts, row.code, value, digits, words, digits_read, words_read)
            )
    return tuple(checks)


def _ways(
    table: Floats,
    expected: Sequence[int | None],
    shifted: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> list[tuple[Agreement, int]]:
    best = table.max(axis=1)
    least = _CLEAR * float(np.median(best))
    found = []
    for row, (scores, value) in enumerate(zip(table, expected, strict=True)):
        read = int(scores.argmax())
        if value is None or value >= len(scores) or best[row] < least or shifted[row]:
            found.append((Agreement.WEAK, read))
            continue
        rivals = scores.copy()
        rivals[value] = -np.inf
        margin = float(scores[value] - rivals.max())
        found.append((_way(margin), read))
    return found


def _way(margin: float) -> Agreement:
    if margin < ALARM:
        return Agreement.MISMATCH
    return Agreement.AGREES if margin > AGREES else Agreement.WEAK
