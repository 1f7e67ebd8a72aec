"""What of a million scans belongs together: copies, and the scans of a mesa.

All that is compared is held as columns. Of the scans themselves only some are objects at a time,
so that memory hardly grows with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.count.current import bools, places
from pipeline.count.grouped import Pairs
from pipeline.count.scan import Scan
from pipeline.count.shelf import Places, Shelf
from pipeline.election import MesaKey
from pipeline.read.record import Outcome


def _content(scan: Scan) -> str | None:
    """The same for scans that are copies of each other."""
    if scan.sha256 is None or scan.outcome is Outcome.FAILED:
        return None
    return f"{scan.sha256}#{scan.page}"


def _named(scan: Scan) -> list[MesaKey]:
    """The mesas that a scan names without giving them numbers: an ambiguous one, or one that is
    unreadable and known."""
    named = {rival.acta_code.mesa for rival in scan.rivals} | {scan.mesa_hint}
    return sorted(mesa for mesa in named if mesa)


FACTS: tuple[tuple[str, pa.DataType, Callable[[Scan], object]], ...] = (
    ("content", pa.int64(), lambda scan: (text := _content(scan)) and hash(text)),
    ("gone", pa.bool_(), lambda scan: scan.is_gone),
    ("shows", pa.bool_(), lambda scan: scan.payload is not None),
    ("mesa", pa.string(), lambda scan: scan.mesa),
    ("named", pa.list_(pa.string()), _named),
    ("hash", pa.string(), lambda scan: scan.hash_hex or None),
    ("uuid", pa.string(), lambda scan: scan.uuid or None),
)
"""What of a scan decides which others it meets."""


@dataclass(frozen=True)
class Sifted:
    """All scans, sorted by what they show. Each group stands in the order of preference: what is
    still there before what is gone, then by uri."""

    unique: Places
    """One of each content."""
    copies: Places
    originals: Places
    """Of each copy, the scan that it repeats."""
    facts: pa.Table
    """By place, what `FACTS` tells."""

    @cached_property
    def shown(self) -> Pairs:
        """Distinct scans with numbers."""
        places = self.unique[self._has_numbers]
        return places, self.facts["mesa"].take(pa.array(places)).combine_chunks()

    @cached_property
    def others(self) -> Places:
        """Distinct scans without numbers."""
        return self.unique[~self._has_numbers]

    @cached_property
    def mentions(self) -> Pairs:
        """Those of `others` that name a mesa; once for each that they name."""
        return _pairs(self.others, self.facts["named"])

    @property
    def named(self) -> Pairs:
        """All scans that name a mesa, copies too."""
        return _pairs(np.arange(len(self.facts)), self.facts["named"])

    @property
    def mesas(self) -> set[MesaKey]:
        """All mesas that a distinct scan shows or names."""
        named = (pc.unique(mesas).to_pylist() for _, mesas in (self.shown, self.mentions))
        return {mesa for some in named for mesa in some}

    @property
    def _has_numbers(self) -> NDArray[np.bool_]:
        return bools(self.facts["shows"])[self.unique]


def sift(shelf: Shelf, order: Places) -> Sifted:
    """Look at every scan once; `order` are all places by uri.

    A file that could not be opened is nobody's copy: five empty files are five lost uploads. Of a
    file that was moved, the name where it is now stands for the content.
    """
    facts = pa.concat_tables([_look([]), *(_look(scans) for _, scans in shelf.parts())])
    gone = bools(facts["gone"])[order]
    preferred = np.concatenate([order[~gone], order[gone]])
    contents = _contents(shelf, facts["content"])[preferred]
    where = np.arange(len(preferred))
    first = np.zeros(int(contents.max(initial=-1)) + 2, np.int64)  # the last is for those without
    first[contents[::-1]] = where[::-1]
    original = np.where(contents >= 0, first[contents], where)
    is_copy = original != where
    return Sifted(
        preferred[~is_copy],
        preferred[is_copy],
        preferred[original[is_copy]],
        facts.drop_columns(["content", "gone"]),
    )


def _pairs(chosen: Places, named: pa.ChunkedArray) -> Pairs:
    lists = named.take(pa.array(chosen)).combine_chunks()
    return chosen[pc.list_parent_indices(lists).to_numpy()], lists.flatten()


def _look(scans: Sequence[Scan]) -> pa.Table:
    return pa.table({name: pa.array(map(of, scans), kind) for name, kind, of in FACTS})


def _contents(shelf: Shelf, hashes: pa.ChunkedArray) -> NDArray[np.int64]:
    """By place, a number that copies share; -1 for what has no copy. Few have, as a rule."""
    _, where, counts = np.unique(
        pc.fill_null(hashes, 0).to_numpy(), return_inverse=True, return_counts=True
    )
    alike = np.flatnonzero(bools(pc.is_valid(hashes)) & (counts[where] > 1))
    texts = [pa.array(map(_content, scans), pa.string()) for _, scans in shelf.parts(alike)]
    numbers = np.full(len(hashes), -1, np.int64)
    numbers[alike] = places(pa.chunked_array(texts, pa.string()))
    return numbers
