"""The order of the steps that turn a file's bytes into readings, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.read.checks import check_payload
from pipeline.read.image import Limits, Page, open_pages
from pipeline.read.printed.form import BallotLine
from pipeline.read.printed.model import PrintModel, model_of
from pipeline.read.proof import hold_against_print, read_by_print, read_hash
from pipeline.read.qr.reader import Search, search_symbols
from pipeline.read.record import Outcome, PageReading, failed

READER = "7"
"""Raise it whenever the same bytes may be read otherwise: known scans are then read again."""


@dataclass(frozen=True)
class Way:
    """How to read, beyond the rules.

    `check_print` holds the print against every symbol; `read_hash` reads the hash line of every
    sheet too, which costs a third more and tells of one that was printed on two sheets.
    """

    check_print: bool = True
    read_hash: bool = False


def read_scan(
    content: bytes, rules: SheetRules, limits: Limits, way: Way = Way()
) -> Iterator[PageReading]:
    """Read every page of a file. Always yields at least one reading."""
    for number, page in enumerate(open_pages(content, limits), start=1):
        yield failed(number, page) if isinstance(page, Finding) else _read_page(page, rules, way)


def reader_version(rules_sha256: str, way: Way = Way()) -> str:
    """What decides a reading: the code's version and the configuration it reads by."""
    how = ("" if way.check_print else "-unchecked") + ("-hash" if way.read_hash else "")
    return f"{READER}-{rules_sha256[:8]}{how}"


def prepare(rules: SheetRules) -> None:
    """Draw what reading the print needs, before the first scan waits for it."""
    model_for(rules)


def model_for(rules: SheetRules) -> PrintModel | None:
    """What reading the print needs; None if the election has no layout."""
    if rules.layout is None or len(rules.ballot) != rules.positions:
        return None
    lines = tuple(
        BallotLine(place.candidate_name, place.party, place.party_code) for place in rules.ballot
    )
    return model_of(rules.layout, lines, rules.acta_code)


def _read_page(page: Page, rules: SheetRules, way: Way) -> PageReading:
    model = model_for(rules)
    if model and way.check_print:
        page.decode_in_full()  # what nearly every page needs: it is then decoded once
    search = search_symbols(page, rules)
    if page.half is None:
        return failed(page.number, Finding("image-corrupt"))
    truncated = (Finding("image-truncated"),) if page.truncated else ()
    reading = _judge(page.number, search, rules, truncated)
    if model and reading.outcome is Outcome.READ and way.check_print:
        reading = hold_against_print(reading, page, rules, model)
        if way.read_hash:
            reading = read_hash(reading, page, model)
    elif model and not search.payloads:
        reading = read_by_print(reading, page, rules, model)
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
