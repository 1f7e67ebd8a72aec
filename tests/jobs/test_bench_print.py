"""The benchmark of the print: its set is what its seed says, and nothing wrong is hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jobs.bench import printed_peers
from jobs.bench.printed import ALTERED, Plan, Taken, plan_file, take
from jobs.bench.printed_folder import Alone, show_folder, take_folder
from jobs.bench.printed_peers import Strip
from jobs.bench.printed_show import show
from jobs.bench.side import prepare
from jobs.progress import LineProgress
from pipeline.errors import InputError
from pipeline.read.printed.decide import Verdict

CONFIG = Path(__file__).parents[2] / "configs" / "venezuela-2024"
PLAN = Plan(str(CONFIG), "", sheets=60, seed=5, peer_sheets=0)
WORDS = ("Cero", "Uno", "Dos", "Tres", "Cuatro", "Cinco", "Seis", "Siete", "Ocho", "Nueve")


def test_half_of_the_sheets_are_altered_in_every_way() -> None:
    files = [plan_file(PLAN, number) for number in range(PLAN.sheets)]
    assert sum(file.kind == "tampered" for file in files) == 30
    assert {file.variant for file in files if file.variant} == set(ALTERED)
    assert {file.style for file in files} == {"grey-200", "colour-300"}
    assert files == [plan_file(PLAN, number) for number in range(PLAN.sheets)]
    assert files[0] != plan_file(replace(PLAN, seed=6), 0)


def test_a_clean_sheet_is_read_both_ways_and_an_altered_one_is_caught() -> None:
    clean, altered = take(PLAN, 0), take(PLAN, 3)
    assert (clean.kind, clean.agreement, clean.right) == ("clean", "agrees", True)
    assert clean.verdict in (Verdict.PROVEN, Verdict.BY_SUM)
    assert set(clean.ms) == {"decode", "symbol", "check", "reading"}
    assert (altered.kind, altered.agreement, altered.verdict) == ("altered", "mismatch", "")


def test_a_wrong_proof_and_a_false_alarm_are_shown() -> None:
    ms = {"decode": 5.0, "symbol": 5.0, "check": 20.0, "reading": 100.0}
    good = Taken("clean", "", "200 dpi", "proven", True, "agrees", 38, 38, 38, ms)
    bad = replace(good, right=False, agreement="mismatch", digits=19)
    section = show(PLAN, [good, bad])
    assert "| clean | 2 | 100.00% | 0.00% | 0.00% | 0.00% | 1 | 0 | 75.00% | 100.00% |" in section
    assert "| clean | 2 | 1 | 0 | 1 | 50.00% |" in section
    assert "| check | 2 | 20 | 20 | 20 | 4.00 |" in section


def test_a_program_is_right_only_where_it_reads_the_number() -> None:
    blank = np.full((20, 60), 255, np.uint8)
    spelled = Strip("words", 149, blank)
    assert printed_peers._is("Cero, Uno,\nCuatro, Nuéve", spelled, WORDS)
    assert not printed_peers._is("Cero, Uno, Cuatro", spelled, WORDS)
    assert printed_peers._is(" 149.", replace(spelled, column="digits"), WORDS)
    assert not printed_peers._is("", replace(spelled, column="digits"), WORDS)


def test_a_program_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed_peers, "_opened", lambda _name: None)
    assert printed_peers.read_strips([Strip("digits", 1, np.zeros((9, 9), np.uint8))], WORDS) == {}
    assert set(printed_peers.absent()) == set(printed_peers.NAMES)
    assert "Not here: tesseract" in show(PLAN, [])


def test_the_sheets_of_a_folder_are_held_against_its_truth(tmp_path: Path) -> None:
    folder = prepare(tmp_path, 12, print)
    taken = take_folder(folder, 4, 1, 1, LineProgress())
    assert len(taken) == 4
    assert [alone.file for alone in taken] == [
        alone.file for alone in take_folder(folder, 4, 1, 1, LineProgress())
    ]
    clean = [alone for alone in taken if not alone.wear]
    assert clean
    assert all(alone.right and alone.code != "wrong" and alone.ms > 0 for alone in clean)
    with pytest.raises(InputError, match=r"truth\.csv"):
        take_folder(tmp_path, 4, 1, 1, LineProgress())


def test_a_wrong_sheet_of_a_folder_is_counted_and_named() -> None:
    good = Alone("a.jpg", "", True, "proven", True, "right", "unsure", 400.0)
    bad = replace(good, file="b.jpg", wear="fold light", right=False, code="wrong", voters="")
    section = show_folder("full --sheets 2 --seed 1", [good, bad])
    assert "| all | 2 | 2 | 0 | 0 | 0 | 100.00% | 1 | 100.00% | 1 | 0.00% | 0 | 400 |" in section
    assert "| clean | 1 | 1 | 0 | 0 | 0 | 100.00% | 0 |" in section
    assert section.rstrip().endswith("Wrong: b.jpg")
