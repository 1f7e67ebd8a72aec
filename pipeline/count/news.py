"""How many scans came, changed or went in the runs since a version: told by the ledger."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.count.carry import GONE
from pipeline.count.current import current

COLUMNS = ("source", "run", "sha256", "stamp", "read_as")


def news_since(history: pa.Table, run: int) -> dict[str, int]:
    """By kind, the files of runs after `run`; kinds with none are left out."""
    recent = pc.greater(history["run"], run)
    latest = current(history.filter(recent))
    before = history.filter(pc.invert(recent))["source"]
    sources = latest.group_by(["source", "stamp", "read_as"]).aggregate([])
    known = pc.is_in(sources["source"], value_set=before)
    gone = pc.equal(sources["stamp"], GONE)
    repeated = pc.and_(pc.is_valid(sources["read_as"]), pc.invert(gone))
    read = pc.and_(pc.is_null(sources["read_as"]), pc.invert(gone))
    kinds = {
        "new": pc.and_(read, pc.invert(known)),
        "read again": pc.and_(read, known),
        "known already": repeated,
        "gone": gone,
    }
    counts = {kind: int(pc.sum(mask).as_py() or 0) for kind, mask in kinds.items()}
    return {kind: count for kind, count in counts.items() if count}
