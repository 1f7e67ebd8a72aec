"""One run at a time on a results folder. The system drops the lock when its process dies."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import LockedError, ResultsError

NAME = ".lock"


@contextmanager
def locked(results: Path) -> Iterator[None]:
    """Hold the folder's lock; the folder is made if it is not there.

    Raises:
        ResultsError: another run holds it, or the folder cannot be written.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(results / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ResultsError(
            f"{results}: cannot write results there ({error.strerror}).",
            "Give an --out on a disk that is writable and has room.",
        ) from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LockedError(
                f"{results}: another run is writing there ({file.read(200).strip()}).",
                "Wait until it ends, or stop it; `actas status` shows how far it is.",
            ) from error
        # Who holds it is a courtesy to the next user; a full disk has no room even for that.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield


def is_locked(results: Path) -> bool:
    """Whether a run is on."""
    try:
        with (results / NAME).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
