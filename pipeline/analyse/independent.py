"""What others counted from the same sheets, beside what is counted here.

They read other numbers of sheets, so their sums differ in any case: shares, and votes for each
sheet, are what can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.analyse.announced import VALID
from pipeline.count.totals import Totals
from pipeline.election import Election, IndependentCount


@dataclass(frozen=True)
class OtherFigure:
    """One published sum beside ours. Shares are of either side's valid votes, from 0 to 1."""

    code: str
    votes: int
    counted: int
    share: float | None
    counted_share: float | None


@dataclass(frozen=True)
class OtherCount:
    """One published count. `sheets_read` is None where it was not told."""

    source: str
    date: str
    sheets_read: int | None
    sheets_given: int | None
    figures: tuple[OtherFigure, ...]
    note: str


def independent(election: Election, totals: Totals) -> tuple[OtherCount, ...]:
    """The counts in the order in which the definition has them."""
    nation = totals.nation
    counted = nation.candidate_votes(election) | {VALID: nation.valid_votes}
    return tuple(
        OtherCount(
            other.source,
            other.date,
            other.sheets_read,
            other.sheets_given,
            tuple(_figures(other, counted)),
            other.note,
        )
        for other in election.independent
    )


def _figures(other: IndependentCount, counted: Mapping[str, int]) -> list[OtherFigure]:
    valid = {} if other.valid_votes is None else {VALID: other.valid_votes}
    return [
        OtherFigure(
            code,
            votes,
            counted[code],
            _share(votes, other.valid_votes) if code != VALID else None,
            _share(counted[code], counted[VALID]) if code != VALID else None,
        )
        for code, votes in (dict(other.votes) | valid).items()
    ]


def _share(votes: int, whole: int | None) -> float | None:
    return votes / whole if whole else None
