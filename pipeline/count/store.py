"""The ledger: a Delta table of records. Workers write parts, the driver alone commits them.

What is not committed does not exist: a part is written whole or not at all, and readers look only
at the files that the Delta log names. Rows are never changed or removed: what is current is decided
when they are read (`count.current`).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, CommitProperties, RemoveAction
from numpy.typing import NDArray
from pyarrow import fs

from pipeline import schema
from pipeline.count import current
from pipeline.count.delta import options, plain_errors, store_errors, words
from pipeline.count.parts import Part as Part
from pipeline.count.parts import write_part as write_part
from pipeline.count.place import Place
from pipeline.errors import ResultsError, StoreLostError

MANY_PARTS = 400
"""More parts than this are merged: opening a part takes longer than reading it."""
MERGED_BYTES = 8 * 2**20
"""Small parts of about this size in all become one: the whole of it is in memory once."""
SMALL_BYTES = MERGED_BYTES // 4
LARGE_BATCH = 50_000
"""Rows that are taken at a time where they are but three columns."""
COMMIT_TRIES = 5
LEFT_OVER = re.compile(r"\.part-.*\.tmp")


class Ledger:
    """The table `RESULTS/scans`, as it was when it was opened and as its own commits changed it."""

    def __init__(self, table: DeltaTable, place: Place) -> None:
        self._table = table
        self.place = place
        self.still_mine: Callable[[], None] = lambda: None
        """Asked when somebody else has committed; raises if that was another run."""

    @classmethod
    def open(cls, where: Path | Place, election: str) -> Ledger:
        """Open an existing ledger.

        Raises:
            ResultsError: there is none, it is damaged, or it belongs to another election.
        """
        place = Place.of(where)
        results = _parent(place)
        try:
            with store_errors(place):
                table = DeltaTable(place.root, storage_options=options(place))
                name = table.metadata().name
        except TableNotFoundError as error:
            raise ResultsError(
                f"{results}: there are no results here.", "Run `actas tally` first."
            ) from error
        except (DeltaError, OSError, ValueError) as error:
            raise ResultsError(
                f"{place}: the ledger cannot be read: {words(error)}",
                "Restore its folder _delta_log from a copy, or count into a new folder.",
            ) from error
        if name != election:
            raise ResultsError(
                f"{results} holds results of the election {name!r}, not {election!r}.",
                "Give another --out, or the --election that these results belong to.",
            )
        return cls(table, place)

    @classmethod
    def open_or_create(cls, where: Path | Place, election: str) -> Ledger:
        """Open the ledger, or make an empty one."""
        place = Place.of(where)
        with plain_errors(place):
            exists = DeltaTable.is_deltatable(place.root, options(place))
        if not exists:
            if any(name.startswith("part-") for name in place.names()):
                raise ResultsError(
                    f"{place}: there are parts, but the log that names them is gone.",
                    "Restore its folder _delta_log from a copy, or count into a new folder.",
                )
            with plain_errors(place):
                DeltaTable.create(
                    place.root, schema=schema.SCANS, name=election, storage_options=options(place)
                )
        return cls.open(place, election)

    @property
    def folder(self) -> Path:
        """Where it lies on a disk."""
        return self.place.path

    @property
    def version(self) -> int:
        """The table's version: it grows by one with every commit."""
        return int(self._table.version())

    def commit(self, parts: Sequence[Part]) -> None:
        """Make the parts' rows part of the table, all or none.

        Raises:
            OSError: the disk is full or read-only.
            InterruptedRunError: another run has taken over, or the store does not answer.
        """
        if not parts:
            return
        names = {part.name for part in parts}
        self._commit(
            [_addition(part) for part in parts], done=lambda: names <= set(self._part_names())
        )

    def fence(self) -> None:
        """Commit nothing, so that a run that still takes the table for its own cannot commit."""
        self._commit([], done=lambda: False)

    def _commit(self, actions: list[AddAction | RemoveAction], done: Callable[[], bool]) -> None:
        """Commit as the very next version, or find out why that was not possible.

        A commit that only the answer of was lost looks like somebody else's: `done` tells.
        """
        for _ in range(COMMIT_TRIES):
            try:
                with plain_errors(self.place):
                    self._table.create_write_transaction(
                        actions=actions,
                        mode="append",
                        schema=schema.SCANS,
                        commit_properties=CommitProperties(max_commit_retries=0),
                    )
                    self._table.update_incremental()
                return
            except CommitFailedError:
                with plain_errors(self.place):
                    self._table.update_incremental()
                if done():
                    return
                self.still_mine()
        raise ResultsError(f"{self.place}: somebody else keeps writing there.")

    def rows(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The current rows (all pages of each source's latest run), in no particular order."""
        if columns is None:
            return current.current(self.history())
        wanted = list(dict.fromkeys([*columns, *current.COLUMNS]))
        return current.current(self.history(wanted)).select(columns)

    def history(
        self, columns: Sequence[str] | None = None, where: ds.Expression | None = None
    ) -> pa.Table:
        """The rows of all runs, in no particular order. Columns of a later program are null."""
        return self._read(self._part_names(), columns, where)

    def _read(
        self,
        names: Sequence[str],
        columns: Sequence[str] | None = None,
        where: ds.Expression | None = None,
    ) -> pa.Table:
        try:
            wanted = columns and list(columns)
            return self._dataset(names).to_table(columns=wanted, filter=where)
        except (OSError, pa.ArrowException) as error:
            raise self._damage(error) from error

    def batches(self, columns: Sequence[str], size: int = 10_000) -> Iterator[pa.Table]:
        """The current rows, some at a time: a million at once would fill the memory."""
        keep = self._which_are_current()
        pa.default_memory_pool().release_unused()
        start = 0
        for batch in self._batches(columns, size):
            mask = keep[start : start + batch.num_rows]
            start += batch.num_rows
            rows = pa.Table.from_batches([batch])
            yield rows if mask.all() else rows.filter(pa.array(mask))

    def _which_are_current(self) -> NDArray[np.bool_]:
        sources, runs, known = [], [], []
        for batch in self._batches(current.COLUMNS, LARGE_BATCH):
            sources.append(batch["source"])
            runs.append(batch["run"])
            known.append(batch["sha256"].is_valid())
        return current.which(
            pa.chunked_array(sources, pa.string()),
            pa.chunked_array(runs, pa.int64()),
            pa.chunked_array(known, pa.bool_()),
        )

    def _batches(self, columns: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
        """Part by part: a scan of all would decode ahead of whoever takes them, 200 MB of it."""
        try:
            for part in self._dataset(self._part_names()).get_fragments():
                yield from part.to_batches(
                    schema=schema.SCANS, columns=list(columns), batch_size=size, use_threads=False
                )
        except (OSError, pa.ArrowException) as error:
            raise self._damage(error) from error

    def _dataset(self, names: Sequence[str]) -> ds.Dataset:
        # The store's file system has the ledger for its root, the disk's has not.
        paths = names if self.place.is_remote else [f"{self.place.root}/{name}" for name in names]
        return ds.dataset(paths, schema=schema.SCANS, format="parquet", filesystem=self._files())

    def _files(self) -> fs.FileSystem:
        if not self.place.is_remote:
            return fs.LocalFileSystem()
        return fs.PyFileSystem(DeltaStorageHandler(self.place.root, options(self.place)))

    def _damage(self, error: Exception) -> ResultsError | StoreLostError:
        """Which part is damaged."""
        for name in self._part_names():
            try:
                pq.read_table(io.BytesIO(self.place.read(name)), columns=["source"])
            except (OSError, pa.ArrowException) as fault:
                return ResultsError(
                    f"{self.place}/{name}: a part of the ledger is damaged: {fault}",
                    "Restore it from a copy, or count into a new folder.",
                )
        return StoreLostError(f"{self.place}: {words(error)}")

    def next_run(self) -> int:
        """The number for rows of a new run: higher than any before."""
        parts = pa.table(self._table.get_add_actions(flatten=True))
        runs = parts["max.run"] if "max.run" in parts.column_names else None
        if runs is None or runs.null_count:  # a part of another tool, without statistics
            runs = self.history(["run"])["run"]
        return int(pc.max(runs).as_py() or 0) + 1

    def merge_parts(self) -> None:
        """Turn many small parts into few large ones; the rows stay as they are.

        Delta's own `optimize` keeps 200 MB of what it needed for a million rows.
        """
        actions = pa.table(self._table.get_add_actions(flatten=True))
        sizes = dict(
            zip(actions["path"].to_pylist(), actions["size_bytes"].to_pylist(), strict=True)
        )
        if len(sizes) <= MANY_PARTS:
            return
        merged: list[Part] = []
        gone: list[str] = []
        for names in _groups(sizes):
            key = hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]
            merged.append(write_part(self.place, key, self._read(names)))
            gone += names
        if not merged:
            return
        there = {part.name for part in merged}
        self._commit(
            [*map(_removal, gone), *map(_addition, merged)],
            done=lambda: there <= set(self._part_names()),
        )

    def sweep(self) -> int:
        """Delete parts that no commit names (left by a killed run); returns how many."""
        named = set(self._part_names())
        orphans = [
            name
            for name in self.place.names()
            if "/" not in name
            and ((name.endswith(".parquet") and name not in named) or LEFT_OVER.fullmatch(name))
        ]
        for name in orphans:
            self.place.delete(name)
        return len(orphans)

    def _part_names(self) -> list[str]:
        return sorted(uri.rpartition("/")[2] for uri in self._table.file_uris())


def _groups(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Names of small parts that are to become one."""
    group: list[str] = []
    for name in sorted(name for name, size in sizes.items() if size < SMALL_BYTES):
        group.append(name)
        if sum(sizes[member] for member in group) >= MERGED_BYTES:
            yield group
            group = []
    if len(group) > 1:
        yield group


def _addition(part: Part) -> AddAction:
    stats = {"numRecords": part.rows, "maxValues": {"run": part.last_run}}
    # No clock: the content decides, and the same parts are the same commit.
    return AddAction(part.name, part.size, {}, 0, data_change=True, stats=json.dumps(stats))


def _removal(name: str) -> RemoveAction:
    return RemoveAction(name, data_change=True, deletion_timestamp=0)


def _parent(place: Place) -> str:
    return place.root.rpartition("/")[0]
