"""The likeliest numbers of a whole sheet, and how likely they are against all others.

Each cell gives every number a likelihood, by how well it explains the ink; digits and words, rows
and totals together give one to every way of filling the sheet in which the rows add up. A blurred
0 that could be an 8 is settled by its words, or by the total, as far as these are clear; what stays
open (one row's 8 for 0 and another's 10 for 18 leave the sum as it is) shows as probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed.form import Form
from pipeline.read.printed.rows import RowScores

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

DIGITS_WEIGHT, WORDS_WEIGHT = 20.0, 110.0
"""What a cell's share of unexplained ink says about its number, as a power: fitted to worn
synthetic sheets; words are more ink, so they say more."""
_ASTRAY = 0.01
"""Share of cells that say nothing of their number, or a wrong one: stained, torn, or forged."""
_CHOICES = 24  # numbers of a row that are considered
_HOPELESS = 20.0  # by so much (log) less likely than the row's best a number is not considered
_REST = 8  # numbers of null and of empty votes that are considered


@dataclass(frozen=True)
class Joint:
    """The likeliest filling of a sheet; `chance` (0 to 1) is its share of all that is possible."""

    votes: tuple[int, ...]
    null_votes: int
    empty_votes: int
    chance: float

    @property
    def valid(self) -> int:
        """The total of valid votes that it adds up to."""
        return sum(self.votes)

    @property
    def everything(self) -> int:
        """The number of all votes."""
        return self.valid + self.null_votes + self.empty_votes


def likeliest(scores: RowScores, form: Form) -> Joint | None:
    """Weigh all fillings whose rows add up to the totals; None if no filling can be told."""
    beliefs = log_beliefs(scores.digits, DIGITS_WEIGHT) + log_beliefs(scores.words, WORDS_WEIGHT)
    rows = beliefs[form.votes]
    sums, best, chosen = _add_up(rows)
    total, null, empty, log_chance = _best_total(sums, best, beliefs, form)
    if not np.isfinite(log_chance):
        return None
    return Joint(_walk_back(chosen, total), null, empty, float(np.exp(log_chance)))


def log_beliefs(scores: NDArray[np.float32], weight: float) -> Doubles:
    """The log probabilities (R, N) of numbers by their scores (R, N), correlations -1 to 1."""
    explained = np.clip(scores.astype(np.float64), 0, 0.999) ** 2
    fit = -weight / 2 * np.log1p(-explained)
    fit = np.exp(fit - fit.max(axis=1, keepdims=True))
    fit /= fit.sum(axis=1, keepdims=True)
    return np.asarray(np.log((1 - _ASTRAY) * fit + _ASTRAY / scores.shape[1]), np.float64)


def _add_up(rows: Doubles) -> tuple[Doubles, Doubles, list[Integers]]:
    """For each sum (N,): the log likelihood of all choices that reach it, that of the best, and for
    each row the number that this takes."""
    length = rows.shape[1]
    everything = np.full(length, -np.inf)
    best = everything.copy()
    everything[0] = best[0] = 0.0
    chosen = []
    for row in rows:
        values = np.argsort(-row, kind="stable")[:_CHOICES]
        values = values[row[values] > row.max() - _HOPELESS]
        reached = np.full((len(values), length), -np.inf)
        reached_all = reached.copy()
        for place, value in enumerate(values):
            reached[place, value:] = best[: length - value] + row[value]
            reached_all[place, value:] = everything[: length - value] + row[value]
        taken = reached.argmax(axis=0)
        best = reached.max(axis=0)
        everything = np.logaddexp.reduce(reached_all, axis=0)
        chosen.append(values[taken])
    return everything, best, chosen


def _best_total(
    sums: Doubles, best: Doubles, beliefs: Doubles, form: Form
) -> tuple[int, int, int, float]:
    """The best total of valid votes, null and empty votes, and their log chance."""
    by_kind = {
        kind: _together(beliefs, form, kinds)
        for kind, kinds in (
            ("valid", ("valid",)), ("null", ("null",)), ("empty", ("empty",)),
            ("all", ("machine", "all")),
        )
    }  # fmt: skip
    valid = np.arange(len(sums))
    options: list[tuple[float, int, int, int]] = []
    weights = []
    for null in np.argsort(-by_kind["null"], kind="stable")[:_REST]:
        for empty in np.argsort(-by_kind["empty"], kind="stable")[:_REST]:
            everything = valid + null + empty
            fits = everything < len(sums)
            total = np.full(len(sums), -np.inf)
            total[fits] = by_kind["valid"][fits] + by_kind["all"][everything[fits]]
            total += by_kind["null"][null] + by_kind["empty"][empty]
            weights.append(np.logaddexp.reduce(sums + total))
            at = int((best + total).argmax())
            options.append((float((best + total)[at]), at, int(null), int(empty)))
    log_best, at, null_votes, empty_votes = max(options)
    return at, null_votes, empty_votes, log_best - float(np.logaddexp.reduce(weights))


def _together(beliefs: Doubles, form: Form, kinds: Sequence[str]) -> Doubles:
    """The log likelihoods (N,) of a total that stands in several rows."""
    rows = [place for place, row in enumerate(form.rows) if row.counts in kinds]
    return np.asarray(beliefs[rows].sum(axis=0), np.float64)


def _walk_back(chosen: list[Integers], total: int) -> tuple[int, ...]:
    votes = []
    for taken in reversed(chosen):
        votes.append(int(taken[total]))
        total -= votes[-1]
    return tuple(reversed(votes))
