"""The glance: a sound sheet agrees, and no number that it does not show is let through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.election import Election
from pipeline.read.printed.agree import Agreement, expected_numbers
from pipeline.read.printed.digits import LARGEST
from pipeline.read.printed.glance import Glance, glance
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Placement
from pipeline.read.printed.reader import glance_by_symbol, place_by_symbol
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed.invented import EMPTY, NULL, VOTES, as_page, content, draw

VERSION = 9
"""Of the QR symbol that the invented sheet carries."""


def corners(sheet: DrawnSheet) -> list[float]:
    """The symbol's, as a reading has them."""
    assert sheet.symbol_corners is not None
    return [float(value) for value in sheet.symbol_corners.ravel()]


@pytest.fixture(scope="module")
def placement(scan: DrawnSheet, printed: PrintModel) -> Placement:
    """Where the form lies on the scan, to a tenth of a millimetre."""
    found = place_by_symbol(as_page(scan.image), corners(scan), VERSION, printed)
    assert found is not None
    return found


def look(
    scan: DrawnSheet, placement: Placement, printed: PrintModel, votes: tuple[int, ...]
) -> Glance | None:
    expected = expected_numbers(printed.form, votes, NULL, EMPTY)
    return glance(scan.image, placement, printed, expected)


def test_a_sound_sheet_agrees_in_every_row(
    scan: DrawnSheet, placement: Placement, printed: PrintModel
) -> None:
    seen = look(scan, placement, printed, VOTES)
    assert seen is not None
    assert [row.expected for row in seen.rows if row.counts == "votes"] == list(VOTES)
    assert {row.counts for row in seen.rows} == {
        "machine",
        "votes",
        "all",
        "valid",
        "null",
        "empty",
    }
    assert all(row.digits is Agreement.AGREES for row in seen.rows if row.counts == "votes")
    assert all(row.agrees for row in seen.rows)


def test_a_rough_place_is_enough_and_comes_back_right(
    scan: DrawnSheet, placement: Placement, printed: PrintModel
) -> None:
    seen = look(scan, placement.moved(np.array([0.35, -0.3])), printed, VOTES)
    assert seen is not None
    points = np.array([(40.0, 60.0), (59.0, 150.0), (30.0, 220.0)])
    off = seen.placement.to_scan(points) - placement.to_scan(points)
    assert np.abs(off).max() < 0.2 * placement.pixels_per_mm


def test_the_symbol_alone_places_the_form(scan: DrawnSheet, printed: PrintModel) -> None:
    expected = expected_numbers(printed.form, VOTES, NULL, EMPTY)
    check = glance_by_symbol(as_page(scan.image), corners(scan), VERSION, expected, printed)
    assert check is not None
    assert check.agreement is Agreement.AGREES
    assert check.findings == ()


@pytest.mark.parametrize("row", range(len(VOTES)))
def test_no_number_but_the_one_that_stands_there_is_let_through(
    scan: DrawnSheet, placement: Placement, printed: PrintModel, row: int
) -> None:
    """Two votes move between neighbours, so that all sums stay right: one number differs by 2."""
    votes = list(VOTES)
    votes[row] += 2
    other = row - 1 if row and votes[row - 1] >= 2 else int(np.argmax(VOTES))
    votes[other if other != row else VOTES.index(149)] -= 2
    assert look(scan, placement, printed, tuple(votes)) is None


@pytest.mark.parametrize("shown", [38, 188, 380, 386, 308, 588, 3881, 3, 1388])
def test_look_alikes_longer_and_shorter_numbers_are_not_let_through(
    scan: DrawnSheet, placement: Placement, printed: PrintModel, shown: int
) -> None:
    votes = tuple(shown if votes == 388 else votes for votes in VOTES)
    assert look(scan, placement, printed, votes) is None


def test_a_number_beyond_the_tables_is_left_to_others(
    scan: DrawnSheet, placement: Placement, printed: PrintModel
) -> None:
    assert look(scan, placement, printed, (LARGEST + 1, *VOTES[1:])) is None


def test_another_book_of_voters_is_left_to_others(venezuela: Election, printed: PrintModel) -> None:
    data = content(venezuela)
    other = draw(venezuela, replace(data, voters_book=data.voters_book + 7))
    placed = place_by_symbol(as_page(other.image), corners(other), VERSION, printed)
    assert placed is not None
    assert look(other, placed, printed, VOTES) is None


def test_on_an_empty_page_nothing_is_seen(placement: Placement, printed: PrintModel) -> None:
    expected = expected_numbers(printed.form, VOTES, NULL, EMPTY)
    assert glance(np.full((7000, 650), 240, np.uint8), placement, printed, expected) is None
