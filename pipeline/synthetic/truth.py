"""The truth beside invented scans: `truth.csv`, a row per file.

Besides what it is and what must become of it, a row tells what is printed on the sheet and what
people left on it:

- `digits`, `words`: the numbers of the columns NRO and Letras, in ballot order, by blanks;
- `totals`: the printed totals, as `name=number` (`all`, `valid`, `null`, `empty` of the summary,
  `machine` and `book` of the table of voters);
- `members`: five letters for each member's box, a hyphen for what is not there: N name, I ID
  number, S signature, T thumbprint, X stamp;
- `members_corners`, `symbol_corners`: four points `x,y` in pixels of the image (what is top left,
  top right, bottom right and bottom left on the upright paper), outside of it where cut off;
- `notes`: what else was written or stamped on the sheet, `remark`, `margin` or `stamp`;
- `verdict`: what holding print and symbol against each other must come to (see `faults`), '' where
  the wear leaves it open;
- `changes`: what was tampered with, `table.row.column:old>new`, by ` | `.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from pipeline.election import SheetRules
from pipeline.synthetic.content import SheetData, TotalName
from pipeline.synthetic.drawn import DrawnSheet, Floats
from pipeline.synthetic.faults import FAULTS
from pipeline.synthetic.planned import PlannedFile
from pipeline.synthetic.tamper import Change
from pipeline.synthetic.votes import acta_code_text, payload_text

_SOUND = frozenset({"clean", "worn", "duplicate", "rescan", "conflicting"})
_TOTALS: tuple[TotalName, ...] = ("all", "valid", "null", "empty", "machine", "book")


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
    digits: str = ""
    words: str = ""
    totals: str = ""
    uuid: str = ""
    printed_at: str = ""
    hash: str = ""
    members: str = ""
    members_corners: str = ""
    symbol_corners: str = ""
    notes: str = ""
    verdict: str = ""
    changes: str = ""


def truth_of(
    planned: PlannedFile,
    rules: SheetRules,
    data: SheetData | None,
    sheet: DrawnSheet | None,
    changes: Sequence[Change] = (),
) -> TruthRow:
    """The row of a file; `data` and `sheet` are None where it shows no sheet."""
    mesa = planned.mesa
    return TruthRow(
        file=planned.name,
        kind=planned.kind,
        style="" if planned.kind == "broken" else planned.style,
        family=planned.family or planned.variant,
        level=planned.level,
        acta_code=acta_code_text(rules, mesa) if mesa else "",
        payload=_payload(planned, rules, data),
        registered_voters=str(mesa.registered) if mesa else "",
        expected_status=planned.expected_status,
        verdict=_verdict(planned),
        changes=" | ".join(map(str, changes)),
        **(_printed(data) if data else {}),
        **(_seen_on(sheet) if sheet else {}),
    )


def write_truth(rows: Iterable[TruthRow], path: Path) -> None:
    """Write the truth as CSV, sorted by file: the order of writing leaves no trace."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(entry.name for entry in fields(TruthRow))
        writer.writerows(astuple(row) for row in sorted(rows, key=lambda row: row.file))


def _payload(planned: PlannedFile, rules: SheetRules, data: SheetData | None) -> str:
    """The text of the sheet's symbol: that of a broken file too, which shows no sheet."""
    if data:
        return data.payload
    return payload_text(rules, planned.mesa) if planned.mesa else ""


def _verdict(planned: PlannedFile) -> str:
    fault = FAULTS.get(planned.variant)
    if fault:
        return fault.verdict
    return "agrees" if planned.kind in _SOUND and planned.expected_status else ""


def _printed(data: SheetData) -> dict[str, str]:
    return {
        "totals": " ".join(f"{name}={data.total(name)}" for name in _TOTALS),
        "uuid": data.uuid,
        "printed_at": data.printed_at,
        "hash": data.hash_hex,
    }


def _seen_on(sheet: DrawnSheet) -> dict[str, str]:
    return {
        "digits": " ".join(str(cell.number) for cell in sheet.column("ballot", "digits")),
        "words": " ".join(str(cell.number) for cell in sheet.column("ballot", "words")),
        "members": " ".join(box.marks for box in sheet.boxes),
        "members_corners": _points(sheet.members_corners),
        "symbol_corners": "" if sheet.symbol_corners is None else _points(sheet.symbol_corners),
        "notes": " ".join(note.kind for note in sheet.notes),
    }


def _points(corners: Floats) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners.tolist())
