"""The driver: list, subtract what is known, read the rest on Dask, commit, resolve, write.

What is committed stays; whatever stops a run, the same command goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from jobs.lock import locked
from jobs.places import Place
from jobs.settings import BatchSettings, ReaderSettings
from pipeline.count.load import COLUMNS, scans_of
from pipeline.count.outputs import RunFacts, write_outputs
from pipeline.count.resolve import Resolution, resolve
from pipeline.count.store import Ledger, Part, unread_files
from pipeline.count.totals import Totals, sum_up
from pipeline.election import Election, load_election
from pipeline.errors import InterruptedRunError, ResultsError
from pipeline.read.image import Limits
from pipeline.read.scans import Listing, ScanFile, cut_batches, list_scans
from pipeline.read.sheet import Way, reader_version

COMMIT_SECONDS = 2.0
"""A commit takes about 15 ms; a killed driver loses at most so many seconds of work."""
SMALLEST_BATCH, LARGEST_BATCH = 16, 128
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    sources: tuple[str, ...]
    out: Path
    election: Path
    workers: int
    cluster: Place | None = None
    batch_size: int | None = None
    limits: Limits = field(default_factory=Limits)
    deadline: float = 20.0
    memory_bytes: int = 2 * 2**30
    way: Way = field(default_factory=Way)

    def reader(self, election: Election) -> ReaderSettings:
        """The settings of this run's reading processes."""
        return ReaderSettings(
            election.rules, self.limits, self.memory_bytes, way=self.way, deadline=self.deadline
        )


class Progress(Protocol):
    """What wants to know how a run goes on."""

    def begin(self, total: int, workers: int, dashboard: str) -> None:
        """Reading begins: so many scans on so many workers."""

    def advance(self, files: int, outcomes: dict[str, int]) -> None:
        """A batch is done."""

    def say(self, text: str) -> None:
        """Something the user should know."""


@dataclass(frozen=True)
class Plan:
    """What a run would do."""

    listing: Listing
    todo: tuple[ScanFile, ...]
    version: str


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    plan: Plan
    election: Election
    resolution: Resolution
    totals: Totals
    summary: dict[str, Any]


def make_plan(
    listing: Listing, options: Options, election: Election, ledger: Ledger | None
) -> Plan:
    """Subtract the scans that the ledger holds as they are."""
    version = reader_version(election.rules_sha256, options.way)
    known = ledger.known(version, options.reader(election).limits_text) if ledger else set()
    return Plan(listing, tuple(unread_files(listing.files, known)), version)


def run_tally(options: Options, progress: Progress) -> Outcome:
    """Count everything.

    Raises:
        InputError, ConfigError, ResultsError: an argument, the definition or the results folder.
        InterruptedRunError: stopped by the user, a full disk or a lost cluster; run it again.
    """
    seconds: dict[str, float] = {}
    start = time.monotonic()
    election = load_election(options.election)
    # Before anything is made: a mistyped folder must leave no results behind.
    with _timed(seconds, "list"):
        listing = list_scans(options.sources, exclude=options.out)
    with _disk_faults(options.out), locked(options.out):
        ledger = Ledger.open_or_create(options.out / "scans", election.slug)
        keep_definition(election, options.out)
        plan = make_plan(listing, options, election, ledger)
        with _timed(seconds, "read"):
            _read(plan, options, election, ledger, progress)
        ledger.sweep()
        with _timed(seconds, "resolve"):
            resolution = resolve(scans_of(ledger.rows(COLUMNS), election.rules), election)
            totals = sum_up(resolution, election)
        seconds["total"] = time.monotonic() - start
        facts = RunFacts(plan.version, ledger.version, seconds)
        summary = write_outputs(options.out, resolution, totals, election, facts)
    return Outcome(plan, election, resolution, totals, summary)


def keep_definition(election: Election, results: Path) -> None:
    """Copy the election's definition into the results: they must explain themselves later."""
    target = results / "election"
    if election.folder.resolve() == target.resolve():
        return
    target.mkdir(exist_ok=True)
    for name in election.files:
        shutil.copyfile(election.folder / name, target / name)


def _read(
    plan: Plan, options: Options, election: Election, ledger: Ledger, progress: Progress
) -> None:
    """Read what is to be read and commit it."""
    if not plan.todo:
        return
    # Only here: a run with nothing new needs no cluster and should not pay for importing one.
    from jobs.checkup import code_hash
    from jobs.cluster import open_cluster, run_batches
    from jobs.doctor import Task, require_fitness
    from jobs.isolate import close_readers

    folder = (options.out / "scans").resolve()
    reader = options.reader(election)
    code = code_hash() if options.cluster else ""
    settings = BatchSettings(reader, plan.version, ledger.next_run(), str(folder), code)
    committer = _Committer(ledger)
    try:
        with open_cluster(options.workers, options.cluster) as cluster, Stop() as stop:
            if cluster.remote:
                require_fitness(cluster.client, Task(plan.todo, folder, reader, cluster.send))
            progress.begin(len(plan.todo), cluster.threads, cluster.dashboard)
            size = options.batch_size or _batch_size(len(plan.todo), cluster.threads)
            batches = cut_batches(plan.todo, size)
            for receipt in run_batches(cluster, batches, settings, stop):
                progress.advance(receipt.files, receipt.outcomes)
                committer.add(receipt.part)
            stopped = bool(stop.asked)
    finally:
        committer.flush()
        close_readers()
    if stopped:
        raise InterruptedRunError(
            "Stopped. What was read is kept.", "Run the same command again to go on."
        )


def _batch_size(files: int, threads: int) -> int:
    """Large enough to cost nothing, small enough that no worker waits long for the last one."""
    return max(SMALLEST_BATCH, min(LARGEST_BATCH, files // (threads * 16)))


class _Committer:
    """Commits parts in groups."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: dict[str, Part] = {}
        self._last = time.monotonic()

    def add(self, part: Part) -> None:
        self._waiting[part.name] = part
        if time.monotonic() - self._last >= COMMIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        parts: Sequence[Part] = tuple(self._waiting.values())
        self._waiting.clear()
        self._ledger.commit(parts)
        self._last = time.monotonic()


class Stop:
    """Ctrl-C and SIGTERM ask the run to end after the batches in hand; twice ends it at once."""

    def __init__(self) -> None:
        self.asked = 0.0
        """When the user asked, by the monotonic clock; 0 if not."""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stop:
        with contextlib.suppress(ValueError):  # signals belong to the main thread
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            # At once means without waiting for batches that may hang. Reading processes die with
            # this one, and what is not committed does not exist.
            os.write(2, b"actas: stopped at once. Run the same command again to go on.\n")
            os._exit(4)
        self.asked = time.monotonic()


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = time.monotonic() - start


@contextlib.contextmanager
def _disk_faults(out: Path) -> Iterator[None]:
    """A disk that is full or read-only is the user's to mend: a sentence, not a traceback."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            raise InterruptedRunError(
                f"{out}: the disk is full.",
                "What was committed is kept. Make room and run the same command again to go on.",
            ) from error
        raise ResultsError(f"{out}: cannot be written: {error}") from error
