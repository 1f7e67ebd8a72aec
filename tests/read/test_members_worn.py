"""The members' block on worn, turned, cropped and coarse sheets: whole, or refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.election import Election
from pipeline.read.image import Grey
from pipeline.read.members import Members, affine_below, find_members, ink_in_boxes, mask
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.seek import place
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.wear import wear_sheet
from tests.read.printed import invented

SEED = 11
FAINT, INK = 10, 77
"""Two greys that no paint has."""


@pytest.fixture(scope="module")
def printed(venezuela: Election) -> PrintModel:
    return invented.model(venezuela)


@pytest.fixture(scope="module")
def sheet(venezuela: Election) -> DrawnSheet:
    drawn = invented.draw(venezuela, invented.content(venezuela, SEED), seed=SEED)
    assert {box.inked for box in drawn.boxes} == {True, False}
    return drawn


def find(image: Grey, printed: PrintModel) -> Members | None:
    placement = place(image, 1.0, printed.form, printed.reference)
    return None if placement is None else find_members(image, 1.0, placement, printed.form, None)


def uncovered(worn: DrawnSheet, members: Members) -> int:
    """How many pixels of the block the mask leaves."""
    block = np.zeros(worn.image.shape, np.uint8)
    cv2.fillPoly(block, [np.rint(worn.members_corners).astype(np.int32)], 255)
    marked = np.where(block > 0, np.uint8(INK), np.uint8(FAINT))
    return int((mask(marked, members) == INK).sum())


def ink(worn: DrawnSheet, members: Members, printed: PrintModel) -> list[bool | None]:
    return list(ink_in_boxes(worn.image, 1.0, members, printed.form))


def off(worn: DrawnSheet, members: Members) -> float:
    """Millimetres by which the corners of the boxes found lie off the true ones, at most."""
    quads = np.stack([box.quad for box in worn.boxes])
    return float(np.abs(members.quads - quads).max() / members.pixels_per_mm)


@pytest.mark.parametrize(
    ("family", "level"),
    [
        ("fade_contrast", "light"),
        ("fold", "light"),
        ("phone", "light"),
        ("scanner_border", "light"),
        ("skew", "3deg"),
        ("watermark", "light"),
    ],
)
def test_a_lightly_worn_block_is_found_whole(
    sheet: DrawnSheet, printed: PrintModel, family: str, level: str
) -> None:
    worn = wear_sheet(sheet, family, level, np.random.default_rng(SEED))
    members = find(worn.image, printed)
    assert members is not None
    assert uncovered(worn, members) == 0
    assert off(worn, members) < 2
    assert ink(worn, members, printed) == [box.inked for box in worn.boxes]


@pytest.mark.parametrize(
    ("family", "level"),
    [
        ("crop_left", "0.05"),
        ("crop_right", "0.15"),
        ("downscale", "40dpi"),
        ("fade_thermal", "lines9"),
        ("jpeg", "q5"),
        ("scanner_border", "uneven"),
    ],
)
def test_a_badly_worn_block_is_found_whole_or_refused(
    sheet: DrawnSheet, printed: PrintModel, family: str, level: str
) -> None:
    worn = wear_sheet(sheet, family, level, np.random.default_rng(SEED))
    placement = place(worn.image, 1.0, printed.form, printed.reference)
    if placement is None:
        return  # nothing is masked, nothing published
    assert worn.symbol_corners is not None
    for corners in (None, worn.symbol_corners.astype(np.float64)):
        members = find_members(worn.image, 1.0, placement, printed.form, corners)
        if members is not None:
            assert uncovered(worn, members) == 0
            assert off(worn, members) < 4


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_resolution_does_not_matter(venezuela: Election, printed: PrintModel, dpi: int) -> None:
    data = invented.content(venezuela, SEED)
    drawn = invented.draw(venezuela, data, dpi=dpi, seed=SEED)
    members = find(drawn.image, printed)
    assert members is not None
    assert uncovered(drawn, members) == 0
    assert ink(drawn, members, printed) == [box.inked for box in drawn.boxes]


@pytest.mark.parametrize("boxes", [slice(0, 1), slice(5, 6), slice(2, 5)])
def test_a_block_with_boxes_missing_is_refused(
    sheet: DrawnSheet, printed: PrintModel, boxes: slice
) -> None:
    image = sheet.image.copy()
    for box in sheet.boxes[boxes]:
        x0, y0 = np.floor(box.quad.min(axis=0)).astype(int) - 4
        x1, y1 = np.ceil(box.quad.max(axis=0)).astype(int) + 4
        image[y0:y1, max(0, x0) : x1] = 240
    assert find(image, printed) is None


def test_what_is_cut_off_below_is_masked_to_the_end(sheet: DrawnSheet, printed: PrintModel) -> None:
    end = int(sheet.boxes[4].quad.mean(axis=0)[1])
    members = find(np.ascontiguousarray(sheet.image[:end]), printed)
    assert members is not None
    assert members.cut_below
    painted = mask(np.full((end, sheet.image.shape[1]), INK, np.uint8), members)
    top = int(np.ceil(sheet.members_corners[:2, 1].max()))
    assert not (painted[top:] == INK).any()


def test_below_the_block_millimetres_are_where_they_are(
    sheet: DrawnSheet, printed: PrintModel
) -> None:
    members = find(sheet.image, printed)
    assert members is not None
    assert sheet.symbol_corners is not None
    affine = affine_below(members, printed.form)
    top = printed.form.symbol_corners(53)[:2].astype(np.float64)
    found = top @ affine[:, :2].T + affine[:, 2]
    assert np.abs(found - sheet.symbol_corners[:2]).max() < 0.5 * members.pixels_per_mm
