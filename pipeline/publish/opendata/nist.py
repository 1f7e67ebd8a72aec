"""The results as an Election Results Reporting document, NIST SP 1500-100 version 2, in JSON.

Every mesa and every unit above it is a reporting unit; every candidate is one selection, endorsed
by the parties on the candidate's lines, with a count for each counted mesa and each unit. What the
standard has no word for is said in `Notes`. Each count stands on a line of its own, and the lines
are written as they are made: memory holds one small tuple for each unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipeline.count.register import NOT_LISTED
from pipeline.count.resolve import MesaStatus, Resolution
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import NATION, Election
from pipeline.publish.opendata.formats import open_text, to_json

FILE = "nist-1500-100.json"
NOTES = (
    "Counts are over the counted sheets only. GeneratedDate is the day of the election, so that "
    "the same scans give the same document; when it was published is for the signature of the "
    "publication's Merkle root to say. BallotsRejected holds the null votes (votos nulos), "
    "Undervotes the empty ones (votos vacios). A unit whose code ends in '-' holds the mesas that "
    "are expected there and that no register lists further down."
)
_TYPES = {NATION: "country", "state": "state", "municipality": "municipality", "county": "county"}
_STATUS = {
    MesaStatus.COUNTED: "completed",
    MesaStatus.QUARANTINED: "in-process",
    MesaStatus.MISSING: "not-processed",
}
Json = dict[str, Any]


@dataclass(frozen=True)
class _Counts:
    """The votes of a unit or a counted mesa."""

    unit: str
    votes: tuple[int, ...]
    """By candidate."""
    null_votes: int
    empty_votes: int

    @property
    def cast(self) -> int:
        return sum(self.votes) + self.null_votes + self.empty_votes


def write_nist(
    folder: Path, election: Election, resolution: Resolution, totals: Totals, version: str,
    issuer: str,
) -> Path:  # fmt: skip
    """Write the document; returns its path.

    Raises:
        OSError: the disk is full or read-only.
    """
    path = folder / FILE
    counts = list(_counts(election, resolution, totals))
    with open_text(path) as stream:
        _open(stream, _report(election, totals, version, issuer))
        _list(stream, "GpUnit", _units(election, resolution, totals))
        stream.write(",\n")
        _list(stream, "Party", _parties(election))
        stream.write(',\n"Election":[\n')
        _open(stream, _election(election))
        _list(stream, "Candidate", _candidates(election))
        stream.write(",\n")
        _list(stream, "BallotCounts", map(_ballots, counts))
        stream.write(',\n"Contest":[\n')
        _open(stream, _contest(election))
        _list(stream, "OtherCounts", map(_other, counts))
        stream.write(',\n"ContestSelection":[\n')
        for index in range(len(election.candidates)):
            stream.write(",\n" if index else "")
            _open(stream, _selection(election, index))
            _list(stream, "VoteCounts", (_votes(count, index) for count in counts))
            stream.write("}")
        stream.write("\n]}]}]}\n")
    return path


def _open(stream: IO[str], head: Json) -> None:
    """Begin an object with plain members; the caller goes on with lists and closes it."""
    stream.write(to_json(head)[:-1] + ",\n")


def _list(stream: IO[str], name: str, items: Iterable[Json]) -> None:
    stream.write(f'"{name}":[')
    between = "\n"
    for item in items:
        stream.write(between + to_json(item))
        between = ",\n"
    stream.write("\n]")


def _object(kind: str, **members: object) -> Json:
    return {"@type": f"ElectionResults.{kind}", **members}


def _words(content: str) -> Json:
    """A name; in which language is not known."""
    text = _object("LanguageString", Content=content, Language="und")
    return _object("InternationalizedText", Text=[text])


def _report(election: Election, totals: Totals, version: str, issuer: str) -> Json:
    complete = totals.nation.counted == totals.nation.expected
    return _object(
        "ElectionReport",
        Format="precinct-level",
        GeneratedDate=f"{election.date.isoformat()}T00:00:00Z",
        Issuer=issuer or "not stated",
        IssuerAbbreviation=issuer or "not stated",
        Notes=NOTES,
        SequenceStart=1,
        SequenceEnd=1,
        Status="unofficial-complete" if complete else "unofficial-partial",
        VendorApplicationId=f"actas {version}",
    )


def _election(election: Election) -> Json:
    day = election.date.isoformat()
    return _object(
        "Election",
        Name=_words(election.title),
        Type="general",
        StartDate=day,
        EndDate=day,
        ElectionScopeId=NATION,
    )


def _contest(election: Election) -> Json:
    members = {"@id": "contest-1", "Name": election.title, "ElectionDistrictId": NATION}
    return _object("CandidateContest", **members, VotesAllowed=1)


def _party_ids(election: Election) -> dict[str, str]:
    """A party that carries several candidates is still one party."""
    names = dict.fromkeys(position.party for position in election.positions)
    return {name: f"party-{number}" for number, name in enumerate(names, 1)}


def _parties(election: Election) -> Iterator[Json]:
    for name, identity in _party_ids(election).items():
        yield _object("Party", **{"@id": identity}, Name=_words(name))


def _candidates(election: Election) -> Iterator[Json]:
    for number, candidate in enumerate(election.candidates, 1):
        members = {"@id": f"candidate-{number}", "BallotName": _words(candidate.name)}
        yield _object("Candidate", **members)


def _selection(election: Election, index: int) -> Json:
    parties = _party_ids(election)
    named = (election.positions[i].party for i in election.candidates[index].positions)
    return _object(
        "CandidateSelection",
        **{"@id": f"selection-{index + 1}"},
        SequenceOrder=index + 1,
        CandidateIds=[f"candidate-{index + 1}"],
        EndorsementPartyIds=list(dict.fromkeys(parties[name] for name in named)),
    )


def _counts(election: Election, resolution: Resolution, totals: Totals) -> Iterator[_Counts]:
    """From the nation down to the counted mesas."""
    for units in totals.levels.values():
        for unit in units:
            votes = tuple(unit.candidate_votes(election).values())
            yield _Counts(unit_id(unit), votes, unit.null_votes, unit.empty_votes)
    for mesa in resolution.mesas:
        if mesa.payload:
            numbers = mesa.payload.votes
            votes = tuple(sum(numbers[i] for i in c.positions) for c in election.candidates)
            yield _Counts(
                mesa_id(mesa.mesa), votes, mesa.payload.null_votes, mesa.payload.empty_votes
            )


def _votes(count: _Counts, index: int) -> Json:
    return _object("VoteCounts", GpUnitId=count.unit, Type="total", Count=count.votes[index])


def _ballots(count: _Counts) -> Json:
    return _object(
        "BallotCounts",
        GpUnitId=count.unit,
        Type="total",
        BallotsCast=count.cast,
        BallotsRejected=count.null_votes,
    )


def _other(count: _Counts) -> Json:
    return _object("OtherCounts", GpUnitId=count.unit, Undervotes=count.empty_votes)


def unit_id(unit: UnitTotals) -> str:
    """The identity of a unit in the document: level and code, for remainders recur by level."""
    return NATION if unit.level == NATION else f"{unit.level}-{unit.code}"


def mesa_id(mesa: str) -> str:
    """The identity of a mesa in the document."""
    return f"mesa-{mesa}"


def _units(election: Election, resolution: Resolution, totals: Totals) -> Iterator[Json]:
    parts = _parts(election, resolution, totals)
    for level, units in totals.levels.items():
        for unit in units:
            yield _unit(level, unit, parts[unit_id(unit)])
    for mesa in resolution.mesas:
        status = _object("CountStatus", Type="total", Status=_STATUS[mesa.status])
        voters = mesa.registered_voters
        yield _object(
            "ReportingUnit",
            **{"@id": mesa_id(mesa.mesa)},
            Type="precinct",
            Number=str(mesa.number),
            CountStatus=[status],
            **({} if voters is None else {"VotersRegistered": voters}),
        )
    for code, count in sorted(resolution.register.remainders.items()):
        for number in range(1, count + 1):
            status = _object("CountStatus", Type="total", Status="not-processed")
            name = mesa_id(f"{code}{NOT_LISTED}/{number}")
            yield _object("ReportingUnit", **{"@id": name}, Type="precinct", CountStatus=[status])


def _unit(level: str, unit: UnitTotals, parts: list[str]) -> Json:
    kind = _TYPES.get(level, "other")
    return _object(
        "ReportingUnit",
        **{"@id": unit_id(unit)},
        Type=kind,
        **({"OtherType": level} if kind == "other" else {}),
        Name=_words(unit.name),
        TotalSubUnits=unit.expected,
        SubUnitsReported=unit.counted,
        ComposingGpUnitIds=parts,
    )


def _parts(election: Election, resolution: Resolution, totals: Totals) -> dict[str, list[str]]:
    """The units that each unit consists of: those of the next level, and mesas of the lowest."""
    parts: dict[str, list[str]] = defaultdict(list)
    above = NATION, 0
    for level in election.levels:
        for unit in totals.levels[level.name]:
            parts[_whole(*above, unit.code.removesuffix(NOT_LISTED))].append(unit_id(unit))
        above = level.name, level.digits
    for mesa in resolution.mesas:
        parts[_whole(*above, mesa.centre)].append(mesa_id(mesa.mesa))
    for code, count in sorted(resolution.register.remainders.items()):
        names = (mesa_id(f"{code}{NOT_LISTED}/{n}") for n in range(1, count + 1))
        parts[_whole(*above, code)].extend(names)
    return parts


def _whole(level: str, digits: int, code: str) -> str:
    """The unit of a level that holds a code; a remainder of a level above is carried as one."""
    if level == NATION:
        return NATION
    return f"{level}-{code[:digits] if len(code) >= digits else code + NOT_LISTED}"
