"""What the engine costs over a bare loop, what a second worker gains, and how memory grows."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from jobs.bench.process import NEEDS_A_PERSON, Measured, actas, measure

Say = Callable[[str], None]


def run_cost(work: Path, sheets: int, rounds: int, say: Say) -> str:
    """Whole `actas tally` against the bare loop, and one worker against two; a Markdown table.

    The commands take turns, so that a machine that slows down slows all of them; quoted are the
    medians and the median of the ratios within each round.
    """
    scans = prepare(work, sheets, say)
    folder = scans / "scans"
    bare, own, one, two = [], [], [], []
    loop = [sys.executable, "-m", "jobs.bench.bare", str(folder)]
    for number in range(1, rounds + 1):
        bare.append(measure(loop))
        own.append(measure([*loop, str(scans / "election")]))
        two.append(_tally(scans, work, 2))
        one.append(_tally(scans, work, 1))
        say(f"round {number} of {rounds}: CPU {two[-1].cpu / bare[-1].cpu:.3f} times the bare loop")
    read = json.loads(two[-1].output)["scans"]["counted"]
    alone = [o.cpu / b.cpu for o, b in zip(one, bare, strict=True)]
    ratios = [t.cpu / b.cpu for t, b in zip(two, bare, strict=True)]
    whole = [o.wall / t.wall for o, t in zip(one, two, strict=True)]
    reading = [_read_seconds(o) / _read_seconds(t) for o, t in zip(one, two, strict=True)]
    rows = [
        ("bare loop, CPU s", [m.cpu for m in bare]),
        ("the same loop with this product's reader, CPU s", [m.cpu for m in own]),
        ("`actas tally`, 2 workers, CPU s (all processes)", [m.cpu for m in two]),
        ("`actas tally`, 1 worker, CPU s (all processes)", [m.cpu for m in one]),
        ("CPU ratio to the bare loop, 1 worker", alone),
        ("CPU ratio to the bare loop, 2 workers", ratios),
        ("wall s, 1 worker, whole command", [m.wall for m in one]),
        ("wall s, 2 workers, whole command", [m.wall for m in two]),
        ("rate of 2 workers over 1, whole command", whole),
        ("rate of 2 workers over 1, while reading", reading),
    ]
    head = f"{sheets} clean sheets, {read} counted; the bare loop read {bare[-1].output.strip()}"
    return f"{head}\n\n" + _table(rows)


def run_memory(work: Path, sheets: int, say: Say) -> str:
    """Peak memory of the driver (scheduler and workers within) and of a reading process."""
    lines = ["| scans | driver MiB | reading process MiB |", "| ---: | ---: | ---: |"]
    for count in (sheets // 10, sheets):
        taken = _tally(prepare(work, count, say), work, 2)
        say(f"{count} scans: driver {taken.peak_self:.0f} MiB, reader {taken.peak_child:.0f} MiB")
        lines.append(f"| {count} | {taken.peak_self:.0f} | {taken.peak_child:.0f} |")
    return "\n".join(lines)


def prepare(work: Path, sheets: int, say: Say) -> Path:
    """A folder with so many clean sheets, written once and kept."""
    folder = work / f"clean-{sheets}"
    if not (folder / "truth.csv").exists():
        say(f"writing {sheets} sheets")
        shutil.rmtree(folder, ignore_errors=True)
        measure(actas("synth", str(folder), "--sheets", str(sheets), "--seed", "7", "--clean"))
    return folder


def _tally(scans: Path, work: Path, workers: int) -> Measured:
    out = work / "results"
    shutil.rmtree(out, ignore_errors=True)
    command = actas(
        "tally", str(scans / "scans"), "--out", str(out),
        "--election", str(scans / "election"), "--workers", str(workers), "--json",
    )  # fmt: skip
    return measure(command, accept=(0, NEEDS_A_PERSON))


def _read_seconds(measured: Measured) -> float:
    return float(json.loads(measured.output)["seconds"]["read"])


def _table(rows: Sequence[tuple[str, Sequence[float]]]) -> str:
    lines = ["| what | min | median | max |", "| --- | ---: | ---: | ---: |"]
    for name, values in rows:
        low, middle, high = min(values), statistics.median(values), max(values)
        lines.append(f"| {name} | {low:.2f} | {middle:.2f} | {high:.2f} |")
    return "\n".join(lines)
