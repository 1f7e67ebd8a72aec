"""The votes of the report as plain data: the national result, and coverage and votes by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.count.resolve import MesaStatus, Resolution
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import Candidate, Election


@dataclass(frozen=True)
class CandidateVotes:
    """A candidate's votes."""

    candidate: Candidate
    votes: int


@dataclass(frozen=True)
class Result:
    """The sums over all counted sheets, and what they rest on."""

    candidates: tuple[CandidateVotes, ...]
    nation: UnitTotals
    registered_known: int
    """Counted mesas whose registered voters are known."""


@dataclass(frozen=True)
class Place:
    """A unit; its votes stand in the order of the result's candidates."""

    unit: UnitTotals
    votes: tuple[int, ...]


@dataclass(frozen=True)
class Places:
    """Units of one level, and the unit that they sum to."""

    level: str
    rows: tuple[Place, ...]
    whole: Place


def result(election: Election, resolution: Resolution, totals: Totals) -> Result:
    """The candidates, most votes first."""
    votes = totals.nation.candidate_votes(election)
    known = sum(
        mesa.status is MesaStatus.COUNTED and mesa.registered_voters is not None
        for mesa in resolution.mesas
    )
    rows = (CandidateVotes(c, votes[c.code]) for c in ranked(election, totals))
    return Result(tuple(rows), totals.nation, known)


def places(election: Election, totals: Totals) -> Places:
    """The units of the highest level, those included that hold mesas which nothing names."""
    level, order = election.levels[0].name, ranked(election, totals)
    rows = (place(unit, election, order) for unit in totals.levels[level])
    return Places(level, tuple(rows), place(totals.nation, election, order))


def place(unit: UnitTotals, election: Election, order: Sequence[Candidate]) -> Place:
    """A unit with its votes in the given order of candidates."""
    votes = unit.candidate_votes(election)
    return Place(unit, tuple(votes[candidate.code] for candidate in order))


def ranked(election: Election, totals: Totals) -> list[Candidate]:
    """Most votes first; among equals by code, as in the terminal."""
    votes = totals.nation.candidate_votes(election)
    return sorted(election.candidates, key=lambda c: (-votes[c.code], c.code))
