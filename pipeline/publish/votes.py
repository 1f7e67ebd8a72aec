"""The votes of the report as plain data: the national result, and coverage and votes by place."""

from __future__ import annotations

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
    """All units of the highest level, and the nation that they sum to."""

    level: str
    rows: tuple[Place, ...]
    nation: Place


def result(election: Election, resolution: Resolution, totals: Totals) -> Result:
    """The candidates, most votes first."""
    votes = totals.nation.candidate_votes(election)
    known = sum(
        mesa.status is MesaStatus.COUNTED and mesa.registered_voters is not None
        for mesa in resolution.mesas
    )
    ranked = (CandidateVotes(c, votes[c.code]) for c in _ranked(election, totals))
    return Result(tuple(ranked), totals.nation, known)


def places(election: Election, totals: Totals) -> Places:
    """The units of the highest level, those included that hold mesas which nothing names."""
    level = election.levels[0].name
    rows = (_place(unit, election, totals) for unit in totals.levels[level])
    return Places(level.replace("_", " "), tuple(rows), _place(totals.nation, election, totals))


def _place(unit: UnitTotals, election: Election, totals: Totals) -> Place:
    votes = unit.candidate_votes(election)
    return Place(unit, tuple(votes[candidate.code] for candidate in _ranked(election, totals)))


def _ranked(election: Election, totals: Totals) -> list[Candidate]:
    """Most votes first; among equals by code, as in the terminal."""
    votes = totals.nation.candidate_votes(election)
    return sorted(election.candidates, key=lambda c: (-votes[c.code], c.code))
