"""Which rows of the ledger are current: of each source, those of its latest run.

Within a run, rows that have the file's content stand before one that could not get it: a scan that
was read once keeps its record when its file is refused or gone later (see `count.carry`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

COLUMNS = ("source", "run", "sha256")
"""What `current` needs to see."""
AT_ONCE = 50_000
"""Texts that are Python's at a time."""


def current(table: pa.Table) -> pa.Table:
    """The current rows of a table with at least `COLUMNS`."""
    keep = which(table["source"], table["run"], pc.is_valid(table["sha256"]))
    return table if keep.all() else table.filter(pa.array(keep))


def which(
    sources: pa.ChunkedArray, runs: pa.ChunkedArray, has_content: pa.ChunkedArray
) -> NDArray[np.bool_]:
    """Of each row, whether it is current."""
    codes = places(sources)
    rank = runs.to_numpy() * 2 + bools(has_content)
    best = np.full(int(codes.max(initial=-1)) + 1, -1, np.int64)
    np.maximum.at(best, codes, rank)
    keep: NDArray[np.bool_] = best[codes] == rank
    return keep


def places(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number for each row: the same for the same text, counted from 0 in order of appearance.

    Texts are compared where their hashes are equal, which is rare: a table of all of a million
    texts takes 200 MB.
    """
    hashes = np.empty(len(column), np.int64)
    for start in range(0, len(column), AT_ONCE):
        part = column.slice(start, AT_ONCE).to_numpy()
        hashes[start : start + len(part)] = [hash(text) for text in part]
    _, numbers, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    alike = np.flatnonzero(counts[numbers] > 1)
    texts = column.take(pa.array(alike)).combine_chunks()
    numbers[alike] = len(counts) + texts.dictionary_encode().indices.to_numpy()
    _, first, numbers = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return order[numbers]


def has_any(lists: pa.ChunkedArray, values: Sequence[str]) -> NDArray[np.bool_]:
    """For each row of lists, whether it holds any of the values."""
    found = np.zeros(len(lists), np.bool_)
    start = 0
    for chunk in lists.chunks:
        hit = pc.is_in(pc.list_flatten(chunk), value_set=pa.array(values, pa.string()))
        found[start + pc.list_parent_indices(chunk).filter(hit).to_numpy()] = True
        start += len(chunk)
    return found


def bools(column: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    """A column of truth values; null is false."""
    filled: NDArray[np.bool_] = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return filled
