"""The driver: list, subtract what is known, read the rest on Dask, commit, resolve, write.

What is committed stays; whatever stops a run, the same command goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from jobs.finish import finish
from jobs.keep import keep_records
from jobs.lock import locked
from jobs.memory import release_unused, without_collections
from jobs.places import ClusterPlace
from jobs.plan import Plan, told
from jobs.settings import BatchSettings, ReaderSettings
from jobs.settle import split_settled
from pipeline import schema
from pipeline.count.known import COLUMNS as KNOWN_COLUMNS
from pipeline.count.known import Why, subtract
from pipeline.count.place import Place
from pipeline.count.retry import Retry
from pipeline.count.store import Ledger, Part
from pipeline.election import Election, load_election
from pipeline.errors import InterruptedRunError, ResultsError, StoppedRunError
from pipeline.read.image import Limits
from pipeline.read.scans import Listing, ScanFile, cut_batches, list_scans
from pipeline.read.sheet import Way, reader_version

COMMIT_SECONDS = 2.0
"""A commit takes about 15 ms; a killed driver loses at most so many seconds of work."""
SMALLEST_BATCH, LARGEST_BATCH = 16, 256
EXIT_NEEDS_A_PERSON = 3
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    sources: tuple[str, ...]
    out: Place
    election: Path
    workers: int
    cluster: ClusterPlace | None = None
    batch_size: int | None = None
    limits: Limits = field(default_factory=Limits)
    deadline: float = 20.0
    memory_bytes: int = 2 * 2**30
    way: Way = field(default_factory=Way)
    retry: Retry = Retry.NONE
    settle: float = 0.0
    """Seconds for which a file must not have changed; 0 reads it as it is."""

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
class Outcome:
    """What a run did."""

    found: int
    """Files in the listing."""
    why: Mapping[Why, int]
    """What was read, by reason."""
    election: Election
    summary: dict[str, Any]
    page: str
    """Where the report is."""


def make_plan(
    listing: Listing, options: Options, election: Election, ledger: Ledger | None
) -> Plan:
    """Subtract the scans that the ledger holds as they are."""
    version = reader_version(election.rules_sha256, options.way)
    limits = options.reader(election).limits_text
    history = ledger.history(KNOWN_COLUMNS) if ledger else schema.SCANS.empty_table()
    known = subtract(listing, history, version, limits, options.retry)
    return Plan(len(listing.files), listing.ignored, known, version)


def _without_unsettled(plan: Plan, seconds: float) -> Plan:
    """Leave out what is still being written; the next run finds it again."""
    ready, waiting = split_settled(plan.todo, seconds)
    return replace(plan, known=replace(plan.known, todo=ready), waiting=waiting)


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
    with _timed(seconds, "list"), without_collections():
        listing = list_scans(options.sources, exclude=options.out.root)
    with _disk_faults(options.out), locked(options.out, progress.say) as lock:
        ledger = Ledger.open_or_create(options.out.sub("scans"), election.slug)
        ledger.still_mine = lock.check
        if lock.after_a_dead_run:
            ledger.fence()
        keep_definition(election, options.out)
        found = len(listing.files)
        with without_collections():
            plan = make_plan(listing, options, election, ledger)
        del listing  # of a million scans 300 MB, which resolving needs
        version, why = plan.version, plan.known.why
        with _timed(seconds, "read"):
            settled = _without_unsettled(plan, options.settle)
            _read(settled, options, election, ledger, progress)
        del plan, settled
        ledger.merge_parts()
        ledger.sweep()
        release_unused(found)
        with without_collections():
            done = finish(options.out, ledger, election, version, seconds, start, lock.check)
    return Outcome(found, why, election, done.summary, done.page)


def exit_code(summary: Mapping[str, Any]) -> int:
    """Of a run that finished: 0, or 3 where scans wait for a person."""
    waiting = ("quarantined", "unreadable", "rejected", "failed")
    return EXIT_NEEDS_A_PERSON if any(summary["scans"][name] for name in waiting) else 0


def keep_definition(election: Election, results: Place) -> None:
    """Copy the election's definition into the results: they must explain themselves later."""
    target = results.sub("election")
    if not target.is_remote and election.folder.resolve() == target.path.resolve():
        return
    target.make()
    for name in election.files:
        target.write(name, (election.folder / name).read_bytes())


def _read(
    plan: Plan, options: Options, election: Election, ledger: Ledger, progress: Progress
) -> None:
    """Read what is to be read and commit it, and what can be told without reading."""
    for line in told(plan):
        progress.say(line)
    if not plan.todo and not plan.known.gone:
        return
    run = ledger.next_run()
    copies = _read_todo(plan, options, election, ledger, progress, run) if plan.todo else {}
    # Before they are looked through: what 4,000 parts say of themselves takes 400 MB.
    ledger.merge_parts()
    limits = options.reader(election).limits_text
    keep_records(ledger, run, copies, plan.known.gone, plan.version, limits)


def _read_todo(
    plan: Plan, options: Options, election: Election, ledger: Ledger, progress: Progress, run: int
) -> dict[ScanFile, str]:
    """Read on Dask; returns the files whose content turned out to be known, with its sha256."""
    # Only here: a run with nothing new needs no cluster and should not pay for importing one.
    from jobs.checkup import code_hash
    from jobs.cluster import open_cluster, run_batches
    from jobs.doctor import Task, require_fitness
    from jobs.isolate import close_readers

    folder = ledger.place.absolute()
    reader = options.reader(election)
    code = code_hash() if options.cluster else ""
    settings = BatchSettings(reader, plan.version, run, folder.root, code)
    committer = _Committer(ledger)
    copies: dict[ScanFile, str] = {}
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
                copies.update(receipt.copies)
            stopped = bool(stop.asked)
    finally:
        committer.flush()
        close_readers()
    if stopped:
        raise StoppedRunError
    return copies


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
        if part.rows:
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
def _disk_faults(out: Place) -> Iterator[None]:
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
