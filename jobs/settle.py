"""Files that are still being written wait for the next round.

A young file is looked at a second time: only one that did not change meanwhile is read. Clocks
decide no more than which files are young, so a clock that is wrong costs a few seconds. Should a
file change while it is read, its time changes with it, and the next round reads it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.read.scans import ScanFile
from pipeline.read.uris import from_uri, is_remote


def split_settled(
    files: Sequence[ScanFile],
    seconds: float,
    *,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[tuple[ScanFile, ...], tuple[ScanFile, ...]]:
    """The files that have not changed for so many seconds, and those that have or may have.

    Sleeps for at most so many seconds. Objects of a store appear whole and need no waiting.
    """
    if not seconds:
        return tuple(files), ()
    ages = {file.uri: _age(file, now()) for file in files}
    young = {uri: age for uri, age in ages.items() if age < seconds}
    if not young:
        return tuple(files), ()
    sleep(seconds - min(young.values()))
    waiting = {file.uri for file in files if file.uri in young and not _is_same(file)}
    ready = tuple(file for file in files if file.uri not in waiting)
    return ready, tuple(file for file in files if file.uri in waiting)


def _age(file: ScanFile, now: float) -> float:
    """Seconds since a file was changed; of one that is from the future, none."""
    if file.fault or is_remote(file.uri):
        return float("inf")
    return max(0.0, now - int(file.stamp) / 1e9)


def _is_same(file: ScanFile) -> bool:
    try:
        status = Path(from_uri(file.uri)).stat()
    except OSError:
        return False
    return (status.st_size, str(status.st_mtime_ns)) == (file.size, file.stamp)
