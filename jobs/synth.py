"""Writing an invented election: sheets in parallel, their truth, and a definition to count by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import dask
from dask.callbacks import Callback

from jobs.progress import LineProgress, TerminalProgress
from pipeline.election import Election, load_election
from pipeline.errors import InputError
from pipeline.synthetic.mix import CLEAN_MIX, DEFAULT_MIX
from pipeline.synthetic.plan import PlannedFile, plan_election, plan_table
from pipeline.synthetic.write import TruthRow, write_election, write_file, write_truth

BATCH = 16


@dataclass(frozen=True)
class Invented:
    """What was written."""

    files: int
    kinds: dict[str, int]


def synthesise(
    election: Election,
    out: Path,
    *,
    sheets: int | None,
    seed: int,
    table: Path | None,
    clean: bool,
    print_faults: float,
    workers: int,
    progress: TerminalProgress | LineProgress,
) -> Invented:
    """Write OUT/scans, OUT/truth.csv and OUT/election.

    Raises:
        InputError: OUT holds something already, the table is wrong, or too many sheets are asked.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not empty.", "Give a new folder.")
    mix = (CLEAN_MIX if clean else DEFAULT_MIX).with_faults(print_faults)
    if table:
        planned = plan_table(election, table, seed, mix, sheets)
    else:
        planned = plan_election(election, sheets or 300, seed, mix)
    progress.begin(len(planned), workers, "")
    rows = _write(planned, election, out, workers, progress)
    write_truth(rows, out / "truth.csv")
    write_election(election, planned, out)
    return Invented(len(rows), dict(sorted(Counter(row.kind for row in rows).items())))


def _write(
    planned: Sequence[PlannedFile],
    election: Election,
    out: Path,
    workers: int,
    progress: TerminalProgress | LineProgress,
) -> list[TruthRow]:
    """Write the files in processes of Dask's own; no socket is opened for it."""
    # The definition goes along as its folder's name: loading it once a process is far cheaper than
    # sending its thirty thousand entries with every batch.
    write = dask.delayed(_write_batch, traverse=False, pure=False)
    tasks = [
        write(_Sealed(tuple(batch)), str(election.folder), str(out)) for batch in _batches(planned)
    ]
    report = _Report(progress)
    with report:
        done = dask.compute(*tasks, scheduler="processes", num_workers=workers)
    return [row for rows in done for row in rows]


class _Sealed:
    """A batch that Dask does not look into for tasks of its own, as it does into a dataclass."""

    def __init__(self, files: tuple[PlannedFile, ...]) -> None:
        self.files = files


def _write_batch(batch: _Sealed, election: str, out: str) -> list[TruthRow]:
    import cv2

    cv2.setNumThreads(1)
    definition = _definition(election)
    return [write_file(file, definition, Path(out)) for file in batch.files]


@lru_cache(maxsize=2)
def _definition(folder: str) -> Election:
    return load_election(Path(folder))


def _batches(planned: Sequence[PlannedFile]) -> Iterator[Sequence[PlannedFile]]:
    for start in range(0, len(planned), BATCH):
        yield planned[start : start + BATCH]


class _Report(Callback):  # type: ignore[misc]
    """Tells the progress bar of every finished batch."""

    def __init__(self, progress: TerminalProgress | LineProgress) -> None:
        super().__init__()
        self._progress = progress

    def _posttask(self, _key: Any, result: Any, _graph: Any, _state: Any, _worker: Any) -> None:
        if isinstance(result, list):
            self._progress.advance(len(result), {"written": len(result)})
