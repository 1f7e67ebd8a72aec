"""One file of a synthetic election, as it was planned: all that writing it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.synthetic.encode import JpegStyle
from pipeline.synthetic.votes import MesaVotes

Kind = Literal[
    "clean", "worn", "duplicate", "rescan", "conflicting", "other-election", "not-a-sheet",
    "broken", "tampered", "no-symbol", "cut-off",
]  # fmt: skip
Status = Literal["counted", "duplicate", "quarantined", "rejected", "failed", ""]


@dataclass(frozen=True)
class Donor:
    """Another planned sheet, of which a tampered one carries a part."""

    mesa: MesaVotes
    sheet_seed: int


@dataclass(frozen=True)
class PlannedFile:
    """One file to write; every random choice about it follows from its two seeds.

    `sheet_seed` decides what is printed beside the votes, `scan_seed` paper, scanner and wear:
    a rescan shares the first, a duplicate shares both. `variant` names a stranger's kind, or the
    fault of a sheet's print (`faults.FAULTS`), which may need a `donor`.
    """

    name: str
    kind: Kind
    variant: str
    style: JpegStyle
    family: str
    level: str
    mesa: MesaVotes | None
    sheet_seed: int
    scan_seed: int
    expected_status: Status
    donor: Donor | None = None
