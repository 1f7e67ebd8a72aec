"""Rows that repeat what was read before, so that nothing is read twice and no record is lost.

A file whose content is known under another name gets that reading. A scan that is gone, or that
the system refused when it was tried again, keeps its record and says so. All of these are ordinary
rows of the ledger; `read_as` names the file whose bytes were read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import schema
from pipeline.count.current import current
from pipeline.findings import Finding
from pipeline.read.record import Outcome
from pipeline.read.scans import ScanFile
from pipeline.read.uris import page_uri

GONE = "gone"
"""The stamp of a scan that is no longer there."""
NO_LONGER_THERE, REFUSED = "scan-gone", "scan-refused"
NOTES = (NO_LONGER_THERE, REFUSED)
MOST_TWINS = 64
"""Contents of one size that are offered for comparison; with more, reading is cheaper."""


def with_twins(
    files: Sequence[ScanFile], history: pa.Table, version: str, limits: str
) -> list[ScanFile]:
    """The files, each with the contents of its size that were read already."""
    sizes = pa.array(sorted({file.size for file in files}), pa.int64())
    same_size = pc.is_in(history["size"], value_set=sizes)
    rows = history.filter(pc.and_(same_size, _read_alike(history, version, limits)))
    found: dict[int, set[str]] = defaultdict(set)
    for size, sha256 in zip(rows["size"].to_pylist(), rows["sha256"].to_pylist(), strict=True):
        found[size].add(sha256)
    twins = {size: tuple(sorted(some)) for size, some in found.items() if len(some) <= MOST_TWINS}
    return [replace(f, twins=twins[f.size]) if f.size in twins else f for f in files]


def repeat_known(
    history: pa.Table, known: Mapping[ScanFile, str], version: str, limits: str, run: int
) -> pa.Table:
    """Rows for files whose content (a sha256 each) has been read under another name."""
    contents = pa.array(sorted(set(known.values())), pa.string())
    alike = pc.and_(
        _read_alike(history, version, limits), pc.is_in(history["sha256"], value_set=contents)
    )
    pages: dict[str, dict[tuple[int, str], list[dict[str, Any]]]] = defaultdict(dict)
    for row in history.filter(alike).to_pylist():
        readings = pages[row["sha256"]]
        readings.setdefault((row["run"], row["source"]), []).append(row)
    rows = []
    for file, sha256 in known.items():
        if sha256 in pages:
            latest = max(pages[sha256])
            rows += [_renamed(r, file, len(pages[sha256][latest])) for r in pages[sha256][latest]]
    return _table(rows, run)


def _read_alike(history: pa.Table, version: str, limits: str) -> pa.ChunkedArray:
    """Rows that this version has read itself, under these limits, to an end."""
    same = pc.and_(
        pc.equal(history["reader_version"], version), pc.equal(history["limits"], limits)
    )
    ended = pc.not_equal(history["outcome"], Outcome.FAILED.value)
    return pc.and_(pc.and_(same, ended), pc.is_null(history["read_as"]))


def _renamed(row: dict[str, Any], file: ScanFile, pages: int) -> dict[str, Any]:
    return row | {
        "uri": page_uri(file.uri, row["page"], pages),
        "source": file.uri,
        "size": file.size,
        "stamp": file.stamp,
        "read_as": row["source"],
    }


def keep_gone(history: pa.Table, gone: Iterable[str], run: int) -> pa.Table:
    """Rows for scans that are no longer there: what they said, and that they are gone."""
    rows = current(history)
    names = pa.array(sorted(gone), pa.string())
    chosen = rows.filter(pc.is_in(rows["source"], value_set=names))
    note = Finding(NO_LONGER_THERE)
    return _table([_noted(row, note) | {"stamp": GONE} for row in chosen.to_pylist()], run)


def keep_refused(history: pa.Table, run: int) -> pa.Table:
    """Rows for scans that were read, and whose file could not be had when it was tried again."""
    latest = current(history)
    refused = latest.filter(pc.is_null(latest["sha256"]))
    mine = pc.is_in(history["source"], value_set=refused["source"])
    read = current(history.filter(pc.and_(mine, pc.is_valid(history["sha256"]))))
    attempts = {row["source"]: row for row in refused.to_pylist()}
    rows = []
    for row in read.to_pylist():
        attempt = attempts[row["source"]]
        reason = "; ".join(attempt["findings"])
        same_file = {"size": attempt["size"], "stamp": attempt["stamp"]}
        rows.append(_noted(row, Finding(REFUSED, reason)) | same_file)
    return _table(rows, run)


def _noted(row: dict[str, Any], note: Finding) -> dict[str, Any]:
    """A row that repeats another, with one of `NOTES` more."""
    pairs = zip(row["findings"], row["finding_details"], strict=True)
    kept = [(code, detail) for code, detail in pairs if code not in NOTES]
    return row | {
        "findings": [*(code for code, _ in kept), note.code],
        "finding_details": [*(detail for _, detail in kept), note.detail],
        "read_as": row["read_as"] or row["source"],
    }


def _table(rows: Iterable[dict[str, Any]], run: int) -> pa.Table:
    return pa.Table.from_pylist([row | {"run": run} for row in rows], schema=schema.SCANS)
