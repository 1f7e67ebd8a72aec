"""Batches for workers that see none of the driver's folders.

The bytes of the scans travel with the batch, the records come back with the receipt, and the driver
writes the part: the same part as a worker would have written. Flat in memory: a batch holds at most
`SEND_BYTES` (or a single scan), and only the batches of the window are under way.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from jobs.batch import Content, Receipt, batch_id, read_records
from jobs.settings import BatchSettings
from pipeline.count.place import Place
from pipeline.count.records import to_table
from pipeline.count.store import write_part
from pipeline.read.scans import ScanFile, read_bytes
from pipeline.read.uris import from_uri, is_remote

SEND_BYTES = 8 * 2**20
"""Of scans in a batch: about fifty. Dask warns of tasks from 10 MiB on."""


@dataclass(frozen=True)
class SentReceipt:
    """What a worker has read, on its way to the driver."""

    batch: str
    table: pa.Table
    files: int
    outcomes: dict[str, int]
    seconds: float
    copies: tuple[tuple[ScanFile, str], ...]


def within_bytes(
    batches: Iterable[tuple[ScanFile, ...]], limit: int = SEND_BYTES
) -> Iterator[tuple[ScanFile, ...]]:
    """The batches, cut so that none holds more than `limit` bytes unless in a single file."""
    for batch in batches:
        cut: list[ScanFile] = []
        size = 0
        for file in batch:
            if cut and size + file.size > limit:
                yield tuple(cut)
                cut, size = [], 0
            cut.append(file)
            size += file.size
        yield tuple(cut)


def contents_of(files: Sequence[ScanFile], settings: BatchSettings) -> tuple[Content, ...]:
    """The bytes of local files, or why they cannot be had; None for what workers can fetch."""
    limit = settings.reader.limits.max_bytes
    return tuple(
        None if is_remote(from_uri(file.uri)) else read_bytes(file, limit) for file in files
    )


def read_sent(
    files: Sequence[ScanFile], contents: Sequence[Content], settings: BatchSettings
) -> SentReceipt:
    """Read what was sent. Runs on a worker and writes nothing there."""
    start = time.monotonic()
    read = read_records(files, settings, contents)
    return SentReceipt(
        batch_id(files, settings),
        to_table(read.records),
        len(files),
        read.outcomes,
        time.monotonic() - start,
        read.copies,
    )


def keep(receipt: SentReceipt, folder: str) -> Receipt:
    """Write the part of a batch that came back.

    Raises:
        OSError: it cannot be written.
        StoreLostError: the store of the results does not answer.
    """
    part = write_part(Place(folder), receipt.batch, receipt.table)
    return Receipt(part, receipt.files, receipt.outcomes, receipt.seconds, receipt.copies)
