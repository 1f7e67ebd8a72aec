"""From the ledger to what people read: tables, a version where something changed, report, summary.

The summary comes last. It names the sha256 of every table, so that whoever reads results while a
run publishes can tell whether the tables at hand are those that the summary speaks of.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.code import code_sha256
from jobs.report import write_report
from jobs.stage import staged
from pipeline.count import news
from pipeline.count.load import COLUMNS, scans_of
from pipeline.count.outputs import RunFacts, summarise, write_summary, write_tables
from pipeline.count.place import Place
from pipeline.count.resolve import resolve
from pipeline.count.store import Ledger
from pipeline.count.totals import sum_up
from pipeline.count.versions import Version, add_version, changes, state, versions
from pipeline.election import Election

PAGE = "site/index.html"


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
    before = _last_state(out, known)
    begin = time.monotonic()
    resolution = resolve(scans_of(ledger.batches(COLUMNS), election.rules), election)
    totals = sum_up(resolution, election)
    seconds["resolve"] = time.monotonic() - begin
    check()
    with staged(out) as folder:
        files = write_tables(folder, resolution, totals, election)
        seconds["total"] = time.monotonic() - start
        facts = RunFacts(reader_version, code_sha256(), ledger.version, seconds)
        summary = summarise(totals, election, facts, files)
        after = pq.read_table(folder / "actas.parquet")
        summary["version"] = _version(out, known, changes(before, after), ledger, summary)
        write_report(folder, election, resolution, totals, summary)
        check()
        write_summary(folder, summary)
    return Done(summary, _page(out))


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


def _last_state(out: Place, known: list[Version]) -> pa.Table:
    """The mesas of the last version: as published if that is still there, else from the changes."""
    if known:
        try:
            content = out.read("actas.parquet")
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() == known[-1].summary["files"]["actas.parquet"]:
            return pq.read_table(io.BytesIO(content))
    return state(out, len(known))


def _version(
    out: Place,
    known: list[Version],
    changed: pa.Table,
    ledger: Ledger,
    summary: dict[str, Any],
) -> int:
    """The number of the version that this is: a new one if anything differs from the last."""
    content = {name: value for name, value in summary.items() if name != "seconds"}
    if known and _content(known[-1].summary) == _content(content):
        return known[-1].number
    history = ledger.history(news.COLUMNS)
    return add_version(
        out,
        known,
        changed,
        time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        run=ledger.next_run() - 1,
        news=news.news_since(history, known[-1].run if known else 0),
        summary=content,
    ).number


def _content(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a version: not a scan tried again in vain, nor other code that says the same."""
    aside = ("table_version", "code_sha256", "version")
    return {name: value for name, value in summary.items() if name not in aside}
