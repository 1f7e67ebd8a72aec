"""Whole sheets: what the print adds to the QR, and what it says where there is none."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.count.records import make_records
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.image import Limits, open_pages
from pipeline.read.printed.decide import Verdict
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.reader import read_print
from pipeline.read.record import Outcome, PageReading
from pipeline.read.scans import ScanFile
from pipeline.read.sheet import Way, read_scan
from pipeline.synthetic.details import sheet_data
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.tamper import Columns, paste_symbol, shift_rows
from tests.read.printed.invented import (
    EMPTY,
    NULL,
    VOTES,
    Grey,
    as_page,
    content,
    draw,
    mesa,
    read,
)

ROW, SHOWN = 35, 338
"""A row of the ballot, with 388 votes, and what a forger prints there."""


def blocking(reading: PageReading) -> list[Finding]:
    """The findings that keep a sheet from counting."""
    return [finding for finding in reading.findings if finding.blocks]


def without_symbol(sheet: DrawnSheet) -> DrawnSheet:
    """The sheet with a white patch over its QR."""
    assert sheet.symbol_corners is not None
    image = sheet.image.copy()
    (x0, y0), (x1, y1) = sheet.symbol_corners.min(axis=0), sheet.symbol_corners.max(axis=0)
    image[int(y0) - 3 : int(y1) + 3, int(x0) - 3 : int(x1) + 3] = 245
    return replace(sheet, image=image)


def test_a_sound_sheet_is_proven(scan: DrawnSheet, venezuela: Election) -> None:
    reading = read(scan.image, venezuela)
    assert (reading.outcome, reading.print_check) == (Outcome.READ, "agrees")
    assert not blocking(reading)


@pytest.mark.parametrize("columns", ["digits", "words", "both"])
def test_an_altered_number_is_named(venezuela: Election, columns: Columns) -> None:
    data = content(venezuela)
    numbers = (*VOTES[:ROW], SHOWN, *VOTES[ROW + 1 :])
    altered = replace(
        data,
        printed_digits=numbers if columns != "words" else None,
        printed_words=numbers if columns != "digits" else None,
    )
    reading = read(draw(venezuela, altered).image, venezuela)
    assert reading.print_check == "mismatch"
    (finding,) = blocking(reading)
    assert finding.code == "print-differs"
    code = venezuela.positions[ROW].party_code
    shown = {"digits": "digits 338", "words": "words 338", "both": "digits 338 and words 338"}
    assert finding.detail == f"row of code {code}: QR 388, {shown[columns]}"
    assert reading.payload == data.payload


def test_a_symbol_of_another_sheet_differs_in_rows_and_totals(venezuela: Election) -> None:
    data = content(venezuela)
    form = venezuela.rules.payload
    strange = form.value_separator.join(str(value) for value in (*VOTES[::-1][1:], 40))
    fields = (data.acta_code, strange, str(NULL), str(EMPTY))
    other = replace(data, payload=form.field_separator.join(fields))
    reading = read(draw(venezuela, paste_symbol(data, other).data).image, venezuela)
    assert [finding.code for finding in blocking(reading)] == ["print-differs", "print-totals"]
    assert "more" in blocking(reading)[0].detail


def test_shifted_rows_are_noticed(venezuela: Election) -> None:
    shifted = shift_rows(content(venezuela), np.random.default_rng(8)).data
    reading = read(draw(venezuela, shifted).image, venezuela)
    assert reading.print_check == "mismatch"


def test_the_print_may_be_left_unlooked_at(venezuela: Election) -> None:
    data = content(venezuela)
    numbers = (*VOTES[:ROW], SHOWN, *VOTES[ROW + 1 :])
    sheet = draw(venezuela, replace(data, printed_digits=numbers, printed_words=numbers))
    reading = read(sheet.image, venezuela, check_print=False)
    assert (reading.outcome, reading.print_check, blocking(reading)) == (Outcome.READ, "", [])


def test_the_hash_is_read_where_it_is_asked_for(scan: DrawnSheet, venezuela: Election) -> None:
    content_of_file = cv2.imencode(".png", np.ascontiguousarray(scan.image))[1].tobytes()
    (asked,) = read_scan(content_of_file, venezuela.rules, Limits(), Way(read_hash=True))
    (not_asked,) = read_scan(content_of_file, venezuela.rules, Limits())
    assert asked.hash_hex == content(venezuela).hash_hex
    assert not_asked.hash_hex is None
    assert replace(asked, hash_hex=None) == not_asked


def test_without_a_symbol_the_print_proves_the_numbers(
    scan: DrawnSheet, printed: PrintModel
) -> None:
    found = read_print(as_page(without_symbol(scan).image), printed)
    assert found is not None
    decision = found.decision
    assert decision.verdict is Verdict.PROVEN
    assert (decision.votes, decision.null_votes, decision.empty_votes) == (VOTES, NULL, EMPTY)


def test_without_a_symbol_the_reading_tells_what_the_print_says(
    scan: DrawnSheet, venezuela: Election
) -> None:
    reading = read(without_symbol(scan).image, venezuela)
    assert reading.print_check == Verdict.PROVEN.value
    assert reading.printed is not None
    numbers = venezuela.rules.payload.value_separator.join(map(str, VOTES))
    separator = venezuela.rules.payload.field_separator
    assert reading.printed.split(separator)[1:] == [numbers, str(NULL), str(EMPTY)]
    # Numbers count only with the name of their mesa.
    assert (reading.outcome is Outcome.READ) == bool(reading.printed_code)
    if not reading.printed_code:
        assert "print-nameless" in {finding.code for finding in reading.findings}


def test_without_a_symbol_another_elections_sheet_is_rejected(
    scan: DrawnSheet, venezuela: Election
) -> None:
    elsewhere = replace(venezuela.rules, top_units=frozenset({"98"}))
    content = cv2.imencode(".png", np.ascontiguousarray(without_symbol(scan).image))[1].tobytes()
    (reading,) = read_scan(content, elsewhere, Limits())
    assert (reading.outcome, reading.printed, reading.printed_code) == (
        Outcome.REJECTED,
        None,
        None,
    )
    assert reading.findings[0].code == "payload-place"
    file = ScanFile("a.png", len(content), "stamp")
    (record,) = make_records(file, "0" * 64, [reading], elsewhere, reader_version="t", run=1)
    assert record.payload is None


def test_a_sheet_with_a_shorter_ballot_is_rejected_for_what_its_symbol_says(
    venezuela: Election, printed: PrintModel
) -> None:
    half = len(VOTES) // 2
    shorter = replace(mesa(venezuela), votes=VOTES[:half])
    data = sheet_data(shorter, venezuela, np.random.default_rng(2))
    sheet = draw(venezuela, data, positions=half)
    found = read_print(as_page(sheet.image), printed)
    assert found is not None  # its form is much like this election's
    assert found.decision.verdict is Verdict.UNREAD
    reading = read(sheet.image, venezuela)
    assert reading.outcome is Outcome.REJECTED
    assert [finding.code for finding in blocking(reading)] == ["payload-grammar"]
    # Without its symbol nothing says whose it is: a person must look.
    assert read(without_symbol(sheet).image, venezuela).outcome is Outcome.UNREADABLE


def test_without_a_symbol_an_altered_number_is_not_proven(
    venezuela: Election, printed: PrintModel
) -> None:
    data = content(venezuela)
    numbers = (*VOTES[:ROW], SHOWN, *VOTES[ROW + 1 :])
    both = replace(data, printed_digits=numbers, printed_words=numbers)
    found = read_print(as_page(draw(venezuela, both).image), printed)
    assert found is not None
    assert found.decision.verdict is Verdict.PROBABLE
    assert found.decision.doubts
    digits = replace(data, printed_digits=numbers)
    found = read_print(as_page(draw(venezuela, digits).image), printed)
    assert found is not None
    assert found.decision.verdict is Verdict.BY_SUM
    assert found.decision.votes == VOTES


def test_a_sheet_whose_columns_were_blanked_is_never_proven(
    scan: DrawnSheet, printed: PrintModel
) -> None:
    image = without_symbol(scan).image.copy()
    for cell in scan.cells:
        if cell.column in ("digits", "words"):
            (x0, y0), (x1, y1) = cell.quad.min(axis=0), cell.quad.max(axis=0)
            image[int(y0) - 2 : int(y1) + 3, int(x0) - 2 : int(x1) + 3] = 235
    found = read_print(as_page(image), printed)
    assert found is not None
    assert not found.decision.proven


def _hostile() -> dict[str, Grey]:
    rng = np.random.default_rng(4)
    return {
        "blank": np.full((2400, 600), 255, np.uint8),
        "black": np.zeros((2400, 600), np.uint8),
        "noise": rng.integers(0, 256, (2400, 600)).astype(np.uint8),
        "as small as may be": rng.integers(0, 256, (21, 21)).astype(np.uint8),
        "very long": np.full((50_000, 60), 200, np.uint8),
        "very wide": np.full((60, 50_000), 200, np.uint8),
    }


@pytest.mark.parametrize("kind", _hostile())
def test_a_hostile_page_is_unreadable_and_no_fault(venezuela: Election, kind: str) -> None:
    reading = read(_hostile()[kind], venezuela)
    assert reading.outcome is Outcome.UNREADABLE
    assert reading.printed is None
    assert reading.print_check in ("", Verdict.UNREAD.value)


def test_a_reading_is_the_same_again(scan: DrawnSheet, venezuela: Election) -> None:
    assert read(scan.image, venezuela) == read(scan.image, venezuela)


def _real_rows(folder: Path) -> list[tuple[Path, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return [(folder / row["file"], row["qr_payload"]) for row in csv.DictReader(file)]


def test_no_real_sheet_alarms(real_scans: Path, venezuela: Election) -> None:
    checked = {}
    for path, _ in _real_rows(real_scans):
        (reading,) = read_scan(path.read_bytes(), venezuela.rules, Limits())
        checked[path.name] = (reading.print_check, blocking(reading))
    assert len(checked) >= 12
    assert not any(findings for _, findings in checked.values()), checked
    checks = [check for check, _ in checked.values()]
    assert set(checks) <= {"agrees", "weak"}
    assert checks.count("weak") <= 1  # as measured: one sheet is not proven


def test_every_real_sheet_is_proven_by_its_print_alone(
    real_scans: Path, venezuela: Election, printed: PrintModel
) -> None:
    form = venezuela.rules.payload
    for path, payload in _real_rows(real_scans):
        (page,) = open_pages(path.read_bytes(), Limits())
        assert not isinstance(page, Finding)
        found = read_print(page, printed)
        assert found is not None, path.name
        decision = found.decision
        votes = form.value_separator.join(map(str, decision.votes))
        said = [votes, str(decision.null_votes), str(decision.empty_votes)]
        assert decision.proven, path.name
        assert said == payload.split(form.field_separator)[1:], path.name


def test_a_sheet_too_small_to_read_raises_no_alarm(scan: DrawnSheet, venezuela: Election) -> None:
    tiny = cv2.resize(scan.image, None, fx=0.42, fy=0.42, interpolation=cv2.INTER_AREA)
    reading = read(np.asarray(tiny, np.uint8), venezuela)
    assert "mismatch" not in reading.print_check
    assert reading.outcome is Outcome.READ or not reading.print_check.startswith("agrees")
