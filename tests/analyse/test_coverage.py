"""Coverage and reweighted shares: by hand, and what always holds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analyse.coverage import Coverage, Registration, cover, dissimilarity
from pipeline.analyse.names import station_of, stations_of
from pipeline.analyse.reweight import WeightedShares, reweight
from pipeline.analyse.voters import known_voters
from pipeline.election import NATION, Election
from pipeline.read.record import Outcome
from tests.analyse.build import EXAMPLE, Count, Mesa, Votes, count, counted_mesas
from tests.count.build import payload, scan


def _cover(election: Election, counted: Count) -> Coverage:
    voters = known_voters(counted.resolution, election)
    return cover(counted.resolution, counted.totals, voters, election)


def _reweight(election: Election, counted: Count) -> dict[str, WeightedShares]:
    found = reweight(_cover(election, counted), counted.totals, election)
    return {weighted.scheme: weighted for weighted in found}


@pytest.mark.parametrize(
    ("uri", "station"),
    [
        ("/a/784821_007643_0134Acta0133.jpg", "784821"),
        ("s3://bucket/AG8A003730_052153_2024-07-29-0002.jpg", "AG8A003730"),
        ("/a/784821_007643_0134Acta0133.pdf#page=3", "784821"),
        ("/with_underscore/2024-07-29-0001.jpg", ""),
        ("/a/0133Acta.jpg", ""),
        ("/a/_x.jpg", ""),
        ("/a/<b>_x.jpg", ""),
        (f"/a/{'9' * 33}_x.jpg", ""),
    ],
)
def test_a_station_is_what_the_name_begins_with(uri: str, station: str) -> None:
    assert station_of(uri) == station


def test_names_that_begin_with_a_number_of_the_sheet_tell_of_no_station() -> None:
    running = [f"/a/{number:07d}_Acta.jpg" for number in range(2000)]
    assert set(map(stations_of(running, len(running)), running)) == {""}
    shared = [f"/a/{number % 200}_{number}.jpg" for number in range(2000)]
    assert len(set(map(stations_of(shared, len(shared)), shared))) == 200
    few = running[:100]  # too few to tell
    assert len(set(map(stations_of(few, len(few)), few))) == 100


def test_places_stations_and_sizes_by_hand(tiny: Election) -> None:
    """Mesas 1001-1, 1001-2, 2001-1 are counted, 2001-2 is quarantined; one scan is unreadable."""
    rivals = [scan(f"/s/9_{n}.jpg", payload(tiny, "2001", 2, (n, 1, 1, 1, 1))) for n in (1, 2)]
    lost = scan("/s/9_x.jpg", outcome=Outcome.UNREADABLE)
    stray = scan("/s/stray.jpg", outcome=Outcome.REJECTED)
    coverage = _cover(tiny, count(tiny, EXAMPLE, [*rivals, lost, stray]))
    nation = coverage.nation
    assert (nation.expected, nation.counted, nation.quarantined, nation.missing) == (12, 3, 1, 8)
    unknown, north, south = coverage.places["coast"]
    assert (north.name, north.expected, north.counted, north.missing) == ("North coast", 7, 2, 5)
    assert (south.expected, south.counted, south.quarantined, south.missing) == (4, 1, 1, 2)
    assert (unknown.code, unknown.expected, unknown.missing) == ("-", 1, 1)
    stations = {s.station: s for s in coverage.stations}
    assert set(stations) == {"", "1", "2", "9"}
    assert (stations["1"].scans, stations["1"].sheets, stations["1"].lost) == (2, 2, 0)
    assert stations["1"].votes == {"ANA": 18, "BEA": 10, "CAI": 10}
    assert (stations["9"].scans, stations["9"].sheets, stations["9"].lost) == (3, 3, 3)
    assert stations["9"].statuses["quarantined"] == 2
    assert (stations[""].scans, stations[""].lost) == (1, 0)
    sizes = [(s.low, s.high, s.expected, s.counted) for s in coverage.sizes]
    assert sizes == [
        (90, 90, 1, 0),
        (300, 300, 1, 1),
        (400, 400, 1, 1),
        (410, 410, 1, 1),
        (None, None, 8, 0),
    ]


def test_spread_by_hand(tiny: Election) -> None:
    coverage = _cover(tiny, count(tiny, EXAMPLE))
    # counted: 2 north, 1 south, 0 elsewhere; the others: 5, 3, 1.
    by_hand = (abs(2 / 3 - 5 / 9) + abs(1 / 3 - 3 / 9) + 1 / 9) / 2
    assert coverage.spread["coast"] == pytest.approx(by_hand)
    assert dissimilarity([(10, 0), (0, 7)]) == 1
    assert dissimilarity([(10, 20), (1, 2), (0, 0)]) == 0
    assert dissimilarity([(10, 0)]) is None
    assert dissimilarity([(0, 3)]) is None
    assert dissimilarity([]) is None


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99))))
def test_spread_is_a_share_and_knows_no_order(pairs: list[tuple[int, int]]) -> None:
    found = dissimilarity(pairs)
    assert found is None or 0 <= found <= 1
    assert dissimilarity(reversed(pairs)) == found


@settings(max_examples=60, deadline=None)
@given(sheets=counted_mesas)
def test_every_part_sums_to_the_nation(tiny: Election, sheets: Mapping[Mesa, Votes]) -> None:
    counted = count(tiny, sheets)
    coverage = _cover(tiny, counted)
    for units in coverage.places.values():
        for unit in units:
            assert unit.counted + unit.quarantined + unit.missing == unit.expected
            assert unit.unread <= unit.missing
        assert sum(unit.expected for unit in units) == coverage.nation.expected == 12
    assert sum(size.expected for size in coverage.sizes) == 12
    assert sum(size.counted for size in coverage.sizes) == len(sheets)
    assert sum(s.scans for s in coverage.stations) == len(sheets)
    valid = counted.totals.nation.valid_votes
    assert sum(s.valid_votes for s in coverage.stations) == valid
    assert sum(s.valid_votes for s in coverage.sizes) == valid


def test_shares_reweighted_by_hand(tiny: Election) -> None:
    """North: 7 mesas, 2 counted with 18 of 38 for ANA; south: 4, 1 counted with 50 of 50."""
    found = _reweight(tiny, count(tiny, EXAMPLE))
    assert list(found) == ["raw", "coast", "station", "size"]
    assert found["raw"].shares["ANA"] == pytest.approx(68 / 88)
    weighted = (18 * 7 / 2 + 50 * 4) / (38 * 7 / 2 + 50 * 4)
    assert found["coast"].shares["ANA"] == pytest.approx(weighted)
    assert (found["coast"].represented, found["coast"].left_out) == (11, 1)
    assert found["station"].shares == pytest.approx(found["raw"].shares)


@settings(max_examples=60, deadline=None)
@given(sheets=counted_mesas.filter(bool))
def test_reweighted_shares_are_shares(tiny: Election, sheets: Mapping[Mesa, Votes]) -> None:
    for weighted in _reweight(tiny, count(tiny, sheets)).values():
        assert sum(weighted.shares.values()) == pytest.approx(1)
        assert all(0 <= share <= 1 for share in weighted.shares.values())
        assert weighted.represented + weighted.left_out in (12, len(sheets))


def test_nothing_counted_has_no_shares(tiny: Election) -> None:
    assert _reweight(tiny, count(tiny, {})) == {}


def test_what_is_not_counted_may_be_of_another_size() -> None:
    told = Registration(7200, 10, 3000, 5).sentence
    assert "600 registered voters" in told
    assert "counted one 720" in told
    assert Registration(7200, 10, None, 5).sentence == ""
    assert Registration(7200, 10, 0, 0).sentence == ""
    assert Registration(0, 0, 10, 1).sentence == ""


def test_levels_end_above_the_centres(tiny: Election) -> None:
    assert list(_cover(tiny, count(tiny, EXAMPLE)).places) == [NATION, "coast"]
