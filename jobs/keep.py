"""What a run puts on record without reading: known contents, scans that are gone or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline import schema
from pipeline.count.carry import keep_gone, keep_refused, repeat_known
from pipeline.count.current import COLUMNS, current
from pipeline.count.store import Ledger, write_part
from pipeline.read.scans import ScanFile


def keep_records(
    ledger: Ledger,
    run: int,
    copies: Mapping[ScanFile, str],
    gone: Iterable[str],
    version: str,
    limits: str,
) -> None:
    """Commit rows for what need not, or cannot, be read: see `count.carry`."""
    rows = [
        repeat_known(_where(ledger, "sha256", copies.values()), copies, version, limits, run),
        keep_gone(_where(ledger, "source", gone), gone, run),
        keep_refused(_where(ledger, "source", _without_content(ledger)), run),
    ]
    table = pa.concat_tables(rows)
    if table.num_rows:
        ledger.commit([write_part(ledger.place, f"kept-{run:08d}", table)])


def _without_content(ledger: Ledger) -> list[str]:
    """Sources whose last try did not even get the file."""
    tried = ledger.history(["source"], where=ds.field("sha256").is_null())["source"]
    rows = _where(ledger, "source", tried.to_pylist(), COLUMNS)
    latest = current(rows)
    found: list[str] = latest.filter(pc.is_null(latest["sha256"]))["source"].to_pylist()
    return found


def _where(
    ledger: Ledger, column: str, values: Iterable[str], columns: Sequence[str] | None = None
) -> pa.Table:
    wanted = sorted(set(values))
    if not wanted:
        return schema.SCANS.empty_table()
    return ledger.history(columns, where=ds.field(column).isin(pa.array(wanted, pa.string())))
