"""What counts without a QR: only what digits, words and totals prove together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.election import Election
from pipeline.read.printed.decide import MOST_AGAINST, Verdict, decide, read_totals
from pipeline.read.printed.model import PrintModel
from tests.read.printed import invented
from tests.read.printed.invented import EMPTY, NULL, VALID, VOTES, scores, true_numbers


def other(
    printed: PrintModel, changed: Mapping[Any, int], numbers: Sequence[int] | None = None
) -> list[int]:
    """A sound sheet's numbers with others in rows of the ballot (by number) or totals (by name)."""
    out = list(numbers or true_numbers(printed.form))
    for at, row in enumerate(printed.form.rows):
        place = at - printed.form.votes.start
        if row.counts == "votes" and place in changed:
            out[at] = changed[place]
        elif row.counts in changed:
            out[at] = changed[row.counts]
    return out


def test_a_sheet_whose_columns_and_totals_agree_is_proven(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    decision = decide(scores(printed, numbers, numbers), printed.form)
    assert decision.verdict is Verdict.PROVEN
    assert (decision.votes, decision.null_votes, decision.empty_votes) == (VOTES, NULL, EMPTY)
    assert decision.proven
    assert decision.doubts == ()


@pytest.mark.parametrize("rows", [(4,), (4, 35), (0, 20, 37)])
@pytest.mark.parametrize("wrong", ["digits", "words"])
def test_the_sum_decides_up_to_three_disputed_rows(
    printed: PrintModel, rows: tuple[int, ...], wrong: str
) -> None:
    spoilt = other(printed, {row: VOTES[row] + 2**place for place, row in enumerate(rows)})
    right = true_numbers(printed.form)
    columns = (spoilt, right) if wrong == "digits" else (right, spoilt)
    decision = decide(scores(printed, *columns), printed.form)
    assert decision.verdict is Verdict.BY_SUM
    assert decision.votes == VOTES


def test_a_fourth_disputed_row_needs_a_person(printed: PrintModel) -> None:
    rows = range(MOST_AGAINST + 1)
    spoilt = other(printed, {row: VOTES[row] + 10**row % 997 for row in rows})
    decision = decide(scores(printed, spoilt, true_numbers(printed.form)), printed.form)
    assert decision.verdict is Verdict.PROBABLE
    assert sum(decision.votes) == VALID
    assert any("and 1 more rows" in doubt for doubt in decision.doubts)


def test_two_choices_with_one_sum_prove_nothing(printed: PrintModel) -> None:
    spoilt = other(printed, {3: VOTES[3] + 5, 8: VOTES[8] + 5})
    true = other(printed, {8: VOTES[8] + 5})  # either row may hold the five
    digits = other(printed, {"valid": VALID + 5, "all": VALID + NULL + EMPTY + 5,
                             "machine": VALID + NULL + EMPTY + 5}, spoilt)  # fmt: skip
    words = other(printed, {"valid": VALID + 5, "all": VALID + NULL + EMPTY + 5,
                            "machine": VALID + NULL + EMPTY + 5})  # fmt: skip
    assert sum(true[printed.form.votes]) == VALID + 5
    decision = decide(scores(printed, digits, words), printed.form)
    assert decision.verdict is Verdict.PROBABLE
    assert f"code {printed.form.rows[printed.form.votes][3].code}: digits 8, words 3" in str(
        decision.doubts
    )


@pytest.mark.parametrize("lost", [[3, 4, 5], list(range(0, 38, 3))])
def test_codes_that_stand_elsewhere_keep_a_perfect_sheet_from_proof(
    printed: PrintModel, lost: list[int]
) -> None:
    codes = np.full(38, 0.4, np.float32)
    codes[lost] = -0.1
    numbers = true_numbers(printed.form)
    decision = decide(scores(printed, numbers, numbers, codes), printed.form)
    assert decision.verdict is Verdict.PROBABLE
    assert "party codes" in decision.doubts[0]


def test_two_stained_codes_are_no_shift(printed: PrintModel) -> None:
    codes = np.full(38, 0.4, np.float32)
    codes[[3, 4, 20]] = -0.1
    numbers = true_numbers(printed.form)
    assert decide(scores(printed, numbers, numbers, codes), printed.form).proven


@pytest.mark.parametrize("total", ["valid", "null", "empty", "all and machine"])
def test_a_total_that_cannot_be_read_proves_nothing(printed: PrintModel, total: str) -> None:
    numbers = true_numbers(printed.form)
    found = scores(printed, numbers, numbers)
    for at, row in enumerate(printed.form.rows):
        if row.counts in total.split(" and "):
            found.digits[at] = found.words[at] = 0.05
    decision = decide(found, printed.form)
    assert not decision.proven
    assert decision.doubts


def test_a_total_of_votes_read_two_ways_proves_nothing(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    digits = other(printed, {"valid": 1})
    assert not decide(scores(printed, digits, numbers), printed.form).proven


@pytest.mark.parametrize("counts", ["null", "empty"])
def test_of_two_null_or_empty_votes_the_number_of_all_votes_chooses(
    printed: PrintModel, counts: str
) -> None:
    numbers = true_numbers(printed.form)
    decision = decide(scores(printed, other(printed, {counts: 1}), numbers), printed.form)
    assert decision.verdict is Verdict.PROVEN
    assert (decision.null_votes, decision.empty_votes) == (NULL, EMPTY)


def test_null_and_empty_votes_that_could_trade_a_vote_are_not_proven(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    traded = other(printed, {"null": NULL + 1, "empty": EMPTY - 1})
    assert not decide(scores(printed, traded, numbers), printed.form).proven


def test_rows_that_miss_the_total_by_one_are_not_proven(printed: PrintModel) -> None:
    numbers = other(printed, {35: VOTES[35] + 1})
    decision = decide(scores(printed, numbers, numbers), printed.form)
    assert decision.verdict is not Verdict.PROVEN
    assert not decision.proven


def test_a_sheet_on_which_nothing_is_read_gives_no_numbers(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    found = scores(printed, numbers, numbers)
    for at, row in enumerate(printed.form.rows):
        if row.counts != "votes":
            found.digits[at] = found.words[at] = 0.05
    decision = decide(found, printed.form)
    assert decision.verdict is Verdict.UNREAD
    assert decision.votes == ()


def test_totals_are_counted_as_often_as_they_stand(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    digits = other(printed, {"machine": 1})
    totals = read_totals(scores(printed, digits, numbers), printed.form)
    assert totals.everything == {VALID + NULL + EMPTY: 3, 1: 1}
    assert totals.valid == {VALID: 4}


def _small_election() -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(
        st.one_of(
            st.integers(0, 40).map(lambda value: (value, value)),
            st.tuples(st.integers(0, 12), st.integers(0, 12)),
        ),
        min_size=38,
        max_size=38,
    )


@settings(max_examples=60, deadline=None)
@given(_small_election(), st.integers(-3, 3), st.integers(0, 9), st.booleans())
def test_what_is_proven_adds_up_and_was_read(
    venezuela: Election, pairs: list[tuple[int, int]], off: int, null: int, words_right: bool
) -> None:
    printed = invented.model(venezuela)
    pairs = [(a, a) if at % 9 else (a, b) for at, (a, b) in enumerate(pairs)]
    pairs[27:] = [(a, a) for a, _ in pairs[27:]]
    valid = max(0, sum(pair[words_right] for pair in pairs) + off)
    cast = valid + null + EMPTY
    totals = {"machine": cast, "all": cast, "valid": valid, "null": null, "empty": EMPTY}

    def column(side: int) -> list[int]:
        votes = {row: pair[side] for row, pair in enumerate(pairs)}
        return other(printed, totals, other(printed, votes))

    decision = decide(scores(printed, column(0), column(1)), printed.form)
    disputed = sum(a != b for a, b in pairs)
    if decision.proven:
        assert sum(decision.votes) == valid
        assert (decision.null_votes, decision.empty_votes) == (null, EMPTY)
        assert all(vote in pair for vote, pair in zip(decision.votes, pairs, strict=True))
        assert disputed <= MOST_AGAINST
        assert (decision.verdict is Verdict.PROVEN) == (disputed == 0)
    elif disputed == 0:
        assert off != 0
    else:
        assert decision.doubts


def test_blank_columns_are_not_a_sheet_of_zeros(printed: PrintModel) -> None:
    numbers = [0] * len(printed.form.rows)
    found = scores(printed, numbers, numbers)
    zero = np.zeros_like(found.digits)
    assert decide(replace(found, digits=zero, words=zero), printed.form).verdict is Verdict.UNREAD
    assert decide(found, printed.form).verdict is Verdict.PROVEN
