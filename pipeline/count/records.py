"""A record: one page of one scan with everything that was read of it, as a row of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from pipeline import schema
from pipeline.election import SheetRules
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.qr.reader import RESCUE
from pipeline.read.record import Grade, Method, Outcome, PageReading
from pipeline.read.scans import ScanFile
from pipeline.read.uris import page_uri

PROVEN_PRINT = ("proven", "proven-by-sum")
AGREES = "agrees"


@dataclass(frozen=True)
class ScanRecord:
    """A page's reading, and whose it is."""

    file: ScanFile
    uri: str
    sha256: str | None
    reading: PageReading
    payload: Payload | None
    """The numbers that count: the symbol's, or those that the print proves."""
    reader_version: str
    limits: str
    run: int


def make_records(
    file: ScanFile,
    sha256: str | None,
    readings: Iterable[PageReading],
    rules: SheetRules,
    *,
    reader_version: str,
    run: int,
    limits: str = "",
) -> list[ScanRecord]:
    """The records of one file. The payload is parsed anew: see `PageReading`.

    Raises:
        ValueError: a reading claims a payload that is none.
    """
    pages = list(readings)
    return [
        ScanRecord(
            file,
            page_uri(file.uri, reading.page, len(pages)),
            sha256,
            reading,
            _parsed(reading, rules),
            reader_version,
            limits,
            run,
        )
        for reading in pages
    ]


def _parsed(reading: PageReading, rules: SheetRules) -> Payload | None:
    if reading.printed_code is not None and rules.acta_code.parse(reading.printed_code) is None:
        raise ValueError("a printed acta code that is none")
    text = reading.payload
    if text is None and reading.outcome is Outcome.READ:
        if reading.print_check not in PROVEN_PRINT:
            raise ValueError("a reading without payload or proven print cannot be 'read'")
        text = reading.printed
    if text is None:
        return None
    payload = parse_payload(text, rules)
    if not isinstance(payload, Payload):
        raise ValueError(f"not a payload: {payload.sentence}")
    return payload


def to_table(records: Iterable[ScanRecord]) -> pa.Table:
    """The records as rows of `schema.SCANS`."""
    return pa.Table.from_pylist([_row(record) for record in records], schema=schema.SCANS)


def _row(record: ScanRecord) -> dict[str, object]:
    file, reading, payload = record.file, record.reading, record.payload
    return {
        "uri": record.uri,
        "source": file.uri,
        "page": reading.page,
        "size": file.size,
        "stamp": file.stamp,
        "sha256": record.sha256,
        "reader_version": record.reader_version,
        "limits": record.limits,
        "run": record.run,
        "read_as": None,
        "outcome": reading.outcome.value,
        "method": _method(reading).value if payload else None,
        "grade": _grade(reading).value if payload else None,
        "attempt": reading.attempt or None,
        "acta_code": payload.acta_code.text if payload else reading.printed_code,
        "votes": list(payload.votes) if payload else None,
        "null_votes": payload.null_votes if payload else None,
        "empty_votes": payload.empty_votes if payload else None,
        "payload": reading.payload,
        "rivals": list(reading.rivals) or None,
        "registered_voters": reading.registered_voters,
        "print_check": reading.print_check or None,
        "printed": reading.printed,
        "uuid": reading.uuid,
        "printed_at": reading.printed_at,
        "hash": reading.hash_hex,
        "box_ink": list(reading.box_ink) or None,
        "corners": list(reading.corners) or None,
        "symbol_version": reading.version or None,
        "spare": reading.spare,
        "seen": reading.seen,
        "findings": [finding.code for finding in reading.findings],
        "finding_details": [finding.detail for finding in reading.findings],
        "failure": reading.failure,
        "format": reading.format or None,
        "width": reading.width or None,
        "height": reading.height or None,
    }


def _grade(reading: PageReading) -> Grade:
    if reading.payload is None:
        return Grade.PRINT
    return Grade.PROVEN if reading.print_check == AGREES else Grade.QR


def _method(reading: PageReading) -> Method:
    if reading.payload is None:
        return Method.PRINT
    return Method.QR_RESCUE if reading.attempt.startswith(RESCUE) else Method.QR
