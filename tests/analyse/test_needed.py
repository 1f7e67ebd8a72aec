"""What the missing sheets would have to hold: by hand, and against every choice of sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analyse.announced import announced
from pipeline.analyse.frame import frame_of
from pipeline.analyse.independent import independent
from pipeline.analyse.needed import Requirement, required
from pipeline.analyse.voters import Voters, known_voters
from pipeline.election import Election, IndependentCount, OfficialResult
from tests.analyse.build import EXAMPLE, Mesa, Votes, count, counted_mesas


def _with(election: Election, scope: str, **votes: int) -> Election:
    official = tuple(
        OfficialResult("Bulletin", "2030-05-02", code, number, scope, "")
        for code, number in votes.items()
    )
    return replace(election, official=official)


def _required(election: Election, sheets: Mapping[Mesa, Votes]) -> Requirement | None:
    counted = count(election, sheets)
    (announcement,) = announced(election, counted.totals)
    voters = known_voters(counted.resolution, election).get("", Voters())
    frame = frame_of(counted.resolution, election)
    return required(announcement, frame, counted.totals.nation, voters)


def test_a_small_case_by_hand(tiny: Election) -> None:
    """68 / 10 / 10 are counted on 3 of 12 sheets with 1,110 registered voters."""
    found = _required(_with(tiny, "", BEA=100, ANA=90, CAI=11, VALID=201, NULL=3), EXAMPLE)
    assert found is not None
    assert (found.winner, found.outstanding, found.outside) == ("BEA", 9, 0)
    assert {need.code: need.needed for need in found.needs} == {
        "BEA": 90, "ANA": 22, "CAI": 1, "VALID": 113,
    }  # fmt: skip
    assert found.contradicted == ()
    assert found.contradiction == ""
    assert found.sentence == (
        "For Bulletin (2030-05-02) to be right, the 9 sheets that are not counted would have to "
        "hold at least 90 votes for BEA INVENTADA, 10 on each, where a counted sheet has 29 valid "
        "votes for all candidates together and 370 registered voters."
    )


def test_more_counted_than_announced_cannot_be_right(tiny: Election) -> None:
    found = _required(_with(tiny, "", BEA=100, ANA=60), EXAMPLE)
    assert found is not None
    assert [need.code for need in found.contradicted] == ["ANA"]
    assert "8 more votes for ANA INVENTADA than were announced" in found.contradiction
    assert "even without" not in found.contradiction


@pytest.mark.parametrize(
    ("scope", "outside"),
    # 12 mesas are expected. What was told as 90% may have been 89.5%.
    [("", 0), ("100", 0), ("100.00", 0), ("90", 2), ("91.67", 2), ("91.66", 2),
     ("99.99", 1), ("0", 12)],
)  # fmt: skip
def test_an_announcement_may_leave_mesas_out(tiny: Election, scope: str, outside: int) -> None:
    found = _required(_with(tiny, scope, BEA=100, ANA=60), EXAMPLE)
    assert found is not None
    assert found.outside == outside


def test_what_may_lie_outside_does_not_contradict(tiny: Election) -> None:
    """The sheet with 50 votes for ANA may be the one that is left out."""
    mild = _required(_with(tiny, "95", BEA=100, ANA=60), EXAMPLE)
    assert mild is not None
    assert mild.outside == 1
    assert mild.contradicted == ()
    hard = _required(_with(tiny, "95", BEA=100, ANA=10), EXAMPLE)
    assert hard is not None
    assert "58 more votes for ANA INVENTADA" in hard.contradiction
    assert "8 more even without the 1 sheets" in hard.contradiction


def test_others_are_whom_an_announcement_does_not_name(tiny: Election) -> None:
    found = _required(_with(tiny, "", BEA=100, OTHERS=70), EXAMPLE)
    assert found is not None
    assert {need.code: need.counted for need in found.needs} == {"BEA": 10, "OTHERS": 78}
    assert [need.code for need in found.contradicted] == ["OTHERS"]


def test_sentences_where_nothing_is_lacking_or_nothing_is_left(tiny: Election) -> None:
    enough = _required(_with(tiny, "", ANA=68), EXAMPLE)
    assert enough is not None
    assert "need hold no vote for ANA INVENTADA" in enough.sentence
    places = {"": 3, "1": 2, "2": 1, "1001": 2, "1002": 0, "2001": 1}
    units = {code: replace(unit, expected=places[code]) for code, unit in tiny.units.items()}
    few = {key: voters for key, voters in tiny.registered.items() if not key.startswith("1002")}
    complete = replace(tiny, units=units, registered=few)
    lacking = _required(_with(complete, "", ANA=70), EXAMPLE)
    assert lacking is not None
    assert "2 votes for ANA INVENTADA are lacking, and no sheet is left" in lacking.sentence


def test_an_announcement_without_candidates_asks_nothing(tiny: Election) -> None:
    assert _required(_with(tiny, "", VALID=10), EXAMPLE) is None
    assert _required(_with(tiny, "", ANA=10), {}) is None


@settings(max_examples=50, deadline=None)
@given(
    sheets=counted_mesas.filter(bool),
    votes=st.integers(0, 120),
    scope=st.sampled_from(["100", "91.67", "75", "50"]),
)
def test_a_contradiction_holds_whichever_sheets_are_left_out(
    tiny: Election, sheets: Mapping[Mesa, Votes], votes: int, scope: str
) -> None:
    found = _required(_with(tiny, scope, ANA=votes), sheets)
    assert found is not None
    (need,) = found.needs
    for_ana = [given[0] + given[1] for given in sheets.values()]
    left = min(found.outside, len(for_ana))
    possible = [
        sum(for_ana) - sum(gone) for gone in combinations(for_ana, left)
    ]  # what the sheets inside hold, for every choice of the others
    assert need.least == min(possible)
    assert need.contradicted == all(held > votes for held in possible)


def test_counts_of_others_stand_beside_ours(tiny: Election) -> None:
    election = replace(
        tiny,
        independent=(
            IndependentCount("A paper", "2030-05-03", 5, 6, {"ANA": 30, "BEA": 10}, 50, "rounded"),
            IndependentCount("A reader", "2030-05-04", 7, None, {}, None, ""),
        ),
    )
    paper, reader = independent(election, count(election, EXAMPLE).totals)
    assert [(f.code, f.votes, f.counted) for f in paper.figures] == [
        ("ANA", 30, 68), ("BEA", 10, 10), ("VALID", 50, 88),
    ]  # fmt: skip
    assert paper.figures[0].share == 0.6
    assert paper.figures[0].counted_share == pytest.approx(68 / 88)
    assert paper.figures[2].share is None
    assert reader.figures == ()
    assert reader.sheets_read == 7
