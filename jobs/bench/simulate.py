"""A real tally with a reader that costs nothing: what is left is everything around it.

`python -m jobs.bench.simulate SCANS OUT ELECTION WORKERS`. A scan is a file whose first line
is its payload, or nothing of the kind and is unreadable. Listing, hashing, Dask, parts, commits,
resolving, totals and report are the product's own. Prints the summary, and of each step its
seconds of CPU and on the clock and the largest memory that the process had by then.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jobs.batch
import jobs.finish
import jobs.tally
from jobs.isolate import IsolatedReader
from pipeline.count.place import Place
from pipeline.findings import Finding
from pipeline.read.record import Outcome, PageReading

UNREADABLE = Finding("symbol-none")
STEPS: tuple[tuple[str, ModuleType, tuple[str, ...]], ...] = (
    ("list", jobs.tally, ("list_scans", "make_plan")),
    ("read", jobs.tally, ("_read",)),
    ("resolve", jobs.finish, ("resolve", "sum_up")),
    ("tables", jobs.finish, ("write_tables",)),
    ("site", jobs.finish, ("write_report",)),
    ("version", jobs.finish, ("_add_version",)),
)
"""What is measured apart, and the functions that it consists of."""


class FreeReader(IsolatedReader):
    """Reads a scan by looking at its bytes; has no process."""

    def __init__(self) -> None:
        self._content = b""

    def submit(self, content: bytes) -> None:
        """Take a file."""
        self._content = content

    def result(self) -> list[PageReading]:
        """What it says."""
        text = self._content.decode("ascii", "replace").partition("\n")[0]
        if not text[:1].isdigit():
            failure = UNREADABLE.sentence
            return [PageReading(1, Outcome.UNREADABLE, findings=(UNREADABLE,), failure=failure)]
        return [
            PageReading(
                1, Outcome.READ, format="JPEG", width=640, height=6800, attempt="half", spare=11,
                payload=text, corners=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), version=8, seen=1.0,
            )
        ]  # fmt: skip


class Quiet:
    """Progress that nobody watches."""

    def begin(self, total: int, workers: int, dashboard: str) -> None:
        """Say nothing."""

    def advance(self, files: int, outcomes: dict[str, int]) -> None:
        """Say nothing."""

    def say(self, text: str) -> None:
        """Tell it to whoever looks for faults."""
        sys.stderr.write(f"{text}\n")


Steps = dict[str, dict[str, float]]


def measured(steps: Steps, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which adds to a step what it costs; nothing else runs meanwhile."""

    def run(*args: Any, **settings: Any) -> Any:
        cpu, wall = time.process_time(), time.monotonic()
        done = do(*args, **settings)
        step = steps.setdefault(name, {"cpu": 0.0, "wall": 0.0})
        step["cpu"] += time.process_time() - cpu
        step["wall"] += time.monotonic() - wall
        step["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return done

    return run


def main() -> None:
    """Count once and print the summary and the steps."""
    scans, out, election, workers = sys.argv[1:]
    # Each batch has its own: they run on several threads.
    setattr(jobs.batch, "reader_of_this_thread", lambda _: FreeReader())  # noqa: B010
    steps: Steps = {}
    for name, module, functions in STEPS:
        for function in functions:
            setattr(module, function, measured(steps, name, getattr(module, function)))
    options = jobs.tally.Options((scans,), Place.of(out), Path(election), workers=int(workers))
    summary = jobs.tally.run_tally(options, Quiet()).summary
    sys.stdout.write(json.dumps({"summary": summary, "steps": steps}))


if __name__ == "__main__":
    main()
