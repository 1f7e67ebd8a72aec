"""How time and memory grow with the number of scans, reading left out: `actas bench scale`."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

from jobs.bench.process import Measured, measure
from jobs.definition import DEFAULT_ELECTION, election_folder
from pipeline.election import load_election

Say = Callable[[str], None]
MESAS = 10
"""Of each invented centre."""
MOST_MESAS = 100_000
"""More scans than these are of the same mesas again: sheets that were scanned several times."""
UNREADABLE_EVERY, COPY_EVERY = 100, 97
IN_A_FOLDER = 1000
STEPS = ("list", "read", "resolve", "tables", "site", "version")
HEAD = (
    "| scans | counted | wall s | CPU s | overhead ms a scan | peak MiB before the site | peak MiB "
    "| nothing new: wall s | peak MiB |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)
STEPS_HEAD = (
    "| scans | list, CPU s | read and commit | resolve and sum | tables | site | version | other |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def run_scale(work: Path, counts: Sequence[int], workers: int, say: Say) -> str:
    """Two Markdown tables: for each number of scans a count from nothing and one with nothing new,
    and what the steps of the first take.

    The overhead is the CPU of all steps but the site, whose pages grow with the places.
    """
    rows, steps = [], []
    for count in counts:
        folder = prepare(work, count, say)
        shutil.rmtree(work / "results", ignore_errors=True)
        first, again = (_simulate(folder, work / "results", workers) for _ in range(2))
        told = json.loads(first.output)
        same = json.loads(again.output)["summary"] == told["summary"]
        assert same, "the second run found something new"  # noqa: S101
        cpu = {name: told["steps"][name]["cpu"] for name in STEPS}
        overhead = first.cpu - cpu["site"]
        rows.append(
            f"| {count:,} | {told['summary']['scans']['counted']:,} | {first.wall:.1f} "
            f"| {first.cpu:.1f} | {1000 * overhead / count:.3f} "
            f"| {told['steps']['tables']['peak']:.0f} | {first.peak_self:.0f} "
            f"| {again.wall:.1f} | {again.peak_self:.0f} |"
        )
        cells = [*(cpu[name] for name in STEPS), first.cpu - sum(cpu.values())]
        steps.append(f"| {count:,} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
        say(f"{rows[-1]}  {steps[-1]}")
    return "\n".join([*HEAD, *rows, "", *STEPS_HEAD, *steps])


def _simulate(folder: Path, out: Path, workers: int) -> Measured:
    command = [sys.executable, "-m", "jobs.bench.simulate"]
    paths = [str(folder / "scans"), str(out), str(folder / "election")]
    return measure([*command, *paths, str(workers)])


def prepare(work: Path, count: int, say: Say) -> Path:
    """A folder with so many scans of as many mesas, and their election; written once and kept."""
    folder = work / f"scale-{count}"
    if (folder / "ready").exists():
        return folder
    say(f"writing {count:,} scans")
    shutil.rmtree(folder, ignore_errors=True)
    mesas = list(_mesas(min(count, MOST_MESAS)))
    _write_election(folder / "election", mesas)
    positions = load_election(folder / "election").rules.positions
    for number in range(count):
        path = folder / "scans" / f"{number // IN_A_FOLDER:04d}" / f"{number:07d}_Acta.jpg"
        if number % IN_A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_text(_content(number, mesas, positions), encoding="ascii")
    (folder / "ready").touch()
    return folder


def _content(number: int, mesas: Sequence[tuple[str, int]], positions: int) -> str:
    """What a scan says, and its own number; of a copy, that of the scan before."""
    if number % UNREADABLE_EVERY == 1:
        return f"unreadable {number}"
    if number and number % COPY_EVERY == 0:
        number -= 1
    index = number % len(mesas)
    centre, mesa = mesas[index]
    votes = [(index * (i + 7)) % 50 for i in range(positions)]
    numbers = ",".join(map(str, votes))
    return f"{centre}.{mesa:02d}.1.0001!{numbers}!{index % 5}!{index % 3}\n{number}"


def _mesas(count: int) -> Iterator[tuple[str, int]]:
    """Centres of ten mesas each, spread over 1,152 parishes in 24 states, as many as there are."""
    places = product(range(1, 100), range(1, 25), range(1, 13), range(1, 5))
    made = 0
    for c, state, municipality, parish in places:
        for mesa in range(1, MESAS + 1):
            if made == count:
                return
            made += 1
            yield f"{state:02d}{municipality:02d}{parish:02d}{c:03d}", mesa


def _write_election(folder: Path, mesas: Sequence[tuple[str, int]]) -> None:
    """The shipped definition with a register of these mesas."""
    shutil.copytree(election_folder(DEFAULT_ELECTION), folder)
    expected: dict[str, int] = {}
    for centre, _ in mesas:
        for digits in (0, 2, 4, 6, 9):
            expected[centre[:digits]] = expected.get(centre[:digits], 0) + 1
    levels = {0: "nation", 2: "state", 4: "municipality", 6: "parish", 9: "centre"}
    with (folder / "expected_mesas.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("level", "code", "name", "expected_mesas"))
        for code in sorted(expected, key=lambda code: (len(code), code)):
            rows.writerow((levels[len(code)], code, f"Place {code}", expected[code]))
    with (folder / "registered_voters.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("code", "mesa", "registered_voters"))
        rows.writerows((centre, mesa, 2500) for centre, mesa in mesas)
