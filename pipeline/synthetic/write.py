"""Carries out a plan: one file from one `PlannedFile`, and the table of what each file holds.

`write_file` depends on its planned file and the election alone, so many processes may write in
any order and the bytes come out the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import numpy as np

from pipeline.election import Election
from pipeline.errors import ConfigError
from pipeline.layout import Layout, load_layout
from pipeline.synthetic.definition import write_election
from pipeline.synthetic.encode import encode_jpeg
from pipeline.synthetic.paper import scan_look
from pipeline.synthetic.plan import PlannedFile
from pipeline.synthetic.sheet import BallotRow, SheetData, draw_sheet
from pipeline.synthetic.strangers import broken_bytes, other_image
from pipeline.synthetic.votes import MesaVotes, acta_code_text, payload_text
from pipeline.synthetic.wear import apply

__all__ = ["TruthRow", "file_bytes", "write_election", "write_file", "write_truth"]

SCANS = "scans"
_DPI = {"colour-300": 300}
_LABELS = {"state": "Estado", "municipality": "Municipio", "parish": "Parroquia"}


@dataclass(frozen=True)
class TruthRow:
    """What a written file holds, and the status it must get ('' where more than one is right)."""

    file: str
    kind: str
    style: str
    family: str
    level: str
    acta_code: str
    payload: str
    registered_voters: str
    expected_status: str


def write_file(planned: PlannedFile, election: Election, out: Path) -> TruthRow:
    """Write `OUT/scans/NAME`; give back its row of the truth."""
    path = out / SCANS / planned.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(planned, election))
    mesa = planned.mesa
    return TruthRow(
        file=planned.name,
        kind=planned.kind,
        style="" if planned.kind == "broken" else planned.style,
        family=planned.family or planned.variant,
        level=planned.level,
        acta_code=acta_code_text(election.rules, mesa) if mesa else "",
        payload=payload_text(election.rules, mesa) if mesa else "",
        registered_voters=str(mesa.registered) if mesa else "",
        expected_status=planned.expected_status,
    )


def write_truth(rows: Iterable[TruthRow], path: Path) -> None:
    """Write the truth as CSV, sorted by file: the order of writing leaves no trace."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(entry.name for entry in fields(TruthRow))
        writer.writerows(astuple(row) for row in sorted(rows, key=lambda row: row.file))


def file_bytes(planned: PlannedFile, election: Election) -> bytes:
    """The content of the file; the same for the same plan and election."""
    rng = np.random.default_rng([planned.scan_seed, 1])
    sheet = _sheet_bytes(planned, planned.mesa, election, rng) if planned.mesa else b""
    if planned.kind == "broken":
        return broken_bytes(planned.variant, sheet, rng)
    if planned.mesa is None:
        return encode_jpeg(other_image(planned.variant, rng), planned.style, rng)
    return sheet


def _sheet_bytes(
    planned: PlannedFile, mesa: MesaVotes, election: Election, rng: np.random.Generator
) -> bytes:
    """Print the sheet, scan it, wear it, compress it."""
    print_rng = np.random.default_rng([planned.sheet_seed, 2])
    data = _sheet_data(mesa, election, print_rng)
    ballot = [BallotRow(p.candidate_name, p.party, p.party_code) for p in election.positions]
    layout = _layout(election.layout_file)
    dpi = _DPI.get(planned.style, 200)
    drawn = draw_sheet(data, ballot[: len(mesa.votes)], layout, print_rng, dpi=dpi)
    scan = scan_look(drawn, rng, dpi=dpi)
    image = scan.image
    if planned.family:
        image, _ = apply(image, scan.symbol_corners, planned.family, planned.level, rng)
    return encode_jpeg(image, planned.style, rng)


@lru_cache(maxsize=8)
def _layout(path: Path | None) -> Layout:
    """Parsed once per process: reading it takes as long as drawing a sheet."""
    if path is None:
        raise ConfigError("this election has no layout", "Name one in election.yaml: layout: FILE")
    try:
        return load_layout(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no layout to draw sheets with: {error}") from error


def _sheet_data(mesa: MesaVotes, election: Election, rng: np.random.Generator) -> SheetData:
    return SheetData(
        acta_code=acta_code_text(election.rules, mesa),
        centre_code=mesa.centre,
        votes=mesa.votes,
        null_votes=mesa.null_votes,
        empty_votes=mesa.empty_votes,
        registered_voters=mesa.registered,
        voters_book=_book(mesa, rng),
        payload=payload_text(election.rules, mesa),
        uuid=str(UUID(bytes=rng.bytes(16), version=4)),
        printed_at=_printed_at(election, rng),
        places=_places(mesa, election),
        centre_lines=_centre_lines(mesa, rng),
        hash_hex=rng.bytes(32).hex().upper(),
    )


def _book(mesa: MesaVotes, rng: np.random.Generator) -> int:
    """Signatures in the paper book: those of the voters, now and then one missed or added."""
    slip = int(rng.choice([-1, 1])) if rng.random() < 0.03 else 0
    return max(0, mesa.total + slip)


def _printed_at(election: Election, rng: np.random.Generator) -> str:
    """Some time in the evening of election day."""
    closed = datetime.combine(election.date, time(18, 0))
    return f"{closed + timedelta(seconds=int(rng.integers(5 * 3600))):%d/%m/%Y %I:%M:%S %p}"


def _places(mesa: MesaVotes, election: Election) -> tuple[str, ...]:
    upper = zip(election.levels, mesa.place_names, strict=False)
    named = (f"{_LABELS.get(level.name, level.name.title())} {name}" for level, name in upper)
    return (f"País {election.country.upper()}", *named)


def _centre_lines(mesa: MesaVotes, rng: np.random.Generator) -> tuple[str, ...]:
    """The centre's name and an invented address of up to three lines."""
    street, corner, house = (int(n) for n in rng.integers(1, 90, 3))
    address = (f"CALLE {street} ENTRE CARRERAS {corner} Y {corner + 1}", f"SECTOR {house}", "CASA")
    return (mesa.centre_name, "", *address[: int(rng.integers(1, 4))])
