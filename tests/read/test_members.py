"""The members' boxes: found or refused, whether there is ink, and nothing left of it in a mask."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.election import Election, load_election
from pipeline.read.image import Grey
from pipeline.read.members import MaskError, Members, find_members, ink_in_boxes, mask
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.seek import place
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed import invented

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election(PROJECT / "configs" / "venezuela-2024")


@pytest.fixture(scope="module")
def printed(election: Election) -> PrintModel:
    return invented.model(election)


@pytest.fixture(scope="module", params=[3, 4, 5])
def sheet(election: Election, request: pytest.FixtureRequest) -> DrawnSheet:
    seed = int(request.param)
    return invented.draw(election, invented.content(election, seed), seed=seed)


def _find(image: Grey, corners: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None,
          printed: PrintModel) -> Members | None:  # fmt: skip
    placement = place(image, 1.0, printed.form, printed.reference)
    assert placement is not None
    square = None if corners is None else corners.astype(np.float64)
    return find_members(image, 1.0, placement, printed.form, square)


def test_nothing_of_the_block_survives_the_mask(sheet: DrawnSheet, printed: PrintModel) -> None:
    members = _find(sheet.image, sheet.symbol_corners, printed)
    assert members is not None
    masked = mask(sheet.image, members)
    assert sheet.members_corners is not None
    block = np.zeros(sheet.image.shape, np.uint8)
    cv2.fillPoly(block, [np.rint(sheet.members_corners).astype(np.int32)], 255)
    assert (masked[block > 0] == masked[block > 0][0]).all()
    assert sheet.symbol_corners is not None
    symbol = np.zeros(sheet.image.shape, np.uint8)
    cv2.fillPoly(symbol, [np.rint(sheet.symbol_corners).astype(np.int32)], 255)
    assert (masked[symbol > 0] == sheet.image[symbol > 0]).all()


def test_ink_is_told_box_by_box(sheet: DrawnSheet, printed: PrintModel) -> None:
    members = _find(sheet.image, sheet.symbol_corners, printed)
    assert members is not None
    told = list(ink_in_boxes(sheet.image, 1.0, members, printed.form))
    assert told == [box.inked for box in sheet.boxes]


def test_without_a_block_there_is_none(sheet: DrawnSheet, printed: PrintModel) -> None:
    image = sheet.image.copy()
    assert sheet.members_corners is not None
    cv2.fillPoly(image, [np.rint(sheet.members_corners).astype(np.int32)], 255)
    assert _find(image, sheet.symbol_corners, printed) is None


def test_an_image_of_another_size_is_refused(sheet: DrawnSheet, printed: PrintModel) -> None:
    members = _find(sheet.image, sheet.symbol_corners, printed)
    assert members is not None
    with pytest.raises(MaskError, match="pixels"):
        mask(sheet.image[:-100], members)


def test_of_the_real_sheets_one_shows_six_empty_boxes(
    real_scans: Path, printed: PrintModel
) -> None:
    name = "784821_007643_0134Acta0133.jpg"
    image = cv2.imread(str(real_scans / name), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    grey = np.asarray(image, np.uint8)
    members = _find(grey, None, printed)
    assert members is not None
    assert list(ink_in_boxes(grey, 1.0, members, printed.form)) == [False] * 6
    painted = cv2.imread(str(real_scans / "784821_149098_0135Acta0134.jpg"), cv2.IMREAD_GRAYSCALE)
    assert painted is not None
    assert _find(np.asarray(painted, np.uint8), None, printed) is None
