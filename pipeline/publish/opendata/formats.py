"""One table in three formats, written side by side in batches: memory does not grow with rows.

Parquet is written in its plainest form (gzip, no dictionaries, no statistics), so that the shipped
`verify.py` can read it with nothing but Python's standard library.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.count.outputs import neutral
from pipeline.publish.opendata.table import Column, Kind, Row, Table, Value

BATCH = 4096
_ARROW = {Kind.TEXT: pa.string(), Kind.NUMBER: pa.int64(), Kind.FLAG: pa.bool_()}


def write_table(folder: Path, table: Table) -> list[Path]:
    """Write the table's files below `folder`; returns them.

    Raises:
        OSError: the disk is full or read-only.
    """
    stem = folder / table.path
    stem.parent.mkdir(parents=True, exist_ok=True)
    endings = (".csv", ".json", ".parquet") if table.all_formats else (".csv",)
    paths = [stem.with_name(stem.name + ending) for ending in endings]
    with ExitStack() as stack:
        cells = csv.writer(stack.enter_context(open_text(paths[0])), lineterminator="\n")
        cells.writerow(column.name for column in table.columns)
        others: list[_Json | _Parquet] = []
        if table.all_formats:
            others = [
                stack.enter_context(_Json(paths[1], table.columns)),
                stack.enter_context(_Parquet(paths[2], table.columns)),
            ]
        for batch in _batches(table.rows()):
            cells.writerows([_csv_cell(value) for value in row] for row in batch)
            for other in others:
                other.write(batch)
    return paths


def open_text(path: Path) -> IO[str]:
    """A new text file of the open data: UTF-8, lines end in one line feed, on every system."""
    return path.open("w", encoding="utf-8", newline="")


def _csv_cell(value: Value) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutral(value)


class _Json:
    """A JSON list with an object on each line."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._stream = open_text(path)
        self._names = [column.name for column in columns]
        self._between = "[\n"

    def __enter__(self) -> _Json:
        return self

    def write(self, batch: Sequence[Row]) -> None:
        """Add rows."""
        for row in batch:
            self._stream.write(self._between + to_json(dict(zip(self._names, row, strict=True))))
            self._between = ",\n"

    def __exit__(self, *_: object) -> None:
        self._stream.write("\n]\n" if self._between == ",\n" else "[]\n")
        self._stream.close()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_json(value: object) -> str:
    """JSON on one line."""
    return _ENCODER.encode(value)


class _Parquet:
    """A Parquet file with a row group for each batch."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        fields = [pa.field(c.name, _ARROW[c.kind], nullable=not c.required) for c in columns]
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="gzip",
            compression_level=6,  # 9, the default, takes nine times as long for 4% less
            use_dictionary=False,
            write_statistics=False,
            data_page_version="1.0",
            store_schema=False,
        )

    def __enter__(self) -> _Parquet:
        return self

    def write(self, batch: Sequence[Row]) -> None:
        """Add rows."""
        columns = zip(*batch, strict=True)
        arrays = [pa.array(c, f.type) for c, f in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.table(arrays, self._schema))

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch
