"""Findings summed up, hints that exclude nothing, ink in the boxes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.analyse.ink import ink_of, sum_up_ink
from pipeline.analyse.integrity import HINT_KINDS, count_findings, examine, find_hints
from pipeline.count.resolve import Resolution
from pipeline.election import Election, MesaKey
from pipeline.findings import Finding
from pipeline.read.record import Outcome
from tests.analyse.build import EXAMPLE, count
from tests.count.build import payload, scan

LAYOUT = Path(__file__).parents[2] / "configs" / "venezuela-2024" / "layout.yaml"


def _key(election: Election, centre: str, number: int) -> MesaKey:
    return election.rules.acta_code.mesa_key(centre, number)


def test_findings_are_counted_by_scan_and_by_mesa(tiny: Election) -> None:
    again = scan("/s/z_again.jpg", payload(tiny, "1001", 1, EXAMPLE["1001", 1]), sha256="other")
    rival = scan("/s/z_rival.jpg", payload(tiny, "2001", 1, (49, 0, 0, 0, 0)))
    found = count_findings(count(tiny, EXAMPLE, [again, rival]).resolution)
    assert [(f.kind.code, f.scans, f.mesas) for f in found] == [
        ("sheets-disagree", 2, 1),
        ("sheet-duplicate", 1, 1),
    ]


def test_findings_of_scans_without_a_mesa_count_no_mesa(tiny: Election) -> None:
    blank = scan("/b", outcome=Outcome.UNREADABLE, findings=(Finding("symbol-none"),))
    (found,) = count_findings(count(tiny, {}, [blank]).resolution)
    assert (found.kind.code, found.scans, found.mesas) == ("symbol-none", 1, 0)


def test_equal_sheets_are_hinted_at_and_stay_counted(tiny: Election) -> None:
    sheets = {
        ("1001", 1): (10, 5, 7, 0, 1),
        ("1001", 3): (10, 5, 7, 0, 1),
        ("2001", 1): (10, 5, 7, 0, 1),
        ("2001", 2): (10, 5, 7, 1, 0),
        ("2001", 3): (2, 2, 2, 2, 2),
        ("2001", 4): (2, 2, 2, 2, 2),
    }
    counted = count(tiny, sheets)
    first, second = find_hints(counted.resolution, tiny)
    assert first.kind.code == second.kind.code == "equal-votes"
    assert first.mesas == ("1001-001", "1001-003", "2001-001")
    assert (first.valid_votes, second.valid_votes) == (23, 10)
    assert counted.totals.nation.counted == 6


def test_sheets_of_one_candidate_and_full_ones_are_hinted_at(tiny: Election) -> None:
    sheets = {
        ("1001", 1): (30, 20, 0, 0, 0),  # all for ANA, whose two lines they are
        ("1001", 2): (29, 20, 0, 0, 0),  # one too few to be odd
        ("1001", 3): (30, 20, 1, 0, 0),
        ("1002", 1): (50, 0, 40, 0, 0),  # 90 of 90 registered voters
        ("2001", 1): (50, 0, 40, 0, 0),
    }
    hints = find_hints(count(tiny, sheets).resolution, tiny)
    assert [(hint.kind.code, hint.mesas) for hint in hints] == [
        ("equal-votes", (_key(tiny, "1002", 1), _key(tiny, "2001", 1))),
        ("one-sided", (_key(tiny, "1001", 1),)),
        ("everybody-voted", (_key(tiny, "1002", 1),)),
    ]


def test_sheets_that_are_not_counted_give_no_hint(tiny: Election) -> None:
    rivals = [scan(f"/s/{n}", payload(tiny, "2001", 2, (60 + n, 0, 0, 0, 0))) for n in range(2)]
    assert find_hints(count(tiny, {}, rivals).resolution, tiny) == ()


def test_every_hint_says_what_it_is_and_when_it_is_given() -> None:
    assert len({kind.code for kind in HINT_KINDS}) == 3
    assert all(kind.sentence and kind.rule for kind in HINT_KINDS)


# Ink.


@pytest.fixture
def inked(tiny: Election) -> tuple[Election, Resolution]:
    election = replace(tiny, layout_file=LAYOUT)
    return election, count(election, {**EXAMPLE, ("2001", 2): (1, 1, 1, 1, 1)}).resolution


def test_ink_is_summed_by_sheet_by_place_and_by_role(inked: tuple[Election, Resolution]) -> None:
    election, resolution = inked
    summary = sum_up_ink(
        resolution,
        election,
        {
            _key(election, "1001", 1): (True,) * 6,
            _key(election, "1001", 2): (True, False, True, False, False, False),
            _key(election, "2001", 1): (False,) * 6,
            _key(election, "2001", 2): None,
            _key(election, "2001", 3): (True,) * 6,  # not counted: says nothing
        },
    )
    assert summary is not None
    nation = summary.nation
    assert (nation.all, nation.some, nation.none, nation.unknown) == (1, 1, 1, 1)
    north, south = summary.units
    assert (north.code, north.all, north.some, north.none, north.unknown) == ("1", 1, 1, 0, 0)
    assert (south.code, south.all, south.some, south.none, south.unknown) == ("2", 0, 0, 1, 1)
    assert [(role.role, role.filled, role.known) for role in summary.roles] == [
        ("Presidente", 2, 3),
        ("Secretario", 1, 3),
        ("Miembro A", 2, 3),
        ("Testigo A", 1, 3),
        ("Testigo B", 1, 3),
        ("Operador", 1, 3),
    ]


def test_boxes_beyond_the_layout_are_numbered(inked: tuple[Election, Resolution]) -> None:
    election, resolution = inked
    ink = {_key(election, "1001", 1): (True,) * 8, _key(election, "1001", 2): (False,) * 2}
    summary = sum_up_ink(resolution, election, ink)
    assert summary is not None
    assert [(r.role, r.known) for r in summary.roles][-3:] == [
        ("Operador", 1), ("box 7", 1), ("box 8", 1),
    ]  # fmt: skip
    unnamed = sum_up_ink(resolution, replace(election, layout_file=None), ink)
    assert unnamed is not None
    assert unnamed.roles[0].role == "box 1"


def test_sheets_that_nobody_looked_at_have_no_summary(inked: tuple[Election, Resolution]) -> None:
    election, resolution = inked
    assert sum_up_ink(resolution, election, {}) is None
    assert sum_up_ink(resolution, election, {_key(election, "1001", 1): None}) is None
    assert examine(resolution, count(election, EXAMPLE).totals, election, {}).ink is None


def test_ink_is_taken_from_scans_that_have_it(inked: tuple[Election, Resolution]) -> None:
    """Whether the reader that filled the ledger looked for it or not."""
    election, resolution = inked
    assert set(ink_of(resolution).values()) <= {None}

    looked: Any = SimpleNamespace(box_ink=[True, False])
    unsure: Any = SimpleNamespace(box_ink=None)
    mesas = tuple(
        replace(mesa, source=looked if mesa.number == 1 else unsure)
        for mesa in resolution.mesas
        if mesa.centre == "1001"
    )
    assert ink_of(replace(resolution, mesas=mesas)) == {_key(election, "1001", 1): (True, False)}
