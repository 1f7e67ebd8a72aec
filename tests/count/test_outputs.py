"""The files of a run: complete, the same for the same scans, and harmless to whoever opens them."""

from __future__ import annotations

import csv
import errno
import json
import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import schema
from pipeline.count.outputs import (
    RunFacts,
    neutral,
    summarise,
    write_bytes,
    write_csv,
    write_summary,
    write_tables,
)
from pipeline.count.resolve import Scan, resolve
from pipeline.count.totals import sum_up
from pipeline.election import Election
from pipeline.findings import CATALOGUE, Finding
from pipeline.read.record import Outcome
from tests.count.build import payload, scan

FACTS = RunFacts("1-abc", "c0de", 7, {"read": 1.23456, "total": 2.0})
FILES = {
    "actas.parquet",
    "findings.csv",
    "unread.csv",
    "summary.json",
    *(
        f"totals/{level}.{kind}"
        for level in ("nation", "coast", "centre")
        for kind in ("csv", "parquet")
    ),
}


def _scans(tiny: Election) -> list[Scan]:
    numbers = payload(tiny, "1001", 1, (10, 5, 7, 0, 1), 2, 1)
    rivals = (payload(tiny, "1001", 3, (1,) * 5), payload(tiny, "1002", 1, (1,) * 5))
    return [
        scan("/a", numbers),
        scan("/b", numbers),
        scan("/c", numbers, sha256="copy"),
        scan("/d", numbers, sha256="copy"),
        scan("/e", payload(tiny, "2001", 1, (50, 0, 0, 0, 0))),
        scan("/f", payload(tiny, "2001", 2, (50, 0, 0, 0, 0))),
        scan("/g", payload(tiny, "2001", 2, (51, 0, 0, 0, 0))),
        scan("/h", payload(tiny, "1777", 1, (1, 1, 1, 1, 1))),
        scan("/i", findings=(Finding("symbol-none"),)),
        scan("/j", outcome=Outcome.REJECTED, findings=(Finding("payload-grammar", "9 fields"),)),
        scan("/k", outcome=Outcome.FAILED, sha256=None, findings=(Finding("file-vanished"),)),
        scan("/l", outcome=Outcome.AMBIGUOUS, rivals=rivals),
    ]


def _write(folder: Path, scans: list[Scan], election: Election) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    resolution = resolve(scans, election)
    totals = sum_up(resolution, election)
    files = write_tables(folder, resolution, totals, election)
    summary = summarise(totals, election, FACTS, files)
    write_summary(folder, summary)
    return summary


def _contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_are_all_there_and_nothing_else(tmp_path: Path, tiny: Election) -> None:
    _write(tmp_path, _scans(tiny), tiny)
    assert set(_contents(tmp_path)) == FILES


def test_the_order_of_scans_changes_not_one_byte(tmp_path: Path, tiny: Election) -> None:
    scans = _scans(tiny)
    _write(tmp_path / "0", scans, tiny)
    for seed in (1, 2, 3):
        random.Random(seed).shuffle(scans)
        _write(tmp_path / str(seed), scans, tiny)
        assert _contents(tmp_path / str(seed)) == _contents(tmp_path / "0")


def test_the_summary_keeps_its_contract(tmp_path: Path, tiny: Election) -> None:
    returned = _write(tmp_path, _scans(tiny), tiny)
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary == returned
    assert {
        "election", "reader_version", "config_sha256", "table_version", "scans", "mesas",
        "grades", "valid_votes", "null_votes", "empty_votes", "votes", "seconds",
    } <= summary.keys()  # fmt: skip
    assert summary["scans"] == {
        "found": 12,
        "counted": 3,
        "duplicate": 3,
        "quarantined": 3,
        "unreadable": 1,
        "rejected": 1,
        "failed": 1,
    }
    mesas = summary["mesas"]
    assert (mesas["expected"], mesas["counted"], mesas["quarantined"]) == (12, 3, 3)
    assert mesas["expected"] == mesas["counted"] + mesas["quarantined"] + mesas["missing"]
    assert (summary["election"], summary["reader_version"]) == ("tiny-2030", "1-abc")
    assert summary["config_sha256"] == tiny.config_sha256
    assert (summary["table_version"], summary["grades"]["qr"]) == (7, 3)
    assert summary["votes"] == {"ANA": 67, "BEA": 8, "CAI": 3}
    assert list(summary["votes"]) == ["ANA", "BEA", "CAI"]
    assert summary["valid_votes"] == sum(summary["votes"].values())
    assert (summary["null_votes"], summary["empty_votes"]) == (2, 1)


def test_a_mesa_is_one_row_and_rows_make_the_sums(tmp_path: Path, tiny: Election) -> None:
    summary = _write(tmp_path, _scans(tiny), tiny)
    table = pq.read_table(tmp_path / "actas.parquet")
    assert table.schema.equals(schema.actas(tiny))
    rows = table.to_pylist()
    assert len({row["mesa"] for row in rows}) == len(rows) == summary["mesas"]["expected"]
    counted = [row for row in rows if row["status"] == "counted"]
    assert len(counted) == summary["mesas"]["counted"]
    assert sum(row["valid_votes"] for row in counted) == summary["valid_votes"]
    assert all(row["votes"] is None for row in rows if row["status"] != "counted")
    (one,) = (row for row in rows if row["mesa"] == "1001-001")
    assert (one["scan"], one["scans"], one["registered_voters"]) == ("/a", 3, 400)


@pytest.mark.parametrize("level", ["nation", "coast", "centre"])
def test_every_level_sums_to_the_summary_in_both_formats(
    tmp_path: Path, tiny: Election, level: str
) -> None:
    summary = _write(tmp_path, _scans(tiny), tiny)
    table = pq.read_table(tmp_path / "totals" / f"{level}.parquet")
    assert table.schema.equals(schema.totals(tiny))
    cells = _csv(tmp_path / "totals" / f"{level}.csv")
    for column, total in (
        ("expected", summary["mesas"]["expected"]),
        ("counted", summary["mesas"]["counted"]),
        ("valid_votes", summary["valid_votes"]),
        ("ANA", summary["votes"]["ANA"]),
        ("ANA:SOL", 61),
        ("BEA", summary["votes"]["BEA"]),
    ):
        assert sum(table[column].to_pylist()) == total
        assert sum(int(row[column]) for row in cells) == total


def test_whoever_needs_a_person_is_on_the_list_with_a_reason(
    tmp_path: Path, tiny: Election
) -> None:
    summary = _write(tmp_path, _scans(tiny), tiny)
    rows = _csv(tmp_path / "unread.csv")
    counts = summary["scans"]
    needed = sum(counts[name] for name in ("quarantined", "unreadable", "rejected", "failed"))
    assert len(rows) == needed
    assert all(row["why"] for row in rows)
    assert {row["uri"] for row in rows} == {"/f", "/g", "/i", "/j", "/k", "/l"}


def test_every_finding_is_written_with_its_sentence(tmp_path: Path, tiny: Election) -> None:
    _write(tmp_path, _scans(tiny), tiny)
    rows = _csv(tmp_path / "findings.csv")
    assert {row["code"] for row in rows} >= {
        "sheets-disagree", "content-duplicate", "sheet-duplicate", "symbol-none",
    }  # fmt: skip
    for row in rows:
        assert row["sentence"].startswith(CATALOGUE[row["code"]].sentence)
        assert row["gravity"] == CATALOGUE[row["code"]].gravity.value


# What strangers choose.


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_begins_a_formula(tmp_path: Path, start: str) -> None:
    text = f'{start}HYPERLINK("http://example.org")'
    assert neutral(text) == f"'{text}"
    write_csv(tmp_path / "a.csv", pa.table({"text": [text, "fine"], "number": [-1, 2]}))
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["text", "number"], [f"'{text}", "-1"], ["fine", "2"]]


def test_a_number_stays_a_number_and_nothing_stays_nothing() -> None:
    assert [neutral(value) for value in (-5, 0, None, "", "a=b")] == [-5, 0, None, "", "a=b"]


def test_text_with_quotes_lines_and_html_comes_back_as_written(tmp_path: Path) -> None:
    texts = ["<script>alert(1)</script>", 'a "quoted", one', "two\nlines", "ñ é 漢", "&amp;"]
    write_csv(tmp_path / "a.csv", pa.table({"text": texts}))
    assert [row["text"] for row in _csv(tmp_path / "a.csv")] == texts


def test_a_formula_from_a_scan_is_harmless_in_every_table(tmp_path: Path, tiny: Election) -> None:
    hostile = [
        scan("=cmd|' /C calc'!A0", findings=(Finding("symbol-none", "x"),)),
        scan("@SUM(1)", outcome=Outcome.FAILED),
        scan("-2+3", payload(tiny, "1001", 1, (1,) * 5)),
        scan("-2+4", payload(tiny, "1001", 1, (1,) * 5)),
    ]
    _write(tmp_path, hostile, tiny)
    for path in tmp_path.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for cells in csv.reader(file):
                assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


# Whole or not at all.


@pytest.mark.parametrize("seam", ["fsync", "replace"])
def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seam: str
) -> None:
    path = tmp_path / "summary.json"
    write_bytes(path, b"old")

    def stop(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os if seam == "fsync" else Path, seam, stop)
        with pytest.raises(OSError, match="No space"):
            write_bytes(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["summary.json"]
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_the_summary_is_written_last(
    tmp_path: Path, tiny: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    real = Path.replace

    def spy(path: Path, target: Path) -> Path:
        written.append(target.name)
        return real(path, target)

    monkeypatch.setattr(Path, "replace", spy)
    _write(tmp_path, _scans(tiny), tiny)
    assert len(written) == len(FILES)
    assert written[-1] == "summary.json"
