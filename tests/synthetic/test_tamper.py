"""Tampered content: what was changed is told, and nothing else is changed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipeline.synthetic import tamper
from pipeline.synthetic.content import SheetData
from pipeline.synthetic.tamper import Columns, Tampered
from tests.synthetic.test_sheet import DATA, SMALL, VOTES, drawn, px, symbols

OTHER = dataclasses.replace(
    DATA,
    payload="240111024.01.1.0001!1!0!0",
    uuid="99999999-1111-2222-3333-444444444444",
    hash_hex="F" * 64,
)
TOTALS = ("all", "valid", "null", "empty", "machine", "book")


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def totals(data: SheetData) -> list[int]:
    return [data.total(name) for name in TOTALS]  # type: ignore[arg-type]


def off(old: tuple[int, ...], new: tuple[int, ...]) -> list[int]:
    return [row for row, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]


def test_the_seed_decides() -> None:
    for act in (tamper.alter_number, tamper.shift_rows, tamper.break_totals, tamper.change_date):
        assert act(DATA, rng(1)) == act(DATA, rng(1))
        assert len({str(act(DATA, rng(seed)).changes) for seed in range(20)}) > 10


@pytest.mark.parametrize("columns", ["digits", "words", "both"])
@pytest.mark.parametrize("totals_follow", [False, True])
def test_an_altered_number_stands_in_one_row_of_the_columns_asked_for(
    columns: Columns, *, totals_follow: bool
) -> None:
    for seed in range(50):
        done = tamper.alter_number(DATA, rng(seed), columns, totals_follow=totals_follow)
        data, first = done.data, done.changes[0]
        assert data.votes == VOTES
        assert data.payload == DATA.payload
        assert first.row is not None
        assert off(VOTES, data.digits) == ([] if columns == "words" else [first.row])
        assert off(VOTES, data.spelled) == ([] if columns == "digits" else [first.row])
        altered = data.digits if columns != "words" else data.spelled
        assert (str(VOTES[first.row]), str(altered[first.row])) == (first.old, first.new)
        if totals_follow:
            assert data.total("valid") == data.total("all") == data.total("book") == sum(altered)
        else:
            assert totals(data) == totals(DATA)


def test_a_row_may_be_named_and_one_digit_of_it_differs() -> None:
    for seed in range(50):
        (change,) = tamper.alter_number(DATA, rng(seed), row=0).changes
        assert change.row == 0
        assert change.old == "149"
        assert sum(a != b for a, b in zip("149", change.new.zfill(3), strict=True)) == 1


def test_another_digit_is_another_number_of_four_digits_at_most() -> None:
    for number in (0, 5, 99, 100, 9999):
        others = {tamper.another_digit(number, rng(seed)) for seed in range(300)}
        assert number not in others
        assert all(0 <= other <= 9999 for other in others)
        assert len(others) >= 9


def test_shifted_rows_keep_the_sum_and_the_codes() -> None:
    lengths = set()
    for seed in range(60):
        done = tamper.shift_rows(DATA, rng(seed))
        data = done.data
        assert data.digits == data.spelled != VOTES
        assert sorted(data.digits) == sorted(VOTES)
        assert totals(data) == totals(DATA)
        moved = off(VOTES, data.digits)
        assert {(c.row, c.column) for c in done.changes} == {
            (row, name) for row in moved for name in ("digits", "words")
        }
        first, last = moved[0], moved[-1]
        # Between two rows that are told apart, all numbers stand a row further down.
        assert data.digits[first + 1 : last + 1] == VOTES[first:last]
        lengths.add(last - first)
    assert len(lengths) > 10


def test_equal_votes_cannot_be_shifted() -> None:
    even = dataclasses.replace(SMALL, votes=(3,) * 5)
    assert tamper.shift_rows(even, rng(1)).changes == ()


def test_a_total_is_broken_and_told() -> None:
    names = set()
    for seed in range(40):
        done = tamper.break_totals(DATA, rng(seed))
        (change,) = done.changes
        names.add(change.column)
        assert sum(a != b for a, b in zip(totals(done.data), totals(DATA), strict=True)) == 1
        assert done.data.total(change.column) == int(change.new)  # type: ignore[arg-type]
        assert done.data.digits == VOTES
    assert names == {"all", "valid", "null", "empty"}


def test_the_book_differs_by_more_than_a_slip() -> None:
    for seed in range(40):
        done = tamper.change_book(DATA, rng(seed))
        assert 2 <= abs(done.data.total("book") - DATA.total("machine")) <= 40
    nobody = dataclasses.replace(DATA, votes=(0,) * 38, voters_book=0)
    assert all(tamper.change_book(nobody, rng(seed)).data.total("book") > 0 for seed in range(9))


def test_what_comes_from_another_sheet_is_the_only_thing_that_does() -> None:
    pasted = tamper.paste_symbol(DATA, OTHER)
    assert pasted.data == dataclasses.replace(DATA, payload=OTHER.payload)
    uuid = tamper.repeat_uuid(DATA, OTHER)
    assert uuid.data == dataclasses.replace(DATA, uuid=OTHER.uuid)
    hash_ = tamper.repeat_hash(DATA, OTHER)
    assert hash_.data == dataclasses.replace(DATA, hash_hex=OTHER.hash_hex)
    for done in (pasted, uuid, hash_):
        (change,) = done.changes
        assert change.old != change.new


def test_a_changed_date_is_a_date_and_keeps_its_time() -> None:
    for seed in range(40):
        printed = tamper.change_date(DATA, rng(seed)).data.printed_at
        assert printed[10:] == " 08:24:06 PM"
        day, month, year = map(int, printed[:10].split("/"))
        days = abs(np.datetime64(f"{year}-{month:02}-{day:02}") - np.datetime64("2024-07-28"))
        assert 2 <= days.astype(int) <= 400


def test_a_change_is_written_in_one_line() -> None:
    assert str(tamper.Change("ballot", 12, "digits", "4", "9")) == "ballot.12.digits:4>9"
    assert str(tamper.Change("totals", None, "valid", "4", "9")) == "totals.valid:4>9"


def test_tampered_content_is_drawn_as_told() -> None:
    done: Tampered = tamper.alter_number(DATA, rng(2), "both", totals_follow=True)
    sheet = drawn(done.data)
    assert tuple(c.number for c in sheet.column("ballot", "digits")) == done.data.digits
    assert tuple(c.number for c in sheet.column("ballot", "words")) == done.data.spelled
    assert sheet.cell("summary", 1, "digits").number == done.data.total("valid")
    assert sheet.cell("voters", 1, "words").number == done.data.total("book")
    assert [found.text for found in symbols(sheet.image)] == [DATA.payload]


@pytest.mark.parametrize("room", [True, False])
def test_a_sheet_without_symbol_goes_on_with_its_hash(*, room: bool) -> None:
    bare = drawn(tamper.drop_symbol(DATA, room=room).data)
    assert bare.symbol_corners is None
    assert not symbols(bare.image)
    gap = bare.cell("foot", 0, "hash").quad[2, 1] - bare.members_box[3]
    assert gap == pytest.approx(px(9.46 + (6.29 + 49 * 1.158 if room else 0)), abs=3)
