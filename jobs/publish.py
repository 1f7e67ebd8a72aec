"""From the ledger to what people read: tables, a version where something changed, report, summary.

The summary comes last. It names the sha256 of every table, so that whoever reads results while a
run publishes can tell whether the tables at hand are those that the summary speaks of.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.code import code_sha256
from jobs.report import write_report
from pipeline.count import news
from pipeline.count.load import COLUMNS, scans_of
from pipeline.count.outputs import RunFacts, summarise, write_summary, write_tables
from pipeline.count.place import Place
from pipeline.count.resolve import resolve
from pipeline.count.store import Ledger
from pipeline.count.totals import sum_up
from pipeline.count.versions import Version, add_version, changes, state, versions
from pipeline.election import Election

PAGE = Path("site") / "index.html"


@dataclass(frozen=True)
class Published:
    """The results as they stand."""

    summary: dict[str, Any]
    page: Path


def publish(
    out: Path,
    ledger: Ledger,
    election: Election,
    reader_version: str,
    seconds: dict[str, float],
    start: float,
) -> Published:
    """Bring everything in the results folder to the state of the ledger."""
    standing = _standing(out, ledger, election, reader_version)
    if standing:
        return Published(standing, out / PAGE)
    known = versions(Place.of(out))
    before = _last_state(out, known)
    begin = time.monotonic()
    resolution = resolve(scans_of(ledger.rows(COLUMNS), election.rules), election)
    totals = sum_up(resolution, election)
    seconds["resolve"] = time.monotonic() - begin
    files = write_tables(out, resolution, totals, election)
    seconds["total"] = time.monotonic() - start
    facts = RunFacts(reader_version, code_sha256(), ledger.version, seconds)
    summary = summarise(totals, election, facts, files)
    summary["version"] = _version(out, known, before, ledger, summary)
    page = write_report(out, election, resolution, totals, summary)
    write_summary(out, summary)
    return Published(summary, page)


def _standing(
    out: Path, ledger: Ledger, election: Election, reader_version: str
) -> dict[str, Any] | None:
    """The summary, if nothing has changed since it was written and all that it names is there."""
    try:
        summary: dict[str, Any] = json.loads((out / "summary.json").read_bytes())
        same = (
            summary["table_version"] == ledger.version
            and summary["config_sha256"] == election.config_sha256
            and summary["reader_version"] == reader_version
            and summary["code_sha256"] == code_sha256()
            and (out / PAGE).is_file()
            and all(_sha256(out / name) == digest for name, digest in summary["files"].items())
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return summary if same else None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _last_state(out: Path, known: list[Version]) -> pa.Table:
    """The mesas of the last version: as published if that is still there, else from the changes."""
    path = out / "actas.parquet"
    if known and path.is_file() and _sha256(path) == known[-1].summary["files"]["actas.parquet"]:
        return pq.read_table(path)
    return state(Place.of(out), len(known))


def _version(
    out: Path, known: list[Version], before: pa.Table, ledger: Ledger, summary: dict[str, Any]
) -> int:
    """The number of the version that this is: a new one if anything differs from the last."""
    content = {name: value for name, value in summary.items() if name != "seconds"}
    if known and _content(known[-1].summary) == _content(content):
        return known[-1].number
    history = ledger.history(news.COLUMNS)
    return add_version(
        Place.of(out),
        known,
        changes(before, pq.read_table(out / "actas.parquet")),
        time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        run=ledger.next_run() - 1,
        news=news.news_since(history, known[-1].run if known else 0),
        summary=content,
    ).number


def _content(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a version: not a scan tried again in vain, nor other code that says the same."""
    aside = ("table_version", "code_sha256", "version")
    return {name: value for name, value in summary.items() if name not in aside}
