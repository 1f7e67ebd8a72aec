"""What mesas that are not counted could change at most: the lead if the runner-up got all of them.

A bound hangs on how many votes the outstanding mesas hold, which nobody knows. So each is made
under a named assumption, and carries that and its source. With L the lead of a unit's first
candidate over its second and X the votes of its outstanding mesas (missing, unread and
quarantined), the lead is at least L - X: X votes for anybody else but the runner-up would cost the
first candidate less.

All in integers; a mean times a number of mesas is rounded to the nearest vote, halves upward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.analyse.voters import Voters
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import NATION, Election


@dataclass(frozen=True)
class Assumption:
    """How many votes the outstanding mesas hold: in words, as a formula, and where it is from."""

    key: str
    sentence: str
    formula: str
    source: str


OBSERVED = Assumption(
    "observed-turnout",
    "As many valid votes on each sheet that is not counted as on a counted one on average",
    "valid votes / counted x outstanding",
    "the counted sheets of the unit",
)
STATE = Assumption(
    "state-turnout",
    "As many valid votes on each as on a counted one of its highest unit (state) on average",
    "sum over states of valid votes / counted x outstanding",
    "the counted sheets of the state; of the nation where the state is not known or has none",
)
FULL_MEAN = Assumption(
    "full-turnout",
    "All registered voters of the mesas that are not counted voted, and each mesa has as many as a "
    "counted one on average",
    "registered voters of counted mesas / their number x outstanding",
    "the register of the counted mesas",
)
FULL_NAMED = Assumption(
    "full-turnout-named",
    "All registered voters of the mesas that are not counted voted: their own number where a "
    "register names them, the counted mesas' mean elsewhere",
    "registered voters of named outstanding mesas + mean x the other outstanding mesas",
    "the register of mesas",
)
REST = Assumption(
    "register-rest",
    "All registered voters of the unit who do not belong to a counted mesa voted",
    "registered voters of the whole unit - those of the counted mesas",
    "the register's total for the unit, and the register of the counted mesas",
)


@dataclass(frozen=True)
class Bound:
    """One bound. `votes` is what the outstanding mesas hold under the assumption.

    Where the assumption cannot be made both numbers are None and `why_not` says why. `basis` are
    the figures that went into it.
    """

    assumption: Assumption
    votes: int | None
    lead: int | None
    basis: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class UnitBounds:
    """The bounds of one unit. `first` and `second` are its own, by counted votes.

    `sheet_votes` is how many votes each outstanding sheet would have to hold on average, all for
    the runner-up, to make up the lead (rounded up); None where no sheet is outstanding.
    """

    level: str
    code: str
    name: str
    first: str
    second: str
    lead: int
    counted: int
    outstanding: int
    sheet_votes: int | None
    bounds: tuple[Bound, ...]


@dataclass(frozen=True)
class Bounds:
    """All bounds: by level, the nation first, down to the level above the centres."""

    assumptions: tuple[Assumption, ...]
    levels: Mapping[str, tuple[UnitBounds, ...]]

    @property
    def nation(self) -> UnitBounds:
        """The whole."""
        return self.levels[NATION][0]


@dataclass(frozen=True)
class _Case:
    """What an assumption is made of."""

    unit: UnitTotals
    outstanding: int
    voters: Voters
    totals: Totals
    election: Election


def find_bounds(totals: Totals, voters: Mapping[str, Voters], election: Election) -> Bounds:
    """The bounds of every unit above the centres in which anything is counted."""
    names = [NATION, *(level.name for level in election.levels[:-1])]
    return Bounds(
        ASSUMPTIONS,
        {
            name: tuple(
                _unit(_Case(unit, _outstanding(unit), _voters(voters, unit), totals, election))
                for unit in totals.levels[name]
                if unit.counted
            )
            for name in names
        },
    )


def _outstanding(unit: UnitTotals) -> int:
    return unit.quarantined + unit.missing


def _voters(voters: Mapping[str, Voters], unit: UnitTotals) -> Voters:
    return voters.get(unit.code, Voters())


def _unit(case: _Case) -> UnitBounds:
    unit = case.unit
    votes = unit.candidate_votes(case.election)
    order = sorted(votes, key=lambda code: -votes[code])  # stable: equals stay in ballot order
    first, second = order[0], order[min(1, len(order) - 1)]
    lead = votes[first] - votes[second]
    return UnitBounds(
        level=unit.level,
        code=unit.code,
        name=unit.name,
        first=first,
        second=second,
        lead=lead,
        counted=unit.counted,
        outstanding=case.outstanding,
        sheet_votes=-(-lead // case.outstanding) if case.outstanding else None,
        bounds=tuple(_bounds(case, lead)),
    )


def _bounds(case: _Case, lead: int) -> Iterator[Bound]:
    for assumption, rule in _RULES:
        found = rule(case) if case.outstanding else (0, "every expected sheet is counted")
        if isinstance(found, str):
            yield Bound(assumption, None, None, why_not=found)
        else:
            yield Bound(assumption, found[0], lead - found[0], basis=found[1])


Found = tuple[int, str] | str
"""Votes and the figures they come from, or why there are none."""


def _observed(case: _Case) -> Found:
    unit = case.unit
    votes = rounded(unit.valid_votes * case.outstanding, unit.counted)
    return votes, (
        f"{unit.valid_votes:,} valid votes on {unit.counted:,} counted sheets; "
        f"{case.outstanding:,} sheets not counted"
    )


def _state(case: _Case) -> Found:
    states = case.totals.levels[case.election.levels[0].name]
    nation = case.totals.nation
    if case.unit.code == "":
        parts = [(state, state if state.counted else nation) for state in states]
        votes = sum(rounded(m.valid_votes * _outstanding(s), m.counted) for s, m in parts)
        return votes, f"the means of {sum(s.counted > 0 for s in states)} highest units"
    code = case.unit.code[: case.election.levels[0].digits]
    state = next(state for state in states if state.code == code)
    votes = rounded(state.valid_votes * case.outstanding, state.counted)
    return votes, (
        f"{state.valid_votes:,} valid votes on {state.counted:,} counted sheets of {state.name}; "
        f"{case.outstanding:,} sheets not counted"
    )


def _full_mean(case: _Case) -> Found:
    voters = case.voters
    if not voters.counted_mesas:
        return "no counted mesa's registered voters are known"
    return rounded(voters.counted * case.outstanding, voters.counted_mesas), (
        f"{voters.counted:,} registered voters of {voters.counted_mesas:,} counted mesas; "
        f"{case.outstanding:,} mesas not counted"
    )


def _full_named(case: _Case) -> Found:
    voters = case.voters
    others = case.outstanding - voters.outstanding_mesas
    if others and not voters.counted_mesas:
        return "no counted mesa's registered voters are known"
    mean = rounded(voters.counted * others, voters.counted_mesas) if others else 0
    return voters.outstanding + mean, (
        f"{voters.outstanding:,} registered voters of {voters.outstanding_mesas:,} named mesas; "
        f"{others:,} others at the mean"
    )


def _rest(case: _Case) -> Found:
    whole = case.election.electorate.get(case.unit.code)
    if whole is None:
        return "the unit's registered voters are not known as a whole"
    rest = whole - case.voters.counted
    if rest < 0:
        return "the counted mesas have more registered voters than the whole unit"
    unknown = case.unit.counted - case.voters.counted_mesas
    basis = f"{whole:,} registered voters, {case.voters.counted:,} of them in counted mesas"
    return rest, basis + (f"; those of {unknown:,} counted mesas are not known" if unknown else "")


def rounded(numerator: int, denominator: int) -> int:
    """The nearest integer, halves upward; for numbers that are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


_RULES: tuple[tuple[Assumption, Callable[[_Case], Found]], ...] = (
    (OBSERVED, _observed),
    (STATE, _state),
    (FULL_MEAN, _full_mean),
    (FULL_NAMED, _full_named),
    (REST, _rest),
)
ASSUMPTIONS = tuple(assumption for assumption, _ in _RULES)
