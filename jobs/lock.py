"""One run at a time on results, on a disk or in a store.

On a disk the system drops the lock when its process dies. In a store it is a lease (`jobs.lease`).
Either way a run that died leaves its name, and the next one says so.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from jobs.holder import Holder, Lock, held_by, myself
from pipeline.count.place import Place
from pipeline.errors import ResultsError

NAME = ".lock"
TRIES = 5
"""`actas status` holds the lock for an instant to see whether it is free."""


@contextmanager
def locked(results: Place, say: Callable[[str], None]) -> Iterator[Lock]:
    """Hold the lock of results; a folder is made if it is not there.

    Raises:
        LockedError: another run holds it.
        ResultsError: the folder cannot be written, or its disk knows no locks.
    """
    if results.is_remote:
        from jobs.lease import leased

        with leased(results, say) as lock:
            yield lock
        return
    with _opened(results.path) as file:
        _take(results.path, file)
        before = Holder.from_json(file.read(1000))
        if before:
            say(f"The run before ({before}) did not end by itself; what it committed is kept.")
        # Who holds it is a courtesy to the next user; a full disk has no room even for that.
        with suppress(OSError):
            os.ftruncate(file.fileno(), 0)
            os.pwrite(file.fileno(), myself().to_json().encode(), 0)
        try:
            yield Lock(lambda: None, before is not None)
        finally:
            os.ftruncate(file.fileno(), 0)


def _opened(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot write results there ({error.strerror}).",
            "Give an --out on a disk that is writable and has room.",
        ) from error
    return os.fdopen(descriptor, "r+")


def _take(folder: Path, file: IO[str]) -> None:
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise ResultsError(
                    f"{folder}: this disk cannot lock files ({error.strerror}).",
                    "Give an --out on another disk: two runs at once would spoil the results.",
                ) from error
            if not left:
                raise held_by(str(folder), Holder.from_json(file.read(1000))) from error
            time.sleep(0.05)


def is_locked(results: Place) -> bool:
    """Whether a run is on."""
    if results.is_remote:
        from jobs.lease import is_leased

        return is_leased(results)
    try:
        with (results.path / NAME).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
