"""The estimate: by hand, against textbook formulas, and how often its interval holds the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings

from pipeline.analyse.components import nest
from pipeline.analyse.estimate import NOT_RANDOM, TOO_FEW, Estimate, estimate
from pipeline.analyse.frame import UNKNOWN, Frame, Row, build_frame, frame_of
from pipeline.analyse.predict import Prediction
from pipeline.analyse.simulate import Hiding, check
from pipeline.election import Election
from tests.analyse.build import EXAMPLE, Mesa, Votes, count, counted_mesas


def _estimate(election: Election, sheets: Mapping[Mesa, Sequence[int]]) -> Estimate | None:
    counted = count(election, sheets)
    return estimate(frame_of(counted.resolution, election), counted.totals, election)


# The frame.


def test_every_expected_mesa_is_a_row(tiny: Election) -> None:
    frame = frame_of(count(tiny, EXAMPLE).resolution, tiny)
    assert frame.rows == 12
    assert frame.codes == (("-", "1", "2"), ("-", "1-", "1001", "1002", "2001"))
    assert np.bincount(frame.places[1]).tolist() == [1, 2, 3, 2, 4]
    assert int(frame.counted.sum()) == 3
    assert frame.votes[frame.counted].tolist() == [[15, 7, 1], [3, 3, 9], [50, 0, 0]]
    assert frame.station_names == ("1", "2")
    assert frame.stations[~frame.counted].tolist() == [UNKNOWN] * 9


def test_a_place_that_no_register_names_has_no_size(tiny: Election) -> None:
    frame = frame_of(count(tiny, EXAMPLE).resolution, tiny)
    centres = {
        frame.codes[1][place]: size
        for place, size in zip(frame.places[1], frame.centre_size, strict=True)
    }
    assert centres == {"-": 0, "1-": 0, "1001": 2, "1002": 2, "2001": 3}
    coasts = {
        frame.codes[0][place]: size
        for place, size in zip(frame.places[0], frame.stratum_size, strict=True)
    }
    assert coasts == {"-": 0, "1": 2, "2": 2}


# The point.


def test_a_small_case_by_hand(tiny: Election) -> None:
    """North 18 votes for ANA on 2 of 7 sheets, south 50 on 1 of 4, one mesa of neither."""
    found = _estimate(tiny, EXAMPLE)
    assert found is not None
    assert (found.first, found.second) == ("ANA", "BEA")
    by_code = {unit.code: unit for unit in found.units}
    north = {c.candidate: c.votes.value for c in by_code["1"].candidates}
    assert north == {"ANA": 63, "BEA": 35, "CAI": 35}  # 18 x 7 / 2, 10 x 7 / 2
    assert by_code["2"].candidates[0].votes.value == 200
    assert by_code["-"].candidates[0].votes.value == 23  # 68 / 3
    nation = found.nation
    assert nation.candidates[0].votes.value == 63 + 200 + 23
    assert nation.lead.value == 286 - (35 + 0 + 3)
    assert nation.candidates[0].share == pytest.approx(286 / (286 + 38 + 38))
    assert found.warnings == (NOT_RANDOM, TOO_FEW)


def test_one_sheet_or_none_is_too_little(tiny: Election) -> None:
    assert _estimate(tiny, {}) is None
    assert _estimate(tiny, {("1001", 1): (1, 0, 0, 0, 0)}) is None


def test_a_mesa_is_predicted_by_those_most_like_it(venezuela: Election) -> None:
    """Own parish and size of centre; then own state and sizes; parish; state; nation."""

    def rows(centre: str, mesas: int, votes: int | None) -> list[Row]:
        given = None if votes is None else [votes, *[0] * 9]
        return [Row(centre, given)] * mesas

    frame = build_frame(
        venezuela,
        [
            *rows("010101001", 4, 40),
            *rows("010101002", 1, 10),
            *rows("010101003", 1, None),  # as 010101002: same parish, centre of one mesa
            *rows("010102001", 4, None),  # as 010101001: same state, sizes alike
            *rows("010101-", 1, None),  # size of the centre not known: the parish's mean
            *rows("01-", 1, None),  # parish not known: the state's mean
            *rows("020101001", 1, None),  # nothing of the state is counted: the nation's mean
        ],
    )
    prediction = Prediction(frame, frame.counted)
    votes = frame.votes[frame.counted, 0]
    mean = (4 * 40 + 10) / 5
    assert (prediction.all * votes).sum() == pytest.approx(10 + 4 * 40 + mean + mean + mean)
    # Who is most alike is asked first: the single sheet of one mesa stands for a whole other one.
    assert prediction.all[4] == pytest.approx(1 + 3 / 5)
    assert prediction.orphans.tolist() == [0, 1]


@settings(max_examples=60, deadline=None)
@given(sheets=counted_mesas.filter(lambda sheets: len(sheets) > 1))
def test_everything_sums_up_and_nothing_falls_below_the_count(
    tiny: Election, sheets: Mapping[Mesa, Votes]
) -> None:
    found = _estimate(tiny, sheets)
    assert found is not None
    for unit in (found.nation, *found.units):
        assert sum(c.votes.value for c in unit.candidates) == unit.valid.value
        by_code = {c.candidate: c.votes.value for c in unit.candidates}
        assert unit.lead.value == by_code[found.first] - by_code[found.second]
        assert unit.lead.low <= unit.lead.value <= unit.lead.high
        for c in unit.candidates:
            assert c.counted <= c.votes.low <= c.votes.value <= c.votes.high
            assert 0 <= c.share_low <= c.share <= c.share_high <= 1
    for index, c in enumerate(found.nation.candidates):
        assert c.votes.value == sum(unit.candidates[index].votes.value for unit in found.units)


# The error.


def _strata(rng: np.random.Generator, sizes: Sequence[tuple[int, int]]) -> list[list[Row]]:
    """For each (mesas, counted) a parish of its own state, every mesa in a centre of its own."""
    return [
        [
            Row(f"{state:02d}0101{mesa:03d}", _some(rng) if mesa < counted else None)
            for mesa in range(mesas)
        ]
        for state, (mesas, counted) in enumerate(sizes, 1)
    ]


def _some(rng: np.random.Generator) -> list[int]:
    return [int(rng.integers(50, 500)), *[0] * 9]


def test_without_differences_between_places_it_is_cochrans_formula(venezuela: Election) -> None:
    """One stratum, each mesa a centre of its own: N^2 (1 - n/N) s^2 / n."""
    rows = _strata(np.random.default_rng(1), [(60, 20)])[0]
    frame = build_frame(venezuela, rows)
    values = frame.votes[frame.counted, 0].astype(np.float64)
    variance = Prediction(frame, frame.counted).variance(values)
    assert variance == pytest.approx(60**2 * (1 - 20 / 60) * values.var(ddof=1) / 20)


def test_strata_add_their_variances(venezuela: Election) -> None:
    sizes = [(60, 20), (40, 30), (50, 10)]
    parts = _strata(np.random.default_rng(2), sizes)
    frame = build_frame(venezuela, [row for part in parts for row in part])
    prediction = Prediction(frame, frame.counted)
    values = frame.votes[frame.counted, 0].astype(np.float64)
    by_state = prediction.variances(values)
    factors = [n**2 * (1 - c / n) / c for n, c in sizes]
    within = by_state / factors
    assert within == pytest.approx([within[0]] * 3)  # one variance within, pooled over the strata
    groups = [values[:20], values[20:50], values[50:]]
    pooled = sum(((g - g.mean()) ** 2).sum() for g in groups) / (60 - 3)
    assert within[0] == pytest.approx(pooled)
    assert prediction.variance(values) == pytest.approx(by_state.sum())


def test_a_complete_count_has_no_error(venezuela: Election) -> None:
    rows = _strata(np.random.default_rng(3), [(30, 30), (12, 12)])
    frame = build_frame(venezuela, [row for part in rows for row in part])
    prediction = Prediction(frame, frame.counted)
    values = frame.votes[:, 0].astype(np.float64)
    assert prediction.variance(values) == pytest.approx(0, abs=1e-6)
    assert prediction.all.tolist() == [0] * 42


def test_balanced_components_are_those_of_the_analysis_of_variance() -> None:
    """Three groups of two subgroups of four: mean squares solved by hand."""
    rng = np.random.default_rng(4)
    group, sub = np.repeat(np.arange(3), 8), np.repeat(np.arange(6), 4)
    values = 100 * group + 30 * (sub % 2) + rng.normal(0, 5, 24)
    found = nest([group, sub], [3, 6]).components(values)
    means, submeans = values.reshape(3, 8).mean(1), values.reshape(6, 4).mean(1)
    between = 8 * ((means - values.mean()) ** 2).sum() / 2
    middle = 4 * ((submeans - means.repeat(2)) ** 2).sum() / 3
    within = ((values - submeans.repeat(4)) ** 2).sum() / 18
    assert found == pytest.approx([(between - middle) / 8, (middle - within) / 4, within])


def test_components_of_uneven_groups_are_right_on_average() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 9, 120)
    sub = np.repeat(np.arange(120), sizes)
    group = sub // 6
    nesting = nest([group, sub], [20, 120])
    draws = [
        nesting.components(
            rng.normal(0, 6, 20)[group] + rng.normal(0, 4, 120)[sub] + rng.normal(0, 3, len(sub))
        )
        for _ in range(400)
    ]
    assert np.mean(draws, axis=0) == pytest.approx([36, 16, 9], rel=0.06)


def test_components_are_never_negative() -> None:
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(10), 5)
    for _ in range(50):
        assert (nest([group], [10]).components(rng.normal(0, 1, 50)) >= 0).all()
    assert nest([np.arange(5)], [5]).components(np.ones(5)).tolist() == [0, 0]


# The promise.


def _country(venezuela: Election, seed: int) -> Frame:
    """2,400 sheets: states, municipalities, parishes and centres differ, large centres vote more.

    A station scans the sheets of neighbouring parishes.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for state in range(1, 9):
        ahead = rng.normal(80, 25)
        for parish in range(30):
            town, place = divmod(parish, 3)
            local = ahead + rng.normal(0, 20)
            for centre in range(1, 7):
                mesas = int(rng.choice([1, 1, 2, 4]))
                own = local + rng.normal(0, 20) + 10 * mesas
                for _ in range(mesas):
                    second = int(rng.integers(100, 160))
                    first = max(0, round(second + own + rng.normal(0, 8)))
                    code = f"{state:02d}{town:02d}{place:02d}{centre:03d}"
                    station = f"{state}{parish // 4}"
                    rows.append(Row(code, [second, *[1] * 6, first, 1, 1], station))
    return build_frame(venezuela, rows)


@pytest.mark.slow
@pytest.mark.parametrize("hiding", Hiding)
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_interval_holds_the_truth_as_often_as_it_says(
    venezuela: Election, hiding: Hiding, share: float
) -> None:
    """Over eight countries and 240 rounds; 95% are promised."""
    found = [check(_country(venezuela, seed), hiding, share, 30, seed) for seed in range(8)]
    rounds = sum(f.rounds for f in found if f)
    assert rounds == 240
    assert sum(f.lead_held for f in found if f) >= 0.9 * rounds
    assert sum(f.share_held for f in found if f) >= 0.9 * rounds
    # Nor is it wide beyond use.
    assert sum(f.lead_half for f in found if f) < 4 * sum(f.lead_error for f in found if f)


def test_an_interval_that_were_half_as_wide_would_be_found_out(
    venezuela: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.analyse.simulate.QUANTILE", 0.5)
    found = check(_country(venezuela, 1), Hiding.MESAS, 0.3, 60, 1)
    assert found is not None
    assert found.lead_held < 0.8 * found.rounds


def test_the_same_seed_gives_the_same_rounds(venezuela: Election) -> None:
    frame = _country(venezuela, 1)
    first = check(frame, Hiding.STATIONS, 0.2, 5, 7)
    assert first == check(frame, Hiding.STATIONS, 0.2, 5, 7)
    assert first != check(frame, Hiding.STATIONS, 0.2, 5, 8)


def test_what_has_no_station_cannot_be_hidden_by_station(venezuela: Election) -> None:
    frame = build_frame(venezuela, [Row("010101001", [1, *[0] * 9])] * 9)
    assert check(frame, Hiding.STATIONS, 0.2, 5, 1) is None
    assert check(frame, Hiding.MESAS, 0.2, 5, 1) is not None


def test_too_few_sheets_are_not_hidden(tiny: Election) -> None:
    frame = build_frame(tiny, [Row("1001", (1, 0, 0)), Row("1001", (1, 0, 0)), Row("1002")])
    assert check(frame, Hiding.MESAS, 0.5, 5, 1) is None
