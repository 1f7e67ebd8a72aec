"""A number on the paper agrees with the QR's, is another, or is too unclear to say."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.read.printed.agree import Agreement, RowCheck, check_rows, expected_numbers
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.reader import check_print
from pipeline.read.printed.rows import RowScores
from tests.read.printed.invented import EMPTY, NULL, VALID, VOTES, as_page, scores, true_numbers

ROW = 3  # of the ballot, where VOTES has a 3


def _expected(printed: PrintModel) -> list[int | None]:
    return expected_numbers(printed.form, VOTES, NULL, EMPTY)


def _check(found: RowScores, printed: PrintModel) -> RowCheck:
    votes = [r for r in check_rows(found, printed.form, _expected(printed)) if r.counts == "votes"]
    return votes[ROW]


def _sound(printed: PrintModel) -> RowScores:
    numbers = true_numbers(printed.form)
    return scores(printed, numbers, numbers)


def test_the_qr_tells_all_rows_but_the_book_and_the_unlisted(printed: PrintModel) -> None:
    expected = _expected(printed)
    untold = {
        row.counts for row, value in zip(printed.form.rows, expected, strict=True) if value is None
    }
    assert untold <= {"book", "none"}
    told = [value for value in expected if value is not None]
    assert told.count(VALID + NULL + EMPTY) >= 2
    assert expected[printed.form.votes] == list(VOTES)


def test_a_sound_sheet_agrees_everywhere(printed: PrintModel) -> None:
    rows = check_rows(_sound(printed), printed.form, _expected(printed))
    assert {row.digits for row in rows} == {row.words for row in rows} == {Agreement.AGREES}
    assert all(row.agrees and row.digits_read == row.expected for row in rows)


@pytest.mark.parametrize("column", ["digits", "words", "both"])
def test_another_number_is_a_mismatch_that_names_both(printed: PrintModel, column: str) -> None:
    found = _sound(printed)
    at = printed.form.votes.start + ROW
    for name in ("digits", "words"):
        if column in (name, "both"):
            table = getattr(found, name)
            table[at, VOTES[ROW]], table[at, 77] = 0.2, 0.9
    row = _check(found, printed)
    assert (row.digits is Agreement.MISMATCH) == (column != "words")
    assert (row.words is Agreement.MISMATCH) == (column != "digits")
    assert row.mismatch
    assert not row.agrees
    assert row.differs == (column == "both")
    shown = {"digits": "digits 77", "words": "words 77", "both": "digits 77 and words 77"}
    assert row.sentence == f"row of code {row.code}: QR 3, {shown[column]}"


def test_a_rival_by_a_hair_is_weak_and_no_alarm(printed: PrintModel) -> None:
    found = _sound(printed)
    at = printed.form.votes.start + ROW
    found.digits[at, 77] = found.digits[at, VOTES[ROW]] + 0.005
    found.words[at, 77] = found.words[at, VOTES[ROW]] + 0.005
    row = _check(found, printed)
    assert row.digits is row.words is Agreement.WEAK
    assert not row.mismatch
    assert not row.agrees


def test_a_cell_that_fits_nothing_is_weak(printed: PrintModel) -> None:
    found = _sound(printed)
    at = printed.form.votes.start + ROW
    found.digits[at] *= 0.3
    found.digits[at, 77] = 0.4
    row = _check(found, printed)
    assert (row.digits, row.words) == (Agreement.WEAK, Agreement.AGREES)
    assert row.agrees


def test_an_illegible_sheet_is_weak_and_never_a_mismatch(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    found = scores(printed, [value + 1 for value in numbers], [value + 1 for value in numbers])
    for table in (found.digits, found.words):
        table *= 0.4
    rows = check_rows(found, printed.form, _expected(printed))
    assert {row.digits for row in rows} == {row.words for row in rows} == {Agreement.WEAK}


def test_a_row_whose_code_stands_elsewhere_is_weak(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    codes = np.full(38, 0.4, np.float32)
    codes[ROW] = -0.1
    numbers[printed.form.votes.start + ROW] = 77
    row = _check(scores(printed, numbers, numbers, codes), printed)
    assert row.digits is row.words is Agreement.WEAK


def test_a_number_beyond_the_tables_is_weak(printed: PrintModel) -> None:
    votes = (9_000, *VOTES[1:])
    expected = expected_numbers(printed.form, votes, NULL, EMPTY)
    rows = check_rows(_sound(printed), printed.form, expected)
    (row,) = (row for row in rows if row.expected == 9_000)
    assert row.digits is row.words is Agreement.WEAK


def test_a_page_without_the_form_is_weak_and_says_so(printed: PrintModel) -> None:
    page = as_page(np.full((900, 600), 240, np.uint8))
    check = check_print(page, None, expected_numbers(printed.form, VOTES, NULL, EMPTY), printed)
    assert check.agreement is Agreement.WEAK
    assert [finding.code for finding in check.findings] == ["print-unplaced"]
    assert not check.proven
