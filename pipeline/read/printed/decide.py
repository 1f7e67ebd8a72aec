"""What the print of a sheet proves by itself.

Every number stands twice, in digits and in words, and the rows must add up to the totals.

- *proven*: in every row of the ballot digits and words say the same, the rows' sum is the total of
  valid votes, and with null and empty votes, each read twice alike, the number of all votes.
- *proven by the sum*: digits and words differ in one to three rows, and exactly one choice between
  their two readings, row by row, gives the total.
- *probable*: anything less; the likeliest numbers that add up to a total that was read. It never
  counts without a person.
- *unread*: no numbers add up to any total that was read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed.form import Form
from pipeline.read.printed.rows import RowScores

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

MOST_DISPUTED = 3
"""Rows in which the sum may decide between digits and words."""
_SUPPORT = 2  # readings of a total, of four, that must agree before it proves anything
_CLEAR = 0.45  # of the sheet's usual score: a cell below it is not read
_FAINTEST = 0.2  # no score below this is a reading, or blank columns would be a sheet of zeros
_CODES_FIT = 0.75  # share of the rows whose code must stand where it should
_RUN = 3  # rows in a row that may not all lack their code
_CHOICES = 6  # numbers of each row that the likeliest sum may choose from
_SCALE = 0.03  # a difference of scores by this much is one unit of evidence
_TOTAL_WEIGHT = 1.5  # units of evidence that one more reading of a total is worth


class Verdict(StrEnum):
    """How much a sheet's print proves by itself."""

    PROVEN = "proven"
    BY_SUM = "proven-by-sum"
    PROBABLE = "probable"
    UNREAD = "unread"


@dataclass(frozen=True)
class Decision:
    """The numbers that the print gives, and how sure they are.

    `doubts` are plain sentences about what speaks against them.
    """

    verdict: Verdict
    votes: tuple[int, ...] = ()
    null_votes: int = 0
    empty_votes: int = 0
    doubts: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether they may count."""
        return self.verdict in (Verdict.PROVEN, Verdict.BY_SUM)


@dataclass(frozen=True)
class Totals:
    """The totals as they were read: how often each value, by what it counts."""

    valid: Counter[int]
    null: Counter[int]
    empty: Counter[int]
    everything: Counter[int]


def decide(scores: RowScores, form: Form) -> Decision:
    """Decide on a sheet whose QR says nothing."""
    digits, words = _readings(scores, form)
    totals = read_totals(scores, form)
    doubts = _shift_doubts(scores)
    disputed = [
        row
        for row, (a, b) in enumerate(zip(digits, words, strict=True))
        if a != b or a is None or b is None
    ]
    proof = _prove(digits, words, disputed, totals) if not doubts else None
    if proof:
        return proof
    return _likeliest(scores, form, totals, (*doubts, *_row_doubts(disputed, digits, words, form)))


def _readings(scores: RowScores, form: Form) -> tuple[list[int | None], list[int | None]]:
    """The ballot's rows in digits and in words; None where a cell is too unlike any number."""
    return tuple(_clear(table[form.votes]) for table in (scores.digits, scores.words))  # type: ignore[return-value]


def _clear(table: Floats) -> list[int | None]:
    best = table.max(axis=1)
    least = max(_FAINTEST, _CLEAR * float(np.median(best)))
    return [
        int(value) if score >= least else None
        for value, score in zip(table.argmax(axis=1), best, strict=True)
    ]


def read_totals(scores: RowScores, form: Form) -> Totals:
    """The rows outside the ballot, each read in digits and in words."""
    found: dict[str, Counter[int]] = {}
    for table in (scores.digits, scores.words):
        best = table.max(axis=1)
        least = max(_FAINTEST, _CLEAR * float(np.median(best)))
        for row, values, score in zip(form.rows, table, best, strict=True):
            if row.counts != "votes" and score >= least:
                found.setdefault(row.counts, Counter())[int(values.argmax())] += 1
    machine, everything = found.get("machine", Counter()), found.get("all", Counter())
    return Totals(
        found.get("valid", Counter()),
        found.get("null", Counter()),
        found.get("empty", Counter()),
        machine + everything,
    )


def _shift_doubts(scores: RowScores) -> tuple[str, ...]:
    fits = scores.codes > 0
    fitting = float(fits.mean())
    if fitting < _CODES_FIT:
        return (f"only {fitting:.0%} of the party codes stand where they should",)
    astray = np.convolve(~fits, np.ones(_RUN), "valid") == _RUN
    if astray.any():
        return (f"{_RUN} party codes in a row do not stand where they should",)
    return ()


def _prove(
    digits: Sequence[int | None],
    words: Sequence[int | None],
    disputed: list[int],
    totals: Totals,
) -> Decision | None:
    """The proof, if there is exactly one."""
    if len(disputed) > MOST_DISPUTED:
        return None
    options = [
        sorted({value for value in pair if value is not None})
        for pair in zip(digits, words, strict=True)
    ]
    if not all(options):
        return None
    proofs = []
    for choice in product(*(options[row] for row in disputed)):
        votes = [values[0] for values in options]
        for row, value in zip(disputed, choice, strict=True):
            votes[row] = value
        rest = _rest(sum(votes), totals)
        if rest:
            proofs.append((tuple(votes), *rest))
    if len(proofs) != 1:
        return None
    verdict = Verdict.BY_SUM if disputed else Verdict.PROVEN
    return Decision(verdict, *proofs[0])


def _rest(valid: int, totals: Totals) -> tuple[int, int] | None:
    """Null and empty votes, if the rows' sum is the total of valid votes and exactly one pair of
    what was read twice makes it the number of all votes."""
    if _settled(totals.valid) != valid:
        return None
    everything = _read_twice(totals.everything)
    pairs = [
        (null, empty)
        for null, empty in product(_read_twice(totals.null), _read_twice(totals.empty))
        if valid + null + empty in everything
    ]
    return pairs[0] if len(pairs) == 1 else None


def _settled(readings: Counter[int]) -> int | None:
    """The value that enough readings share and no other value equals."""
    ranked = readings.most_common(2)
    if not ranked or ranked[0][1] < _SUPPORT:
        return None
    if len(ranked) > 1 and ranked[1][1] == ranked[0][1]:
        return None
    return ranked[0][0]


def _read_twice(readings: Counter[int]) -> list[int]:
    return sorted(value for value, count in readings.items() if count >= _SUPPORT)


def _row_doubts(
    disputed: list[int],
    digits: Sequence[int | None],
    words: Sequence[int | None],
    form: Form,
) -> tuple[str, ...]:
    shown = [
        f"code {form.rows[form.votes][row].code}: digits {_said(digits[row])}, "
        f"words {_said(words[row])}"
        for row in disputed[:MOST_DISPUTED]
    ]
    more = len(disputed) - len(shown)
    return (*shown, f"and {more} more rows") if more > 0 else tuple(shown)


def _said(value: int | None) -> str:
    return "not legible" if value is None else str(value)


def _likeliest(scores: RowScores, form: Form, totals: Totals, doubts: tuple[str, ...]) -> Decision:
    """The likeliest numbers that add up to a total that was read twice."""
    evidence = (scores.digits[form.votes] + scores.words[form.votes]) / _SCALE
    null = totals.null.most_common(1)[0][0] if totals.null else 0
    empty = totals.empty.most_common(1)[0][0] if totals.empty else 0
    support = totals.valid.copy()
    for value, count in totals.everything.items():
        if value >= null + empty:
            support[value - null - empty] += count
    sums, chosen = _best_sums(np.asarray(evidence, np.float64))
    known = [
        (sums[value] + _TOTAL_WEIGHT * count, value)
        for value, count in support.items()
        if count >= _SUPPORT and value < len(sums) and np.isfinite(sums[value])
    ]
    if not known:
        return Decision(Verdict.UNREAD, doubts=("no numbers add up to a total", *doubts))
    total = max(known)[1]
    votes = _walk_back(chosen, total)
    if not doubts:
        doubts = ("null, empty or all votes are not read twice alike, or do not add up",)
    return Decision(Verdict.PROBABLE, votes, null, empty, doubts)


def _best_sums(evidence: Doubles) -> tuple[Doubles, list[NDArray[np.int64]]]:
    """For each sum the evidence of its best rows, and for each row the value that leads there."""
    length = evidence.shape[1]
    best = np.full(length, -np.inf)
    best[0] = 0.0
    chosen = []
    for row in evidence:
        values = np.argsort(-row)[:_CHOICES]
        reached = np.full(length, -np.inf)
        taken = np.full(length, -1, np.int64)
        for value in values:
            candidate = np.full(length, -np.inf)
            candidate[value:] = best[: length - value] + row[value]
            better = candidate > reached
            reached[better], taken[better] = candidate[better], value
        best = reached
        chosen.append(taken)
    return best, chosen


def _walk_back(chosen: list[NDArray[np.int64]], total: int) -> tuple[int, ...]:
    votes = []
    for taken in reversed(chosen):
        votes.append(int(taken[total]))
        total -= votes[-1]
    return tuple(reversed(votes))
