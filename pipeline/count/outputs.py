"""The files of a run: tables, totals and summary, each written whole or not at all.

CSV cells that a spreadsheet would take for a formula get an apostrophe in front: file names and
texts on a sheet are chosen by strangers.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import schema
from pipeline.count.place import replaced
from pipeline.count.place import write_bytes as write_bytes
from pipeline.count.resolve import Resolution, ResolvedMesa, ResolvedScan, ScanStatus
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import Election

NEEDS_A_PERSON = (
    ScanStatus.QUARANTINED,
    ScanStatus.UNREADABLE,
    ScanStatus.REJECTED,
    ScanStatus.FAILED,
)
PART = 10_000
"""Rows that are written at a time."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class RunFacts:
    """What the summary says of the run beside its sums."""

    reader_version: str
    code_sha256: str
    table_version: int
    seconds: Mapping[str, float]


def write_tables(
    folder: Path, resolution: Resolution, totals: Totals, election: Election
) -> dict[str, str]:
    """Write every table of a run; returns the sha256 of each by its name.

    Raises:
        OSError: the disk is full or read-only.
    """
    (folder / "totals").mkdir(exist_ok=True)
    tables = _tables(resolution, totals, election)
    return {name: _write(folder / name, layout, parts) for name, layout, parts in tables}


def _tables(
    resolution: Resolution, totals: Totals, election: Election
) -> Iterator[tuple[str, pa.Schema, Iterable[pa.Table]]]:
    layout = schema.actas(election)
    yield "actas.parquet", layout, _in_parts(acta_rows(resolution, election), layout)
    for level, units in totals.levels.items():
        table = totals_table(units, election)
        for kind in ("parquet", "csv"):
            yield f"totals/{level}.{kind}", table.schema, (table,)
    findings = _in_parts(finding_rows(resolution), schema.FINDINGS)
    yield "findings.csv", schema.FINDINGS, findings
    yield "unread.csv", schema.UNREAD, _in_parts(unread_rows(resolution), schema.UNREAD)


def _in_parts(rows: Iterable[dict[str, object]], layout: pa.Schema) -> Iterator[pa.Table]:
    """The rows as tables of a bounded size: a million of them at once would fill the memory."""
    rest = iter(rows)
    while part := list(islice(rest, PART)):
        yield pa.Table.from_pylist(part, schema=layout)


def _write(path: Path, layout: pa.Schema, parts: Iterable[pa.Table]) -> str:
    """Write a table part by part; returns the file's sha256."""
    with replaced(path) as stream:
        if path.suffix == ".parquet":
            with pq.ParquetWriter(stream, layout, compression="zstd") as writer:
                for part in parts:
                    writer.write_table(part)
        else:
            _write_lines(stream, layout, parts)
    with path.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _write_lines(stream: BinaryIO, layout: pa.Schema, parts: Iterable[pa.Table]) -> None:
    """Write CSV, text cells neutralised."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(layout.names)
    for part in parts:
        writer.writerows(zip(*(_cells(column) for column in part.columns), strict=True))
    text.detach()


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write `summary.json`, which comes last: whoever reads it finds the tables that it names."""
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    write_bytes(folder / "summary.json", text.encode())


def summarise(
    totals: Totals, election: Election, facts: RunFacts, files: Mapping[str, str]
) -> dict[str, Any]:
    """The contract `summary.json`, without `version`. Between two reads of it nothing has been
    published if `files` (sha256 by name) are what the folder holds.
    """
    nation = totals.nation
    return {
        "election": election.slug,
        "reader_version": facts.reader_version,
        "config_sha256": election.config_sha256,
        "code_sha256": facts.code_sha256,
        "table_version": facts.table_version,
        "scans": dict(totals.scans),
        "mesas": {
            "expected": nation.expected,
            "counted": nation.counted,
            "quarantined": nation.quarantined,
            "missing": nation.missing,
            "unread": nation.unread,
        },
        "grades": {"proven": 0, "qr": 0, "print": 0} | dict(totals.grades),
        "valid_votes": nation.valid_votes,
        "null_votes": nation.null_votes,
        "empty_votes": nation.empty_votes,
        "registered_voters_of_counted": nation.registered_voters,
        "votes": nation.candidate_votes(election),
        "files": dict(files),
        "seconds": {name: round(value, 3) for name, value in facts.seconds.items()},
    }


def acta_rows(resolution: Resolution, election: Election) -> Iterator[dict[str, object]]:
    """A row per mesa: the named ones, then those that only a unit's number tells of."""
    yield from (_acta_row(mesa, election) for mesa in resolution.mesas)
    yield from _nameless_rows(resolution, election)


def _acta_row(mesa: ResolvedMesa, election: Election) -> dict[str, object]:
    payload, source = mesa.payload, mesa.source
    return {
        "mesa": mesa.mesa,
        **{level.name: mesa.centre[: level.digits] for level in election.levels},
        "number": mesa.number,
        "listed": mesa.listed,
        "status": mesa.status.value,
        "unread": mesa.unread,
        "grade": source.grade if source else None,
        "acta_code": payload.acta_code.text if payload else None,
        "votes": list(payload.votes) if payload else None,
        "valid_votes": payload.valid_votes if payload else None,
        "null_votes": payload.null_votes if payload else None,
        "empty_votes": payload.empty_votes if payload else None,
        "registered_voters": mesa.registered_voters,
        "scan": source.uri if source else None,
        "sha256": source.sha256 if source else None,
        "scans": mesa.scans,
        "findings": [finding.code for finding in mesa.findings],
    }


def _nameless_rows(resolution: Resolution, election: Election) -> Iterable[dict[str, object]]:
    """One row for every expected mesa that nothing names: `0101-/3` is the third of 0101."""
    for code, count in sorted(resolution.register.remainders.items()):
        places = {
            level.name: code[: level.digits] if level.digits <= len(code) else None
            for level in election.levels
        }
        for number in range(1, count + 1):
            yield {
                "mesa": f"{code}-/{number}",
                **places,
                "listed": False,
                "status": "missing",
                "unread": False,
                "scans": 0,
                "findings": [],
            }


def totals_table(units: Sequence[UnitTotals], election: Election) -> pa.Table:
    """A row per unit: its sums, by candidate and by party line."""
    layout = schema.totals(election)
    plain = {
        name: [getattr(unit, name) for unit in units]
        for name in layout.names[: schema.TOTALS_PLAIN]
    }
    parties = np.stack([unit.votes for unit in units])
    candidates = [parties[:, list(c.positions)].sum(axis=1) for c in election.candidates]
    columns = [*plain.values(), *candidates, *parties.T]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, layout, strict=True)],
        layout,
    )


def finding_rows(resolution: Resolution) -> Iterator[dict[str, object]]:
    """Every finding of every scan, with its plain sentence."""
    return (
        {
            "scan": uri,
            "mesa": verdict.mesa,
            "code": finding.code,
            "gravity": finding.kind.gravity.value,
            "sentence": finding.sentence,
        }
        for uri, verdict in resolution.scans.verdicts()
        for finding in verdict.findings
    )


def unread_rows(resolution: Resolution) -> Iterator[dict[str, object]]:
    """The scans that a person must look at, and why."""
    return (_unread_row(item) for item in resolution.scans.of(NEEDS_A_PERSON))


def _unread_row(item: ResolvedScan) -> dict[str, object]:
    return {
        "uri": item.scan.uri,
        "status": item.status.value,
        "mesa": item.mesa,
        "why": item.why,
        "sha256": item.scan.sha256,
    }


def write_csv(path: Path, table: pa.Table) -> None:
    """Write a table as CSV, text cells neutralised."""
    buffer = io.BytesIO()
    _write_lines(buffer, table.schema, (table,))
    write_bytes(path, buffer.getvalue())


def _cells(column: pa.ChunkedArray) -> list[object]:
    values: list[object] = column.to_pylist()
    return [neutral(value) for value in values] if pa.types.is_string(column.type) else values


def neutral(value: object) -> object:
    """A cell that no spreadsheet runs as a formula. Numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
