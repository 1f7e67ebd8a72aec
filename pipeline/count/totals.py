"""Sums by level, and the two accounting identities, which are asserted whenever totals are made.

scans found   = counted + duplicate + quarantined + unreadable + rejected + failed
mesas expected = counted + quarantined + missing          (at every level, for every unit)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.count.register import NOT_LISTED
from pipeline.count.resolve import MesaStatus, Resolution, ResolvedMesa, ScanStatus
from pipeline.election import NATION, Election
from pipeline.errors import AccountingError


@dataclass
class UnitTotals:
    """The sums of one unit. Votes are over its counted mesas only; integers throughout."""

    level: str
    code: str
    parent: str
    name: str
    expected: int
    votes: NDArray[np.int64]
    """By ballot position."""
    counted: int = 0
    quarantined: int = 0
    missing: int = 0
    unread: int = 0
    registered_voters: int = 0
    """Of the counted mesas whose registered voters are known."""
    null_votes: int = 0
    empty_votes: int = 0

    @property
    def valid_votes(self) -> int:
        """Votes for anybody."""
        return int(self.votes.sum())

    def add(self, mesa: ResolvedMesa) -> None:
        """Add one named mesa."""
        if mesa.status is MesaStatus.COUNTED and mesa.payload:
            self.counted += 1
            self.registered_voters += mesa.registered_voters or 0
            self.null_votes += mesa.payload.null_votes
            self.empty_votes += mesa.payload.empty_votes
            self.votes += mesa.payload.votes
        elif mesa.status is MesaStatus.QUARANTINED:
            self.quarantined += 1
        else:
            self.missing += 1
            self.unread += mesa.unread

    def merge(self, part: UnitTotals) -> None:
        """Add the sums of a part of this unit; `expected` is the register's to say."""
        self.votes += part.votes
        self.counted += part.counted
        self.quarantined += part.quarantined
        self.missing += part.missing
        self.unread += part.unread
        self.registered_voters += part.registered_voters
        self.null_votes += part.null_votes
        self.empty_votes += part.empty_votes

    def candidate_votes(self, election: Election) -> dict[str, int]:
        """Votes by candidate, in ballot order."""
        return {c.code: int(self.votes[list(c.positions)].sum()) for c in election.candidates}


@dataclass(frozen=True)
class Totals:
    """All sums. `levels` maps each level's name, nation first, to its units in order of code."""

    levels: Mapping[str, tuple[UnitTotals, ...]]
    scans: Mapping[str, int]
    grades: Mapping[str, int]

    @property
    def nation(self) -> UnitTotals:
        """The whole."""
        return self.levels[NATION][0]


def sum_up(resolution: Resolution, election: Election) -> Totals:
    """Sum the mesas at every level.

    Raises:
        AccountingError: an identity does not hold, which is a bug.
    """
    centres = _sum_centres(resolution.mesas, election)
    levels: dict[str, tuple[UnitTotals, ...]] = {
        NATION: (_sum_nation(resolution, election, centres),)
    }
    for index, level in enumerate(election.levels):
        levels[level.name] = _sum_level(resolution, election, index, centres)
    statuses = resolution.scans.statuses()
    grades = Counter(
        mesa.source.grade or "" for mesa in resolution.mesas if mesa.source is not None
    )
    totals = Totals(
        levels,
        {"found": len(resolution.scans)} | {s.value: statuses[s] for s in ScanStatus},
        dict(sorted(grades.items())),
    )
    check_accounts(totals)
    return totals


def check_accounts(totals: Totals) -> None:
    """Assert both identities, and that every level sums to the nation.

    Raises:
        AccountingError: naming the first that does not hold.
    """
    found = totals.scans["found"]
    if found != sum(totals.scans[status.value] for status in ScanStatus):
        raise AccountingError(f"scans: {dict(totals.scans)} do not add up")
    nation = totals.nation
    for level, units in totals.levels.items():
        for unit in units:
            if unit.expected != unit.counted + unit.quarantined + unit.missing:
                raise AccountingError(f"{level} {unit.code or 'nation'}: mesas do not add up")
        for what in (
            "expected",
            "counted",
            "quarantined",
            "missing",
            "unread",
            "registered_voters",
            "null_votes",
            "empty_votes",
        ):
            total = sum(getattr(unit, what) for unit in units)
            if total != getattr(nation, what):
                raise AccountingError(
                    f"{what}: level {level} sums to {total}, the nation has {getattr(nation, what)}"
                )
        votes = sum((unit.votes for unit in units), start=np.zeros_like(nation.votes))
        if not np.array_equal(votes, nation.votes):
            raise AccountingError(f"votes: level {level} does not sum to the nation's")


def _sum_centres(mesas: Iterable[ResolvedMesa], election: Election) -> dict[str, UnitTotals]:
    """The named mesas' sums by centre, from which every level is made."""
    centres: dict[str, UnitTotals] = {}
    for mesa in mesas:
        if mesa.centre not in centres:
            centres[mesa.centre] = _empty(election, "", mesa.centre, 0)
        centres[mesa.centre].add(mesa)
    return centres


def _sum_nation(
    resolution: Resolution, election: Election, centres: Mapping[str, UnitTotals]
) -> UnitTotals:
    register = resolution.register
    nation = _empty(election, NATION, "", register.expected[""])
    for centre in centres.values():
        nation.merge(centre)
    nation.missing += sum(register.remainders.values())
    return nation


def _sum_level(
    resolution: Resolution, election: Election, index: int, centres: Mapping[str, UnitTotals]
) -> tuple[UnitTotals, ...]:
    level = election.levels[index]
    units = {
        code: _empty(election, level.name, code, expected)
        for code, expected in resolution.register.units_at(election, index)
    }
    for code, centre in centres.items():
        units[code[: level.digits]].merge(centre)
    nameless = _nameless(resolution, level.digits)
    for code, unit in units.items():
        unit.missing += nameless.get(code, 0)
    return tuple(units.values())


def _nameless(resolution: Resolution, digits: int) -> dict[str, int]:
    """Missing mesas that have no name, by the unit that carries them at a level.

    A remainder at or below the level lies inside a unit of it; one above is a unit of its own.
    """
    carried: Counter[str] = Counter()
    for code, count in resolution.register.remainders.items():
        carried[code[:digits] if len(code) >= digits else code + NOT_LISTED] += count
    return carried


def _empty(election: Election, level: str, code: str, expected: int) -> UnitTotals:
    if code.endswith(NOT_LISTED):
        parent = code.removesuffix(NOT_LISTED)
        name = f"not listed ({election.name_of(parent)})"
    else:
        parent = election.parent_code(code)
        name = election.name_of(code)
    votes = np.zeros(election.rules.positions, np.int64)
    return UnitTotals(level, code, parent, name, expected, votes)
