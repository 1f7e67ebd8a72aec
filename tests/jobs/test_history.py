"""`actas log` and `actas diff`: each run that changed something is a version, no other is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.jobs import island
from tests.jobs.running import actas, products, tally_args

SCANS = {f"{n}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 5)}


def logged(out: Path) -> list[dict[str, Any]]:
    run = actas("log", str(out), "--json")
    assert run.code == 0, run.err
    found: list[dict[str, Any]] = json.loads(run.out)
    return found


@pytest.mark.slow
def test_versions_tell_what_came_what_changed_and_what_moved(
    tmp_path: Path, island_folder: Path
) -> None:
    scans, out = island.write_files(tmp_path / "scans", SCANS), tmp_path / "out"
    args = tally_args(scans, out, island_folder)
    first = actas(*args).summary
    (scans / "5.jpg").write_bytes(island.scan(island.payload(mesa=5)))
    (scans / "1.jpg").write_bytes(island.scan(island.payload(mesa=1, votes=(60, 4, 3, 2, 1))))
    (scans / "2.jpg").unlink()
    second = actas(*args).summary
    before = products(out)
    assert actas(*args).code == 0, "nothing new"
    assert products(out) == before
    (scans / "4b.jpg").write_bytes(island.scan(island.payload(mesa=4, votes=(1, 1, 1, 1, 1))))
    third = actas(*args)
    assert third.code == 3

    found = logged(out)
    assert [version["number"] for version in found] == [1, 2, 3]
    assert [v["summary"]["votes"]["ANA"] for v in found] == [
        first["votes"]["ANA"], second["votes"]["ANA"], third.summary["votes"]["ANA"],
    ]  # fmt: skip
    assert [version["news"] for version in found] == [
        {"new": 4}, {"new": 1, "read again": 1, "gone": 1}, {"new": 1},
    ]  # fmt: skip
    assert [version["mesas"] for version in found] == [160, 3, 1]
    assert third.summary["version"] == 3
    told = actas("log", str(out), "-n", "1").out
    assert "version 3" in told
    assert "version 2" not in told

    step = json.loads(actas("diff", str(out), "--from", "1", "--to", "2", "--json").out)
    assert {m["mesa"]: (m["change"], m["why"]) for m in step["mesas"]} == {
        "1001-001": ("changed its numbers", "1.jpg has another content"),
        "1001-005": ("counted now", "rests on 5.jpg; +1 scan"),
        "1001-002": ("otherwise changed", "The file is gone since it was read"),
    }
    assert step["votes"]["ANA"] == {"from": 4 * 54, "to": 5 * 54 + 10}
    assert step["moved"] == {"1": {"ANA": 64, "BEA": 3, "CAI": 3}}
    whole = json.loads(actas("diff", str(out), "--from", "0", "--to", "3", "--json").out)
    assert {m["mesa"] for m in whole["mesas"] if m["change"] == "counted now"} == {
        "1001-001", "1001-002", "1001-003", "1001-005",
    }  # fmt: skip
    words = actas("diff", str(out)).out
    assert "From version 2 to 3" in words
    assert "1001-004  no longer counted: 4.jpg does not count now" in words
    assert "Sheets of one mesa disagree" in words


@pytest.mark.slow
def test_a_run_killed_before_it_published_is_part_of_the_next_version(
    tmp_path: Path, island_folder: Path
) -> None:
    scans, out = island.write_files(tmp_path / "scans", SCANS), tmp_path / "out"
    args = tally_args(scans, out, island_folder)
    assert actas(*args).code == 0
    whole = products(out)
    # What a run leaves that died between its tables and its summary.
    (out / "summary.json").unlink()
    (out / "actas.parquet").write_bytes(b"half")
    assert actas(*args).code == 0
    assert products(out) == whole
    assert [version["number"] for version in logged(out)] == [1]
    (scans / "9.jpg").write_bytes(island.scan(island.payload(mesa=9)))
    (out / "actas.parquet").unlink()
    assert actas(*args).code == 0
    assert [version["mesas"] for version in logged(out)] == [160, 1]
    assert logged(out)[1]["news"] == {"new": 1}


@pytest.mark.slow
def test_a_table_that_somebody_changed_is_written_anew(tmp_path: Path, island_folder: Path) -> None:
    scans, out = island.write_files(tmp_path / "scans", SCANS), tmp_path / "out"
    args = tally_args(scans, out, island_folder)
    assert actas(*args).code == 0
    whole = products(out)
    path = out / "totals" / "nation.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("54", "99"), encoding="utf-8")
    (out / "site" / "index.html").unlink()
    assert actas(*args).code == 0
    assert products(out) == whole
    assert (out / "site" / "index.html").is_file()
    assert len(logged(out)) == 1
