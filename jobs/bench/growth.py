"""Growth: a whole count of more and more real-sized sheets. Time and memory of each stay flat."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from jobs.bench.plot import Lines
from jobs.bench.process import NEEDS_A_PERSON, actas, measure
from jobs.bench.record import Figure, Section, table
from jobs.bench.side import SEED, prepare
from jobs.bench.verify import misread

Say = Callable[[str], None]


def run_growth(work: Path, counts: Sequence[int], workers: int, say: Say) -> Section:
    """Counts of the first so many files of one synthetic election, held against its truth."""
    folder = prepare(work, max(counts), say)
    paths = sorted((folder / "scans").iterdir())
    rows, per_scan, peaks, wrong = [], [], [], 0
    for count in counts:
        some = work / f"growth-{count}"
        shutil.rmtree(some, ignore_errors=True)
        some.mkdir(parents=True)
        for path in paths[:count]:
            os.link(path, some / path.name)
        out = work / "results"
        shutil.rmtree(out, ignore_errors=True)
        taken = measure(
            actas("tally", str(some), "--out", str(out), "--workers", str(workers), "--json",
                  "--election", str(folder / "election")),
            accept=(0, NEEDS_A_PERSON),
        )  # fmt: skip
        summary = json.loads(taken.output)
        seconds, counted = summary["seconds"], summary["scans"]["counted"]
        false = misread(folder, out)
        wrong += len(false)
        per_scan.append(1000 * taken.cpu / count)
        peaks.append(taken.peak_self)
        rows.append((f"{count:,}", f"{taken.wall:.1f}", f"{seconds['read']:.1f}",
                     f"{per_scan[-1]:.1f}", f"{count / taken.wall:.1f}",
                     f"{taken.peak_self:.0f}", f"{taken.peak_child:.0f}",
                     f"{counted:,}", str(len(false))))  # fmt: skip
        say(" ".join([*rows[-1], *false[:5]]))
        shutil.rmtree(some)
    head = ("files", "wall s", "reading s", "CPU ms a file", "files/s", "driver MiB",
            "reading process MiB", "counted", "wrong")  # fmt: skip
    figures = [
        Figure.of("CPU of a file, most files over second most", [per_scan[-1] / per_scan[-2]],
                  more=False),
        Figure.of("driver's memory, most files over second most", [peaks[-1] / peaks[-2]],
                  more=False),
        Figure.of("wrong payloads", [wrong], more=False),
    ]  # fmt: skip
    notes = [
        f"Files with wear, copies and strangers (seed {SEED}), {workers} workers, print check on. "
        "Some 4 s of each run are imports, start and drawing what the print is held against. "
        "*Wrong*: files with another payload, read from symbol or print, than the truth's."
    ]
    series = {"CPU ms a file": per_scan, "driver MiB": peaks}
    return Section("Growth", table(head, rows), notes, figures, Lines("files", counts, series))
