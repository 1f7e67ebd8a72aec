"""What missing mesas could change: the published figures, a case by hand, and what always holds."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analyse.bounds import (
    ASSUMPTIONS,
    FULL_MEAN,
    FULL_NAMED,
    OBSERVED,
    REST,
    STATE,
    Assumption,
    Bound,
    Bounds,
    UnitBounds,
    find_bounds,
    rounded,
)
from pipeline.analyse.voters import Voters, known_voters
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import NATION, Election, Unit
from tests.analyse.build import EXAMPLE, Count, Mesa, Votes, count, counted_mesas
from tests.count.build import payload, scan

TABLE = Path(__file__).parent / "data" / "table_of_2_august_by_state.csv"


def _bound(unit: UnitBounds, assumption: Assumption) -> Bound:
    return next(bound for bound in unit.bounds if bound.assumption == assumption)


def _bounds(election: Election, counted: Count) -> Bounds:
    voters = known_voters(counted.resolution, election)
    return find_bounds(counted.totals, voters, election)


def _published(election: Election) -> tuple[Totals, dict[str, Voters]]:
    """Totals as they would be if the 24,532 sheets of the published table were counted."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["state"]: row for row in csv.DictReader(file)}
    states = []
    voters = {"": Voters()}
    nation = UnitTotals(NATION, "", "", "", 30026, np.zeros(38, np.int64))
    for code, unit in election.units.items():
        if len(code) == 2:
            row = rows[code]
            votes = np.zeros(38, np.int64)
            for candidate in election.candidates:
                votes[candidate.positions[0]] = int(row[candidate.code])
            mesas = int(row["mesas"])
            state = UnitTotals("state", code, "", unit.name, unit.expected, votes, counted=mesas)
            state.missing = unit.expected - mesas
            states.append(state)
            nation.merge(state)
            voters[code] = Voters(int(row["registered"]), mesas)
            voters[""].counted += int(row["registered"])
            voters[""].counted_mesas += mesas
    levels = {NATION: (nation,), "state": tuple(states), "municipality": (), "parish": ()}
    return Totals(levels, {}, {}), voters


def test_the_figures_of_the_published_table_hold(venezuela: Election) -> None:
    totals, voters = _published(venezuela)
    nation = find_bounds(totals, voters, venezuela).nation
    assert (nation.counted, nation.outstanding) == (24_532, 5_494)
    assert totals.nation.valid_votes == 10_659_128
    assert voters[""].counted == 17_745_239
    assert (nation.first, nation.second, nation.lead) == ("EG", "NM", 3_915_001)
    assert _bound(nation, OBSERVED).lead == 1_527_864
    assert _bound(nation, FULL_MEAN).lead == -59_088
    assert _bound(nation, REST).votes == 21_392_464 - 17_745_239
    assert _bound(nation, REST).lead == 267_776


def test_each_number_carries_its_assumption_and_source(venezuela: Election) -> None:
    totals, voters = _published(venezuela)
    for bound in find_bounds(totals, voters, venezuela).nation.bounds:
        assert bound.assumption.sentence
        assert bound.assumption.source
        assert bound.assumption.formula
        assert any(char.isdigit() for char in bound.basis), bound
    assert [b.assumption.key for b in find_bounds(totals, voters, venezuela).nation.bounds] == [
        "observed-turnout",
        "state-turnout",
        "full-turnout",
        "full-turnout-named",
        "register-rest",
    ]


def test_a_small_case_by_hand(tiny: Election) -> None:
    election = replace(tiny, electorate={"": 5000, "1": 2000})
    bounds = _bounds(election, count(election, EXAMPLE))
    nation = bounds.nation
    assert (nation.first, nation.second, nation.lead) == ("ANA", "BEA", 58)
    assert (nation.counted, nation.outstanding, nation.sheet_votes) == (3, 9, 7)
    votes = {bound.assumption.key: bound.votes for bound in nation.bounds}
    assert votes == {
        "observed-turnout": 264,  # 88 / 3 x 9
        "state-turnout": 95 + 150 + 29,  # 38 / 2 x 5, 50 x 3, and 88 / 3 for the one of no coast
        "full-turnout": 3330,  # (400 + 410 + 300) / 3 x 9
        "full-turnout-named": 90 + 2960,  # mesa 1 of 1002 has 90, eight others 370
        "register-rest": 5000 - 1110,
    }
    assert [bound.lead for bound in nation.bounds] == [58 - v for v in votes.values() if v]
    north, south = bounds.levels["coast"]
    assert (north.first, north.second, north.lead) == ("ANA", "BEA", 8)
    assert _bound(north, OBSERVED).votes == _bound(north, STATE).votes == 95
    assert _bound(north, FULL_NAMED).votes == 90 + 405 * 4
    assert _bound(north, REST).votes == 2000 - 810
    assert _bound(south, FULL_MEAN).votes == 900
    assert _bound(south, REST).votes is None
    assert "not known as a whole" in _bound(south, REST).why_not


def test_quarantined_mesas_are_outstanding_too(tiny: Election) -> None:
    rival = scan("/rival.jpg", payload(tiny, "1001", 2, (2, 2, 3, 4, 5)))
    nation = _bounds(tiny, count(tiny, EXAMPLE, [rival])).nation
    assert (nation.counted, nation.outstanding) == (2, 10)
    assert _bound(nation, FULL_NAMED).votes == 90 + 410 + 350 * 8


def test_no_assumption_is_made_without_its_figures(tiny: Election) -> None:
    election = replace(tiny, registered={}, electorate={"": 1})
    nation = _bounds(election, count(election, EXAMPLE)).nation
    assert _bound(nation, FULL_MEAN).lead is None
    assert _bound(nation, FULL_NAMED).lead is None
    assert "registered voters are known" in _bound(nation, FULL_MEAN).why_not
    assert _bound(nation, OBSERVED).votes == 264
    small = replace(tiny, electorate={"": 1109})
    assert (
        "more registered voters"
        in _bound(_bounds(small, count(small, EXAMPLE)).nation, REST).why_not
    )
    exact = replace(tiny, electorate={"": 1110})
    assert _bound(_bounds(exact, count(exact, EXAMPLE)).nation, REST).votes == 0


def test_counted_mesas_that_no_register_knows_are_told(tiny: Election) -> None:
    election = replace(tiny, electorate={"": 5000})
    nation = _bounds(election, count(election, {**EXAMPLE, ("2001", 2): (1, 1, 1, 1, 1)})).nation
    assert "those of 1 counted mesas are not known" in _bound(nation, REST).basis


def test_nothing_is_outstanding_once_every_sheet_is_counted(tiny: Election) -> None:
    places = {"": 9, "1": 5, "2": 4, "1001": 3, "1002": 2, "2001": 4}
    units = {code: replace(unit, expected=places[code]) for code, unit in tiny.units.items()}
    election = replace(tiny, units=units, electorate={"": 10**6})
    sheets = {(c, n): (3, 0, 1, 0, 0) for c in ("1001", "1002", "2001") for n in (1, 2, 3, 4)}
    sheets = {key: votes for key, votes in sheets.items() if key[1] <= places[key[0]]}
    nation = _bounds(election, count(election, sheets)).nation
    assert nation.outstanding == 0
    assert nation.sheet_votes is None
    assert [(bound.votes, bound.lead) for bound in nation.bounds] == [(0, 18)] * 5


def test_a_count_of_nothing_has_no_bounds(tiny: Election) -> None:
    assert _bounds(tiny, count(tiny, {})).levels == {NATION: (), "coast": ()}


@settings(max_examples=60, deadline=None)
@given(sheets=counted_mesas.filter(bool), more=st.integers(1, 50))
def test_bounds_sink_with_every_mesa_that_is_missing_and_sum_up(
    tiny: Election, sheets: Mapping[Mesa, Votes], more: int
) -> None:
    election = replace(tiny, electorate={"": 9000})
    bounds = _bounds(election, count(election, sheets))
    nation = bounds.nation
    for unit in (nation, *bounds.levels["coast"]):
        assert {bound.assumption for bound in unit.bounds} == set(ASSUMPTIONS)
        for bound in unit.bounds:
            if bound.lead is not None and bound.votes is not None:
                assert bound.lead == unit.lead - bound.votes <= unit.lead
        if unit.sheet_votes is not None:
            assert unit.sheet_votes * unit.outstanding >= unit.lead
            assert (unit.sheet_votes - 1) * unit.outstanding < unit.lead or unit.lead == 0
    assert sum(unit.outstanding for unit in bounds.levels["coast"]) <= nation.outstanding
    whole: dict[str, Unit] = {**election.units, "": replace(election.nation, expected=12 + more)}
    worse = _bounds(replace(election, units=whole), count(replace(election, units=whole), sheets))
    for before, after in zip(nation.bounds, worse.nation.bounds, strict=True):
        if before.lead is not None and after.lead is not None:
            assert after.lead <= before.lead


@settings(max_examples=60, deadline=None)
@given(sheets=counted_mesas.filter(bool))
def test_the_nation_at_the_states_turnout_is_the_sum_of_its_states(
    tiny: Election, sheets: Mapping[Mesa, Votes]
) -> None:
    counted = count(tiny, sheets)
    bounds = _bounds(tiny, counted)
    nation = counted.totals.nation
    there = {unit.code for unit in bounds.levels["coast"]}
    states = sum(_bound(unit, OBSERVED).votes or 0 for unit in bounds.levels["coast"])
    empty = [u for u in counted.totals.levels["coast"] if u.code not in there]
    rest = sum(rounded(nation.valid_votes * unit.missing, nation.counted) for unit in empty)
    assert _bound(bounds.nation, STATE).votes == states + rest


@pytest.mark.parametrize(
    ("numerator", "denominator", "nearest"),
    [(0, 3, 0), (1, 3, 0), (1, 2, 1), (2, 3, 1), (3, 2, 2), (5, 10, 1),
     (10**18 + 1, 2, 5 * 10**17 + 1)],
)  # fmt: skip
def test_means_are_rounded_in_integers(numerator: int, denominator: int, nearest: int) -> None:
    assert rounded(numerator, denominator) == nearest
