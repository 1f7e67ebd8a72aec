"""Scans of a shelf by the mesas that they concern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.count.scan import Scan
from pipeline.count.shelf import AT_ONCE, Places, Shelf

Pairs = tuple[Places, pa.Array]
"""Places of scans, and a mesa of each."""


class Grouped:
    """Places by mesa; within each they keep their order. `which` are the mesas' numbers."""

    def __init__(self, places: Places, which: NDArray[np.int64], mesas: int) -> None:
        order = np.argsort(which, kind="stable")
        self._places = places[order]
        self.starts: NDArray[np.int64] = np.searchsorted(which[order], np.arange(mesas + 1))
        """Where each mesa's begin."""

    @classmethod
    def of(cls, pairs: Pairs, names: pa.Array) -> Grouped:
        """Pairs all of whose mesas are among `names`."""
        places, mesas = pairs
        return cls(places, numbered(mesas, names), len(names))

    def take(self, shelf: Shelf, begin: int, end: int) -> Iterator[tuple[Places, Sequence[Scan]]]:
        """The places and scans of each of some mesas that follow each other."""
        starts = self.starts[begin : end + 1]
        places = self._places[starts[0] : starts[-1]]
        scans = list(shelf.take(places))
        for one, other in pairwise((starts - starts[0]).tolist()):
            yield places[one:other], scans[one:other]


def in_runs(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of mesas, given where the scans of each begin: with some thousands of scans, or one
    mesa with more."""
    begin, end = 0, len(starts) - 1
    while begin < end:
        fits = int(np.searchsorted(starts, starts[begin] + AT_ONCE, "right")) - 1
        following = max(begin + 1, fits)
        yield begin, following
        begin = following


def numbered(mesas: pa.Array, names: pa.Array) -> NDArray[np.int64]:
    """Where each mesa stands among `names`; -1 if nowhere."""
    where = pc.fill_null(pc.index_in(mesas, value_set=names), -1)
    numbers: NDArray[np.int64] = where.to_numpy().astype(np.int64)
    return numbers
