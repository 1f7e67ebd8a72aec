"""One batch on one worker: read its files, write its part, return a receipt."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from jobs.checkup import refuse_other_code
from jobs.isolate import reader_of_this_thread
from jobs.settings import BatchSettings
from pipeline.count.place import Place
from pipeline.count.records import ScanRecord, make_records, to_table
from pipeline.count.store import Part, write_part
from pipeline.findings import Finding
from pipeline.read.record import PageReading, failed
from pipeline.read.scans import ScanFile, read_bytes
from pipeline.read.uris import is_remote

AHEAD = 8
"""Objects of a store that a worker fetches at the same time: an answer takes 10 to 50 ms."""
Loaded = tuple[bytes | Finding, str | None]
"""A file's content, or why it cannot be had; and its sha256."""

Content = bytes | Finding | None
"""A file's bytes, why they cannot be had, or nothing where they are still to be fetched."""


@dataclass(frozen=True)
class BatchRead:
    """What came of a batch's files."""

    records: tuple[ScanRecord, ...]
    copies: tuple[tuple[ScanFile, str], ...]
    """Files that were not read because their content (a sha256) is known: see `count.carry`."""

    @property
    def outcomes(self) -> dict[str, int]:
        """How many ended in which way."""
        counts = Counter(record.reading.outcome.value for record in self.records)
        if self.copies:
            counts["known by content"] = len(self.copies)
        return dict(counts)


@dataclass(frozen=True)
class Receipt:
    """What a worker has done: a part waiting to be committed, and figures for the progress bar."""

    part: Part
    files: int
    outcomes: dict[str, int]
    seconds: float
    copies: tuple[tuple[ScanFile, str], ...] = ()
    """As in `BatchRead`."""


def batch_id(files: Sequence[ScanFile], settings: BatchSettings) -> str:
    """The same batch, run twice, writes the same part."""
    total = hashlib.sha256(f"{settings.reader_version}\0{settings.run}".encode())
    for file in files:
        total.update(f"\0{file.uri}\0{file.size}\0{file.stamp}".encode())
    return total.hexdigest()[:32]


def read_batch(files: Sequence[ScanFile], settings: BatchSettings) -> Receipt:
    """Read the files and write their records.

    Raises:
        OSError: the part cannot be written (disk full, folder gone).
        StoreLostError: the store of the scans or of the results does not answer.
        ClusterError: this worker has another version of the program than the driver.
    """
    start = time.monotonic()
    read = read_records(files, settings, [None] * len(files))
    part = write_part(Place(settings.folder), batch_id(files, settings), to_table(read.records))
    return Receipt(part, len(files), read.outcomes, time.monotonic() - start, read.copies)


def read_records(
    files: Sequence[ScanFile], settings: BatchSettings, contents: Sequence[Content]
) -> BatchRead:
    """What the files say, whose contents may have been fetched already.

    While the process reads one file, the next one's bytes are fetched and hashed.
    """
    refuse_other_code(settings.code)
    reader = reader_of_this_thread(settings.reader)
    records: list[ScanRecord] = []
    copies: list[tuple[ScanFile, str]] = []
    following_contents = _contents(files, settings, contents)
    following = next(following_contents)
    for index, file in enumerate(files):
        content, sha256 = following
        known = sha256 if sha256 in file.twins else None
        if isinstance(content, bytes) and not known:
            reader.submit(content)
        if index + 1 < len(files):
            following = next(following_contents)
        if known:
            copies.append((replace(file, twins=()), known))
            continue
        readings = [failed(1, content)] if isinstance(content, Finding) else reader.result()
        records.extend(_records(file, sha256, readings, settings))
    return BatchRead(tuple(records), tuple(copies))


def _contents(
    files: Sequence[ScanFile], settings: BatchSettings, fetched: Sequence[Content]
) -> Iterator[Loaded]:
    """Each file's content, in order. What comes from afar is on its way long before its turn."""
    if not any(is_remote(file.uri) for file in files):
        for file, content in zip(files, fetched, strict=True):
            yield _load(file, content, settings)
        return
    pool = ThreadPoolExecutor(AHEAD)
    try:
        coming: deque[Future[Loaded]] = deque()
        for file, content in zip(files, fetched, strict=True):
            coming.append(pool.submit(_load, file, content, settings))
            if len(coming) == AHEAD:
                yield coming.popleft().result()
        for following in coming:
            yield following.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _load(file: ScanFile, content: Content, settings: BatchSettings) -> Loaded:
    if content is None:
        content = read_bytes(file, settings.reader.limits.max_bytes)
    if isinstance(content, Finding):
        return content, None
    return content, hashlib.sha256(content).hexdigest()


def _records(
    file: ScanFile, sha256: str | None, readings: list[PageReading], settings: BatchSettings
) -> list[ScanRecord]:
    try:
        return _make(file, sha256, readings, settings)
    except ValueError:
        # The reading process answered what no symbol can hold: a bug, or a taken-over process.
        wrong = failed(1, Finding("reader-error", "it answered nonsense"))
        return _make(file, sha256, [wrong], settings)


def _make(
    file: ScanFile, sha256: str | None, readings: list[PageReading], settings: BatchSettings
) -> list[ScanRecord]:
    return make_records(
        file,
        sha256,
        readings,
        settings.reader.rules,
        reader_version=settings.reader_version,
        limits=settings.reader.limits_text,
        run=settings.run,
    )
