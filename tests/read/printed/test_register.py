"""The form is laid where the sheet's rows are, from a rough guess, from the QR, or from nothing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.election import Election
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Placement
from pipeline.read.printed.reader import place_by_symbol
from pipeline.read.printed.register import register
from pipeline.read.printed.seek import LEAST, place, seek
from pipeline.synthetic.cutoff import cut_off
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.wear import wear_sheet
from tests.invent import page as page_of_symbols
from tests.invent import venezuelan
from tests.read.printed.invented import Floats, Grey, as_page, content, draw, read

ROW_OFF = 0.4
"""Millimetres that a row may be off: a digit is 2.2 high, a row 5."""


def off(sheet: DrawnSheet, placement: Placement, printed: PrintModel) -> float:
    """The farthest that a row of the ballot on the image is off its true place, in millimetres."""
    rows = printed.form.rows[printed.form.votes]
    placed = placement.to_scan(np.array([(row.number_x, row.y) for row in rows]))
    far = np.abs(placed - sheet.row_centres()).max(axis=1) / placement.pixels_per_mm
    seen = sheet.row_centres()
    high, wide = sheet.image.shape
    inside = (seen > 8).all(axis=1) & (seen[:, 0] < wide - 8) & (seen[:, 1] < high - 8)
    assert inside.sum() > 20
    return float(far[inside].max())


def find(sheet: DrawnSheet, printed: PrintModel) -> Placement:
    """The sheet's place, found without its QR."""
    found = place(np.ascontiguousarray(sheet.image), 1.0, printed.form, printed.reference)
    assert found is not None
    return found


def _turned(sheet: DrawnSheet, quarters: int) -> DrawnSheet:
    high, wide = sheet.image.shape
    steps: list[Callable[[Floats], Floats]] = [
        lambda p: p,
        lambda p: np.stack([p[:, 1], wide - 1 - p[:, 0]], axis=1),
        lambda p: np.stack([wide - 1 - p[:, 0], high - 1 - p[:, 1]], axis=1),
        lambda p: np.stack([high - 1 - p[:, 1], p[:, 0]], axis=1),
    ]
    return sheet.moved(np.rot90(sheet.image, quarters).copy(), steps[quarters])


def _leaning(sheet: DrawnSheet, degrees: float) -> DrawnSheet:
    high, wide = sheet.image.shape
    move = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1.0)
    corners = move @ np.array([[0, wide, wide, 0], [0, 0, high, high], [1, 1, 1, 1.0]])
    move[:, 2] -= corners.min(axis=1)
    size = np.ceil(corners.max(axis=1) - corners.min(axis=1)).astype(int)
    image = cv2.warpAffine(sheet.image, move, (int(size[0]), int(size[1])), borderValue=(245,))
    return sheet.moved(
        np.asarray(image, np.uint8),
        lambda p: np.asarray(p @ move[:, :2].T + move[:, 2], np.float32),
    )


def _padded(sheet: DrawnSheet) -> DrawnSheet:
    image = cv2.copyMakeBorder(sheet.image, 700, 300, 500, 90, cv2.BORDER_CONSTANT, value=(250,))
    return sheet.moved(np.asarray(image, np.uint8), lambda p: p + np.array([500, 700], np.float32))


WAYS: dict[str, Callable[[DrawnSheet], DrawnSheet]] = {
    "as it is": lambda sheet: sheet,
    "upside down": lambda sheet: _turned(sheet, 2),
    "sideways": lambda sheet: _turned(sheet, 1),
    "sideways the other way": lambda sheet: _turned(sheet, 3),
    "leaning 8 degrees": lambda sheet: _leaning(sheet, 8),
    "leaning back": lambda sheet: _leaning(sheet, -8),
    "cut at the top": lambda sheet: cut_off(sheet, "head-and-rows", np.random.default_rng(1)),
    "cut at the bottom": lambda sheet: cut_off(sheet, "in-members", np.random.default_rng(1)),
    "cut at the left": lambda sheet: cut_off(sheet, "left-deep", np.random.default_rng(1)),
    "padded": _padded,
    "100 dpi": lambda sheet: wear_sheet(sheet, "downscale", "100dpi", np.random.default_rng(1)),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_rows_are_found_without_the_qr(scan: DrawnSheet, printed: PrintModel, way: str) -> None:
    sheet = WAYS[way](scan)
    assert off(sheet, find(sheet, printed), printed) < ROW_OFF


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_the_qr_places_the_rows(venezuela: Election, printed: PrintModel, seed: int) -> None:
    sheet = draw(venezuela, content(venezuela), seed=seed)
    seen = read(sheet.image, venezuela, check_print=False)
    found = place_by_symbol(as_page(sheet.image), seen.corners, seen.version, printed)
    assert found is not None
    assert off(sheet, found, printed) < ROW_OFF


@pytest.mark.parametrize("aside", [(0.0, 0.0), (5.0, -25.0), (-6.0, 30.0)])
def test_a_guess_may_be_off_by_centimetres(
    scan: DrawnSheet, printed: PrintModel, aside: tuple[float, float]
) -> None:
    guess = find(scan, printed).affine.copy()
    guess[:, 2] += guess[:, :2] @ np.array(aside)
    again = register(scan.image, 1.0, guess, printed.form, printed.reference)
    assert off(scan, again, printed) < ROW_OFF


def test_a_symbol_that_lies_elsewhere_does_not_mislead(
    scan: DrawnSheet, printed: PrintModel
) -> None:
    wrong = [10, 10, 120, 10, 120, 120, 10, 120]
    found = place_by_symbol(as_page(scan.image), wrong, 8, printed)
    assert found is not None
    assert off(scan, found, printed) < ROW_OFF


def _other_pages() -> dict[str, Grey]:
    rng = np.random.default_rng(2)
    lines = np.full((3400, 640), 245, np.uint8)
    for top in range(40, 3360, 44):
        for left in range(20, 600, 30):
            lines[top : top + 18, left : left + int(rng.integers(4, 24))] = 50
    return {
        "blank": np.full((3400, 640), 245, np.uint8),
        "noise": rng.integers(0, 256, (3400, 640)).astype(np.uint8),
        "lines of another text": lines,
        "symbols alone": page_of_symbols(venezuelan(), venezuelan(mesa=2)),
    }


@pytest.mark.parametrize("kind", _other_pages())
def test_a_page_of_another_kind_is_not_the_form(printed: PrintModel, kind: str) -> None:
    assert place(_other_pages()[kind], 1.0, printed.form, printed.reference) is None


@pytest.mark.parametrize("shape", [(1, 1), (21, 21), (60, 5000), (5000, 60), (16, 16)])
def test_a_page_of_any_shape_is_searched_without_a_fault(
    printed: PrintModel, shape: tuple[int, int]
) -> None:
    for shade in (0, 128, 255):
        page = np.full(shape, shade, np.uint8)
        assert len(seek(page, 1.0, printed.reference)) <= 3
        assert place(page, 1.0, printed.form, printed.reference) is None


def test_a_score_tells_the_form_from_the_rest(scan: DrawnSheet, printed: PrintModel) -> None:
    assert find(scan, printed).score > 1.5 * LEAST
