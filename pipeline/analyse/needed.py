"""What the sheets that are not counted would have to hold for an announced result to be right.

For each announced figure: needed = announced - counted. That is what the other sheets must hold at
least if all counted sheets are among those announced. An announcement may cover only a part of the
mesas (96.87% of them); then some counted sheets may lie outside it. At most `outside` mesas do, so
what the counted sheets inside it hold is at least

    least = counted - the votes on the `outside` counted sheets with the most votes for that figure

and an announced number below that cannot be right, whatever the missing sheets hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

import numpy as np

from pipeline.analyse.announced import NULL, OTHERS, VALID, Announcement
from pipeline.analyse.bounds import rounded
from pipeline.analyse.frame import Frame, Ints
from pipeline.analyse.voters import Voters
from pipeline.count.totals import UnitTotals


@dataclass(frozen=True)
class Need:
    """One announced figure. `needed` is negative where more is counted than was announced."""

    code: str
    name: str
    announced: int
    counted: int
    needed: int
    least: int
    """Votes that counted sheets inside the announcement hold in any case."""

    @property
    def contradicted(self) -> bool:
        """Whether the counted sheets alone hold more than was announced."""
        return self.least > self.announced


@dataclass(frozen=True)
class Requirement:
    """What one announcement asks of the sheets that are not counted.

    `winner` is the code of whom it gives the most votes. The means are of a counted sheet, rounded
    to whole votes and voters; `mean_registered` is None where no counted mesa's voters are known.
    """

    source: str
    date: str
    winner: str
    outstanding: int
    outside: int
    mean_valid: int
    mean_registered: int | None
    needs: tuple[Need, ...]

    @property
    def winner_need(self) -> Need:
        """What it asks for its winner."""
        return next(need for need in self.needs if need.code == self.winner)

    @property
    def contradicted(self) -> tuple[Need, ...]:
        """The figures that cannot be right, the farthest off first."""
        found = [need for need in self.needs if need.contradicted]
        return tuple(sorted(found, key=lambda need: (need.announced - need.least, need.code)))

    @property
    def sentence(self) -> str:
        """How many votes the missing sheets would have to hold for the result to be right."""
        need = self.winner_need
        what = f"For {self.source} ({self.date}) to be right, "
        if need.needed <= 0:
            return (
                f"{what}the sheets that are not counted need hold no vote for {need.name}: "
                f"the counted ones hold {need.counted:,}, {need.announced:,} were announced."
            )
        if not self.outstanding:
            return (
                f"{what}{need.needed:,} votes for {need.name} are lacking, and no sheet is "
                "left that could hold them."
            )
        each = -(-need.needed // self.outstanding)
        voters = ""
        if self.mean_registered is not None:
            voters = f" and {self.mean_registered:,} registered voters"
        return (
            f"{what}the {self.outstanding:,} sheets that are not counted would have to hold "
            f"at least {need.needed:,} votes for {need.name}, {each:,} on each, where a counted "
            f"sheet has {self.mean_valid:,} valid votes for all candidates together{voters}."
        )

    @property
    def contradiction(self) -> str:
        """What of it cannot be right if the counted sheets are; '' if nothing."""
        if not self.contradicted:
            return ""
        need = self.contradicted[0]
        text = (
            f"If the counted sheets are right, it cannot be, whatever the others hold: they have "
            f"{-need.needed:,} more votes for {need.name} than were announced"
        )
        if self.outside:
            text += (
                f", and {need.least - need.announced:,} more even without the {self.outside:,} "
                "sheets that have the most of them (so many mesas the announcement may leave out)"
            )
        return text + "."


def required(
    announcement: Announcement, frame: Frame, nation: UnitTotals, voters: Voters
) -> Requirement | None:
    """What an announcement asks; None if it names no candidate or nothing is counted."""
    named = [f for f in announcement.figures if f.code not in (OTHERS, VALID, NULL)]
    if not named or not nation.counted:
        return None
    winner = max(named, key=lambda figure: figure.votes)
    outside = _outside(announcement.scope_percent, nation.expected)
    mean = rounded(voters.counted, voters.counted_mesas) if voters.counted_mesas else None
    columns = _columns(announcement, frame)
    return Requirement(
        source=announcement.source,
        date=announcement.date,
        winner=winner.code,
        outstanding=nation.expected - nation.counted,
        outside=outside,
        mean_valid=rounded(nation.valid_votes, nation.counted),
        mean_registered=mean,
        needs=tuple(
            Need(
                figure.code,
                figure.name,
                figure.votes,
                figure.counted,
                figure.votes - figure.counted,
                _least(columns[figure.code], outside),
            )
            for figure in announcement.figures
            if figure.code != NULL
        ),
    )


def _outside(scope_percent: str, expected: int) -> int:
    """The most mesas that an announcement can leave out; its share was rounded when it was told."""
    if not scope_percent:
        return 0
    scope = Decimal(scope_percent)
    rounding = Decimal((0, (5,), int(scope.as_tuple().exponent) - 1))
    left = max(Decimal(0), 100 - scope) + (rounding if scope < 100 else 0)
    return min(expected, int((expected * left / 100).to_integral_value(ROUND_CEILING)))


def _columns(announcement: Announcement, frame: Frame) -> dict[str, Ints]:
    """The counted sheets' votes for each figure of an announcement."""
    votes = frame.votes[frame.counted]
    codes: Sequence[str] = frame.candidates
    named = {figure.code for figure in announcement.figures}
    columns = {code: votes[:, index] for index, code in enumerate(codes)}
    others = [index for index, code in enumerate(codes) if code not in named]
    return columns | {VALID: votes.sum(axis=1), OTHERS: votes[:, others].sum(axis=1)}


def _least(votes: Ints, outside: int) -> int:
    """The sum of all but the `outside` largest."""
    return int(np.sort(votes)[: max(0, len(votes) - outside)].sum())
