"""What must stand on one sheet only, and stands on sheets of several mesas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.count.scan import Scan
from pipeline.count.shelf import Places, Shelf
from pipeline.findings import Finding

MARKS = {"hash-repeated": "hash", "uuid-repeated": "uuid"}
"""The finding, and the column that holds what is repeated."""
MOST_NAMED = 3
"""Other mesas that a finding names."""


def find_repeats(facts: pa.Table, unique: Places) -> dict[int, tuple[Finding, ...]]:
    """By place, the findings on distinct scans whose mark another mesa's sheet bears too.

    `facts` has, by place, the columns `mesa` and those of `MARKS`.
    """
    found: dict[int, tuple[Finding, ...]] = {}
    for code, column in MARKS.items():
        columns = {"place": pa.array(unique), "mesa": facts["mesa"], "mark": facts[column]}
        for name in ("mesa", "mark"):
            columns[name] = columns[name].take(columns["place"])
        rows = pa.table(columns).drop_null()
        counts = rows.group_by("mark").aggregate([("mesa", "count_distinct")])
        several = counts.filter(pc.greater(counts["mesa_count_distinct"], 1))["mark"]
        repeated = rows.filter(pc.is_in(rows["mark"], value_set=several)).to_pydict()
        mesas: dict[str, set[str]] = defaultdict(set)
        for mark, mesa in zip(repeated["mark"], repeated["mesa"], strict=True):
            mesas[mark].add(mesa)
        # One more than are named: a sheet's own mesa is not another.
        first = {mark: sorted(some)[: MOST_NAMED + 1] for mark, some in mesas.items()}
        for place, mesa, mark in zip(*repeated.values(), strict=True):
            others = [other for other in first[mark] if other != mesa][:MOST_NAMED]
            found[place] = (*found.get(place, ()), Finding(code, ", ".join(others)))
    return found


class Noted(Shelf):
    """A shelf some of whose scans bear further findings."""

    def __init__(self, shelf: Shelf, findings: Mapping[int, tuple[Finding, ...]]) -> None:
        self._shelf, self._findings = shelf, findings

    @property
    def uris(self) -> pa.Array:
        """The uri of each."""
        return self._shelf.uris

    def __len__(self) -> int:
        """How many there are."""
        return len(self._shelf)

    def take(self, places: Places) -> Iterator[Scan]:
        """The scans at these places."""
        for place, scan in zip(places.tolist(), self._shelf.take(places), strict=True):
            more = self._findings.get(place)
            yield replace(scan, findings=(*scan.findings, *more)) if more else scan
