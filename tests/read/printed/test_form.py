"""The form has every row of the sheet, in the sheet's order and where the sheet is drawn."""

from __future__ import annotations

import numpy as np

from pipeline.election import Election
from pipeline.layout import MM_PER_INCH
from pipeline.read.printed.form import BallotLine, build_form, draw_fixed
from pipeline.read.printed.model import PrintModel
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed.invented import layout_of

TOTALS = ["all", "valid", "none", "null", "empty"]


def test_it_has_all_rows_in_the_sheets_order(printed: PrintModel, venezuela: Election) -> None:
    rows = printed.form.rows
    counts = [row.counts for row in rows]
    places = len(venezuela.positions)
    layout = layout_of(venezuela)
    assert len(rows) == places + len(layout.voters_table.rows) + len(layout.summary_table.rows)
    assert counts[: printed.form.votes.start] == ["machine", "book"]
    assert counts[printed.form.votes] == ["votes"] * 38
    assert counts[printed.form.votes.stop :] == [row.counts for row in layout.summary_table.rows]
    assert set(counts[printed.form.votes.stop :]) >= {"valid", "null", "empty"}
    assert [row.y for row in rows] == sorted({row.y for row in rows})


def test_every_row_of_the_ballot_has_its_code_and_no_other(
    printed: PrintModel, venezuela: Election
) -> None:
    ballot = printed.form.rows[printed.form.votes]
    assert [row.code for row in ballot] == [place.party_code for place in venezuela.positions]
    assert not any(row.ruled for row in ballot)
    others = [row for row in printed.form.rows if row not in ballot]
    assert all(row.ruled and not row.code for row in others)


def test_parties_of_one_candidate_stand_closer_than_two_candidates(venezuela: Election) -> None:
    layout = layout_of(venezuela)
    lines = [BallotLine("A", "X", "1"), BallotLine("A", "Y", "2"), BallotLine("B", "Z", "3")]
    rows = build_form(layout, lines).rows[2:5]
    table = layout.ballot_table
    near, far = rows[1].y - rows[0].y, rows[2].y - rows[1].y
    assert np.isclose(near, table.row_pitch)
    assert np.isclose(far, table.row_to_heading + table.heading_to_row)


def test_rows_stand_where_the_sheet_is_drawn(printed: PrintModel, clean: DrawnSheet) -> None:
    form, scale = printed.form, 200 / MM_PER_INCH
    cells = [
        cell for table in ("voters", "ballot", "summary") for cell in clean.column(table, "digits")
    ]
    assert len(cells) == len(form.rows)
    middles = np.array([cell.quad.mean(axis=0) / scale for cell in cells])
    expected = np.array([(row.number_x, row.y) for row in form.rows])
    off = middles - expected
    off[:, 1] -= np.median(off[:, 1])  # the form's zero is the voters' table, not the paper's edge
    assert np.abs(off).max() < 0.35


def test_what_is_fixed_is_ink_and_the_numbers_are_not(printed: PrintModel) -> None:
    ink = draw_fixed(printed.form, 8.0, 0.0, printed.form.remarks_end)
    assert ink.min() == 0
    assert 0.7 < ink.max() <= 1
    code_x = printed.form.layout.ballot_table.code_x
    for row in printed.form.rows[printed.form.votes]:
        for x, dark in ((code_x, True), (row.number_x, False)):
            part = ink[round((row.y - 1) * 8) : round((row.y + 1) * 8)]
            part = part[:, round((x - 1.5) * 8) : round((x + 1.5) * 8)]
            assert bool(part.max() > 0.5) is dark, (row.code, x)
