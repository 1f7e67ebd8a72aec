"""Invented scans, records and elections, without any file behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pipeline.count.records import ScanRecord, make_records
from pipeline.count.resolve import Scan
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.record import Outcome, PageReading, failed
from pipeline.read.scans import ScanFile
from tests.invent import payload_text


def acta_code(election: Election, centre: str, mesa: int, **others: str) -> str:
    """The code of a mesa's sheet; parts that are neither centre nor mesa are 1."""
    shape = election.rules.acta_code
    digits = dict(shape.parts)
    values = others | {"centre": centre, "mesa": str(mesa)}
    return shape.separator.join(
        values.get(name, "1").zfill(digits[name]) for name, _ in shape.parts
    )


def payload(
    election: Election,
    centre: str,
    mesa: int,
    votes: Sequence[int],
    null: int = 0,
    empty: int = 0,
    **others: str,
) -> Payload:
    """A valid payload."""
    text = payload_text(election, acta_code(election, centre, mesa, **others), votes, null, empty)
    parsed = parse_payload(text, election.rules)
    assert isinstance(parsed, Payload), parsed
    return parsed


def scan(
    uri: str,
    numbers: Payload | None = None,
    *,
    sha256: str | None = "",
    outcome: Outcome | None = None,
    rivals: tuple[Payload, ...] = (),
    findings: tuple[Finding, ...] = (),
    grade: str | None = None,
    page: int = 1,
) -> Scan:
    """A scan whose content is its own unless `sha256` says otherwise."""
    if outcome is None:
        outcome = Outcome.READ if numbers else Outcome.UNREADABLE
    if sha256 == "":
        sha256 = hashlib.sha256(uri.encode()).hexdigest()
    return Scan(
        uri=uri,
        sha256=sha256,
        page=page,
        outcome=outcome,
        grade=grade or ("qr" if numbers else None),
        payload=numbers,
        rivals=rivals,
        findings=findings,
        failure=None if numbers else "nothing was read",
    )


def record(
    election: Election,
    uri: str,
    numbers: Payload | None,
    *,
    run: int = 1,
    reader_version: str = "1-abc",
    stamp: str = "1",
    fault: Finding | None = None,
    size: int = 100,
    sha256: str = "0" * 64,
    limits: str = "",
) -> list[ScanRecord]:
    """The records of a file of one page: read, unreadable (`symbol-none`), or failed."""
    if numbers:
        reading = PageReading(1, Outcome.READ, payload=numbers.text, corners=(1.0,) * 8)
    elif fault and fault.code == "symbol-none":
        reading = PageReading(1, Outcome.UNREADABLE, findings=(fault,), failure=fault.sentence)
    else:
        reading = failed(1, fault or Finding("image-corrupt"))
    unseen = fault is not None and fault.code.startswith("file-")
    return make_records(
        ScanFile(uri, size, stamp),
        None if unseen else sha256,
        [reading],
        election.rules,
        reader_version=reader_version,
        run=run,
        limits=limits,
    )
