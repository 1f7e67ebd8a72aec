"""The tables of scans and findings: a scan is published by its file's name and sha256 alone.

The folder it lay in is the business of whoever counted: it may hold their name, or a password of a
store. Rows are sorted by what is published, so that the folder leaves no trace in the order either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.count.resolve import Resolution, ResolvedScan, Scan
from pipeline.findings import Finding
from pipeline.publish.opendata.table import Row, Table, number, text

_PAGE = re.compile(r"#page=([0-9]+)$")
_QUERY = re.compile(r"^https?://[^?]*\?.*$", re.DOTALL)


@dataclass(frozen=True)
class Naming:
    """How scans are named. Without `file_names` their sha256 alone says which they are."""

    file_names: bool = True

    def name(self, uri: str) -> str | None:
        """The file's name without its folder; nothing of an address's query."""
        if not self.file_names:
            return None
        location = uri[: -len(match[0])] if (match := _PAGE.search(uri)) else uri
        if _QUERY.match(location):
            location = location.partition("?")[0]
        return location.rstrip("/").rpartition("/")[2] or None


def page_of(uri: str) -> int:
    """The page that a location names; a file of one page is its first."""
    match = _PAGE.search(uri)
    return int(match[1]) if match else 1


def payload_text(scan: Scan) -> str | None:
    """The text of the scan's symbol; a sheet that was read from its print alone has none."""
    return scan.payload.text if scan.payload and scan.grade != "print" else None


SCANS = (
    text("scan", "Name of the file, without its folder"),
    text("sha256", "SHA-256 of the file's bytes; empty if it could not be read"),
    number("page", "Page of the file", required=True),
    text(
        "status", "counted, duplicate, quarantined, unreadable, rejected or failed", required=True
    ),
    text("mesa", "The mesa whose sheet it shows, where that is known"),
    text("grade", "How well its numbers are proven: proven, qr or print"),
    text("payload", "Text of the sheet's QR symbol: acta code, votes, null votes, empty votes"),
    text("stands_for", "Of a duplicate: SHA-256 of the scan that it repeats"),
    text(
        "findings", "Codes of the findings on it, separated by spaces; findings.csv has sentences"
    ),
)

FINDINGS = (
    text("scan", "Name of the file, without its folder"),
    text("sha256", "SHA-256 of the file's bytes; empty if it could not be read"),
    number("page", "Page of the file", required=True),
    text("mesa", "The mesa whose sheet it shows, where that is known"),
    text("code", "Code of the finding", required=True),
    text("gravity", "note, or blocks: keeps the sheet out of the totals", required=True),
    text("sentence", "What was found, in plain words", required=True),
)


def scans_table(resolution: Resolution, naming: Naming) -> Table:
    """Every scan that was found, each with its one status."""
    hashes = {item.scan.uri: item.scan.sha256 for item in resolution.scans}

    def rows() -> list[Row]:
        return _sorted(_scan_row(item, hashes, naming) for item in resolution.scans)

    return Table("scans", "Every scan that was found", SCANS, rows, all_formats=False)


def _scan_row(item: ResolvedScan, hashes: dict[str, str | None], naming: Naming) -> Row:
    scan = item.scan
    return (
        naming.name(scan.uri),
        scan.sha256,
        page_of(scan.uri),
        item.status.value,
        item.mesa,
        scan.grade if scan.payload else None,
        payload_text(scan),
        hashes[item.stands_for] if item.stands_for else None,
        " ".join(finding.code for finding in item.findings) or None,
    )


def findings_table(resolution: Resolution, naming: Naming) -> Table:
    """Every finding on every scan."""
    uris = resolution.scans.originals()

    def rows() -> list[Row]:
        return _sorted(
            (
                naming.name(item.scan.uri),
                item.scan.sha256,
                page_of(item.scan.uri),
                item.mesa,
                finding.code,
                finding.kind.gravity.value,
                _sentence(finding, uris, naming),
            )
            for item in resolution.scans
            for finding in item.findings
        )

    return Table("findings", "Every finding on a scan", FINDINGS, rows, all_formats=False)


def _sentence(finding: Finding, uris: frozenset[str], naming: Naming) -> str:
    """The finding's sentence, with its published detail."""
    return Finding(finding.code, published_detail(finding, uris, naming)).sentence


def published_detail(finding: Finding, uris: frozenset[str], naming: Naming) -> str:
    """A finding's detail; where that is another scan, the scan's published name."""
    return (naming.name(finding.detail) or "") if finding.detail in uris else finding.detail


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: tuple("" if cell is None else str(cell) for cell in row))
