"""`actas bench print`: what the print proves without the QR, what it catches beside it, and cost.

Every sheet is drawn from its number and the seed, read, and kept nowhere. Sound sheets, clean and
worn, are read by their print alone and held against their QR; altered ones are held against it.
Real sheets enter by number only.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import cv2
import dask
import numpy as np
from dask.callbacks import Callback

from jobs.bench.printed_peers import Strip, read_strips
from jobs.progress import LineProgress, TerminalProgress
from pipeline.election import Election, load_election
from pipeline.errors import InputError
from pipeline.findings import Finding
from pipeline.read.image import Limits, Page, open_pages
from pipeline.read.printed.agree import expected_numbers
from pipeline.read.printed.decide import Verdict
from pipeline.read.printed.form import BallotLine
from pipeline.read.printed.model import PrintModel, model_of
from pipeline.read.printed.reader import check_by_symbol, read_print
from pipeline.read.printed.rows import score_rows
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.qr.reader import search_symbols
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.encode import JpegStyle
from pipeline.synthetic.planned import Kind, PlannedFile
from pipeline.synthetic.votes import MesaVotes, invent
from pipeline.synthetic.wear import FAMILIES
from pipeline.synthetic.write import Made, make_file

T = TypeVar("T")
BATCH = 6
SOUND = ("clean", "light", "worn")
ALTERED = (
    "digits", "words", "both", "digits-and-totals", "both-and-totals",
    "forged-digits", "forged-words", "forged-both", "rows-shifted",
)  # fmt: skip
_ROUND = (*SOUND, "altered", "altered", "altered")


@dataclass(frozen=True)
class Plan:
    """What the set is made from: so many synthetic sheets, of every six three are altered. The
    other programs see the rows of the first `peer_sheets` clean sheets."""

    election: str
    real: str
    sheets: int
    seed: int
    peer_sheets: int


@dataclass(frozen=True)
class Taken:
    """One sheet and what was made of it. Milliseconds are CPU.

    `verdict` and `right` are of the print alone, `agreement` of print and QR ('' where no QR was
    read). `digits`, `words` and `rows` count rows of the ballot; `peers` has by program and column
    the rows right, all rows, and milliseconds.
    """

    kind: str
    variant: str
    dpi: str
    verdict: str = ""
    right: bool = False
    agreement: str = ""
    digits: int = 0
    words: int = 0
    rows: int = 0
    ms: Mapping[str, float] = field(default_factory=dict)
    peers: Mapping[tuple[str, str], tuple[int, int, float]] = field(default_factory=dict)


def take_all(plan: Plan, workers: int, progress: TerminalProgress | LineProgress) -> list[Taken]:
    """Make and read the whole set, in the order of its numbers.

    Raises:
        InputError: there is nothing to read.
    """
    os.environ["OMP_THREAD_LIMIT"] = "1"  # also where a library asks for more by itself
    total = plan.sheets + len(_real_rows(plan.real))
    if not total:
        raise InputError("There is no sheet to read.", "Ask for at least one: --sheets 1.")
    progress.begin(total, workers, "")
    work = dask.delayed(_take_batch, traverse=False, pure=False)
    scheduler = "processes" if workers > 1 else "sync"
    parts = [list(range(first, min(first + BATCH, total))) for first in range(0, total, BATCH)]
    tasks = [work(_Sealed(plan, part)) for part in parts]
    with _Report(progress):
        done = dask.compute(*tasks, scheduler=scheduler, num_workers=workers)
    return [taken for batch in done for taken in batch]


class _Sealed:
    """A batch that Dask does not look into for tasks of its own."""

    def __init__(self, plan: Plan, numbers: list[int]) -> None:
        self.plan, self.numbers = plan, numbers


def _take_batch(batch: _Sealed) -> list[Taken]:
    _warm_up(batch.plan)
    return [take(batch.plan, number) for number in batch.numbers]


@lru_cache(maxsize=1)
def _warm_up(plan: Plan) -> None:
    """What a process does once is charged to no sheet."""
    cv2.setNumThreads(1)
    take(replace(plan, peer_sheets=0), 0)


def take(plan: Plan, number: int) -> Taken:
    """One sheet: synthetic, or from `plan.sheets` on a real one."""
    election = _definition(plan.election)
    if number >= plan.sheets:
        name, payload = _real_rows(plan.real)[number - plan.sheets]
        content = (Path(plan.real) / name).read_bytes()
        return _read(content, payload, Taken("real", "", ""), election)
    planned = plan_file(plan, number)
    made = make_file(planned, election)
    assert made.data is not None  # noqa: S101  all of them are sheets
    dpi = "300 dpi" if planned.style == "colour-300" else "200 dpi"
    if planned.family == "downscale":
        dpi = planned.level
    kind = _ROUND[number % len(_ROUND)]
    start = Taken(kind, planned.variant or planned.family, dpi)
    taken = _read(made.content, made.data.payload, start, election)
    if kind != "clean" or number // len(_ROUND) >= plan.peer_sheets:
        return taken
    return replace(taken, peers=_ask_peers(made, election))


def plan_file(plan: Plan, number: int) -> PlannedFile:
    """The file of a number: it depends on nothing else."""
    kind, turn = _ROUND[number % len(_ROUND)], number // len(_ROUND)
    style: JpegStyle = "colour-300" if turn % 5 == 4 else "grey-200"
    family, level, variant, file_kind = "", "", "", "clean"
    if kind == "altered":
        variant = ALTERED[(3 * turn + number % len(_ROUND)) % len(ALTERED)]
        file_kind = "tampered"
    elif kind != "clean":
        worn = _wear(light=kind == "light")
        family, level = worn[turn % len(worn)]
        file_kind = "worn"
    mesa = _mesas(plan.election, plan.sheets, plan.seed)[number]
    seed = plan.seed + number
    known: Kind = file_kind  # type: ignore[assignment]
    return PlannedFile("", known, variant, style, family, level, mesa, seed, seed, "counted")


@lru_cache(maxsize=2)
def _wear(*, light: bool) -> tuple[tuple[str, str], ...]:
    """Light levels where a family has one; for heavy wear every other level."""
    return tuple(
        (name, level)
        for name, found in FAMILIES.items()
        for level in found.levels
        if (level == "light") == light
    )


def _read(content: bytes, truth: str, start: Taken, election: Election) -> Taken:
    model = _model(election)
    (page,) = open_pages(content, Limits())
    payload = parse_payload(truth, election.rules)
    if isinstance(page, Finding) or not isinstance(payload, Payload):
        return start
    ms: dict[str, float] = {}
    data = np.frombuffer(content, np.uint8)
    _timed(ms, "decode", lambda: cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    agreement = _agreement(page, model, election, ms)
    told: dict[str, Any] = {**start.__dict__, "agreement": agreement, "ms": ms}
    if start.kind == "altered":
        return Taken(**told)
    (fresh,) = open_pages(content, Limits())
    assert not isinstance(fresh, Finding)  # noqa: S101  it was opened a moment ago
    found = _timed(ms, "reading", lambda: read_print(fresh, model))
    if found is None:
        return Taken(**{**told, "verdict": Verdict.UNREAD.value})
    decision = found.decision
    said = (tuple(decision.votes), decision.null_votes, decision.empty_votes)
    right = said == (tuple(payload.votes), payload.null_votes, payload.empty_votes)
    told |= {"verdict": decision.verdict.value, "right": right, "rows": len(payload.votes)}
    full = fresh.full
    if full is not None:
        scores = score_rows(full, found.placement, model)
        for column in ("digits", "words"):
            read = getattr(scores, column)[model.form.votes].argmax(axis=1)
            told[column] = int((read == np.array(payload.votes)).sum())
    return Taken(**told)


def _agreement(page: Page, model: PrintModel, election: Election, ms: dict[str, float]) -> str:
    """Of print and QR as they stand; '' where no QR is read."""
    search = _timed(ms, "symbol", lambda: search_symbols(page, election.rules))
    if len(search.payloads) != 1:
        return ""
    found = search.payloads[0]
    symbol = next(symbol for symbol in search.symbols if symbol.content == found)

    def check() -> str:
        expected = expected_numbers(model.form, found.votes, found.null_votes, found.empty_votes)
        checked = check_by_symbol(page, symbol.corners, symbol.version, expected, model)
        return checked.agreement.value

    return _timed(ms, "check", check)


def _timed(ms: dict[str, float], name: str, act: Callable[[], T]) -> T:
    start = time.process_time()
    result = act()
    ms[name] = (time.process_time() - start) * 1000
    return result


def _ask_peers(made: Made, election: Election) -> dict[tuple[str, str], tuple[int, int, float]]:
    """Every row of the ballot to every program there is, cut out where the truth says it stands."""
    sheet = made.sheet
    assert sheet is not None  # noqa: S101  a clean file shows a sheet
    strips = [
        Strip(column, cell.number or 0, _cut_out(sheet, cell.quad))
        for column in ("digits", "words")
        for cell in sheet.cells
        if cell.table == "ballot" and cell.column == column
    ]
    layout = election.rules.layout
    assert layout is not None  # noqa: S101  it was drawn with it
    return read_strips(strips, layout.words)


def _cut_out(sheet: DrawnSheet, quad: Any) -> Any:
    margin = 6
    (x0, y0), (x1, y1) = quad.min(axis=0) - margin, quad.max(axis=0) + margin
    return sheet.image[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)].copy()


@lru_cache(maxsize=2)
def _definition(folder: str) -> Election:
    return load_election(Path(folder))


@lru_cache(maxsize=2)
def _mesas(folder: str, sheets: int, seed: int) -> tuple[MesaVotes, ...]:
    return invent(_definition(folder), sheets, seed)


def _model(election: Election) -> PrintModel:
    rules = election.rules
    if rules.layout is None:
        raise InputError("This election has no layout.", "Name one in election.yaml: layout: FILE")
    lines = tuple(BallotLine(p.candidate_name, p.party, p.party_code) for p in rules.ballot)
    return model_of(rules.layout, lines, rules.acta_code)


@lru_cache(maxsize=2)
def _real_rows(folder: str) -> tuple[tuple[str, str], ...]:
    """File and payload of each real sheet; none where the folder is not there."""
    table = Path(folder) / "truth.csv"
    if not table.is_file():
        return ()
    with table.open(encoding="utf-8", newline="") as file:
        return tuple(sorted((row["file"], row["qr_payload"]) for row in csv.DictReader(file)))


class _Report(Callback):  # type: ignore[misc]
    """Tells the progress of every finished batch."""

    def __init__(self, progress: TerminalProgress | LineProgress) -> None:
        super().__init__()
        self._progress = progress

    def _posttask(self, _key: Any, result: Any, _graph: Any, _state: Any, _worker: Any) -> None:
        if isinstance(result, list):
            self._progress.advance(len(result), {"taken": len(result)})
