"""What of a listing is to be read: new, changed, or worth another try. The rest is known.

A scan that failed is neither tried for ever nor never again: what may have been the machine's fault
(a refused file, a reader that hung) is tried `AUTOMATIC` times in all, anything else when the file,
the reader or a limit changes, and what a user asks for at most `ASKED` times. Tries are counted
from the ledger's rows, so they are remembered for as long as the results are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.count.carry import GONE, REFUSED, with_twins
from pipeline.count.current import bools, current, has_any, places
from pipeline.count.retry import ASKED, ASKED_FOR, AUTOMATIC, Retry
from pipeline.read.record import Outcome
from pipeline.read.scans import Listing, ScanFile

MAYBE_THE_MACHINE = (
    "file-unreadable", "file-vanished", REFUSED,
    "reader-crashed", "reader-hung", "reader-memory",
)  # fmt: skip
STOPPED_BY_A_LIMIT = (
    "file-too-large", "image-too-large", "pages-too-many", "reader-hung", "reader-memory",
)  # fmt: skip
COLUMNS = (
    "source", "size", "stamp", "sha256", "reader_version", "limits", "run", "outcome", "findings",
    "read_as",
)  # fmt: skip


class Why(StrEnum):
    """Why a scan is read. In this order they are read."""

    NEW = "new"
    CHANGED = "changed"
    AGAIN = "tried again"
    LIMITS = "stopped by other limits before"
    READER = "read by another version before"


@dataclass(frozen=True)
class Subtracted:
    """A listing less what is known."""

    todo: tuple[ScanFile, ...]
    why: Mapping[Why, int]
    given_up: int
    """Failed scans that were tried often enough: they wait for a change, or for `Retry`."""
    gone: tuple[str, ...]
    """Uris of scans that were read and are no longer there, where that is not yet on record."""


def subtract(
    listing: Listing, history: pa.Table, version: str, limits: str, retry: Retry = Retry.NONE
) -> Subtracted:
    """Hold a listing against all rows of a ledger (with at least `COLUMNS`)."""
    files = listing.files
    past = _Past(history, version, limits)
    at = past.find(file.uri for file in files)
    as_it_was = past.as_it_was(at, files)
    again, given_up = _again(files, past, at, as_it_was, history, version, retry)
    reasons = {
        Why.NEW: at < 0,
        Why.CHANGED: (at >= 0) & ~as_it_was,
        Why.AGAIN: again,
        Why.LIMITS: as_it_was & past.stopped[at] & ~past.refused[at],
        Why.READER: as_it_was & past.other_reader[at] & ~past.refused[at],
    }
    vanished = [i for i in _where(past.has_content[at]) if _is_vanished(files[i])]
    for mask in reasons.values():
        mask[vanished] = False  # a list may name a file that is gone: it keeps its record
    gone = {files[i].uri for i in vanished if not past.is_gone[at[i]]}
    gone.update(_missing(listing, past, at))
    chosen = _in_order(files, reasons)
    # What is tried again must not be taken for known because it has the content that it had.
    fresh = [*chosen.pop(Why.NEW, ()), *chosen.pop(Why.CHANGED, ())]
    todo = [*with_twins(fresh, history, version, limits), *chain(*chosen.values())]
    why = {reason: int(mask.sum()) for reason, mask in reasons.items() if mask.any()}
    return Subtracted(tuple(todo), why, given_up, tuple(sorted(gone)))


class _Past:
    """The ledger with one entry for each source: how it stood when it was last tried.

    Every array has one entry more, at index -1, for sources that the ledger does not know.
    """

    def __init__(self, history: pa.Table, version: str, limits: str) -> None:
        rows = current(history)
        self._of_row = places(rows["source"])
        self._count = int(self._of_row.max(initial=-1)) + 1
        first = np.zeros(self._count, np.int64)
        first[self._of_row[::-1]] = np.arange(rows.num_rows)[::-1]
        one = rows.select(["source", "size", "stamp"])
        if self._count != rows.num_rows:  # of a file with several pages, the first stands for it
            one = one.take(pa.array(first)).combine_chunks()
        self.sources: pa.ChunkedArray = one["source"]
        self._size, self._stamp = one["size"], one["stamp"]
        self.is_gone = np.append(bools(pc.equal(one["stamp"], GONE)), False)
        self.has_content = np.append(bools(pc.is_valid(rows["sha256"]))[first], False)
        other_reader = bools(pc.not_equal(rows["reader_version"], version))[first]
        self.other_reader = np.append(other_reader, False)
        other_limits = bools(pc.not_equal(rows["limits"], limits))
        self.stopped = self._any(other_limits & has_any(rows["findings"], STOPPED_BY_A_LIMIT))
        self.machine = self._any(has_any(rows["findings"], MAYBE_THE_MACHINE))
        self.refused = self._any(has_any(rows["findings"], (REFUSED,)))
        self._outcome = rows["outcome"]

    def with_outcome(self, outcomes: Sequence[Outcome]) -> NDArray[np.bool_]:
        """The sources of which any page ended so."""
        wanted = pa.array([outcome.value for outcome in outcomes], pa.string())
        return self._any(bools(pc.is_in(self._outcome, value_set=wanted)))

    def find(self, uris: Iterable[str]) -> NDArray[np.int64]:
        """The place of each uri among the sources, or -1."""
        found = pc.index_in(pa.array(uris, pa.string()), value_set=self.sources)
        where: NDArray[np.int64] = pc.fill_null(found, -1).to_numpy().astype(np.int64)
        return where

    def as_it_was(self, at: NDArray[np.int64], files: Sequence[ScanFile]) -> NDArray[np.bool_]:
        """Whether each file has the size and the stamp that it had."""
        where = pa.array(at, mask=at < 0)
        sizes = pc.equal(self._size.take(where), pa.array([f.size for f in files], pa.int64()))
        stamps = pc.equal(self._stamp.take(where), pa.array([f.stamp for f in files], pa.string()))
        return bools(pc.and_(sizes, stamps))

    def _any(self, of_rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """For each source, whether it is so for any of its rows."""
        found = np.zeros(self._count + 1, np.bool_)
        found[self._of_row[of_rows]] = True
        return found


def _again(
    files: Sequence[ScanFile],
    past: _Past,
    at: NDArray[np.int64],
    as_it_was: NDArray[np.bool_],
    history: pa.Table,
    version: str,
    retry: Retry,
) -> tuple[NDArray[np.bool_], int]:
    """Which unchanged files are worth another try, and how many have had enough of them."""
    asked = as_it_was & past.with_outcome(ASKED_FOR[retry])[at]
    machine = as_it_was & past.machine[at]
    machine &= past.refused[at] | ~(past.other_reader[at] | past.stopped[at])
    # A fault that stands in the listing itself says all that another try could find out.
    candidates = [i for i in _where(asked | machine) if files[i].fault is None]
    tries = _tries(history, version, [files[i].uri for i in candidates])
    again = np.zeros(len(files), np.bool_)
    for i in candidates:
        key = (files[i].uri, files[i].size, files[i].stamp)
        again[i] = tries[key] < (ASKED if asked[i] else AUTOMATIC)
    return again, len(candidates) - int(again.sum())


def _tries(history: pa.Table, version: str, uris: Sequence[str]) -> Counter[tuple[str, int, str]]:
    """In how many runs this version of the reader has tried each source as it was then."""
    mine = pc.and_(
        pc.is_in(history["source"], value_set=pa.array(uris, pa.string())),
        pc.equal(history["reader_version"], version),
    )
    columns = ("source", "size", "stamp", "run")
    tried = history.filter(pc.and_(mine, pc.is_null(history["read_as"]))).select(columns)
    distinct = set(zip(*(tried[name].to_pylist() for name in columns), strict=True))
    return Counter((source, size, stamp) for source, size, stamp, _ in distinct)


def _is_vanished(file: ScanFile) -> bool:
    return file.fault is not None and file.fault.code == "file-vanished"


def _missing(listing: Listing, past: _Past, at: NDArray[np.int64]) -> Iterator[str]:
    """Known scans that a listing should have shown and did not."""
    seen = np.zeros(len(past.has_content), np.bool_)
    seen[at] = True
    wanted = past.has_content & ~past.is_gone & ~seen
    hidden = tuple(f"{file.uri}/" for file in listing.files if _is_closed_folder(file))
    for source in past.sources.filter(pa.array(wanted[:-1])).to_pylist():
        if source.startswith(listing.roots) and not source.startswith(hidden):
            yield source


def _is_closed_folder(file: ScanFile) -> bool:
    """Whatever is in a folder that cannot be opened is out of sight, not gone."""
    return file.fault is not None and file.fault.detail.startswith("folder:")


def _in_order(
    files: Sequence[ScanFile], reasons: Mapping[Why, NDArray[np.bool_]]
) -> dict[Why, list[ScanFile]]:
    """The files to read by reason; of each file the first reason is kept."""
    taken = np.zeros(len(files), np.bool_)
    chosen = {}
    for reason, mask in reasons.items():
        np.logical_and(mask, ~taken, out=mask)
        taken |= mask
        chosen[reason] = [files[i] for i in _where(mask)]
    return chosen


def _where(mask: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(mask).tolist()
    return found
