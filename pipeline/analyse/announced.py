"""Announced results beside the counted ones: figures and plain differences, no judgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.count.totals import Totals
from pipeline.election import Election, OfficialResult

OTHERS, VALID, NULL = "OTHERS", "VALID", "NULL"
"""What an announcement names beside candidates. OTHERS are all whom it does not name itself."""
NAMES = {OTHERS: "All others", VALID: "Valid votes", NULL: "Null votes"}


@dataclass(frozen=True)
class Figure:
    """An announced number of votes beside the counted one.

    The wholes are what shares are taken of; None where there is none to take.
    """

    code: str
    name: str
    votes: int
    whole: int | None
    counted: int
    counted_whole: int | None


@dataclass(frozen=True)
class Note:
    """A remark of the definition on some figures; no names where it is on all of them."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Announcement:
    """What one source announced on one day."""

    source: str
    date: str
    scope_percent: str
    figures: tuple[Figure, ...]
    notes: tuple[Note, ...]


def announced(election: Election, totals: Totals) -> tuple[Announcement, ...]:
    """The announcements in the order in which the definition has them."""
    grouped: dict[tuple[str, str, str], list[OfficialResult]] = {}
    for entry in election.official:
        grouped.setdefault((entry.source, entry.date, entry.scope_percent), []).append(entry)
    return tuple(
        Announcement(*key, _figures(entries, election, totals), _notes(entries, election))
        for key, entries in grouped.items()
    )


def _figures(
    entries: Sequence[OfficialResult], election: Election, totals: Totals
) -> tuple[Figure, ...]:
    votes = totals.nation.candidate_votes(election)
    counted = _counted(entries, votes, totals)
    whole = _announced_whole(entries, votes)
    names = _names(election)
    return tuple(
        Figure(
            code=entry.candidate,
            name=names[entry.candidate],
            votes=entry.votes,
            whole=whole if _is_part(entry) else None,
            counted=counted[entry.candidate],
            counted_whole=totals.nation.valid_votes if _is_part(entry) else None,
        )
        for entry in entries
    )


def _notes(entries: Sequence[OfficialResult], election: Election) -> tuple[Note, ...]:
    """Each remark once, with the names of the figures that it is on."""
    names = _names(election)
    grouped: dict[str, list[str]] = {}
    for entry in entries:
        grouped.setdefault(entry.note, []).append(names[entry.candidate])
    return tuple(
        Note(text, () if len(on) == len(entries) else tuple(on))
        for text, on in grouped.items()
        if text
    )


def _names(election: Election) -> dict[str, str]:
    return NAMES | {candidate.code: candidate.name for candidate in election.candidates}


def _counted(
    entries: Sequence[OfficialResult], votes: Mapping[str, int], totals: Totals
) -> dict[str, int]:
    """What was counted under each name that an announcement can use."""
    named = {entry.candidate for entry in entries}
    return {
        OTHERS: sum(number for code, number in votes.items() if code not in named),
        VALID: totals.nation.valid_votes,
        NULL: totals.nation.null_votes,
        **votes,
    }


def _announced_whole(entries: Sequence[OfficialResult], votes: Mapping[str, int]) -> int | None:
    """The announced valid votes; their sum if all of them are there; None if neither is known."""
    valid = [entry.votes for entry in entries if entry.candidate == VALID]
    if valid:
        return valid[0]
    named = {entry.candidate for entry in entries}
    complete = OTHERS in named or votes.keys() <= named
    return sum(entry.votes for entry in entries if _is_part(entry)) if complete else None


def _is_part(entry: OfficialResult) -> bool:
    """Whether a figure is a part of the valid votes."""
    return entry.candidate not in (VALID, NULL)
