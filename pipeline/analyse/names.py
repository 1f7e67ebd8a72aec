"""What the names of scans tell: the scanning station that made them."""

from __future__ import annotations

import re

_STATION = re.compile(r"[A-Za-z0-9-]{1,32}")


def station_of(uri: str) -> str:
    """The part of a file's name before its first underscore; '' where there is none.

    Of the 24,532 names published in 2024, all but 7 begin so (`784821_007643_0134Acta0133.jpg`,
    `AG8A003730_052153_2024-07-29-0002.jpg`), from 128 stations.
    """
    name = uri.partition("#page=")[0].rpartition("/")[2]
    prefix, underscore, _ = name.partition("_")
    return prefix if underscore and _STATION.fullmatch(prefix) else ""
