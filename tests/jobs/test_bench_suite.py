"""The suite of measurements: what it keeps, what it calls worse, and that its programs run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jobs.bench.floor import run_floor
from jobs.bench.plot import Bars, Lines, draw
from jobs.bench.pool import FLOOR, OURS_PRINT, OURS_QR
from jobs.bench.process import actas, measure
from jobs.bench.record import Figure, Section, load, put, save, table, worse
from jobs.bench.side import pool, prepare, read_truth
from jobs.bench.suite import FULL, QUICK, Size, run_suite, sections
from pipeline.errors import ActasError

SPEED = Figure("sheets a second", 100.0, 4.0, more=True)
COST = Figure("CPU ms", 40.0, 1.0, more=False)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (96.0, False),  # within the noise
        (95.5, False),  # a shared machine's: 5%
        (94.0, True),
        (150.0, False),  # better
    ],
)
def test_more_is_better_of_a_rate(now: float, told: bool) -> None:
    sentences = worse({SPEED.name: SPEED}, [replace(SPEED, value=now)])
    assert bool(sentences) is told
    assert not told or sentences == ["sheets a second: 94, was 100 (noise 5)"]


@pytest.mark.parametrize(("now", "told"), [(41.9, False), (42.1, True), (10.0, False)])
def test_less_is_better_of_a_cost(now: float, told: bool) -> None:
    assert bool(worse({COST.name: COST}, [replace(COST, value=now)])) is told


def test_a_run_that_was_noisier_is_not_called_worse() -> None:
    assert worse({COST.name: COST}, [replace(COST, value=49.0, noise=10.0)]) == []


def test_a_figure_without_a_past_is_not_worse() -> None:
    assert worse({}, [COST]) == []


def test_a_figure_tells_the_median_of_its_rounds_and_their_spread() -> None:
    assert Figure.of("x", [3.0, 1.0, 2.0], more=True) == Figure("x", 2.0, 2.0, more=True)
    assert Figure.of("x", [2.0], more=True) == Figure("x", 2.0, 0.4, more=True)


def test_figures_are_kept(tmp_path: Path) -> None:
    known = {"quick side": {SPEED.name: SPEED, COST.name: COST}}
    save(tmp_path / "kept.json", known)
    assert load(tmp_path / "kept.json") == known
    assert load(tmp_path / "none.json") == {}


def test_a_section_takes_its_own_place_and_no_word_around_it() -> None:
    text = "# Benchmarks\n\nBefore.\n"
    first = put(put(text, "a", "## A\n\none"), "b", "## B\n\nbee")
    assert first.startswith(text)
    again = put(first + "\nAfter.\n", "a", "## A\n\ntwo")
    assert "one" not in again
    assert again.index("two") < again.index("bee") < again.index("After.")
    assert put(again, "a", "## A\n\ntwo") == again


def test_a_section_names_its_command_the_day_and_the_machine() -> None:
    section = Section("Speed", table(("what", "ms"), [("all", "3")]), ["A note."])
    shown = section.markdown("actas bench quick --only side")
    for part in ("## Speed", "`actas bench quick --only side`, 20", "zxing-cpp", "| all | 3 |"):
        assert part in shown
    assert shown.endswith("A note.")


@pytest.mark.parametrize(
    "plot",
    [
        Bars("CPU ms a file", {"pyzbar": 60.0, "ours": 7.5}, ["ours"]),
        Lines("files", [100, 1000], {"CPU ms a file": [9.0, 8.0], "driver MiB": [200.0, 230.0]}),
    ],
)
def test_a_plot_shows_its_figures_and_is_the_same_for_the_same(
    plot: Bars | Lines, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (pip install actas[bench])")
    assert draw(plot, tmp_path / "new" / "a.svg")
    assert draw(plot, tmp_path / "b.svg")
    drawn = (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert drawn == (tmp_path / "new" / "a.svg").read_text(encoding="utf-8")
    shown = list(plot.values) if isinstance(plot, Bars) else list(plot.series)
    assert all(name in drawn for name in [plot.label, *shown])


def test_what_got_worse_is_told_and_its_old_figure_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [SPEED]
    monkeypatch.setattr(
        "jobs.bench.suite.sections",
        lambda size: {"side": lambda work, say: Section("Speed", "| |", (), tuple(now))},
    )
    said: list[str] = []

    def run() -> list[str]:
        return run_suite(QUICK, tmp_path / "work", tmp_path, frozenset(), said.append)

    assert run() == []
    now[:] = [replace(SPEED, value=50.0)]
    assert run() == ["quick side: sheets a second: 50, was 100 (noise 5)"]
    assert run() == ["quick side: sheets a second: 50, was 100 (noise 5)"]
    assert "## Speed" in (tmp_path / "BENCHMARKS.md").read_text(encoding="utf-8")
    now[:] = [replace(SPEED, value=120.0)]
    assert run() == []
    assert load(tmp_path / "BENCHMARKS.json")["quick side"][SPEED.name].value == 120.0


@pytest.mark.parametrize("size", [QUICK, FULL], ids=lambda size: size.name)
def test_both_sizes_measure_the_same(size: Size) -> None:
    assert set(sections(size)) == {"side", "floor", "dask", "growth", "scale", "qr", "print"}


def test_an_unknown_section_is_refused() -> None:
    with pytest.raises(ActasError, match="ended with code 2"):
        measure(actas("bench", "quick", "--only", "speed"))


@pytest.mark.slow
def test_programs_read_the_same_files(tmp_path: Path) -> None:
    folder = prepare(tmp_path, 8, lambda _: None)
    truth = read_truth(folder)
    readable = sum(bool(payload) for payload in truth.values())
    turns = {
        name: pool(name, 1, folder / "scans", folder / "election", truth)
        for name in (FLOOR, "zxing-cpp", OURS_QR, OURS_PRINT)
    }
    assert {turn.files for turn in turns.values()} == {len(truth)}
    assert turns[FLOOR].read == 0
    assert turns["zxing-cpp"].read <= turns[OURS_QR].read <= turns[OURS_PRINT].read <= readable
    assert turns[OURS_QR].wrong == turns[OURS_PRINT].wrong == 0
    assert turns[OURS_QR].cpu < turns[OURS_PRINT].cpu


@pytest.mark.slow
def test_the_floor_is_below_every_reader(tmp_path: Path) -> None:
    section = run_floor(tmp_path, 2, lambda _: None)
    ratios = {figure.name: figure.value for figure in section.figures}
    assert 1 < ratios["QR only over the floor"] < ratios["with the print check over the floor"]
