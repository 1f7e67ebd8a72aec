"""The truth about places and people on a drawn sheet, and that feeder and wear keep it exact."""

from __future__ import annotations

import dataclasses
from collections import Counter

import cv2
import numpy as np
import pytest

from pipeline.synthetic.drawn import Cell, DrawnSheet, MemberBox, quad
from pipeline.synthetic.paper import scan_look
from pipeline.synthetic.sheet import draw_sheet
from pipeline.synthetic.wear import FAMILIES, wear_sheet
from tests.synthetic.test_sheet import BALLOT, DATA, LAYOUT, drawn, px

PAPER, DOT = 240, 6
MOVING = [
    (name, level)
    for name in (
        "skew", "perspective", "phone", "downscale", "turned", "mirrored", "scanner_border",
        "crop_left", "crop_right", "crop_bottom", "crop_top", "fold",
    )
    for level in FAMILIES[name].levels
]  # fmt: skip


def dotted() -> DrawnSheet:
    """A blank strip with a dot at every corner of every place that it names."""
    image = np.full((3000, 620), PAPER, np.uint8)
    boxes = [quad(60, y, 540, y + 300) for y in range(1400, 2200, 300)]
    cells = [quad(300, y, 380, y + 80) for y in range(200, 1200, 200)]
    sheet = DrawnSheet(
        image,
        quad(90, 2420, 536, 2866),
        tuple(MemberBox("A", False, False, False, False, False, place) for place in boxes),
        tuple(Cell("ballot", row, "digits", "1", place) for row, place in enumerate(cells)),
    )
    for x, y in sheet.points():
        cv2.circle(image, (int(x), int(y)), DOT, (0,), -1)
    return sheet


def off(sheet: DrawnSheet) -> tuple[list[float], int]:
    """How far the dot near each place is from it, in pixels; how many places have none."""
    far, none = [], 0
    high, wide = sheet.image.shape
    reach = 12
    for x, y in sheet.points():
        left, top = round(float(x)) - reach, round(float(y)) - reach
        if left < 1 or top < 1 or left + 2 * reach > wide - 2 or top + 2 * reach > high - 2:
            continue
        part = sheet.image[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
        dark = np.clip(0.75 * np.median(part) - part.astype(float), 0, None)
        if dark.sum() < 200:
            none += 1
            continue
        at_y, at_x = (axis.ravel() @ dark.ravel() / dark.sum() for axis in np.indices(dark.shape))
        far.append(float(np.hypot(left + at_x - x, top + at_y - y)))
    return far, none


@pytest.mark.parametrize(("name", "level"), MOVING)
def test_places_follow_the_paper_through_every_wear_that_moves_it(name: str, level: str) -> None:
    worn = wear_sheet(dotted(), name, level, np.random.default_rng(3))
    far, none = off(worn)
    assert len(far) >= (2 if name == "crop_top" else 9)
    assert np.median(far) < 1.5  # a pixel's edge for its middle, turned: 0.7 either way
    # A crease hides what it slips over, and black borders a corner: nothing else may be amiss.
    strays = none + sum(distance > 3 for distance in far)
    assert strays <= (6 if name in {"fold", "scanner_border"} else 0)


def test_all_other_wear_leaves_every_place_alone() -> None:
    sheet = dotted()
    names = set(FAMILIES) - {name for name, _ in MOVING}
    assert len(names) > 10
    for name in sorted(names):
        worn = wear_sheet(sheet, name, FAMILIES[name].levels[0], np.random.default_rng(1))
        assert worn.image.shape == sheet.image.shape
        assert np.array_equal(worn.points(), sheet.points()), name


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dpi", [200, 300])
def test_places_follow_the_paper_through_the_feeder(seed: int, dpi: int) -> None:
    scan = scan_look(dotted(), np.random.default_rng(seed), dpi=dpi)
    far, none = off(scan)
    assert none == 0
    assert len(far) > 25
    assert max(far) < 1.8


def test_wear_of_a_sheet_without_a_symbol_keeps_its_places() -> None:
    bare = dataclasses.replace(dotted(), symbol_corners=None)
    worn = wear_sheet(bare, "skew", "3deg", np.random.default_rng(3))
    assert worn.symbol_corners is None
    far, _ = off(worn)
    assert np.median(far) < 1.5


def test_every_number_is_told_with_its_place() -> None:
    sheet = drawn()
    assert [cell.text for cell in sheet.column("ballot", "digits")] == list(map(str, DATA.votes))
    assert [cell.text for cell in sheet.column("ballot", "code")] == [row.code for row in BALLOT]
    assert sheet.cell("ballot", 0, "words").text == "Cero, Uno, Cuatro, Nueve"
    assert [cell.text for cell in sheet.column("voters", "digits")] == [str(sum(DATA.votes))] * 2
    assert sheet.cell("summary", 1, "digits").text == str(sum(DATA.votes))
    assert "".join(cell.text for cell in sheet.column("foot", "hash")) == DATA.hash_hex
    with pytest.raises(KeyError, match="row 38"):
        sheet.cell("ballot", 38, "digits")


@pytest.mark.parametrize("dpi", [200, 300])
def test_a_cells_quad_is_the_outline_of_its_ink(dpi: int) -> None:
    sheet = drawn(dpi=dpi)
    assert len(sheet.cells) == 5 + 3 * 38 + 2 * 2 + 2 * 8 + 2
    for cell in sheet.cells:
        (x0, y0), (x1, y1) = cell.quad.min(axis=0).astype(int), cell.quad.max(axis=0).astype(int)
        ink = sheet.image[y0:y1, x0:x1] < 225
        for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]):
            assert edge.any(), cell
        if cell.table == "ballot":  # nothing else stands within a millimetre
            room = px(1, dpi)
            around = sheet.image[y0 - room : y1 + room, x0 - room : x1 + room] < 225
            assert around.sum() == ink.sum(), cell


def test_row_centres_are_evenly_spaced_in_a_candidates_rows() -> None:
    centres = drawn().row_centres()
    assert centres.shape == (38, 2)
    pitch = np.diff(centres[:13, 1])
    assert np.abs(pitch - px(LAYOUT.ballot_table.row_pitch)).max() <= 1.5
    assert np.abs(centres[:, 0] - px(LAYOUT.ballot_table.number_x)).max() <= 2


def ink_in(sheet: DrawnSheet, box: MemberBox, top: float, bottom: float) -> bool:
    """Ink between two heights (mm below the box's top), right of the labels, inside the frame."""
    (x0, y0), (x1, _) = box.quad[0].astype(int), box.quad[2].astype(int)
    part = sheet.image[y0 + px(top) : y0 + px(bottom), x0 + px(10) : x1 - 3]
    return bool((part < 150).sum() > 5)


def test_what_stands_in_each_box_is_told_truly() -> None:
    place = LAYOUT.members
    pitch, kinds = place.label_pitch, Counter[str]()
    for seed in range(60):
        sheet = drawn(seed=seed)
        assert [box.role for box in sheet.boxes] == list(place.roles)
        for box in sheet.boxes:
            kinds[box.marks] += 1
            assert ink_in(sheet, box, 4 * pitch + 1, place.box_pitch - 0.5) == box.inked
            # Of the lines for name and ID the middle: a long signature may reach into either.
            assert ink_in(sheet, box, 1.35 * pitch, 1.75 * pitch) == box.name
            assert ink_in(sheet, box, 2.35 * pitch, 2.75 * pitch) == box.identity
    assert kinds["NIST-"] > 120
    assert kinds["-----"] > 20
    assert len(kinds) > 6, "boxes are filled in many ways"


def test_thumbs_often_go_beyond_the_frame() -> None:
    beyond = boxes = 0
    for seed in range(20):
        sheet = drawn(seed=seed)
        for box in sheet.boxes:
            (x1, y0), (_, y1) = box.quad[1].astype(int), box.quad[2].astype(int)
            beside = sheet.image[y0:y1, x1 + 3 : x1 + 40]
            boxes += box.thumbprint
            beyond += box.thumbprint and bool((beside < 200).sum() > 20)
    assert 0.25 < beyond / boxes < 0.75


@pytest.mark.parametrize("count", [1, 4, 8])
def test_other_sets_of_boxes_are_drawn(count: int) -> None:
    roles = tuple(f"Cargo {number}" for number in range(count))
    layout = dataclasses.replace(LAYOUT, members=dataclasses.replace(LAYOUT.members, roles=roles))
    sheet = draw_sheet(DATA, BALLOT, layout, np.random.default_rng(1))
    assert [box.role for box in sheet.boxes] == list(roles)
    _, y0, x1, y1 = sheet.members_box
    assert y1 - y0 == pytest.approx(px(count * LAYOUT.members.box_pitch), abs=1)
    assert sheet.members_corners[2].tolist() == [x1, y1]
    assert sheet.symbol_corners is not None
    assert sheet.symbol_corners[0, 1] - y1 == pytest.approx(px(LAYOUT.symbol.gap), abs=1)


def test_notes_are_rare_and_stand_where_they_are_said_to() -> None:
    kinds = Counter[str]()
    for seed in range(80):
        sheet = drawn(seed=seed)
        for note in sheet.notes:
            kinds[note.kind] += 1
            (x0, y0), (x1, y1) = note.quad.min(axis=0), note.quad.max(axis=0)
            part = sheet.image[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)]
            assert (part < 200).sum() > 50
            in_remarks = sheet.column("summary", "digits")[-1].quad[0, 1] < y0 and (
                y1 < sheet.members_box[1]
            )
            assert in_remarks or note.kind != "remark"
    assert set(kinds) == {"remark", "margin", "stamp"}
    assert sum(kinds.values()) < 60
