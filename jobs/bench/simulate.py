"""A real tally with a reader that costs nothing: what is left is everything around it.

`python -m jobs.bench.simulate SCANS OUT ELECTION WORKERS`. A scan is a file whose first line
is its payload, or nothing of the kind and is unreadable. Listing, hashing, Dask, parts, commits,
resolving, totals and report are the product's own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jobs.batch
from jobs.isolate import IsolatedReader
from jobs.tally import Options, run_tally
from pipeline.count.place import Place
from pipeline.findings import Finding
from pipeline.read.record import Outcome, PageReading

UNREADABLE = Finding("symbol-none")


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


def main() -> None:
    """Count once and print the summary."""
    scans, out, election, workers = sys.argv[1:]
    # Each batch has its own: they run on several threads.
    setattr(jobs.batch, "reader_of_this_thread", lambda _: FreeReader())  # noqa: B010
    options = Options((scans,), Place.of(out), Path(election), workers=int(workers))
    sys.stdout.write(json.dumps(run_tally(options, Quiet()).summary))


if __name__ == "__main__":
    main()
