"""The benchmark of damaged symbols: its set is what its seed says, and nothing wrong is hidden."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jobs.bench import peers, qr, qr_show
from jobs.bench.peers import OURS, ZXING, Reading, Shot, Taken, read_ours
from jobs.bench.unseen import NEGATIVES, UNSEEN
from jobs.progress import LineProgress
from pipeline.election import Election
from pipeline.synthetic.wear import FAMILIES

PROJECT = Path(__file__).parents[2]
CONFIG = PROJECT / "configs" / "venezuela-2024"
PLAN = qr.Plan(str(CONFIG), "", sheets=1, seed=5, count=3, negatives=2, others=2)
LEVELS = sum(len(family.levels) for family in FAMILIES.values())


def test_without_a_count_every_level_stands_on_every_base_once() -> None:
    shots = list(qr.plan_shots(replace(PLAN, count=None), [0, 3]))
    worn = [(shot.base, shot.family, shot.level) for shot in shots if shot.family in FAMILIES]
    assert len(worn) == len(set(worn)) == 2 * LEVELS
    assert {shot.family for shot in shots} >= set(UNSEEN)


@pytest.mark.parametrize("count", [1, LEVELS, 2 * LEVELS + 7])
def test_a_count_is_met_exactly_and_no_image_comes_twice(count: int) -> None:
    shots = list(qr.plan_shots(replace(PLAN, count=count), [0]))
    assert sum(shot.family in FAMILIES for shot in shots) == count
    assert len(shots) == len(set(shots))


def test_every_kind_of_negative_meets_several_bases() -> None:
    shots = list(qr.plan_shots(replace(PLAN, negatives=100), [0, 1, 2, 3, 4]))
    for kind in NEGATIVES:
        assert {shot.base for shot in shots if shot.family == kind} == {0, 1, 2, 3, 4}


def test_an_image_is_the_same_whenever_it_is_made() -> None:
    for shot in (Shot(0, "crop_left", "0.1", 0), Shot(0, "tape", "2", 0), Shot(0, "noise", "", 4)):
        first, truth, _ = qr.make_image(PLAN, shot)
        again, _, _ = qr.make_image(PLAN, shot)
        other, _, _ = qr.make_image(PLAN, replace(shot, repetition=9))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        assert (truth is None) == (shot.family in NEGATIVES)


@pytest.mark.parametrize("kind", NEGATIVES)
def test_no_negative_is_read(kind: str, venezuela: Election) -> None:
    image, truth, _ = qr.make_image(PLAN, Shot(0, kind, "", 1))
    assert read_ours(image, venezuela.rules, truth).verdict == "nothing"


def test_a_reading_that_is_not_the_truth_is_wrong(venezuela: Election) -> None:
    image, truth, _ = qr.make_image(PLAN, Shot(0, "jpeg", "q30", 0))
    assert truth is not None
    assert read_ours(image, venezuela.rules, truth).verdict == "read"
    assert read_ours(image, venezuela.rules, truth + "0").verdict == "wrong"
    assert peers.read_peer(ZXING, image, truth + "0").verdict == "wrong"


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> peers.Decode:
        raise ImportError("no such library")

    gone = peers.Peer(missing, "nowhere", "a library called nowhere")
    monkeypatch.setattr(peers, "PEERS", {**peers.PEERS, "nowhere": gone})
    assert peers.absent()["nowhere"] == "a library called nowhere"
    assert "nowhere" not in peers.present()


def test_the_tables_tell_what_is_wrong(tmp_path: Path) -> None:
    right, wrong = Reading("read", 1.0, "half-fast"), Reading("wrong", 2.0, "rescue-plain")
    taken = [
        Taken(Shot(0, "fold", "light", 0), "real, version 8", {OURS: right, ZXING: right}),
        Taken(Shot(1, "fold", "light", 0), "real, version 8", {OURS: wrong, ZXING: right}),
        Taken(Shot(1, "noise", "", 7), "negative", {OURS: wrong}),
    ]
    text = qr_show.show(PLAN, taken, ["real"], tmp_path)
    assert "| fold | 2 | 50.0 | 1 |" in text
    assert "| noise | 1 | 1 |" in text
    found = json.loads((tmp_path / "qr.json").read_text(encoding="utf-8"))
    assert found["wrong"] == ["1 fold light 0", "1 noise  7"]
    assert found["left_out"] == {"real": 1}


@pytest.mark.slow
def test_two_workers_find_what_one_finds() -> None:
    def verdicts(workers: int) -> list[tuple[Shot, str, dict[str, tuple[str, str]]]]:
        taken, _ = qr.take_all(PLAN, workers, LineProgress())
        return [
            (item.shot, item.kind, {n: (r.verdict, r.attempt) for n, r in item.readings.items()})
            for item in taken
        ]

    assert verdicts(1) == verdicts(2)
