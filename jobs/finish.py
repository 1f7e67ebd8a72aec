"""From the ledger to what people read: tables, a version where something changed, report, summary.

The summary comes last. It names the sha256 of every table, so that whoever reads results while a
run publishes can tell whether the tables at hand are those that the summary speaks of.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jobs.code import code_sha256
from jobs.memory import release_unused
from jobs.report import write_report
from jobs.stage import staged
from pipeline.count import news
from pipeline.count.load import COLUMNS, ScanRows
from pipeline.count.outputs import RunFacts, summarise, write_summary, write_tables
from pipeline.count.place import Place
from pipeline.count.resolve import resolve
from pipeline.count.store import Ledger
from pipeline.count.totals import sum_up
from pipeline.count.versions import Version, add_version, changes, state, versions
from pipeline.election import Election

PAGE = "site/index.html"
PART = 20_000
"""Mesas that are compared at a time."""


@dataclass(frozen=True)
class Done:
    """The results as they stand."""

    summary: dict[str, Any]
    page: str
    """Where the report is."""


def finish(
    out: Place,
    ledger: Ledger,
    election: Election,
    reader_version: str,
    seconds: dict[str, float],
    start: float,
    check: Callable[[], None],
) -> Done:
    """Bring everything in the results to the state of the ledger.

    `check` is asked before anything is replaced; it raises if another run has taken over.
    """
    standing = _standing(out, ledger, election, reader_version)
    if standing:
        return Done(standing, _page(out))
    known = versions(out)
    with staged(out) as folder:
        summary = _write(folder, ledger, election, reader_version, seconds, start, known, check)
        release_unused(summary["scans"]["found"])
        if summary["version"] > len(known):
            _add_version(out, known, folder, ledger, summary)
        check()
        write_summary(folder, summary)
    return Done(summary, _page(out))


def _write(
    folder: Path,
    ledger: Ledger,
    election: Election,
    reader_version: str,
    seconds: dict[str, float],
    start: float,
    known: Sequence[Version],
    check: Callable[[], None],
) -> dict[str, Any]:
    """Write the tables and the report; returns the summary, which is still to be written."""
    begin = time.monotonic()
    resolution = resolve(ScanRows(ledger.batches(COLUMNS), election.rules), election)
    totals = sum_up(resolution, election)
    release_unused(len(resolution.scans))
    seconds["resolve"] = time.monotonic() - begin
    check()
    files = write_tables(folder, resolution, totals, election)
    release_unused(len(resolution.scans))
    seconds["total"] = time.monotonic() - start
    facts = RunFacts(reader_version, code_sha256(), ledger.version, seconds)
    summary = summarise(totals, election, facts, files)
    is_new = not known or _content(known[-1].summary) != _content(summary)
    summary["version"] = len(known) + is_new
    write_report(folder, election, resolution, totals, summary)
    return summary


def _page(out: Place) -> str:
    return f"{out}/{PAGE}"


def _standing(
    out: Place, ledger: Ledger, election: Election, reader_version: str
) -> dict[str, Any] | None:
    """The summary, if nothing has changed since it was written and all that it names is there."""
    try:
        summary: dict[str, Any] = json.loads(out.read("summary.json"))
        same = (
            summary["table_version"] == ledger.version
            and summary["config_sha256"] == election.config_sha256
            and summary["reader_version"] == reader_version
            and summary["code_sha256"] == code_sha256()
            and out.has(PAGE)
            and all(_sha256(out, name) == digest for name, digest in summary["files"].items())
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return summary if same else None


def _sha256(out: Place, name: str) -> str:
    return hashlib.sha256(out.read(name)).hexdigest()


def _add_version(
    out: Place, known: Sequence[Version], folder: Path, ledger: Ledger, summary: dict[str, Any]
) -> None:
    """Record what is other than in the last version."""
    run = known[-1].run if known else 0
    recent = ledger.history(news.COLUMNS, where=ds.field("run") > run)
    older = ledger.history(["source"], where=ds.field("run") <= run)["source"]
    told = news.news(recent, older)
    del recent, older
    with pq.ParquetFile(folder / "actas.parquet") as after:
        parts = (pa.Table.from_batches([part]) for part in after.iter_batches(PART))
        add_version(
            out,
            known,
            changes(state(out, len(known)), parts),
            after.schema_arrow,
            time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            run=ledger.next_run() - 1,
            news=told,
            summary={name: value for name, value in summary.items() if name != "seconds"},
        )


def _content(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a version: not a scan tried again in vain, nor other code that says the same."""
    aside = ("table_version", "code_sha256", "version", "seconds")
    return {name: value for name, value in summary.items() if name not in aside}
