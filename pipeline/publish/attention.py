"""What a reader of the report should look at: the scans that need a person."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from pipeline.count.outputs import NEEDS_A_PERSON
from pipeline.count.resolve import Resolution, ResolvedScan
from pipeline.findings import Finding

MOST_ROWS = 500
"""Nobody reads more on a page; `problems.csv` has them all."""


@dataclass(frozen=True)
class WaitingScan:
    """A scan that needs a person; `file` is its name alone, never where it lies."""

    file: str
    status: str
    mesas: tuple[str, ...]
    why: str
    reasons: tuple[tuple[str, str], ...]
    """Code and detail of the findings that `why` tells of; () where it tells of something else."""


@dataclass(frozen=True)
class Waiting:
    """The first of the scans that need a person, and the number of all."""

    rows: tuple[WaitingScan, ...]
    total: int


def list_waiting(resolution: Resolution) -> Waiting:
    """Scans that could not be read or counted, in the order of `unread.csv`."""
    first = islice(resolution.scans.of(NEEDS_A_PERSON), MOST_ROWS)
    statuses = resolution.scans.statuses()
    return Waiting(tuple(map(_waiting, first)), sum(statuses[s] for s in NEEDS_A_PERSON))


def _waiting(item: ResolvedScan) -> WaitingScan:
    uri = item.scan.uri
    return WaitingScan(
        file=uri.rstrip("/").rpartition("/")[2],
        status=item.status.value,
        mesas=(item.mesa,) if item.mesa else _rivals(item),
        why=item.why,
        reasons=tuple((f.code, f.detail) for f in _told(item)),
    )


def _rivals(item: ResolvedScan) -> tuple[str, ...]:
    return tuple(sorted({rival.acta_code.mesa for rival in item.scan.rivals}))


def _told(item: ResolvedScan) -> list[Finding]:
    blocking = [finding for finding in item.findings if finding.blocks]
    return blocking or ([] if item.scan.failure else list(item.findings))
