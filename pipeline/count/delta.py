"""Delta Lake's options and errors, in this program's terms."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.count.place import Place
from pipeline.errors import ResultsError, StoreLostError

REMOTE_OPTIONS = {
    "allow_http": "true", "timeout": "30s", "connect_timeout": "5s",
    "max_retries": "20", "retry_timeout": "60s",
}  # fmt: skip
"""As `read.remote` has them; server and keys are found in the environment."""
LOST = re.compile(r"status code: (5\d\d|408|429)|error sending request|HTTP error|timed? ?out")


def options(place: Place) -> dict[str, str] | None:
    """What Delta needs to know to use a place."""
    return REMOTE_OPTIONS if place.is_remote else None


@contextmanager
def store_errors(place: Place) -> Iterator[None]:
    """Tell a store that does not answer from a ledger that is damaged."""
    try:
        yield
    except (DeltaError, OSError) as error:
        if place.is_remote and LOST.search(str(error)):
            raise StoreLostError(f"{place}: {words(error)}") from error
        raise


@contextmanager
def plain_errors(place: Place) -> Iterator[None]:
    """Delta reports the system's errors in its own words: make them the system's again.

    Raises:
        OSError: the disk is full or read-only.
        StoreLostError: the store does not answer.
        CommitFailedError: somebody else has committed meanwhile.
        ResultsError: anything else that keeps the ledger from being written.
    """
    try:
        with store_errors(place):
            yield
    except (DeltaError, OSError) as error:
        number = re.search(r"os error (\d+)", str(error))
        if number and not place.is_remote:
            code = int(number[1])
            raise OSError(code, os.strerror(code), place.root) from error
        if isinstance(error, CommitFailedError):
            raise
        raise ResultsError(f"{place}: the ledger cannot be written: {words(error)}") from error


def words(error: Exception) -> str:
    """An error in one line."""
    return re.sub(r"\x1b\[[0-9;]*m|\s+", " ", str(error)).strip()[:500]
