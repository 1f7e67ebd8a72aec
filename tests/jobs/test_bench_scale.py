"""`actas bench scale`: the simulated count is a real one, and its table says what it counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.bench.scale import COPY_EVERY, STEPS, UNREADABLE_EVERY, prepare, run_scale
from pipeline.election import load_election

SCANS = 300


@pytest.mark.slow
def test_a_simulated_count_counts_what_was_invented_and_the_steps_make_up_the_whole(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    tables = run_scale(tmp_path, [SCANS], workers=2, say=told.append)
    first, second = ([cell.strip() for cell in line.split("|")[1:-1]]
                     for line in tables.splitlines() if line.startswith(f"| {SCANS} "))  # fmt: skip
    unreadable = len(range(1, SCANS, UNREADABLE_EVERY))
    copies = sum(n % UNREADABLE_EVERY != 1 for n in range(COPY_EVERY, SCANS, COPY_EVERY))
    assert int(first[1]) == SCANS - unreadable - copies
    numbers = [float(cell) for cell in (*first[2:], *second[1:])]
    assert all(number >= 0 for number in numbers)
    cpu, steps = float(first[3]), [float(cell) for cell in second[1:]]
    assert len(steps) == len(STEPS) + 1
    assert sum(steps) == pytest.approx(cpu, abs=0.5)
    assert any(re.search(r"writing 300 scans", line) for line in told)


def test_the_invented_country_has_as_many_places_as_a_real_one(tmp_path: Path) -> None:
    folder = prepare(tmp_path, 1000, lambda _: None)
    election = load_election(folder / "election")
    assert election.units[""].expected == 1000
    assert sum(unit.expected for code, unit in election.units.items() if len(code) == 9) == 1000
    assert len({code[:6] for code in election.units if len(code) == 9}) == 100
