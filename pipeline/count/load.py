"""From the ledger's rows to the scans that `resolve` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import schema
from pipeline.count.scan import Scan
from pipeline.count.shelf import Places, Shelf
from pipeline.election import SheetRules
from pipeline.findings import CATALOGUE, Finding
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.record import Grade, Outcome

COLUMNS = (
    "uri", "sha256", "page", "outcome", "grade", "payload", "rivals",
    "findings", "finding_details", "failure", "acta_code", "attempt", "spare",
    "printed", "print_check", "registered_voters", "printed_at", "uuid", "hash", "box_ink",
)  # fmt: skip
FEW = (
    "outcome", "grade", "payload", "failure", "acta_code", "attempt", "print_check", "printed_at",
)  # fmt: skip
"""Columns that say the same of many scans."""
MOST_WAITING = 50_000
"""Rows that wait to be joined to the others, or a quarter of those."""
SAME = 100_000
"""Payloads and findings that are remembered."""


class ScanRows(Shelf):
    """Ledger rows with at least `COLUMNS`; a scan is made of one when it is asked for."""

    def __init__(self, rows: pa.Table | Iterable[pa.Table], rules: SheetRules) -> None:
        tables = [rows] if isinstance(rows, pa.Table) else rows
        self._rows = _gathered(tables)
        self._rules = rules
        # Sheets come several times, findings many times: one object of each does.
        self._payload_of = lru_cache(SAME)(lambda text: _payload(text, rules))
        self._finding_of = lru_cache(SAME)(Finding)
        self._findings_of = lru_cache(SAME)(self._findings)

    @property
    def uris(self) -> pa.Array:
        """The uri of each."""
        return _one(self._rows["uri"])

    def __len__(self) -> int:
        """How many there are."""
        return int(self._rows.num_rows)

    def take(self, places: Places) -> Iterator[Scan]:
        """The scans at these places."""
        rows = self._rows.take(pa.array(places))
        columns = (_plain(_one(rows[name])) for name in COLUMNS)
        return (
            self._scan(dict(zip(COLUMNS, row, strict=True))) for row in zip(*columns, strict=True)
        )

    def _scan(self, row: dict[str, Any]) -> Scan:
        payload = self._payload_of(row["payload"] or _counting_print(row))
        rivals = [self._payload_of(text) for text in row["rivals"] or ()]
        hint = self._rules.acta_code.parse(row["acta_code"] or "") if payload is None else None
        outcome = Outcome(row["outcome"])
        if outcome is Outcome.READ and payload is None:
            # A scan that is gone since the rules changed: what it said counts for nothing now.
            outcome = Outcome.REJECTED
        return Scan(
            uri=row["uri"],
            sha256=row["sha256"],
            page=row["page"],
            outcome=outcome,
            grade=row["grade"],
            payload=payload,
            rivals=tuple(rival for rival in rivals if rival),
            findings=self._findings_of(tuple(row["findings"]), tuple(row["finding_details"])),
            failure=row["failure"],
            attempt=row["attempt"],
            spare=row["spare"],
            mesa_hint=hint.mesa if hint else None,
            registered_voters=row["registered_voters"],
            print_check=row["print_check"],
            printed=row["printed"],
            printed_at=row["printed_at"],
            uuid=row["uuid"],
            hash_hex=row["hash"],
            box_ink=None if row["box_ink"] is None else tuple(row["box_ink"]),
        )

    def _findings(self, codes: tuple[str, ...], details: tuple[str, ...]) -> tuple[Finding, ...]:
        pairs = zip(codes, details, strict=True)
        return tuple(self._finding_of(code, text) for code, text in pairs if code in CATALOGUE)


def _gathered(tables: Iterable[pa.Table]) -> pa.Table:
    """The tables as one. Now and then, so that a payload that many have is not there many times."""
    parts = [_compact(schema.SCANS.empty_table())]
    waiting = 0
    for table in tables:
        parts.append(_compact(table))
        waiting += table.num_rows
        if waiting >= max(MOST_WAITING, parts[0].num_rows // 4):
            _join(parts)
            waiting = 0
    _join(parts)
    return parts[0]


def _join(parts: list[pa.Table]) -> None:
    """Make one of the tables, in place and column by column, so that only one is there twice."""
    columns = {}
    for name in COLUMNS:
        chunks = [chunk for part in parts for chunk in part[name].chunks]
        column = pa.chunked_array(chunks, parts[0].schema.field(name).type)
        columns[name] = column.unify_dictionaries().combine_chunks()
        parts[:] = [part.drop_columns([name]) for part in parts]
        del chunks, column
    parts[:] = [pa.table(columns)]
    pa.default_memory_pool().release_unused()


def _compact(table: pa.Table) -> pa.Table:
    """The rows with each word once in columns that repeat it."""
    table = table.select(COLUMNS)
    for name in FEW:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].dictionary_encode())
    return table


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _plain(column: pa.Array) -> list[Any]:
    """The values as Python has them. Arrow's own `to_pylist` takes several times as long."""
    if pa.types.is_dictionary(column.type):
        return _plain(column.dictionary_decode())
    if pa.types.is_list(column.type):
        return _lists(column)
    if pa.types.is_string(column.type) or not column.null_count:
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    plain: list[Any] = column.to_pylist()
    return plain


def _lists(column: pa.Array) -> list[Any]:
    lengths = pc.list_value_length(column)
    ends = np.cumsum(pc.fill_null(lengths, 0).to_numpy()).tolist()
    items = _plain(column.flatten())
    return [
        None if length is None else items[end - length : end]
        for length, end in zip(_plain(lengths), ends, strict=True)
    ]


def _counting_print(row: dict[str, Any]) -> str | None:
    """What the print says, where it proves itself."""
    printed: str | None = row["printed"] if row["grade"] == Grade.PRINT else None
    return printed


def _payload(text: str | None, rules: SheetRules) -> Payload | None:
    """The ledger holds only payloads that were valid; its rules are those of the election."""
    parsed = parse_payload(text, rules) if text else None
    return parsed if isinstance(parsed, Payload) else None
