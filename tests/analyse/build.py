"""Small counts of the invented election, from votes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from pipeline.count.resolve import Resolution, Scan, resolve
from pipeline.count.totals import Totals, sum_up
from pipeline.election import Election
from tests.count.build import payload, scan

Mesa = tuple[str, int]
"""Centre and number."""
Votes = tuple[int, int, int, int, int]

PLACES: tuple[Mesa, ...] = (
    *(("1001", number) for number in (1, 2, 3)),
    *(("1002", number) for number in (1, 2)),
    *(("2001", number) for number in (1, 2, 3, 4)),
)
"""Every mesa that the tiny election lists; three more are known to a coast or the nation alone."""

some_votes = st.tuples(*[st.integers(0, 16)] * 5).filter(any)
counted_mesas = st.dictionaries(st.sampled_from(PLACES), some_votes, max_size=len(PLACES))
"""The sheets of some mesas: never more votes than the 90 registered voters of the smallest."""


@dataclass(frozen=True)
class Count:
    """A resolved count."""

    resolution: Resolution
    totals: Totals


def count(
    election: Election, sheets: Mapping[Mesa, Sequence[int]], more: Sequence[Scan] = ()
) -> Count:
    """Count one sheet for each mesa, and any other scans."""
    scans = [
        scan(f"/s/{centre[0]}_{centre}_{number}.jpg", payload(election, centre, number, votes))
        for (centre, number), votes in sheets.items()
    ]
    resolution = resolve([*scans, *more], election)
    return Count(resolution, sum_up(resolution, election))


EXAMPLE: dict[Mesa, Votes] = {
    ("1001", 1): (10, 5, 7, 0, 1),
    ("1001", 2): (1, 2, 3, 4, 5),
    ("2001", 1): (50, 0, 0, 0, 0),
}
"""ANA 15 + 3 + 50 = 68, BEA 7 + 3 = 10, CAI 1 + 9 = 10; 88 valid votes on 3 of 12 sheets."""
