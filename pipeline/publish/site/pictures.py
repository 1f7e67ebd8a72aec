"""Figures for the pictures: steps of the funnel, the bounds on one scale, classes of the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.analyse.bounds import UnitBounds
from pipeline.count.resolve import ScanStatus
from pipeline.count.totals import Totals

SCALES = {"coverage": (0, 25, 50, 75, 90), "leader": (0, 40, 50, 60, 70)}
"""Lower ends, in percent, of the classes in which each map is shaded."""


@dataclass(frozen=True)
class Step:
    """What is left of `whole` after a step; `lost` went in it."""

    key: str
    left: int
    lost: int
    whole: int


def funnel(totals: Totals) -> tuple[Step, ...]:
    """From the scans that were found to those that are counted."""
    left = whole = totals.scans["found"]
    steps = [Step("found", left, 0, whole)]
    for key, status in (
        ("opened", ScanStatus.FAILED),
        ("belongs", ScanStatus.REJECTED),
        ("read", ScanStatus.UNREADABLE),
        ("distinct", ScanStatus.DUPLICATE),
        ("counted", ScanStatus.QUARANTINED),
    ):
        lost = totals.scans[status.value]
        left -= lost
        steps.append(Step(key, left, lost, whole))
    return tuple(steps)


@dataclass(frozen=True)
class Bar:
    """A lead on the common scale, from 0 to 100; `zero` is where the lead would be gone."""

    key: str
    lead: int | None
    votes: int | None
    x: str
    width: str
    zero: str
    gone: bool
    basis: str
    why_not: str


def bound_bars(bounds: UnitBounds) -> tuple[Bar, ...]:
    """The counted lead, then what each assumption leaves of it."""
    leads = [bounds.lead, *(b.lead for b in bounds.bounds if b.lead is not None)]
    low, high = min(0, *leads), max(1, *leads)

    def at(value: int) -> float:
        return 100 * (value - low) / (high - low)

    def bar(key: str, lead: int | None, votes: int | None, basis: str, why_not: str) -> Bar:
        value = lead or 0
        start, end = sorted((at(0), at(value)))
        return Bar(
            key,
            lead,
            votes,
            f"{start:.2f}",
            f"{end - start:.2f}",
            f"{at(0):.2f}",
            value < 0,
            basis,
            why_not,
        )

    counted = bar("counted", bounds.lead, None, "", "")
    rest = (bar(b.assumption.key, b.lead, b.votes, b.basis, b.why_not) for b in bounds.bounds)
    return (counted, *rest)


def shade(part: int, whole: int, scale: Sequence[int]) -> int:
    """The class of a share on the map, 1 to 5; 0 where there is nothing to take a share of."""
    if not whole:
        return 0
    return sum(100 * part >= lower * whole for lower in scale)
