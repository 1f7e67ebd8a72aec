"""The order of the steps that turn a file's bytes into readings, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.read.checks import check_payload
from pipeline.read.image import Limits, Page, open_pages
from pipeline.read.qr.reader import Search, search_symbols
from pipeline.read.record import Outcome, PageReading, failed

READER = "2"
"""Raise it whenever the same bytes may be read otherwise: known scans are then read again."""


def read_scan(content: bytes, rules: SheetRules, limits: Limits) -> Iterator[PageReading]:
    """Read every page of a file. Always yields at least one reading."""
    for number, page in enumerate(open_pages(content, limits), start=1):
        yield failed(number, page) if isinstance(page, Finding) else _read_page(page, rules)


def reader_version(rules_sha256: str) -> str:
    """What decides a reading: the code's version and the configuration it reads by."""
    return f"{READER}-{rules_sha256[:8]}"


def _read_page(page: Page, rules: SheetRules) -> PageReading:
    search = search_symbols(page, rules)
    if page.half is None:
        return failed(page.number, Finding("image-corrupt"))
    truncated = (Finding("image-truncated"),) if page.truncated else ()
    reading = _judge(page.number, search, rules, truncated)
    width, height = page.size
    return replace(reading, format=page.format, width=width, height=height)


def _judge(
    number: int, search: Search, rules: SheetRules, truncated: tuple[Finding, ...]
) -> PageReading:
    payloads = search.payloads
    if len(payloads) > 1:
        finding = Finding("symbols-differ", ", ".join(p.acta_code.text for p in payloads))
        return PageReading(
            number,
            Outcome.AMBIGUOUS,
            attempt=search.attempt,
            rivals=tuple(p.text for p in payloads),
            findings=(finding, *truncated),
            failure=finding.sentence,
        )
    if len(payloads) == 1:
        symbol = next(s for s in search.symbols if s.content == payloads[0])
        foreign = (Finding("symbol-foreign"),) if search.refusals else ()
        return PageReading(
            number,
            Outcome.READ,
            attempt=search.attempt,
            payload=payloads[0].text,
            corners=symbol.corners,
            version=symbol.version,
            spare=symbol.spare,
            seen=symbol.seen,
            findings=(*check_payload(payloads[0], symbol, rules), *foreign, *truncated),
        )
    return _nothing_read(number, search.refusals, truncated)


def _nothing_read(
    number: int, refusals: tuple[Finding, ...], truncated: tuple[Finding, ...]
) -> PageReading:
    if refusals:
        return PageReading(
            number,
            Outcome.REJECTED,
            findings=(*refusals, *truncated),
            failure=refusals[0].sentence,
        )
    if truncated:
        # What is missing may be the symbol: whoever has the file should fetch it again.
        return failed(number, truncated[0])
    none = Finding("symbol-none")
    return PageReading(number, Outcome.UNREADABLE, findings=(none,), failure=none.sentence)
