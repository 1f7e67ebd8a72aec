"""What a reader of the report should look at: findings by code, and scans that need a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pipeline.count.outputs import NEEDS_A_PERSON
from pipeline.count.resolve import Resolution, ResolvedScan
from pipeline.findings import CATALOGUE, Gravity, Kind

MOST_ROWS = 500
"""Nobody reads more on a page; `unread.csv` has them all."""


@dataclass(frozen=True)
class FindingCount:
    """A kind of finding, and the number of scans that have it."""

    kind: Kind
    scans: int


@dataclass(frozen=True)
class WaitingScan:
    """A scan that needs a person; `file` is its name alone, never where it lies."""

    file: str
    status: str
    mesas: str
    why: str


@dataclass(frozen=True)
class Waiting:
    """The first of the scans that need a person, and the number of all."""

    rows: tuple[WaitingScan, ...]
    total: int


def count_findings(resolution: Resolution) -> tuple[FindingCount, ...]:
    """Findings by code: first those that keep a sheet out, then the most frequent."""
    codes = Counter(
        code for item in resolution.scans for code in {finding.code for finding in item.findings}
    )
    counts = (FindingCount(CATALOGUE[code], number) for code, number in codes.items())
    return tuple(sorted(counts, key=_order))


def _order(found: FindingCount) -> tuple[bool, int, str]:
    return found.kind.gravity is not Gravity.BLOCKS, -found.scans, found.kind.code


def list_waiting(resolution: Resolution) -> Waiting:
    """Scans that could not be read or counted, in the order of `unread.csv`."""
    items = [item for item in resolution.scans if item.status in NEEDS_A_PERSON]
    return Waiting(tuple(_waiting(item) for item in items[:MOST_ROWS]), len(items))


def _waiting(item: ResolvedScan) -> WaitingScan:
    uri = item.scan.uri
    return WaitingScan(
        file=uri.rstrip("/").rpartition("/")[2],
        status=item.status.value,
        mesas=item.mesa or ", ".join(sorted({r.acta_code.mesa for r in item.scan.rivals})),
        why=item.why,
    )
