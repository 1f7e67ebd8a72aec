"""Parts: what a worker writes of a batch, to be committed by the driver or else not to exist."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.count.place import Place

ROWS_AT_ONCE = 20_000
"""Rows that are decoded together: all of a million take half a gigabyte."""


@dataclass(frozen=True)
class Part:
    """A Parquet file that a worker wrote, not yet committed."""

    name: str
    size: int
    rows: int
    last_run: int
    """The highest run among its rows."""


def write_part(folder: Path | Place, batch_id: str, table: pa.Table) -> Part:
    """Write one batch's records so that the file is either whole or absent.

    Raises:
        OSError: the disk is full or read-only.
    """
    name = f"part-{batch_id}.parquet"
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=ROWS_AT_ONCE)
    content = buffer.getvalue()
    Place.of(folder).write(name, content)
    last_run = int(pc.max(table["run"]).as_py() or 0)
    return Part(name, len(content), table.num_rows, last_run)
