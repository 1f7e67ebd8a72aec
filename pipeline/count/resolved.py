"""What resolving gives: every scan and every mesa in exactly one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import eq
from typing import overload

import numpy as np
import pyarrow as pa

from pipeline.count.grouped import Grouped, Pairs, numbered
from pipeline.count.register import Register
from pipeline.count.scan import Scan
from pipeline.count.shelf import AT_ONCE, Places, Shelf
from pipeline.election import MesaKey
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload


class ScanStatus(StrEnum):
    """Where a scan ends. Exactly one holds."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    FAILED = "failed"


class MesaStatus(StrEnum):
    """Where a mesa ends. Exactly one holds."""

    COUNTED = "counted"
    QUARANTINED = "quarantined"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a scan; `mesa` is None where no mesa could be told."""

    status: ScanStatus
    mesa: MesaKey | None
    findings: tuple[Finding, ...]
    stands_for: str | None = None
    """Of a duplicate: the scan that it repeats."""


@dataclass(frozen=True, slots=True)
class ResolvedScan:
    """A scan with its status; `mesa` is None where no mesa could be told."""

    scan: Scan
    status: ScanStatus
    mesa: MesaKey | None
    findings: tuple[Finding, ...]
    stands_for: str | None = None
    """Of a duplicate: the scan that it repeats."""

    @property
    def concerned(self) -> set[MesaKey]:
        """The mesa that it shows, and those that it names."""
        own = self.mesa or self.scan.mesa_hint
        return {rival.acta_code.mesa for rival in self.scan.rivals} | ({own} if own else set())

    @property
    def why(self) -> str:
        """What a person is told about a scan that needs one."""
        blocking = [finding.sentence for finding in self.findings if finding.blocks]
        return (
            "; ".join(blocking)
            or self.scan.failure
            or "; ".join(finding.sentence for finding in self.findings)
        )


@dataclass(frozen=True, slots=True)
class ResolvedMesa:
    """A mesa with its status and, if counted, the scan that it rests on."""

    mesa: MesaKey
    centre: str
    number: int
    listed: bool
    status: MesaStatus
    unread: bool
    registered_voters: int | None
    source: Scan | None
    scans: int
    findings: tuple[Finding, ...]

    @property
    def payload(self) -> Payload | None:
        """The numbers that count, or None."""
        return self.source.payload if self.source else None


class ResolvedScans(Sequence[ResolvedScan]):
    """All scans by uri. Kept are the verdicts; what was read is fetched when it is looked at."""

    def __init__(
        self, shelf: Shelf, order: Places, verdicts: Sequence[Verdict], named: Pairs
    ) -> None:
        self._shelf, self._order, self._verdicts, self._named = shelf, order, verdicts, named

    def __len__(self) -> int:
        """How many there are."""
        return len(self._order)

    def __iter__(self) -> Iterator[ResolvedScan]:
        """All of them; only some are objects at a time."""
        return self._at(self._order)

    @overload
    def __getitem__(self, index: int) -> ResolvedScan: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ResolvedScan]: ...
    def __getitem__(self, index: int | slice) -> ResolvedScan | Sequence[ResolvedScan]:
        """One or several of them, counted by uri."""
        if isinstance(index, slice):
            return tuple(self._at(self._order[index]))
        return next(self._at(self._order[[index]]))

    def __eq__(self, other: object) -> bool:
        """Whether the same became of the same scans."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def of(self, statuses: Collection[ScanStatus]) -> Iterator[ResolvedScan]:
        """Those with one of these statuses; no other is looked at."""
        chosen = [self._verdicts[place].status in statuses for place in self._order.tolist()]
        return self._at(self._order[np.array(chosen, np.bool_)])

    def statuses(self) -> Counter[ScanStatus]:
        """How many have each status."""
        return Counter(verdict.status for verdict in self._verdicts)

    def verdicts(self) -> Iterator[tuple[str, Verdict]]:
        """Every scan's uri and what became of it, without what was read."""
        uris = self._shelf.uris
        for start in range(0, len(self), AT_ONCE):
            part = self._order[start : start + AT_ONCE]
            names = uris.take(pa.array(part)).to_pylist()
            yield from zip(names, map(self._verdicts.__getitem__, part.tolist()), strict=True)

    def originals(self) -> frozenset[str]:
        """The uris of scans that others repeat."""
        return frozenset(verdict.stands_for for verdict in self._verdicts if verdict.stands_for)

    def by_mesa(
        self, runs: Sequence[Sequence[MesaKey]]
    ) -> Iterator[dict[MesaKey, list[ResolvedScan]]]:
        """For each run of mesas, the scans by uri that show or name each of them."""
        names = pa.array([mesa for run in runs for mesa in run], pa.string())
        grouped = self._grouped(names)
        begin = 0
        for run in runs:
            groups = grouped.take(self._shelf, begin, begin + len(run))
            found = {
                mesa: list(self._made(*group)) for mesa, group in zip(run, groups, strict=True)
            }
            yield {
                mesa: [item for item in items if mesa in item.concerned]
                for mesa, items in found.items()
            }
            begin += len(run)

    def _grouped(self, names: pa.Array) -> Grouped:
        count, rank = len(self), np.empty(len(self), np.int64)
        rank[self._order] = np.arange(count)
        shown = numbered(pa.array([v.mesa for v in self._verdicts], pa.string()), names)
        places, mesas = self._named
        named = numbered(mesas, names)
        # One number for mesa and place by uri: sorted, and each pair once.
        pairs = np.unique(np.concatenate([shown * count + rank, named * count + rank[places]]))
        pairs = pairs[pairs >= 0]
        return Grouped(self._order[pairs % count], pairs // count, len(names))

    def _at(self, places: Places) -> Iterator[ResolvedScan]:
        for part, scans in self._shelf.parts(places):
            yield from self._made(part, scans)

    def _made(self, places: Places, scans: Sequence[Scan]) -> Iterator[ResolvedScan]:
        for place, scan in zip(places.tolist(), scans, strict=True):
            verdict = self._verdicts[place]
            yield ResolvedScan(
                scan, verdict.status, verdict.mesa, verdict.findings, verdict.stands_for
            )


@dataclass(frozen=True)
class Resolution:
    """Every scan and every named mesa, each in exactly one state."""

    scans: ResolvedScans
    mesas: tuple[ResolvedMesa, ...]
    register: Register = field(repr=False)
