"""All measurements in one run: `actas bench quick` in a quarter of an hour, `full` at full size.

Every section is written to BENCHMARKS.md as soon as it is measured; its figures are held against
those of BENCHMARKS.json, and what got worse by more than its noise is told at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jobs.bench.floor import run_floor
from jobs.bench.growth import run_growth
from jobs.bench.plot import draw
from jobs.bench.process import actas, measure
from jobs.bench.record import Section, load, put, save, worse
from jobs.bench.side import run_dask, run_side

Say = Callable[[str], None]
Measure = Callable[[Path, Say], Section]
FIGURES, TABLES, PLOTS = "BENCHMARKS.json", "BENCHMARKS.md", "docs/bench"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    name: str
    side: tuple[int, int, int]
    """Files, rounds, and files for the slow programs."""
    floor: int
    dask: tuple[int, int]
    growth: tuple[int, ...]
    scale: tuple[int, ...]
    qr: tuple[int, int]
    """Synthetic sheets to damage, and images without a symbol."""
    printed: int


QUICK = Size("quick", (300, 3, 40), 60, (600, 2), (100, 300, 900), (10_000, 100_000), (3, 60), 40)
FULL = Size(
    "full", (2400, 3, 200), 600, (2400, 3), (100, 1000, 10_000, 24_532),
    (10_000, 100_000, 1_000_000), (18, 1000), 10_000,
)  # fmt: skip


def run_suite(size: Size, work: Path, project: Path, only: frozenset[str], say: Say) -> list[str]:
    """Measure, write, and return a sentence for every figure that got worse.

    Args:
        size: how much is measured.
        work: a folder for sheets and results, reused.
        project: where BENCHMARKS.md and BENCHMARKS.json lie.
        only: the sections to measure; all if empty.
        say: told what goes on.
    """
    known = load(project / FIGURES)
    told = []
    for name, take in sections(size).items():
        if only and name not in only:
            continue
        say(f"{name}: begun")
        section = take(work / size.name, say)
        key = f"{size.name} {name}"
        told += [f"{key}: {sentence}" for sentence in worse(known.get(key, {}), section.figures)]
        known[key] = {figure.name: figure for figure in section.figures}
        page = project / TABLES
        text = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
        command = f"actas bench {size.name} --only {name}"
        picture = f"{PLOTS}/{size.name}-{name}.svg"
        if section.plot is None or not draw(section.plot, project / picture):
            picture = ""
        page.write_text(put(text, key, section.markdown(command, picture)), encoding="utf-8")
        if not told:
            save(project / FIGURES, known)
    return told


def sections(size: Size) -> dict[str, Measure]:
    """What is measured, by the name that --only takes."""
    files, rounds, slow = size.side
    return {
        "side": lambda work, say: run_side(work, files, rounds, slow, say),
        "floor": lambda work, say: run_floor(work, size.floor, say),
        "dask": lambda work, say: run_dask(work, *size.dask, say),
        "growth": lambda work, say: run_growth(work, size.growth, 2, say),
        "scale": partial(_scale, size),
        "qr": partial(_qr, size),
        "print": partial(_print, size),
    }


def _scale(size: Size, work: Path, say: Say) -> Section:
    from jobs.bench.scale import run_scale

    return Section("Growth without reading", run_scale(work, size.scale, 2, say))


def _qr(size: Size, work: Path, say: Say) -> Section:
    sheets, negatives = size.qr
    say(f"{sheets} sheets, every damage")
    out = measure(
        actas("bench", "qr", "--work", str(work / "qr"), "--sheets", str(sheets), "--no-peers",
              "--negatives", str(negatives))
    )  # fmt: skip
    return Section("Damaged symbols, all families", _lower(out.output))


def _print(size: Size, work: Path, say: Say) -> Section:
    say(f"{size.printed} sheets")
    out = measure(
        actas("bench", "print", "--sheets", str(size.printed), "--peer-sheets", "1",
              "--out", str(work / "print.md"))
    )  # fmt: skip
    return Section("The print, all wears", _lower(out.output))


def _lower(text: str) -> str:
    """Headings one level lower: they stand within a section."""
    lines = text.strip().splitlines()
    return "\n".join(f"#{line}" if line.startswith("##") else line for line in lines)
