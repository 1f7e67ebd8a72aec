"""All answers together: plain types, the same whatever the order, also of a count of nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.analyse.analysis import Analysis, analyse
from pipeline.analyse.plain import plain_analysis
from pipeline.count.resolve import resolve
from pipeline.count.totals import sum_up
from pipeline.election import Election, IndependentCount, OfficialResult, load_election
from tests.analyse.build import EXAMPLE, PLACES, count
from tests.count.build import payload, scan

TINY = Path(__file__).parents[1] / "elections" / "tiny"


@pytest.fixture
def told(tiny: Election) -> Election:
    """The tiny election with everything that a definition can tell."""
    return replace(
        tiny,
        electorate={"": 5000},
        official=(OfficialResult("Bulletin", "2030-05-02", "BEA", 100, "95.5", "a note"),),
        independent=(IndependentCount("A paper", "2030-05-03", 5, 6, {"ANA": 30}, 50, ""),),
    )


def _analyse(election: Election, sheets: Any = EXAMPLE, rounds: int = 5) -> Analysis:
    counted = count(election, sheets)
    return analyse(counted.resolution, counted.totals, election, {}, rounds)


def _numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)
    else:
        yield value


def test_an_analysis_is_json_of_plain_types(told: Election) -> None:
    answer = plain_analysis(_analyse(told))
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert set(answer) == {
        "election", "title", "config_sha256", "candidates", "coverage", "shares", "bounds",
        "estimate", "checks", "announced", "required", "independent", "integrity",
    }  # fmt: skip


def test_votes_are_integers_and_only_shares_are_not(told: Election) -> None:
    values = list(_numbers(plain_analysis(_analyse(told))))
    assert {type(value) for value in values} == {int, float, str, type(None)}
    assert all(0 <= value <= 1 for value in values if isinstance(value, float))


def test_each_bound_names_an_assumption_that_is_told_in_full(told: Election) -> None:
    bounds = plain_analysis(_analyse(told))["bounds"]
    full = {a["key"]: a for a in bounds["assumptions"]}
    named = {b["assumption"] for unit in bounds["levels"]["nation"] for b in unit["bounds"]}
    assert named == set(full)
    assert all(a["sentence"] and a["source"] and a["formula"] for a in full.values())


def test_the_sentences_stand_in_the_answer(told: Election) -> None:
    (required,) = plain_analysis(_analyse(told))["required"]
    assert "would have to hold at least 90 votes for BEA INVENTADA" in required["sentence"]
    assert required["contradiction"] == ""


def test_the_order_of_scans_does_not_matter(told: Election) -> None:
    scans = [scan(f"/s/{c}_{n}.jpg", payload(told, c, n, (n, 1, 2, 3, 4))) for c, n in PLACES[:7]]
    answers = []
    for ordered in (scans, scans[::-1], scans[3:] + scans[:3]):
        resolution = resolve(ordered, told)
        found = analyse(resolution, sum_up(resolution, told), told, {}, 5)
        answers.append(json.dumps(plain_analysis(found)))
    assert answers[0] == answers[1] == answers[2]


def test_a_count_of_nothing_is_analysed_too(told: Election) -> None:
    found = _analyse(told, {})
    assert found.estimate is None
    assert found.shares == ()
    assert found.required == ()
    assert found.bounds.levels["nation"] == ()
    assert found.coverage.nation.missing == 12
    assert plain_analysis(found)["estimate"] is None


def test_a_sheet_without_a_vote_gives_no_share(told: Election) -> None:
    """Empty votes only: counted, and worth nothing."""
    empty = scan("/s/1.jpg", payload(told, "1001", 1, (0, 0, 0, 0, 0), 0, 7))
    other = scan("/s/2.jpg", payload(told, "1001", 2, (0, 0, 0, 0, 0), 0, 7))
    counted = count(told, {}, [empty, other])
    assert counted.totals.nation.counted == 2
    found = analyse(counted.resolution, counted.totals, told, {}, 5)
    assert found.estimate is None
    assert found.shares == ()
    plain_analysis(found)


def test_the_checks_can_be_left_out(told: Election) -> None:
    assert _analyse(told, rounds=0).checks == ()
    assert {check.rounds for check in _analyse(told, rounds=3).checks} <= {1, 2, 3}


def test_an_election_without_levels_above_the_centres_is_analysed_too(tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    shutil.copytree(TINY, folder)
    path = folder / "election.yaml"
    text = path.read_text(encoding="utf-8").replace("  - {name: coast, digits: 1}\n", "")
    path.write_text(text, encoding="utf-8")
    lines = (folder / "expected.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith("coast"))
    (folder / "expected.csv").write_text(kept, encoding="utf-8")
    found = _analyse(load_election(folder))
    assert list(found.bounds.levels) == list(found.coverage.places) == ["nation"]
    assert found.bounds.nation.lead == 58
    assert found.estimate is not None
    assert sum(unit.counted for unit in found.estimate.units) == 3
    plain_analysis(found)
