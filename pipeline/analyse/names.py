"""What the names of scans tell: the scanning station that made them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

FEWEST = 10
"""Scans of a station on average. Where there are fewer, names begin with something else."""
_SMALL = 100
"""So many stations may always be."""
_STATION = re.compile(r"[A-Za-z0-9-]{1,32}")


def station_of(uri: str) -> str:
    """The part of a file's name before its first underscore; '' where there is none.

    Of the 24,532 names published in 2024, all but 7 begin so (`784821_007643_0134Acta0133.jpg`,
    `AG8A003730_052153_2024-07-29-0002.jpg`), from 128 stations.
    """
    name = uri.partition("#page=")[0].rpartition("/")[2]
    prefix, underscore, _ = name.partition("_")
    return prefix if underscore and _STATION.fullmatch(prefix) else ""


def stations_of(uris: Iterable[str], number: int) -> Callable[[str], str]:
    """What tells the station of each of so many scans: `station_of`, or '' for all of them.

    The latter where each station would have made but a few: names that begin with the sheet's own
    number say nothing of stations, and a million of them would be a million groups of one.
    """
    most = max(_SMALL, number // FEWEST)
    found: set[str] = set()
    for uri in uris:
        found.add(station_of(uri))
        if len(found) > most:
            return lambda _: ""
    return station_of
