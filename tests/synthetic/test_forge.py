"""Forgeries on finished scans, and scans of which a part is cut off."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from pipeline.synthetic.cutoff import CUTS, cut_off
from pipeline.synthetic.drawn import Cell, DrawnSheet
from pipeline.synthetic.forge import forge_number
from pipeline.synthetic.tamper import Columns
from tests.synthetic.test_sheet import DATA, LAYOUT, VOTES, drawn, scanned, symbols


@pytest.fixture(scope="module")
def scan() -> DrawnSheet:
    return scanned("grey-200", 4)[0]


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def likeness(one: DrawnSheet, cell: Cell, printed: DrawnSheet, there: Cell) -> float:
    """Correlation of two cells' pixels, the second one's slid to where it fits best."""
    x0, y0, x1, y1 = (round(float(v)) for v in (*cell.quad.min(axis=0), *cell.quad.max(axis=0)))
    u0, v0, u1, v1 = (round(float(v)) for v in (*there.quad.min(axis=0), *there.quad.max(axis=0)))
    room = one.image[y0 - 6 : y1 + 6, x0 - 6 : x1 + 6]
    return float(cv2.matchTemplate(room, printed.image[v0:v1, u0:u1], cv2.TM_CCOEFF_NORMED).max())


@pytest.mark.parametrize("columns", ["digits", "words", "both"])
def test_only_the_forged_cells_change_and_are_told(scan: DrawnSheet, columns: Columns) -> None:
    forged = forge_number(scan, LAYOUT, rng(1), columns)
    again = forge_number(scan, LAYOUT, rng(1), columns)
    assert np.array_equal(forged.sheet.image, again.sheet.image)
    changed = forged.sheet.image != scan.image
    for change in forged.changes:
        assert change.row is not None
        old = scan.cell("ballot", change.row, change.column)  # type: ignore[arg-type]
        new = forged.sheet.cell("ballot", change.row, change.column)  # type: ignore[arg-type]
        assert (change.old, change.new) == (str(old.number), str(new.number))
        assert old.number == VOTES[change.row] != new.number
        points = np.concatenate([old.quad, new.quad])
        (x0, y0), (x1, y1) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
        changed[y0 - 4 : y1 + 5, x0 - 4 : x1 + 5] = False
    assert not changed.any()
    assert {change.column for change in forged.changes} == (
        {"digits", "words"} if columns == "both" else {columns}
    )
    pairs = zip(scan.cells, forged.sheet.cells, strict=True)
    assert sum(new is not old for old, new in pairs) == len(forged.changes)


@pytest.mark.parametrize("number", [7, 58, 266, 449, 2307])
def test_a_forged_number_looks_like_the_number_printed_so(scan: DrawnSheet, number: int) -> None:
    forged = forge_number(scan, LAYOUT, rng(2), "both", row=4, new=number).sheet
    votes = (*VOTES[:4], number, *VOTES[5:])
    printed = drawn(dataclasses.replace(DATA, printed_digits=votes, printed_words=votes))
    for column in ("digits", "words"):
        new = forged.cell("ballot", 4, column)
        like = likeness(forged, new, printed, printed.cell("ballot", 4, column))
        assert like > 0.8, column
        old = drawn().cell("ballot", 4, column)
        assert likeness(forged, new, drawn(), old) < like - 0.1


def test_totals_can_be_forged_too(scan: DrawnSheet) -> None:
    forged = forge_number(scan, LAYOUT, rng(3), "both", table="summary", row=1, new=580)
    assert forged.sheet.cell("summary", 1, "words").text == "Cero, Cinco, Ocho, Cero"
    with pytest.raises(KeyError):
        forge_number(scan, LAYOUT, rng(3), row=99)


def test_a_sheet_at_300_dpi_is_forged_at_its_own_scale() -> None:
    scan, _ = scanned("colour-300", 3)
    forged = forge_number(scan, LAYOUT, rng(4), "both", row=0, new=236, dpi=300).sheet
    votes = (236, *VOTES[1:])
    printed = drawn(dataclasses.replace(DATA, printed_digits=votes, printed_words=votes), dpi=300)
    for column in ("digits", "words"):
        there = printed.cell("ballot", 0, column)
        assert likeness(forged, forged.cell("ballot", 0, column), printed, there) > 0.8


def visible(sheet: DrawnSheet) -> set[tuple[str, int, str]]:
    """The cells that lie on the image with all of their ink."""
    high, wide = sheet.image.shape
    return {
        (cell.table, cell.row, cell.column)
        for cell in sheet.cells
        if (cell.quad >= 0).all() and (cell.quad <= (wide, high)).all()
    }


def blocks(sheet: DrawnSheet) -> dict[str, bool]:
    """For each block whether all of it is there."""
    seen = visible(sheet)
    every = {(cell.table, cell.row, cell.column) for cell in sheet.cells}
    there = {
        table: {key for key in every if key[0] == table} <= seen
        for table in ("header", "voters", "ballot", "summary", "foot")
    }
    high, wide = sheet.image.shape
    assert sheet.symbol_corners is not None
    for name, quad in (("symbol", sheet.symbol_corners), ("members", sheet.members_corners)):
        there[name] = bool((quad >= 0).all() and (quad <= (wide, high)).all())
    return there


LOST = {
    "head-part": {"header"},
    "head": {"header"},
    "head-and-rows": {"header", "voters", "ballot"},
    "below-symbol": {"foot"},
    "above-symbol": {"symbol", "foot"},
    "in-members": {"members", "symbol", "foot"},
    "below-ballot": {"summary", "members", "symbol", "foot"},
    "left": {"members"},
    "left-deep": {"members", "symbol"},
    "right": {"members"},
    "right-deep": {"header", "members", "symbol"},
}


@pytest.mark.parametrize("name", list(CUTS))
def test_a_cut_takes_what_it_says(scan: DrawnSheet, name: str) -> None:
    whole = blocks(scan)
    assert all(whole.values())
    for seed in range(6):
        left = cut_off(scan, name, rng(seed))
        lost = {block for block, there in blocks(left).items() if not there}
        # A cut at the side runs through all blocks: of the frame's own it takes some in any case.
        if name.startswith(("left", "right")):
            assert lost >= LOST[name] - {"header"}
            assert ("symbol" in lost) is name.endswith("deep")
        else:
            assert lost == LOST[name]


@pytest.mark.parametrize("name", list(CUTS))
def test_what_a_cut_leaves_stands_where_it_is_said_to(scan: DrawnSheet, name: str) -> None:
    left = cut_off(scan, name, rng(1))
    assert left.image.size < scan.image.size
    for cell in left.cells:
        if (cell.table, cell.row, cell.column) in visible(left):
            assert likeness(scan, scan.cell(cell.table, cell.row, cell.column), left, cell) > 0.99
    readable = name.split("-")[-1] != "deep" and name not in (
        "above-symbol",
        "in-members",
        "below-ballot",
    )
    if readable:
        assert [found.text for found in symbols(left.image)] == [DATA.payload]
