"""Carries out a plan: one file from one `PlannedFile`, and the truth about what it holds.

`write_file` depends on its planned file and the election alone, so many processes may write in
any order and the bytes come out the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.election import Election
from pipeline.errors import ConfigError
from pipeline.layout import Layout, load_layout
from pipeline.synthetic.content import BallotRow, SheetData
from pipeline.synthetic.definition import write_election
from pipeline.synthetic.details import sheet_data
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.encode import encode_jpeg
from pipeline.synthetic.faults import FAULTS
from pipeline.synthetic.paper import scan_look
from pipeline.synthetic.planned import PlannedFile
from pipeline.synthetic.sheet import draw_sheet
from pipeline.synthetic.strangers import broken_bytes, other_image
from pipeline.synthetic.tamper import Change
from pipeline.synthetic.truth import TruthRow, truth_of, write_truth
from pipeline.synthetic.votes import MesaVotes
from pipeline.synthetic.wear import wear_sheet

__all__ = [
    "Made",
    "TruthRow",
    "file_bytes",
    "make_file",
    "write_election",
    "write_file",
    "write_truth",
]

SCANS = "scans"
_DPI = {"colour-300": 300}


@dataclass(frozen=True)
class Made:
    """The content of a file, the sheet that it shows, if it shows one, and its faults."""

    content: bytes
    data: SheetData | None = None
    sheet: DrawnSheet | None = None
    changes: tuple[Change, ...] = ()


def write_file(planned: PlannedFile, election: Election, out: Path) -> TruthRow:
    """Write `OUT/scans/NAME`; give back its row of the truth."""
    path = out / SCANS / planned.name
    path.parent.mkdir(parents=True, exist_ok=True)
    made = make_file(planned, election)
    path.write_bytes(made.content)
    return truth_of(planned, election.rules, made.data, made.sheet, made.changes)


def file_bytes(planned: PlannedFile, election: Election) -> bytes:
    """The content of the file; the same for the same plan and election."""
    return make_file(planned, election).content


def make_file(planned: PlannedFile, election: Election) -> Made:
    """The file and the truth about it; the same for the same plan and election."""
    rng = np.random.default_rng([planned.scan_seed, 1])
    sheet = _make_sheet(planned, planned.mesa, election, rng) if planned.mesa else Made(b"")
    if planned.kind == "broken":
        return Made(broken_bytes(planned.variant, sheet.content, rng))
    if planned.mesa is None:
        return Made(encode_jpeg(other_image(planned.variant, rng), planned.style, rng))
    return sheet


def _make_sheet(
    planned: PlannedFile, mesa: MesaVotes, election: Election, rng: np.random.Generator
) -> Made:
    """Print the sheet, scan it, wear it, compress it."""
    print_rng = np.random.default_rng([planned.sheet_seed, 2])
    data, changes = _tampered(planned, sheet_data(mesa, election, print_rng), election)
    ballot = [BallotRow(p.candidate_name, p.party, p.party_code) for p in election.positions]
    layout = _layout(election.layout_file)
    dpi = _DPI.get(planned.style, 200)
    drawn = draw_sheet(data, ballot[: len(mesa.votes)], layout, print_rng, dpi=dpi)
    scan = scan_look(drawn, rng, dpi=dpi)
    if planned.family:
        scan = wear_sheet(scan, planned.family, planned.level, rng)
    fault = FAULTS.get(planned.variant)
    if fault and fault.on_scan:
        act = np.random.default_rng([planned.scan_seed, 4])
        forged = fault.on_scan(scan, layout, act, dpi)
        scan, changes = forged.sheet, changes + forged.changes
    return Made(encode_jpeg(scan.image, planned.style, rng), data, scan, changes)


def _tampered(
    planned: PlannedFile, data: SheetData, election: Election
) -> tuple[SheetData, tuple[Change, ...]]:
    """The content as it is printed, which a planned fault may have changed."""
    fault = FAULTS.get(planned.variant)
    if not fault or not fault.on_content:
        return data, ()
    other = data
    if planned.donor:
        its_rng = np.random.default_rng([planned.donor.sheet_seed, 2])
        other = sheet_data(planned.donor.mesa, election, its_rng)
    done = fault.on_content(data, other, np.random.default_rng([planned.sheet_seed, 4]))
    return done.data, done.changes


@lru_cache(maxsize=8)
def _layout(path: Path | None) -> Layout:
    """Parsed once per process: reading it takes as long as drawing a sheet."""
    if path is None:
        raise ConfigError("this election has no layout", "Name one in election.yaml: layout: FILE")
    try:
        return load_layout(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no layout to draw sheets with: {error}") from error
