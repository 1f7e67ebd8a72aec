"""Scans that are looked at some at a time: a million of them as objects would fill the memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.count.scan import Scan

AT_ONCE = 4_000
"""Scans that are objects at a time: each takes a kilobyte or two then."""
Places = NDArray[np.int64]
"""Where scans stand on a shelf, counted from 0."""


class Shelf(ABC):
    """Scans by their place."""

    @property
    @abstractmethod
    def uris(self) -> pa.Array:
        """The uri of each, in order of place."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def take(self, places: Places) -> Iterator[Scan]:
        """The scans at these places, in that order."""

    def parts(self, places: Places | None = None) -> Iterator[tuple[Places, list[Scan]]]:
        """The scans at these places, or all, some at a time."""
        wanted = np.arange(len(self)) if places is None else places
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            yield part, list(self.take(part))

    def __iter__(self) -> Iterator[Scan]:
        """All of them, in order of place."""
        return (scan for _, scans in self.parts() for scan in scans)


class ScanList(Shelf):
    """Scans that are objects already."""

    def __init__(self, scans: Iterable[Scan]) -> None:
        self._scans = list(scans)

    @property
    def uris(self) -> pa.Array:
        """The uri of each."""
        return pa.array([scan.uri for scan in self._scans], pa.string())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._scans)

    def take(self, places: Places) -> Iterator[Scan]:
        """The scans at these places."""
        return (self._scans[place] for place in places.tolist())
