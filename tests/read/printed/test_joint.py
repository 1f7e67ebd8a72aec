"""The likeliest filling of a sheet, held against all fillings counted one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pipeline.read.printed import joint
from pipeline.read.printed.form import Form
from pipeline.read.printed.joint import likeliest, log_beliefs
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.rows import RowScores
from tests.read.printed.invented import EMPTY, NULL, VOTES, scores, true_numbers


def _small(printed: PrintModel) -> Form:
    """Three rows of the ballot and a total of each kind."""
    rows = printed.form.rows
    kinds = ("valid", "null", "empty", "all")
    totals = [next(row for row in rows if row.counts == kind) for kind in kinds]
    return replace(printed.form, rows=(*rows[printed.form.votes][:3], *totals))


def _one_by_one(found: RowScores) -> dict[tuple[int, ...], float]:
    """The likelihood of each filling (three votes, null, empty), by multiplying its cells."""
    table = log_beliefs(found.digits, joint.DIGITS_WEIGHT)
    table = np.exp(table + log_beliefs(found.words, joint.WORDS_WEIGHT))
    numbers = range(table.shape[1])
    out: dict[tuple[int, ...], float] = {}
    for a, b, c, null, empty in product(numbers, repeat=5):
        valid, cast = a + b + c, a + b + c + null + empty
        if cast < table.shape[1]:
            cells = (a, b, c, valid, null, empty, cast)
            out[a, b, c, null, empty] = float(np.prod(table[range(7), cells]))
    return out


@pytest.mark.parametrize("seed", range(6))
def test_the_chance_is_that_of_all_fillings_counted_one_by_one(
    printed: PrintModel, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # All numbers, however unlikely: the shortcuts are for speed alone.
    monkeypatch.setattr(joint, "_HOPELESS", np.inf)
    monkeypatch.setattr(joint, "_REST", 9)
    rng = np.random.default_rng(seed)
    true = (2, 0, 3, 5, 1, 0, 6)
    digits, words = rng.uniform(0.2, 0.6, (2, 7, 9)).astype(np.float32)
    for table in (digits, words):
        table[range(7), true] += np.float32(0.2)
    blank = scores(printed, true_numbers(printed.form), true_numbers(printed.form))
    found = replace(blank, digits=digits, words=words)
    known = _one_by_one(found)
    best = max(known, key=lambda filling: known[filling])
    said = likeliest(found, _small(printed))
    assert said is not None
    assert (*said.votes, said.null_votes, said.empty_votes) == best
    assert said.chance == pytest.approx(known[best] / sum(known.values()), rel=1e-6)


def test_a_clear_sheet_leaves_no_other_filling(printed: PrintModel) -> None:
    numbers = true_numbers(printed.form)
    said = likeliest(scores(printed, numbers, numbers), printed.form)
    assert said is not None
    assert (said.votes, said.null_votes, said.empty_votes) == (VOTES, NULL, EMPTY)
    assert said.chance > 0.999999


def test_two_rows_that_could_trade_votes_share_the_chance(printed: PrintModel) -> None:
    """Digits say 8 and 10, words 0 and 18: the sum is the same, and neither is likelier."""
    numbers = true_numbers(printed.form)
    first = printed.form.votes.start
    digits, words = list(numbers), list(numbers)
    digits[first + 6], digits[first + 8] = VOTES[6] + 8, VOTES[8] - 8
    said = likeliest(scores(printed, digits, words), printed.form)
    assert said is not None
    assert said.chance == pytest.approx(0.5, abs=0.01)


def test_a_cell_that_is_trusted_least_still_leaves_every_number_possible() -> None:
    sure = np.full((1, 2000), 0.0, np.float32)
    sure[0, 7] = 0.99
    beliefs = np.exp(log_beliefs(sure, 1000.0))
    assert beliefs.sum() == pytest.approx(1)
    assert beliefs[0, 8] == pytest.approx(0.01 / 2000)
