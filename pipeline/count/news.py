"""How many scans came, changed or went in the runs since a version: told by the ledger."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.count.carry import GONE
from pipeline.count.current import bools, current, places

COLUMNS = ("source", "run", "sha256", "stamp", "read_as")


def news(recent: pa.Table, before: pa.ChunkedArray) -> dict[str, int]:
    """By kind, the files of recent rows (with `COLUMNS`); kinds with none are left out.

    `before` are the sources of all rows that are older.
    """
    latest = current(recent)
    numbers = places(latest["source"])
    first = np.zeros(int(numbers.max(initial=-1)) + 1, np.int64)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    files = latest.take(pa.array(first))
    known = bools(pc.is_in(files["source"], value_set=before))
    gone = bools(pc.equal(files["stamp"], GONE))
    repeated = bools(pc.is_valid(files["read_as"])) & ~gone
    read = ~repeated & ~gone
    kinds = {
        "new": read & ~known,
        "read again": read & known,
        "known already": repeated,
        "gone": gone,
    }
    return {kind: int(mask.sum()) for kind, mask in kinds.items() if mask.any()}
