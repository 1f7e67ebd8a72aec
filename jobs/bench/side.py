"""Side by side in one run: this program and what a user would pick instead, on the same files.

The programs take turns, so that a machine that slows down slows all of them; quoted are medians
over the rounds, and ratios taken within each round, with their spread.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.bench.peers import PEERS, ZXING, absent, present
from jobs.bench.plot import Bars
from jobs.bench.pool import FLOOR, OURS_PRINT, OURS_QR
from jobs.bench.process import NEEDS_A_PERSON, actas, measure
from jobs.bench.record import Figure, Section, table

Say = Callable[[str], None]
Truth = dict[str, str]
SLOW = tuple(name for name in PEERS if name not in (ZXING, "pyzbar", "WeChat"))
"""They take so long that they see the first files only, and are compared with us on these."""
OURS_FEW = f"{OURS_QR}, the first files"
SEED = 7


@dataclass(frozen=True)
class Turn:
    """One program over the files once: CPU milliseconds a file, files a second of wall."""

    cpu: float
    rate: float
    read: int
    wrong: int
    files: int


def run_side(work: Path, sheets: int, rounds: int, slow: int, say: Say) -> Section:
    """Everybody over the same sheets, with one worker and with two."""
    folder = prepare(work, sheets, say)
    few = _first(folder, work / "few", slow)
    truth = read_truth(folder)
    names = [FLOOR, *present(), OURS_QR, OURS_PRINT]
    turns: dict[tuple[str, int], list[Turn]] = {}
    for number in range(1, rounds + 1):
        for name in (*names, OURS_FEW):
            for workers in (1, 2):
                scans = few if name in SLOW or name == OURS_FEW else folder / "scans"
                program = OURS_QR if name == OURS_FEW else name
                turn = pool(program, workers, scans, folder / "election", truth)
                turns.setdefault((name, workers), []).append(turn)
        say(f"round {number} of {rounds} done")
    return _section(turns, names, sheets, rounds)


def prepare(work: Path, sheets: int, say: Say) -> Path:
    """A folder of so many sheets with wear, copies and strangers, written once and kept."""
    folder = work / f"mixed-{sheets}"
    if not (folder / "truth.csv").exists():
        say(f"writing {sheets} sheets")
        shutil.rmtree(folder, ignore_errors=True)
        measure(actas("synth", str(folder), "--sheets", str(sheets), "--seed", str(SEED)))
    return folder


def read_truth(folder: Path) -> Truth:
    """The payload that stands on each file, '' where none does."""
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as stream:
        return {row["file"]: row["payload"] for row in csv.DictReader(stream)}


def _first(folder: Path, few: Path, count: int) -> Path:
    """A folder with links to the first files."""
    shutil.rmtree(few, ignore_errors=True)
    few.mkdir(parents=True)
    for path in sorted((folder / "scans").iterdir())[:count]:
        os.link(path, few / path.name)
    return few


def pool(name: str, workers: int, scans: Path, election: Path, truth: Truth) -> Turn:
    """One program in a pool of processes."""
    command = [
        sys.executable,
        "-m",
        "jobs.bench.pool",
        name,
        str(workers),
        str(scans),
        str(election),
    ]
    found = json.loads(measure(command).output)
    texts: dict[str, list[str]] = found["texts"]
    read = sum(bool(said) and set(said) == {truth[file]} for file, said in texts.items())
    wrong = sum(bool(set(said) - {truth[file]}) for file, said in texts.items())
    return Turn(
        1000 * found["cpu"] / len(texts), len(texts) / found["wall"], read, wrong, len(texts)
    )


def _section(
    turns: dict[tuple[str, int], list[Turn]], names: Sequence[str], sheets: int, rounds: int
) -> Section:
    own, own_few = ([turn.cpu for turn in turns[name, 1]] for name in (OURS_QR, OURS_FEW))
    floor = [turn.cpu for turn in turns[FLOOR, 1]]
    over_ours = {
        name: [turn.cpu / ours for turn, ours in
               zip(turns[name, 1], own_few if name in SLOW else own, strict=True)]
        for name in names
    }  # fmt: skip
    rows = []
    for name in names:
        one, two = turns[name, 1], turns[name, 2]
        ratios = over_ours[name]
        last = one[-1]
        rows.append((
            f"{name} ({last.files} files)" if name in SLOW else name,
            "-" if name == FLOOR else f"{last.read / last.files:.1%}",
            "-" if name == FLOOR else str(last.wrong),
            f"{statistics.median(turn.cpu for turn in one):.1f}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
            f"{statistics.median(turn.rate for turn in one):.1f}",
            f"{statistics.median(turn.rate for turn in two):.1f}",
        ))  # fmt: skip
    others = [name for name in names if name not in (FLOOR, OURS_QR, OURS_PRINT, ZXING)]
    best = min(others, key=lambda name: statistics.median(over_ours[name]))
    gain = over_ours[best]
    over = [ours / least for ours, least in zip(own, floor, strict=True)]
    checked = [1000 / turn.cpu for turn in turns[OURS_PRINT, 1]]
    alone = [1000 / turn.cpu for turn in turns[ZXING, 1]]
    figures = [
        Figure.of("times the sheets per CPU second of the best other decoder", gain, more=True),
        Figure.of("QR only over JPEG decode and sha256", over, more=False),
        Figure.of("print check: sheets per CPU second over zxing-cpp's",
                  [c / a for c, a in zip(checked, alone, strict=True)], more=True),
        Figure.of("files read, QR only, %", [100 * t.read / t.files for t in turns[OURS_QR, 1]],
                  more=True),
        Figure.of("wrong, QR only", [float(t.wrong) for t in turns[OURS_QR, 1]], more=False),
    ]  # fmt: skip
    head = ("program", "read", "wrong", "CPU ms a file", "over ours, QR only (spread)",
            "files/s, 1 worker", "2 workers")  # fmt: skip
    notes = [
        f"{sheets} files with wear, copies and strangers (seed {SEED}), {rounds} rounds in turn; "
        "every program in a pool of processes, start and imports left out. `floor` is half-size "
        "JPEG decode and sha256, and reads nothing. *Read* counts files whose only text is the "
        "true one, *wrong* those with another: also a stranger's code that a user would have to "
        "refuse by himself. Who sees the first files only is compared with us on these.",
        f"The best other decoder here is {best}: {statistics.median(gain):.1f} times our CPU. "
        f"With the print check: {statistics.median(checked):.1f} sheets per CPU second where "
        f"zxing-cpp alone, on the full-size page, does {statistics.median(alone):.1f}.",
        *(f"Not here: {name} (needs {needs})." for name, needs in absent().items()),
    ]
    cpu = {name: statistics.median(turn.cpu for turn in turns[name, 1]) for name in names}
    plot = Bars("CPU ms a file", cpu, (OURS_QR, OURS_PRINT))
    return Section("Side by side", table(head, rows), notes, figures, plot)


def run_dask(work: Path, sheets: int, rounds: int, say: Say) -> Section:
    """What Dask, isolation and the ledger cost over a plain pool of the same reader."""
    from jobs.bench.spine import prepare as clean

    folder = clean(work, sheets, say)
    truth = read_truth(folder)
    rows: list[tuple[str, ...]] = []
    figures = []
    for program, way, named in (
        (OURS_QR, ("--no-print-check",), "QR only"), (OURS_PRINT, (), "print check"),
    ):  # fmt: skip
        taken = [_beside_pool(program, way, folder, work / "results", truth)
                 for _ in range(rounds)]  # fmt: skip
        for number, over in enumerate(taken, start=1):
            rows.append((named, str(number), f"{over.pool.cpu:.2f}", f"{over.cpu:.2f}",
                         f"{over.cpu / over.pool.cpu:.3f}", f"{over.pool_wall:.1f}",
                         f"{over.reading:.1f}", f"{over.wall:.1f}",
                         f"{over.wall / over.pool_wall:.3f}"))  # fmt: skip
            say(" ".join(rows[-1]))
        figures += [
            Figure.of(f"tally over a plain pool, CPU, {named}",
                      [over.cpu / over.pool.cpu for over in taken], more=False),
            Figure.of(f"tally over a plain pool, wall, {named}",
                      [over.wall / over.pool_wall for over in taken], more=False),
        ]  # fmt: skip
    head = ("reader", "round", "pool: CPU ms a sheet", "tally: CPU ms a sheet", "CPU ratio",
            "pool: wall s", "tally: reading s", "tally: wall s", "wall ratio")  # fmt: skip
    notes = [
        f"{sheets} clean sheets, 2 workers. The pool isolates and keeps nothing, and its start and "
        "imports are left out; the tally is all of `actas tally`: start, Dask, reading processes "
        "that may be killed, ledger, totals and site."
    ]
    return Section("What Dask costs", table(head, rows), notes, figures)


@dataclass(frozen=True)
class _OverPool:
    """A tally beside a plain pool over the same sheets; `cpu` in milliseconds a sheet."""

    pool: Turn
    pool_wall: float
    cpu: float
    reading: float
    wall: float


def _beside_pool(
    program: str, way: Sequence[str], folder: Path, out: Path, truth: Truth
) -> _OverPool:
    scans, election = folder / "scans", folder / "election"
    plain = pool(program, 2, scans, election, truth)
    shutil.rmtree(out, ignore_errors=True)
    whole = measure(
        actas("tally", str(scans), "--out", str(out), "--workers", "2", "--json",
              "--election", str(election), *way),
        accept=(0, NEEDS_A_PERSON),
    )  # fmt: skip
    reading = float(json.loads(whole.output)["seconds"]["read"])
    cpu = 1000 * whole.cpu / plain.files
    return _OverPool(plain, plain.files / plain.rate, cpu, reading, whole.wall)
