"""The ledger: a Delta table of records. Workers write parts, the driver alone commits them.

What is not committed does not exist: a part is written under a temporary name, flushed and renamed,
and readers look only at the files that the Delta log names. Rows are never changed; of a source's
rows, those of its latest run are current.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction

from pipeline import schema
from pipeline.errors import ResultsError
from pipeline.findings import CATALOGUE
from pipeline.read.scans import ScanFile

STOPPED_BY_A_LIMIT = frozenset(
    ("file-too-large", "image-too-large", "pages-too-many", "reader-hung", "reader-memory")
)


@dataclass(frozen=True)
class Part:
    """A Parquet file that a worker wrote, not yet committed."""

    name: str
    size: int
    rows: int
    modified_ms: int


def write_part(folder: Path, batch_id: str, table: pa.Table) -> Part:
    """Write one batch's records so that the file is either whole or absent.

    Raises:
        OSError: the disk is full or read-only.
    """
    name = f"part-{batch_id}.parquet"
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    try:
        pq.write_table(table, temporary, compression="zstd")
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(folder / name)
    finally:
        temporary.unlink(missing_ok=True)  # it is gone already if all went well
    status = (folder / name).stat()
    return Part(name, status.st_size, table.num_rows, status.st_mtime_ns // 1_000_000)


class Ledger:
    """The table `RESULTS/scans`."""

    def __init__(self, table: DeltaTable, folder: Path) -> None:
        self._table = table
        self.folder = folder

    @classmethod
    def open(cls, folder: Path, election: str) -> Ledger:
        """Open an existing ledger.

        Raises:
            ResultsError: there is none, it is damaged, or it belongs to another election.
        """
        try:
            table = DeltaTable(folder)
            name = table.metadata().name
        except TableNotFoundError as error:
            raise ResultsError(
                f"{folder.parent}: there are no results here.", "Run `actas tally` first."
            ) from error
        except (DeltaError, OSError, ValueError) as error:
            raise ResultsError(
                f"{folder}: the ledger cannot be read: {error}",
                "Restore its folder _delta_log from a copy, or count into a new folder.",
            ) from error
        if name != election:
            raise ResultsError(
                f"{folder.parent} holds results of the election {name!r}, not {election!r}.",
                "Give another --out, or the --election that these results belong to.",
            )
        return cls(table, folder)

    @classmethod
    def open_or_create(cls, folder: Path, election: str) -> Ledger:
        """Open the ledger, or make an empty one."""
        if not DeltaTable.is_deltatable(str(folder)):
            if any(folder.glob("part-*.parquet")):
                raise ResultsError(
                    f"{folder}: there are parts, but the log that names them is gone.",
                    "Restore its folder _delta_log from a copy, or count into a new folder.",
                )
            with _plain_errors(folder):
                DeltaTable.create(folder, schema=schema.SCANS, name=election)
        return cls.open(folder, election)

    @property
    def version(self) -> int:
        """The table's version: it grows by one with every commit."""
        return int(self._table.version())

    def commit(self, parts: Sequence[Part]) -> None:
        """Make the parts' rows part of the table, all or none."""
        if not parts:
            return
        actions: list[AddAction | RemoveAction] = [
            AddAction(
                path=part.name,
                size=part.size,
                partition_values={},
                modification_time=part.modified_ms,
                data_change=True,
                stats=json.dumps({"numRecords": part.rows}),
            )
            for part in parts
        ]
        with _plain_errors(self.folder):
            self._table.create_write_transaction(
                actions=actions,
                mode="append",
                schema=schema.SCANS,
                commit_properties=CommitProperties(max_commit_retries=10),
            )
            self._table.update_incremental()

    def rows(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The current rows (all pages of each source's latest run), in no particular order."""
        wanted = None if columns is None else list(dict.fromkeys([*columns, "source", "run"]))
        paths = [self.folder / name for name in self._part_names()]
        if not paths:
            empty = schema.SCANS.empty_table()
            return empty.select(wanted) if wanted else empty
        table = pa.concat_tables([_read_part(path, wanted) for path in paths])
        return _current(table)

    def known(self, reader_version: str, limits: str = "") -> set[tuple[str, int, str]]:
        """Source, size and stamp of every file that this version of the reader has read.

        What the system refused to read is not known, for that may be mended without a new stamp;
        a fault that stands in the listing itself is, as long as it stands there. Nor is what a
        limit stopped, once the limits are others.
        """
        columns = ("source", "size", "stamp", "reader_version", "sha256", "limits", "findings")
        table = self.rows(columns)
        was_read = pc.or_(
            pc.is_valid(table["sha256"]), pc.is_in(table["stamp"], pa.array(list(CATALOGUE)))
        )
        table = table.filter(pc.and_(pc.equal(table["reader_version"], reader_version), was_read))
        stopped = {
            row["source"]
            for row in table.filter(pc.not_equal(table["limits"], limits)).to_pylist()
            if STOPPED_BY_A_LIMIT.intersection(row["findings"])
        }
        keys = [table[name].to_pylist() for name in ("source", "size", "stamp")]
        return {key for key in zip(*keys, strict=True) if key[0] not in stopped}

    def next_run(self) -> int:
        """The number for rows of a new run: higher than any before."""
        runs = self.rows(["run"])["run"]
        return int(pc.max(runs).as_py() or 0) + 1

    def sweep(self) -> int:
        """Delete parts that no commit names (left by a killed run); returns how many."""
        named = set(self._part_names())
        orphans = [path for path in self.folder.glob("*.parquet") if path.name not in named]
        orphans += self.folder.glob(".part-*.tmp")
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def _part_names(self) -> list[str]:
        return sorted(Path(uri).name for uri in self._table.file_uris())


def _read_part(path: Path, columns: list[str] | None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(
            f"{path}: a part of the ledger is damaged: {error}",
            "Restore it from a copy, or count into a new folder.",
        ) from error


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    """Delta reports the system's errors in its own words: make them the system's again.

    Raises:
        OSError: the disk is full or read-only.
        ResultsError: anything else that keeps the ledger from being written.
    """
    try:
        yield
    except (DeltaError, OSError) as error:
        number = re.search(r"os error (\d+)", str(error))
        if number:
            code = int(number[1])
            raise OSError(code, os.strerror(code), str(folder)) from error
        words = re.sub(r"\x1b\[[0-9;]*m|\s+", " ", str(error)).strip()
        raise ResultsError(f"{folder}: the ledger cannot be written: {words}") from error


def unread_files(files: Iterable[ScanFile], known: set[tuple[str, int, str]]) -> list[ScanFile]:
    """The files that the ledger does not hold as they are now."""
    return [file for file in files if (file.uri, file.size, file.stamp) not in known]


def _current(table: pa.Table) -> pa.Table:
    """Rows of each source's latest run. A table of a single run is current as it is."""
    if pc.count_distinct(table["run"]).as_py() <= 1:
        return table
    latest = table.group_by("source").aggregate([("run", "max")])
    pairs = zip(latest["source"].to_pylist(), latest["run_max"].to_pylist(), strict=True)
    newest = dict(pairs)
    rows = zip(table["source"].to_pylist(), table["run"].to_pylist(), strict=True)
    return table.filter(pa.array([newest[source] == run for source, run in rows]))
