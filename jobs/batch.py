"""One batch on one worker: read its files, write its part, return a receipt."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from jobs.isolate import IsolatedReader, reader_of_this_thread
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


@dataclass(frozen=True)
class Receipt:
    """What a worker has done: a part waiting to be committed, and figures for the progress bar."""

    part: Part
    files: int
    outcomes: dict[str, int]
    seconds: float
    copies: tuple[tuple[ScanFile, str], ...] = ()
    """Files that were not read because their content (a sha256) is known: see `count.carry`."""


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
    """
    start = time.monotonic()
    records, copies = _read_files(files, settings, reader_of_this_thread(settings.reader))
    part = write_part(Place(settings.folder), batch_id(files, settings), to_table(records))
    outcomes = Counter(record.reading.outcome.value for record in records)
    if copies:
        outcomes["known by content"] = len(copies)
    return Receipt(part, len(files), dict(outcomes), time.monotonic() - start, tuple(copies))


def _read_files(
    files: Sequence[ScanFile], settings: BatchSettings, reader: IsolatedReader
) -> tuple[list[ScanRecord], list[tuple[ScanFile, str]]]:
    """While the process reads one file, the next one's bytes are fetched and hashed."""
    records: list[ScanRecord] = []
    copies: list[tuple[ScanFile, str]] = []
    contents = _contents(files, settings)
    following = next(contents)
    for index, file in enumerate(files):
        content, sha256 = following
        known = sha256 if sha256 in file.twins else None
        if isinstance(content, bytes) and not known:
            reader.submit(content)
        if index + 1 < len(files):
            following = next(contents)
        if known:
            copies.append((replace(file, twins=()), known))
            continue
        readings = [failed(1, content)] if isinstance(content, Finding) else reader.result()
        records.extend(_records(file, sha256, readings, settings))
    return records, copies


def _contents(files: Sequence[ScanFile], settings: BatchSettings) -> Iterator[Loaded]:
    """Each file's content, in order. What comes from afar is on its way long before its turn."""
    if not any(is_remote(file.uri) for file in files):
        yield from (_load(file, settings) for file in files)
        return
    pool = ThreadPoolExecutor(AHEAD)
    try:
        coming = deque(pool.submit(_load, file, settings) for file in files[:AHEAD])
        for index in range(len(files)):
            yield coming.popleft().result()
            if index + AHEAD < len(files):
                coming.append(pool.submit(_load, files[index + AHEAD], settings))
    finally:
        pool.shutdown(cancel_futures=True)


def _load(file: ScanFile, settings: BatchSettings) -> Loaded:
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
