"""`actas synth`: what it writes, and how its options change that."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from tests.jobs.running import actas


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_print_faults_are_planned_written_and_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = "--sheets 24 --clean --print-faults 0.5 --workers 1".split()
    ended = actas("synth", str(out), *options)
    assert ended.code == 0, ended.err
    rows = truth(out)
    kinds = Counter(row["kind"] for row in rows)
    assert kinds == {"clean": 13, "tampered": 7, "no-symbol": 2, "cut-off": 2}
    assert {path.name for path in (out / "scans").iterdir()} == {row["file"] for row in rows}
    for row in rows:
        assert bool(row["changes"]) == (row["kind"] != "clean")
        assert row["verdict"]


def test_a_share_beyond_a_half_is_refused(tmp_path: Path) -> None:
    ended = actas("synth", str(tmp_path / "out"), "--sheets", "5", "--print-faults", "0.6")
    assert ended.code == 2
    assert "--print-faults" in ended.err
    assert not (tmp_path / "out").exists()
