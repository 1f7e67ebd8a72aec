"""Loading finished results again, explaining them, and writing their report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.stage import local_copy
from pipeline.count.load import COLUMNS, ScanRows
from pipeline.count.place import Place
from pipeline.count.resolve import Resolution, ResolvedMesa, ResolvedScan, resolve
from pipeline.count.store import Ledger
from pipeline.count.totals import Totals, sum_up
from pipeline.election import Election, load_election
from pipeline.errors import InputError, ResultsError
from pipeline.publish.evidence.album import Evidence, open_album
from pipeline.publish.opendata.describe import published_root
from pipeline.publish.site.pages import Beside
from pipeline.publish.site.write import is_current, write_site
from pipeline.read.uris import to_uri

ALBUM = "evidence"
"""Where the images of the sheets are, beside the tables."""


@dataclass(frozen=True)
class Loaded:
    """A results folder. `summary` is None where no run has finished."""

    election: Election
    resolution: Resolution
    totals: Totals
    summary: dict[str, Any] | None
    read: int


@dataclass(frozen=True)
class Subject:
    """What a user asked about: a mesa with its scans, or scans alone."""

    mesa: ResolvedMesa | None
    scans: tuple[ResolvedScan, ...]


def load_results(where: Path | Place) -> Loaded:
    """Resolve the ledger as it stands now.

    Raises:
        ResultsError: there are no results, or they are damaged.
    """
    results = Place.of(where)
    election = election_of(results)
    ledger = Ledger.open(results.sub("scans"), election.slug)
    resolution = resolve(ScanRows(ledger.batches(COLUMNS), election.rules), election)
    totals = sum_up(resolution, election)
    return Loaded(election, resolution, totals, _summary(results), len(resolution.scans))


def election_of(results: Place) -> Election:
    """The definition that results were counted by.

    Raises:
        ResultsError: there are no results, or not yet.
    """
    definition = results.sub("election")
    if not definition.has("election.yaml"):
        if not results.sub("scans").names():
            raise ResultsError(
                f"{results}: there are no results here.", "Run `actas tally SCANS --out` first."
            )
        raise ResultsError(
            f"{results}: a run was begun, but none has finished.", "Run `actas tally` again."
        )
    return load_election(local_copy(definition))


def find_subject(loaded: Loaded, what: str) -> Subject:
    """The mesa or the scans that a user means.

    Raises:
        InputError: there is nothing of that name.
    """
    key = loaded.election.rules.acta_code.mesa_key_of(what)
    if key:
        mesa = next((mesa for mesa in loaded.resolution.mesas if mesa.mesa == key), None)
        if mesa is None:
            raise InputError(f"Mesa {key} is neither expected nor found.", "Check the code.")
        return Subject(mesa, tuple(s for s in loaded.resolution.scans if _concerns(s, key)))
    names = {what, to_uri(what)}
    scans = tuple(
        s
        for s in loaded.resolution.scans
        if s.scan.uri in names or s.scan.uri.endswith(tuple(f"/{name}" for name in names))
    )
    if not scans:
        raise InputError(
            f"{what!r} is neither a mesa, an acta code nor a scan of these results.",
            "Give a mesa such as 240111020.01, or a file name.",
        )
    return Subject(None, scans)


def _concerns(item: ResolvedScan, mesa: str) -> bool:
    return item.mesa == mesa or any(r.acta_code.mesa == mesa for r in item.scan.rivals)


def explain_json(subject: Subject) -> dict[str, Any]:
    """A subject for programs."""
    mesa = subject.mesa
    return {
        "mesa": mesa and mesa.mesa,
        "status": mesa and mesa.status.value,
        "registered_voters": mesa and mesa.registered_voters,
        "scans": [
            {
                "uri": item.scan.uri,
                "sha256": item.scan.sha256,
                "status": item.status.value,
                "grade": item.scan.grade,
                "attempt": item.scan.attempt,
                "spare": item.scan.spare,
                "payload": item.scan.payload and item.scan.payload.text,
                "findings": [
                    {"code": f.code, "gravity": f.kind.gravity.value, "sentence": f.sentence}
                    for f in item.findings
                ],
                "stands_for": item.stands_for,
            }
            for item in subject.scans
        ],
    }


def write_report(
    results: Path,
    election: Election,
    resolution: Resolution,
    totals: Totals,
    summary: dict[str, Any],
) -> Path:
    """Write the site, unless it is there as it would be; returns its first page.

    Images of sheets that were made before are shown again; none is made here.
    """
    folder = results / "site"
    album = open_album(results / ALBUM)
    beside = Beside(
        Evidence.gather(album, resolution) if album else None,
        published_root(results / "open-data", summary),
    )
    if is_current(folder, summary, beside):
        return folder / "index.html"
    return write_site(folder, election, resolution, totals, summary, beside)


def _summary(results: Place) -> dict[str, Any] | None:
    try:
        loaded: dict[str, Any] = json.loads(results.read("summary.json"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ResultsError(
            f"{results}/summary.json is damaged.", "Run `actas tally` again."
        ) from error
    if not isinstance(loaded, dict) or not {"scans", "mesas", "votes"} <= loaded.keys():
        raise ResultsError(f"{results}/summary.json is damaged.", "Run `actas tally` again.")
    return loaded
