"""`actas bench qr`: how many damaged symbols are read, what it costs, and what is read wrongly.

Base sheets (synthetic ones, and real ones where they are) are worn in every family and level.
An image is made from its `Shot` and the seed where it is needed and kept nowhere, so 20,000 need
no room and the results do not depend on the number of workers. Real sheets enter by number only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import cv2
import dask
import numpy as np
import zxingcpp
from dask.callbacks import Callback

from jobs.bench.peers import OURS, ZXING, Shot, Taken, present, read_ours, read_peer
from jobs.bench.unseen import NEGATIVES, UNSEEN, make_negative
from jobs.progress import LineProgress, TerminalProgress
from pipeline.election import Election, SheetRules, load_election
from pipeline.errors import InputError
from pipeline.read.image import Grey
from pipeline.synthetic.encode import JpegStyle
from pipeline.synthetic.plan import PlannedFile
from pipeline.synthetic.votes import MesaVotes, invent, payload_text
from pipeline.synthetic.wear import FAMILIES
from pipeline.synthetic.wear.view import View
from pipeline.synthetic.write import file_bytes

BATCH = 24
FOOT = 0.86
"""The symbol spans 90.4 to 98.6% of a sheet's height."""
WIDEST = 800
"""Pixels; wider is a 300 dpi scan, which is made smaller to 200."""
IN_VERSION_8 = 108
"""Characters that a symbol of version 8, level Q, holds."""


@dataclass(frozen=True)
class Plan:
    """What the set is made from; the slow libraries see one image in `others`, none if it is 0.

    Without a count every family and level is taken once on every base.
    """

    election: str
    real: str
    sheets: int
    seed: int
    count: int | None
    negatives: int
    others: int


@dataclass(frozen=True)
class Base:
    """An undamaged sheet at 200 dpi, the truth of its symbol, and what sheet it is."""

    sheet: View
    truth: str
    kind: str

    @property
    def foot(self) -> View:
        """The part around the symbol: the last 14% of a sheet, more of a shorter one."""
        top = int(min(FOOT * len(self.sheet.image), self.sheet.box[1] - 0.2 * self.sheet.side))
        corners = (self.sheet.corners - (0, max(0, top))).astype(np.float32)
        return View(self.sheet.image[max(0, top) :].copy(), corners)


def take_all(
    plan: Plan, workers: int, progress: TerminalProgress | LineProgress
) -> tuple[list[Taken], list[str]]:
    """Make and read the whole set; also the bases left out, and why.

    Raises:
        InputError: no sheet can serve as a base.
    """
    bases = [number for number in range(_total(plan)) if _base(plan, number)]
    if not bases:
        raise InputError("There is no sheet to damage.", "Ask for at least one: --sheets 1.")
    shots = list(plan_shots(plan, bases))
    progress.begin(len(shots), workers, "")
    work = dask.delayed(_take_batch, traverse=False, pure=False)
    tasks = [
        work(_Sealed(plan, shots[start : start + BATCH])) for start in range(0, len(shots), BATCH)
    ]
    scheduler = "processes" if workers > 1 else "sync"
    with _Report(progress):
        done = dask.compute(*tasks, scheduler=scheduler, num_workers=workers)
    left_out = [
        "real" if number >= plan.sheets else "synthetic"
        for number in range(_total(plan))
        if number not in bases
    ]
    return [taken for batch in done for taken in batch], left_out


def plan_shots(plan: Plan, bases: Sequence[int]) -> Iterator[Shot]:
    """Every image to take, ordered by base, so that a batch draws few of them."""
    seen = [(name, level) for name, found in FAMILIES.items() for level in found.levels]
    unseen = [(name, level) for name, found in UNSEEN.items() for level in found.levels]
    count = plan.count if plan.count is not None else len(bases) * len(seen)
    worn = [*_repeated(plan, bases, seen, count)]
    worn += _repeated(plan, bases, unseen, -(-count * len(unseen) // len(seen)))
    worn.sort(key=lambda shot: shot.base)
    yield from worn
    for number in range(plan.negatives):
        base = bases[number * len(bases) // plan.negatives]
        yield Shot(base, list(NEGATIVES)[number % len(NEGATIVES)], "", number)


def _repeated(
    plan: Plan, bases: Sequence[int], levels: Sequence[tuple[str, str]], count: int
) -> Iterator[Shot]:
    """All levels on all bases as often as it takes; the last round is drawn by chance."""
    each = len(bases) * len(levels)
    whole, rest = divmod(count, each)
    drawn = set(np.random.default_rng([plan.seed, 1]).permutation(each)[:rest].tolist())
    for place, base in enumerate(bases):
        for number, (family, level) in enumerate(levels):
            for repetition in range(whole + (place * len(levels) + number in drawn)):
                others = plan.others > 0 and (place + number + repetition) % plan.others == 0
                yield Shot(base, family, level, repetition, others)


def make_image(plan: Plan, shot: Shot) -> tuple[Grey, str | None, str]:
    """The image of a shot, the truth of its symbol (None where there is none), and its kind."""
    base = _base(plan, shot.base)
    assert base is not None  # noqa: S101  only usable bases are planned
    name = crc32(f"{shot.family}/{shot.level}".encode())
    rng = np.random.default_rng([plan.seed, 2, shot.base, name, shot.repetition])
    if shot.family in NEGATIVES:
        election = _definition(plan.election)
        image = make_negative(shot.family, base.sheet, base.truth, election, rng)
        return np.ascontiguousarray(image), None, "negative"
    foot = _rescanned(base.foot, rng) if shot.repetition else base.foot
    worn = (FAMILIES.get(shot.family) or UNSEEN[shot.family]).wear(foot, shot.level, rng)
    return np.ascontiguousarray(worn.image), base.truth, base.kind


def _rescanned(view: View, rng: np.random.Generator) -> View:
    """A fraction of a pixel off, with fresh noise: some damage, such as a cut, has no chance in it
    and would make a repetition the same image."""
    height, width = view.image.shape
    off = rng.uniform(-0.5, 0.5, 2).astype(np.float32)
    shift = np.array([[1, 0, off[0]], [0, 1, off[1]]])
    moved = cv2.warpAffine(view.image, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return View(np.asarray(moved, np.uint8), view.corners + off).noisy(
        moved.astype(np.float32), 2, rng
    )


def take(plan: Plan, shot: Shot) -> Taken:
    """Make one image and let everybody read it; of the others zxing-cpp alone sees all images."""
    image, truth, kind = make_image(plan, shot)
    readings = {OURS: read_ours(image, _definition(plan.election).rules, truth)}
    if truth is not None:
        names = present() if shot.others else (ZXING,)
        readings |= {name: read_peer(name, image, truth) for name in names}
    return Taken(shot, kind, readings)


class _Sealed:
    """A batch that Dask does not look into for tasks of its own, as it does into a dataclass."""

    def __init__(self, plan: Plan, shots: Sequence[Shot]) -> None:
        self.plan, self.shots = plan, shots


def _take_batch(batch: _Sealed) -> list[Taken]:
    _warm_up(batch.plan)
    return [take(batch.plan, shot) for shot in batch.shots]


@lru_cache(maxsize=1)
def _warm_up(plan: Plan) -> None:
    """What a process does once is charged to no image: tables, templates, opened libraries."""
    cv2.setNumThreads(1)
    number = next(n for n in range(_total(plan)) if _base(plan, n))
    take(plan, Shot(number, "finder_gone", "TL", 0, plan.others > 0))


def _total(plan: Plan) -> int:
    return plan.sheets + len(_real_rows(plan.real))


@lru_cache(maxsize=3)
def _base(plan: Plan, number: int) -> Base | None:
    """A synthetic sheet or, from `plan.sheets` on, a real one; None if it is not readable whole."""
    election = _definition(plan.election)
    if number < plan.sheets:
        style: JpegStyle = "colour-300" if number % 3 == 2 else "grey-200"
        mesa = _mesas(plan.election, plan.sheets, plan.seed)[number]
        if number % 5 == 4:
            mesa = _lengthened(mesa, election.rules)
        content, truth = _drawn(mesa, style, election, plan.seed + number)
        kind = f"synthetic {style}"
    else:
        name, truth = _real_rows(plan.real)[number - plan.sheets]
        content, kind = (Path(plan.real) / name).read_bytes(), "real"
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    if grey.shape[1] > WIDEST:
        grey = cv2.resize(grey, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
    return _located(np.asarray(grey, np.uint8), truth, kind)


def _located(grey: Grey, truth: str, kind: str) -> Base | None:
    """The library says where the symbol is: no reader of ours chooses what it is tried on."""
    for found in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode):
        if found.text == truth:
            at = found.position
            points = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
            corners = np.array([(p.x, p.y) for p in points], np.float32)
            version = str(found.extra.get("Version", ""))
            return Base(View(grey, corners), truth, f"{kind}, version {version}")
    return None


def _drawn(mesa: MesaVotes, style: JpegStyle, election: Election, seed: int) -> tuple[bytes, str]:
    planned = PlannedFile("", "clean", "", style, "", "", mesa, seed, seed, "counted")
    return file_bytes(planned, election), payload_text(election.rules, mesa)


def _lengthened(mesa: MesaVotes, rules: SheetRules) -> MesaVotes:
    """More votes, a digit more at a time, until the payload outgrows version 8."""
    votes = list(mesa.votes)
    for place, value in enumerate(votes):
        if len(payload_text(rules, mesa)) > IN_VERSION_8 + 4:
            break
        votes[place] = value + 10 ** len(str(value))
        mesa = replace(mesa, votes=tuple(votes))
    return mesa


@lru_cache(maxsize=2)
def _definition(folder: str) -> Election:
    return load_election(Path(folder))


@lru_cache(maxsize=2)
def _mesas(folder: str, sheets: int, seed: int) -> tuple[MesaVotes, ...]:
    return invent(_definition(folder), sheets, seed)


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
            read = sum(taken.readings[OURS].verdict == "read" for taken in result)
            self._progress.advance(len(result), {"read": read, "not read": len(result) - read})
