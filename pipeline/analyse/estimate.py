"""The full result estimated from the sheets that are there, with an interval for each figure.

Point: every counted sheet once, and the others predicted (`predict`). Totals of the highest units
are rounded to whole votes and summed, so that candidates sum to the valid votes and units to the
nation.

Interval: the value plus and minus 1.96 standard errors, never below what is counted. Of a share:
the error of the linear z = votes - share x valid votes over the valid votes (a ratio estimator,
W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapter 6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.analyse.components import Floats
from pipeline.analyse.frame import Frame, Ints
from pipeline.analyse.predict import LEVEL, QUANTILE, Prediction
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import Election

FEWEST = 2
"""Counted sheets without which there is no estimate."""
FEW = 30
NOT_RANDOM = (
    "Sheets that are missing are not a random sample: they cluster by scanning station and place. "
    "The interval holds if what is missing in a place is like what is there; if it was held back "
    "for what it says, no interval holds: see the bounds."
)
TOO_FEW = f"Fewer than {FEW} sheets are counted: the intervals are too narrow."


@dataclass(frozen=True)
class Interval:
    """A number of votes (a difference may be negative), and the ends of its interval."""

    value: int
    low: int
    high: int


@dataclass(frozen=True)
class EstimatedVotes:
    """A candidate's votes on all sheets; shares are of the valid votes, from 0 to 1."""

    candidate: str
    counted: int
    votes: Interval
    share: float
    share_low: float
    share_high: float


@dataclass(frozen=True)
class UnitEstimate:
    """The estimate of one unit. `lead` is the first candidate's over the second."""

    level: str
    code: str
    name: str
    expected: int
    counted: int
    valid: Interval
    lead: Interval
    candidates: tuple[EstimatedVotes, ...]


@dataclass(frozen=True)
class Estimate:
    """The nation and its highest units. `first` and `second` are those of the counted votes."""

    first: str
    second: str
    confidence: float
    nation: UnitEstimate
    units: tuple[UnitEstimate, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Figures:
    """A row for each unit; columns are the candidates, the valid votes and the lead.

    `share_errors` has a column for each candidate alone.
    """

    totals: Ints
    errors: Floats
    share_errors: Floats


def estimate(frame: Frame, totals: Totals, election: Election) -> Estimate | None:
    """The estimate, or None where fewer than two sheets or no votes are counted."""
    sheets = int(frame.counted.sum())
    if sheets < FEWEST or totals.nation.valid_votes == 0:
        return None
    pair = leaders(frame.votes.sum(axis=0))
    prediction = Prediction(frame, frame.counted)
    units = _by_unit(prediction, pair)
    nation = _whole(prediction, pair, units.totals.sum(axis=0))
    by_code = dict(zip(frame.codes[0], range(len(frame.codes[0])), strict=True))
    parts = totals.levels[election.levels[0].name]
    return Estimate(
        first=frame.candidates[pair[0]],
        second=frame.candidates[pair[1]],
        confidence=LEVEL,
        nation=_unit(totals.nation, nation, 0, election),
        units=tuple(_unit(part, units, by_code[part.code], election) for part in parts),
        warnings=(NOT_RANDOM, TOO_FEW) if sheets < FEW else (NOT_RANDOM,),
    )


def leaders(votes: Ints) -> tuple[int, int]:
    """The candidates with the most and the second most votes; among equals the ballot's order."""
    order = sorted(range(len(votes)), key=lambda index: (-int(votes[index]), index))
    return order[0], order[min(1, len(order) - 1)]


def with_sums(votes: Ints, pair: tuple[int, int]) -> Ints:
    """The candidates' columns, then the valid votes, then the lead."""
    lead = votes[:, pair[0]] - votes[:, pair[1]]
    return np.column_stack([votes, votes.sum(axis=1), lead])


def _by_unit(prediction: Prediction, pair: tuple[int, int]) -> _Figures:
    frame = prediction.frame
    votes = frame.votes[prediction.counted]
    top, number = frame.places[0][prediction.counted], len(frame.codes[0])
    weighted = (1 + prediction.home)[:, None] * votes
    exact = np.column_stack([np.bincount(top, column, number) for column in weighted.T])
    exact += np.outer(prediction.orphans, votes.mean(axis=0))
    totals = with_sums(np.rint(exact).astype(np.int64), pair)
    values = with_sums(votes, pair).astype(np.float64)
    errors = [np.sqrt(prediction.variances(column)) for column in values.T]
    residuals = _residuals(votes, totals[top])
    shares = [np.sqrt(prediction.variances(column)) for column in residuals.T]
    return _Figures(totals, np.column_stack(errors), np.column_stack(shares))


def _whole(prediction: Prediction, pair: tuple[int, int], totals: Ints) -> _Figures:
    votes = prediction.frame.votes[prediction.counted]
    values = with_sums(votes, pair).astype(np.float64)
    errors = [math.sqrt(prediction.variance(column)) for column in values.T]
    residuals = _residuals(votes, totals[None, :])
    shares = [math.sqrt(prediction.variance(column)) for column in residuals.T]
    return _Figures(totals[None, :], np.array([errors]), np.array([shares]))


def _residuals(votes: Ints, totals: Ints) -> Floats:
    """votes - share x valid votes, by candidate, with the shares of each sheet's own unit."""
    candidates = votes.shape[1]
    shares = totals[:, :candidates] / np.maximum(totals[:, [candidates]], 1)
    residuals: Floats = votes - shares * votes.sum(axis=1, keepdims=True)
    return residuals


def _unit(part: UnitTotals, figures: _Figures, row: int, election: Election) -> UnitEstimate:
    totals, errors = figures.totals[row], figures.errors[row]
    counted = part.candidate_votes(election)
    valid = int(totals[-2])
    return UnitEstimate(
        level=part.level,
        code=part.code,
        name=part.name,
        expected=part.expected,
        counted=part.counted,
        valid=_interval(totals[-2], errors[-2], part.valid_votes),
        lead=_interval(totals[-1], errors[-1]),
        candidates=tuple(
            EstimatedVotes(
                code,
                counted[code],
                _interval(totals[index], errors[index], counted[code]),
                *_share(int(totals[index]), valid, float(figures.share_errors[row, index])),
            )
            for index, code in enumerate(counted)
        ),
    )


def _interval(value: np.int64, error: np.float64, floor: int | None = None) -> Interval:
    """The interval in whole votes, rounded outwards, and never below `floor`."""
    low = math.floor(value - QUANTILE * error)
    high = math.ceil(value + QUANTILE * error)
    return Interval(int(value), low if floor is None else max(low, floor), high)


def _share(votes: int, valid: int, error: float) -> tuple[float, float, float]:
    """A share of the valid votes and its interval within 0 and 1; nothing of nothing is 0."""
    if valid == 0:
        return 0.0, 0.0, 1.0
    share, half = votes / valid, QUANTILE * error / valid
    return share, max(0.0, share - half), min(1.0, share + half)
