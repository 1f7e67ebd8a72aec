"""The data that the pages load as needed: mesas by unit, an index for the search, lists as CSV."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.count.outputs import NEEDS_A_PERSON, neutral
from pipeline.count.resolve import Resolution, ResolvedMesa, ResolvedScan
from pipeline.election import Election
from pipeline.publish.evidence.album import Evidence
from pipeline.publish.opendata.scans import Naming, page_of, payload_text, published_detail
from pipeline.publish.script import script
from pipeline.publish.text import visible


def units(
    resolution: Resolution, election: Election, evidence: Evidence | None
) -> Iterator[tuple[str, bytes]]:
    """Per unit above the centres of which a sheet or mesa is named: its code and its script."""
    digits = _shard_digits(election)
    uris = resolution.scans.originals()
    groups: dict[str, list[ResolvedMesa]] = defaultdict(list)
    for mesa in resolution.mesas:
        groups[mesa.centre[:digits]].append(mesa)
    shards = sorted(groups.items())
    runs = [[mesa.mesa for mesa in mesas] for _, mesas in shards]
    for (code, mesas), scans in zip(shards, resolution.scans.by_mesa(runs), strict=True):
        centres: dict[str, list[Any]] = {}
        for mesa in mesas:
            rows = [_scan(item, uris, evidence) for item in scans[mesa.mesa]]
            centres.setdefault(mesa.centre, []).append(_mesa(mesa, rows))
        names = {centre: election.name_of(centre) for centre in centres}
        above = [[a, election.name_of(a)] for a in places_above(code, election)]
        yield code, script("unit", code, {"names": names, "above": above, "mesas": centres})


def places_above(code: str, election: Election) -> list[str]:
    """Codes of the units from the highest down to the one that `code` names."""
    return [code[: level.digits] for level in election.levels if level.digits <= len(code)]


def _shard_digits(election: Election) -> int:
    return election.levels[-2].digits if len(election.levels) > 1 else election.levels[0].digits


def _mesa(mesa: ResolvedMesa, scans: Sequence[object]) -> dict[str, Any]:
    return {
        "m": mesa.mesa,
        "n": mesa.number,
        "s": "unread" if mesa.unread else mesa.status.value,
        "r": mesa.registered_voters,
        "l": int(mesa.listed),
        "scans": scans,
    }


def _scan(item: ResolvedScan, uris: frozenset[str], evidence: Evidence | None) -> dict[str, Any]:
    scan, payload = item.scan, item.scan.payload
    found: dict[str, Any] = {
        "f": Naming().name(scan.uri),
        "h": scan.sha256,
        "s": item.status.value,
        "x": [[f.code, published_detail(f, uris, Naming())] for f in item.findings],
    }
    if page_of(scan.uri) != 1:
        found["pg"] = page_of(scan.uri)
    if payload:
        found |= {"g": scan.grade, "a": payload.acta_code.text, "p": payload_text(scan)}
        found |= {"v": payload.votes, "z": payload.null_votes, "e": payload.empty_votes}
    if evidence:
        image = evidence.of(item)
        if image:
            found["i"] = image.withheld or [image.width, image.height]
    return found


def index(
    election: Election, resolution: Resolution, pages: frozenset[str]
) -> Iterator[tuple[str, bytes]]:
    """Per highest unit: [code, name, 1 if there is a page to go to] of all places within it."""
    digits = election.levels[0].digits
    named = {code: unit.name for code, unit in election.units.items() if code}
    known = {mesa.centre for mesa in resolution.mesas}
    groups: dict[str, list[Any]] = defaultdict(list)
    for code in sorted(named.keys() | known):
        there = code in pages or code in known
        groups[code[:digits]].append([code, named.get(code, code), int(there)])
    for code, rows in sorted(groups.items()):
        yield code, script("index", code, rows)


def problems_csv(resolution: Resolution) -> bytes:
    """Every scan that needs a person, by its file's name alone."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("scan", "page", "status", "mesa", "why", "sha256"))
    for item in resolution.scans.of(NEEDS_A_PERSON):
        uri = item.scan.uri
        cells = (Naming().name(uri), page_of(uri), item.status.value, item.mesa, item.why,
                 item.scan.sha256)  # fmt: skip
        writer.writerow([neutral(visible(cell)) for cell in cells])
    return buffer.getvalue().encode()
