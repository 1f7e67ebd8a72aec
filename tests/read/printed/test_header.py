"""What the header says, and whether it names the sheet that the symbol names."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.election import Election
from pipeline.read.image import Grey
from pipeline.read.printed.agree import Agreement
from pipeline.read.printed.header import Header, read_header
from pipeline.read.printed.identity import check_identity
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Placement
from pipeline.read.printed.registered import read_registered
from pipeline.read.printed.seek import place
from pipeline.read.record import Outcome
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed import invented


def _placed(image: Grey, printed: PrintModel) -> Placement:
    found = place(image, 1.0, printed.form, printed.reference)
    assert found is not None
    return found


def test_a_header_is_read(scan: DrawnSheet, printed: PrintModel, venezuela: Election) -> None:
    data = invented.content(venezuela)
    found = read_header(scan.image, _placed(scan.image, printed), printed.header)
    assert (found.acta_code, found.acta_code_sure) == (data.acta_code, True)
    assert found.centre_code == data.centre_code
    assert (found.registered_voters, found.registered_sure) == (data.registered_voters, True)
    assert found.uuid == data.uuid


def test_its_own_code_agrees_and_a_neighbour_s_does_not(
    scan: DrawnSheet, printed: PrintModel, venezuela: Election
) -> None:
    placement = _placed(scan.image, printed)
    code = invented.content(venezuela).acta_code
    own = check_identity(scan.image, placement, printed.header, code)
    assert own.agreement is Agreement.AGREES
    centre = code[:8] + str((int(code[8]) + 5) % 10) + code[9:]
    other = check_identity(scan.image, placement, printed.header, centre)
    assert other.agreement is Agreement.MISMATCH


def test_a_number_of_voters_is_right_or_not_told(
    scan: DrawnSheet, printed: PrintModel, venezuela: Election
) -> None:
    told = read_registered(scan.image, _placed(scan.image, printed), printed.header)
    assert told in (None, invented.content(venezuela).registered_voters)


def test_without_a_header_nothing_is_told(scan: DrawnSheet, printed: PrintModel) -> None:
    placement = _placed(scan.image, printed)
    blank = scan.image.copy()
    top = int(placement.to_scan(np.array([[40.0, -1.0]]))[0, 1])
    blank[:top] = 240
    assert read_header(blank, placement, printed.header) == Header()
    gone = check_identity(blank, placement, printed.header, "240111020.01.1.0001")
    assert gone.agreement is Agreement.WEAK


def test_a_sheet_without_symbol_counts_by_its_print(scan: DrawnSheet, venezuela: Election) -> None:
    image = scan.image.copy()
    assert scan.symbol_corners is not None
    cv2.fillConvexPoly(image, np.rint(scan.symbol_corners).astype(np.int32), 240)
    reading = invented.read(image, venezuela)
    assert reading.outcome is Outcome.READ
    assert reading.payload is None
    data = invented.content(venezuela)
    assert reading.printed == data.payload
    assert reading.print_check in ("proven", "proven-by-sum")


def test_every_real_header_names_its_sheet(real_scans: Path, printed: PrintModel) -> None:
    with (real_scans / "truth.csv").open(encoding="utf-8") as file:
        truth = {row["file"]: row["qr_payload"].split("!")[0] for row in csv.DictReader(file)}
    for name, code in sorted(truth.items())[:4]:
        image = cv2.imread(str(real_scans / name), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        grey = np.asarray(image, np.uint8)
        found = read_header(grey, _placed(grey, printed), printed.header)
        assert (found.acta_code, found.acta_code_sure) == (code, True), name


@pytest.mark.parametrize("shape", [(30, 30), (60, 4000), (4000, 60)])
def test_any_shape_of_page_is_survived(
    scan: DrawnSheet, printed: PrintModel, shape: tuple[int, int]
) -> None:
    placement = _placed(scan.image, printed)
    found = read_header(np.full(shape, 240, np.uint8), placement, printed.header)
    assert found == Header()
