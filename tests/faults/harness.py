"""Disturbing runs of real processes, and what must be true afterwards, whatever it was.

`make test` takes a few rounds of each fault and leaves out those that only waiting shows; `make
faults` takes all. A round is made from its seed alone, so that one that failed can be repeated.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from jobs.stage import local_copy
from pipeline.count.place import Place
from pipeline.count.store import Ledger
from tests.jobs.running import (
    Ended,
    Process,
    actas,
    assert_same,
    children,
    is_alive,
    parts,
    wait_until,
)

ALL = bool(os.environ.get("ACTAS_ALL_FAULTS"))
only_in_make_faults = pytest.mark.skipif(not ALL, reason="takes long: part of `make faults`")
RERUNS = 3
"""A run that nothing disturbs needs one; what died just now may still hold a port or a lock."""
FINISHED = (0, 3)
ELECTION = "island-2030"
FILES = 166
notes: list[tuple[str, object]] = []
"""What the test that runs now has to tell; `conftest` gathers it and tells it at the end."""


def note(what: str, value: object) -> None:
    """Something that was measured in this round."""
    notes.append((what, value))


def rounds(few: tuple[int, ...], many: int) -> Sequence[int]:
    """The seeds of a fault's rounds."""
    return range(many) if ALL else few


def finish(args: tuple[str, ...], out: Place | Path, undisturbed: dict[str, bytes]) -> Ended:
    """Run again, undisturbed, and hold everything against a run that never was disturbed."""
    for _ in range(RERUNS):
        run = actas(*args)
        assert "Traceback" not in run.err, run.err
        if run.code in FINISHED:
            break
    assert run.code in FINISHED, run.err
    assert_whole(Place.of(out), undisturbed)
    return run


def assert_whole(out: Place, undisturbed: dict[str, bytes]) -> None:
    """The same bytes as ever; nothing lost, nothing twice, nothing half."""
    ledger = Ledger.open(out.sub("scans"), ELECTION)
    sources = Counter(ledger.rows(["source"])["source"].to_pylist())
    lost, doubled = FILES - len(sources), sum(count - 1 for count in sources.values())
    note("lost", lost)
    note("doubled", doubled)
    assert (lost, doubled) == (0, 0)
    assert_same(local_copy(out), undisturbed)
    left = [name for name in out.names() if name.endswith(".tmp") and "site" not in name]
    assert left == []
    found = {name for name in out.sub("scans").names() if "/" not in name}
    assert found == set(ledger._part_names()), "parts that no commit names"


def descendants(process: int) -> list[int]:
    """A process's children, theirs, and so on."""
    found = children(process)
    for child in list(found):
        found += descendants(child)
    return found


def kill(process: int) -> None:
    """Without a word."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def when_parts_are(out: Path, count: int, process: Process, then: Callable[[], None]) -> bool:
    """Do something once so many batches are written, or never if the run ends before."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if len(parts(out)) >= count:
            then()
            return True
        time.sleep(0.002)
    return False


def assert_no_orphans(processes: list[int]) -> None:
    """Whatever a run has started is gone."""
    wait_until(lambda: not any(map(is_alive, processes)), f"orphans among {processes}", 15)
