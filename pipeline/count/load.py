"""From the ledger's rows to the scans that `resolve` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa

from pipeline.count.scan import Scan
from pipeline.election import SheetRules
from pipeline.findings import CATALOGUE, Finding
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.record import Grade, Outcome

COLUMNS = (
    "uri", "sha256", "page", "outcome", "grade", "payload", "rivals",
    "findings", "finding_details", "failure", "acta_code", "attempt", "spare",
    "printed", "print_check", "registered_voters", "printed_at", "uuid", "hash", "box_ink",
)  # fmt: skip


CHUNK = 10_000
"""Rows that are plain Python at a time: each takes some kilobytes then."""
SAME = 100_000
"""Payloads and findings that are remembered."""


def scans_of(rows: pa.Table | Iterable[pa.Table], rules: SheetRules) -> Iterator[Scan]:
    """The scans of ledger rows with at least `COLUMNS`, in one table or in several."""
    # Sheets come several times, findings many times: one object of each does.
    payload_of = lru_cache(SAME)(lambda text: _payload(text, rules))
    finding_of = lru_cache(SAME)(Finding)
    for row in _plain([rows] if isinstance(rows, pa.Table) else rows):
        payload = payload_of(row["payload"] or _counting_print(row))
        rivals = [payload_of(text) for text in row["rivals"] or ()]
        hint = rules.acta_code.parse(row["acta_code"]) if row["acta_code"] else None
        findings = zip(row["findings"], row["finding_details"], strict=True)
        outcome = Outcome(row["outcome"])
        if outcome is Outcome.READ and payload is None:
            # A scan that is gone since the rules changed: what it said counts for nothing now.
            outcome = Outcome.REJECTED
        yield Scan(
            uri=row["uri"],
            sha256=row["sha256"],
            page=row["page"],
            outcome=outcome,
            grade=row["grade"],
            payload=payload,
            rivals=tuple(rival for rival in rivals if rival),
            findings=tuple(finding_of(code, text) for code, text in findings if code in CATALOGUE),
            failure=row["failure"],
            attempt=row["attempt"],
            spare=row["spare"],
            mesa_hint=hint.mesa if hint and payload is None else None,
            registered_voters=row["registered_voters"],
            print_check=row["print_check"],
            printed=row["printed"],
            printed_at=row["printed_at"],
            uuid=row["uuid"],
            hash_hex=row["hash"],
            box_ink=None if row["box_ink"] is None else tuple(row["box_ink"]),
        )


def _counting_print(row: dict[str, Any]) -> str | None:
    """What the print says, where it proves itself."""
    printed: str | None = row["printed"] if row["grade"] == Grade.PRINT else None
    return printed


def _plain(tables: Iterable[pa.Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for batch in table.select(COLUMNS).to_batches(max_chunksize=CHUNK):
            yield from batch.to_pylist()


def _payload(text: str | None, rules: SheetRules) -> Payload | None:
    """The ledger holds only payloads that were valid; its rules are those of the election."""
    parsed = parse_payload(text, rules) if text else None
    return parsed if isinstance(parsed, Payload) else None
