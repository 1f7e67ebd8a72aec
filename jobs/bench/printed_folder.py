"""`actas bench print --scans FOLDER`: the sheets of `actas synth`, read by their print alone.

Larger sets than can be drawn on the way: what the print proves and what of that is wrong, by wear,
and how often the header says for sure whose sheet it is.
"""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import cv2

from jobs.bench.printed_show import percent, table
from jobs.progress import LineProgress, TerminalProgress
from pipeline.election import Election, load_election
from pipeline.errors import InputError
from pipeline.findings import Finding
from pipeline.read.image import Limits, open_pages
from pipeline.read.printed.decide import Verdict
from pipeline.read.printed.header import Header, read_header
from pipeline.read.printed.reader import read_print
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.sheet import model_for

KINDS = ("clean", "duplicate", "worn")
CHUNK = 16
HEADERS = 2_000
"""Sheets whose header is read, too: it takes a third of the time."""
_LIGHT = ("light", "wide", "150dpi", "q20", "90", "180")
"""Levels of wear that leave all that is printed to the eye."""


@dataclass(frozen=True)
class Alone:
    """A sheet by its print alone; `wear` is '' for a clean one. `code` and `voters`: `right`,
    `wrong`, `unsure`, or '' where they were not read. Milliseconds are CPU, opening included."""

    file: str
    wear: str
    light: bool
    verdict: str
    right: bool
    code: str
    voters: str
    ms: float


def take_folder(
    folder: Path, most: int, seed: int, workers: int, progress: TerminalProgress | LineProgress
) -> list[Alone]:
    """Read up to `most` sheets, a choice by the seed.

    Raises:
        InputError: the folder is none of `actas synth`.
    """
    rows = _rows(folder)
    random.Random(seed).shuffle(rows)  # noqa: S311  a choice, no secret
    rows = rows[:most]
    progress.begin(len(rows), workers, "")
    found = []
    tasks = [(row, number < HEADERS) for number, row in enumerate(rows)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for alone in pool.map(partial(_alone, str(folder)), tasks, chunksize=CHUNK):
            found.append(alone)
            progress.advance(1, {alone.verdict: 1})
    return found


def _rows(folder: Path) -> list[dict[str, str]]:
    table = folder / "truth.csv"
    if not table.is_file():
        raise InputError(
            f"{folder} has no truth.csv.", "Name a folder that actas synth made: --scans FOLDER."
        )
    with table.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] in KINDS]


@lru_cache(maxsize=1)
def _definition(folder: str) -> Election:
    cv2.setNumThreads(1)
    election = load_election(Path(folder) / "election")
    model_for(election.rules)
    return election


def _alone(folder: str, task: tuple[dict[str, str], bool]) -> Alone:
    row, with_header = task
    rules = _definition(folder).rules
    model = model_for(rules)
    start = time.process_time()
    page = next(iter(open_pages((Path(folder) / "scans" / row["file"]).read_bytes(), Limits())))
    truth = parse_payload(row["payload"], rules)
    assert model is not None  # noqa: S101  actas synth gives every election a layout
    assert isinstance(truth, Payload)  # noqa: S101  and every sheet a payload
    wear = f"{row['family']} {row['level']}" if row["kind"] == "worn" else ""
    found = None if isinstance(page, Finding) else read_print(page, model)
    if isinstance(page, Finding) or page.full is None or found is None:
        verdict, right, header = Verdict.UNREAD, False, Header()
    else:
        verdict, decision = found.decision.verdict, found.decision
        said = (tuple(decision.votes), decision.null_votes, decision.empty_votes)
        right = said == (tuple(truth.votes), truth.null_votes, truth.empty_votes)
        header = Header()
        if with_header:
            header = read_header(page.full, found.placement, model.header)
    told = partial(_told, asked=with_header)
    return Alone(
        row["file"],
        wear,
        not wear or row["level"] in _LIGHT,
        verdict.value,
        right,
        told(header.acta_code if header.acta_code_sure else None, truth.acta_code.text),
        told(
            str(header.registered_voters) if header.registered_sure else None,
            row["registered_voters"],
        ),
        (time.process_time() - start) * 1000,
    )


def _told(said: str | None, truth: str, *, asked: bool) -> str:
    if not asked:
        return ""
    if said is None:
        return "unsure"
    return "right" if said == truth else "wrong"


def show_folder(chosen: str, taken: list[Alone]) -> str:
    """The section of Markdown."""
    heads = (
        "sheets", "number", "proven", "by sum", "probable", "unread", "proven %",
        "wrong among proven", "acta code sure %", "wrong", "voters sure %", "wrong", "CPU ms",
    )  # fmt: skip
    rows = [_row(name, group) for name, group in _groups(taken)]
    wrong = [a for a in taken if a.verdict in (Verdict.PROVEN, Verdict.BY_SUM) and not a.right]
    named = "".join(f"\n\nWrong: {alone.file}" for alone in wrong)
    return (
        f"### Larger sets\n\n`actas bench print --scans {chosen}`\n\n{table(heads, rows)}{named}\n"
    )


def _groups(taken: list[Alone]) -> Iterator[tuple[str, list[Alone]]]:
    yield "clean", [alone for alone in taken if not alone.wear]
    yield "lightly worn", [alone for alone in taken if alone.wear and alone.light]
    yield "badly worn", [alone for alone in taken if not alone.light]
    yield "all", taken
    for wear in sorted({alone.wear for alone in taken if alone.wear}):
        yield wear, [alone for alone in taken if alone.wear == wear]


def _row(name: str, group: list[Alone]) -> tuple[str, ...]:
    of = {verdict: sum(a.verdict == verdict for a in group) for verdict in Verdict}
    proven = [a for a in group if a.verdict in (Verdict.PROVEN, Verdict.BY_SUM)]
    cells = [name, f"{len(group):,}", *(f"{of[verdict]:,}" for verdict in Verdict)]
    cells += [percent(len(proven), len(group)), str(sum(not a.right for a in proven))]
    for field in ("code", "voters"):
        told = [getattr(alone, field) for alone in group if getattr(alone, field)]
        cells += [percent(len(told) - told.count("unsure"), len(told)), str(told.count("wrong"))]
    return (*cells, f"{sum(a.ms for a in group) / max(1, len(group)):.0f}")
