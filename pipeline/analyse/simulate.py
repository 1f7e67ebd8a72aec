"""Does the interval hold what it promises? Hide sheets that are counted, estimate, and compare.

The counted sheets are taken for a whole election whose result is therefore known. A share of them
is hidden: mesas at random, whole centres, or whole scanning stations. The interval should hold the
known result in 95 rounds of 100; how often it does is told, not presumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.analyse.components import Floats
from pipeline.analyse.estimate import FEWEST, leaders
from pipeline.analyse.frame import UNKNOWN, Flags, Frame, Ints
from pipeline.analyse.predict import QUANTILE, Prediction


class Hiding(StrEnum):
    """What is hidden together."""

    MESAS = "mesas"
    CENTRES = "centres"
    STATIONS = "stations"


@dataclass(frozen=True)
class Check:
    """How the interval did in all rounds of one kind of hiding.

    `lead_held` and `share_held` are rounds whose interval held the truth: the lead in votes, the
    first candidate's share. `lead_error` is the root of the mean squared error, `lead_half` the
    mean half width of the interval, both in votes; the shares' likewise.
    """

    hiding: Hiding
    share_hidden: float
    rounds: int
    lead_held: int
    share_held: int
    lead_error: int
    lead_half: int
    share_error: float
    share_half: float


def check(frame: Frame, hiding: Hiding, share: float, rounds: int, seed: int) -> Check | None:
    """Hide `share` of the counted mesas so many times; None where nothing can be hidden so."""
    whole = frame.only(frame.counted)
    groups = _groups(whole, hiding)
    if not (groups != UNKNOWN).any() or whole.rows <= FEWEST:
        return None
    rng = np.random.default_rng(seed)
    masks = _masks(groups, share, rounds, rng)
    known = _columns(whole)
    errors = np.array([_round(whole, known, mask) for mask in masks])
    if not len(errors):
        return None  # whatever was hidden, too little was left
    held = np.abs(errors[:, :2]) <= errors[:, 2:]
    rms = np.sqrt((errors[:, :2] ** 2).mean(axis=0))
    half = errors[:, 2:].mean(axis=0)
    return Check(
        hiding,
        share,
        len(errors),
        int(held[:, 0].sum()),
        int(held[:, 1].sum()),
        round(float(rms[0])),
        round(float(half[0])),
        float(rms[1]),
        float(half[1]),
    )


def _groups(whole: Frame, hiding: Hiding) -> Ints:
    """What each mesa is hidden with; UNKNOWN is never hidden."""
    if hiding is Hiding.MESAS:
        return np.arange(whole.rows)
    return whole.stations if hiding is Hiding.STATIONS else whole.places[-1]


def _masks(groups: Ints, share: float, rounds: int, rng: np.random.Generator) -> Iterator[Flags]:
    """Which mesas stay, round by round: groups go in random order until enough are hidden."""
    sizes = np.bincount(groups[groups != UNKNOWN])
    there = np.flatnonzero(sizes)
    wanted = min(share * len(groups), len(groups) - FEWEST)
    for _ in range(rounds):
        order = rng.permutation(there)
        gone = order[np.cumsum(sizes[order]) - sizes[order] < wanted]
        hidden = np.zeros(len(sizes) + 1, np.bool_)  # the last is for UNKNOWN, which is -1
        hidden[gone] = True
        if (~hidden[groups]).sum() >= FEWEST:
            yield ~hidden[groups]


def _columns(whole: Frame) -> Floats:
    """The first candidate's votes, the valid votes, and the lead over the second."""
    first, second = leaders(whole.votes.sum(axis=0))
    votes = whole.votes
    lead = votes[:, first] - votes[:, second]
    return np.stack([votes[:, first], votes.sum(axis=1), lead]).astype(np.float64)


def _round(whole: Frame, known: Floats, stay: Flags) -> tuple[float, float, float, float]:
    """Error of the lead and of the share, and the half widths of their intervals."""
    prediction = Prediction(whole, stay)
    votes, valid, lead = known[:, stay]
    true_votes, true_valid, true_lead = known.sum(axis=1)
    weights = 1 + prediction.all
    found = float((weights * valid).sum())
    share = float((weights * votes).sum()) / max(found, 1.0)
    return (
        float((weights * lead).sum() - true_lead),
        share - float(true_votes) / max(float(true_valid), 1.0),
        QUANTILE * math.sqrt(prediction.variance(lead)),
        QUANTILE * math.sqrt(prediction.variance(votes - share * valid)) / max(found, 1.0),
    )
