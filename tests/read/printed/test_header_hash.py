"""The hash below the symbol: all of its 64 digits, or none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.election import Election
from pipeline.layout import load_layout
from pipeline.read.image import Grey
from pipeline.read.members import affine_below, find_members
from pipeline.read.printed.hash_lines import hash_by_members, hash_by_symbol
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.seek import place
from pipeline.synthetic.content import BallotRow
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.paper import scan_look
from pipeline.synthetic.sheet import draw_sheet
from tests.read.printed import invented

MODULES = 53
"""Of the symbol of these sheets, whose payload fills more than the usual one."""


def _by_symbol(sheet: DrawnSheet, printed: PrintModel, image: Grey | None = None) -> str | None:
    assert sheet.symbol_corners is not None
    shown = sheet.image if image is None else image
    return hash_by_symbol(shown, sheet.symbol_corners.ravel().tolist(), MODULES, printed.hash)


def _lines(sheet: DrawnSheet) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of both lines."""
    quads = [sheet.cell("foot", row, "hash").quad for row in (0, 1)]
    bounds = [(*quad.min(axis=0), *quad.max(axis=0)) for quad in quads]
    return [tuple(round(float(edge)) for edge in edges) for edges in bounds]  # type: ignore[misc]


def test_it_is_read_below_the_symbol(
    scan: DrawnSheet, printed: PrintModel, venezuela: Election
) -> None:
    assert _by_symbol(scan, printed) == invented.content(venezuela).hash_hex


def test_it_is_read_below_the_members_where_there_is_no_symbol(
    scan: DrawnSheet, printed: PrintModel, venezuela: Election
) -> None:
    assert scan.symbol_corners is not None
    image = scan.image.copy()
    cv2.fillConvexPoly(image, np.rint(scan.symbol_corners).astype(np.int32), 240)
    placement = place(image, 1.0, printed.form, printed.reference)
    assert placement is not None
    members = find_members(image, 1.0, placement, printed.form, None)
    assert members is not None
    found = hash_by_members(image, affine_below(members, printed.form), printed.hash)
    assert found == invented.content(venezuela).hash_hex


@pytest.mark.parametrize("length", [41, 43])
def test_its_first_line_may_be_shorter_or_longer(
    venezuela: Election, printed: PrintModel, length: int
) -> None:
    assert venezuela.layout_file is not None
    layout = load_layout(venezuela.layout_file)
    layout = replace(layout, hash=replace(layout.hash, line_length=length))
    data = invented.content(venezuela)
    ballot = [BallotRow(p.candidate_name, p.party, p.party_code) for p in venezuela.positions]
    rng = np.random.default_rng([length, 7])
    sheet = scan_look(draw_sheet(data, ballot, layout, rng), rng)
    assert len(sheet.cell("foot", 0, "hash").text) == length
    assert _by_symbol(sheet, printed) == data.hash_hex


@pytest.mark.parametrize("line", [0, 1])
def test_one_digit_that_is_stained_takes_all_with_it(
    scan: DrawnSheet, printed: PrintModel, line: int
) -> None:
    left, top, right, bottom = _lines(scan)[line]
    image = scan.image.copy()
    x = left + (right - left) // 3
    cv2.ellipse(image, (x, (top + bottom) // 2), (7, 9), 0, 0, 360, 90, -1)
    assert _by_symbol(scan, printed, image) is None


def test_what_the_page_s_edge_cuts_off_is_not_made_up(
    scan: DrawnSheet, printed: PrintModel
) -> None:
    _, _, right, _ = _lines(scan)[0]
    assert _by_symbol(scan, printed, np.ascontiguousarray(scan.image[:, : right - 14])) is None


def test_one_line_alone_is_none(scan: DrawnSheet, printed: PrintModel) -> None:
    left, top, right, bottom = _lines(scan)[1]
    image = scan.image.copy()
    image[top - 2 : bottom + 3, left - 4 : right + 5] = 240
    assert _by_symbol(scan, printed, image) is None


def test_a_coarse_scan_tells_nothing(scan: DrawnSheet, printed: PrintModel) -> None:
    assert scan.symbol_corners is not None
    half = cv2.resize(scan.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    corners = np.asarray(scan.symbol_corners / 2, np.float32)
    coarse = replace(scan, image=np.asarray(half, np.uint8), symbol_corners=corners)
    assert _by_symbol(coarse, printed) is None


@pytest.mark.parametrize(
    "corners", [[0.0] * 8, [1e9] * 8, [np.nan] * 8, [5.0, 5, 900, 5, 900, 900, 5, 900]]
)
def test_any_corners_are_survived(printed: PrintModel, corners: list[float]) -> None:
    page = np.full((300, 200), 240, np.uint8)
    assert hash_by_symbol(page, corners, MODULES, printed.hash) is None


def test_a_reading_without_a_symbol_carries_it(scan: DrawnSheet, venezuela: Election) -> None:
    data = invented.content(venezuela)
    image = scan.image.copy()
    assert scan.symbol_corners is not None
    cv2.fillConvexPoly(image, np.rint(scan.symbol_corners).astype(np.int32), 240)
    by_print = invented.read(image, venezuela)
    assert by_print.payload is None
    assert (by_print.hash_hex, by_print.uuid) == (data.hash_hex, data.uuid)
