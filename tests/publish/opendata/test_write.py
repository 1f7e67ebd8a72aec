"""Writing: the same bytes whatever does not matter, all or nothing, and nobody's files deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.election import Election
from pipeline.errors import ResultsError
from pipeline.publish.opendata import write
from tests.publish.opendata import build


def test_neither_order_nor_folder_leaves_a_trace(
    tmp_path: Path, pristine: Path, election: Election
) -> None:
    moved = [
        replace(scan, uri=scan.uri.replace(build.HOME, "s3://bucket/other"))
        for scan in reversed(build.make_scans(election))
    ]
    manifest = build.publish(tmp_path / "elsewhere", election, moved, issuer="The Daily")
    assert build.contents(tmp_path / "elsewhere") == build.contents(pristine)
    assert (pristine / "merkle-root.txt").read_text(encoding="utf-8") == manifest.root + "\n"


def test_seconds_and_versions_of_the_ledger_leave_no_trace(pristine: Path) -> None:
    assert b"2.5" not in (pristine / "summary.json").read_bytes()
    assert b"table_version" not in (pristine / "summary.json").read_bytes()


def test_writing_the_same_again_touches_nothing(folder: Path, election: Election) -> None:
    (folder / "merkle-root.txt.asc").write_text("signed", encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    build.publish(folder, election, issuer="The Daily")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_other_data_replace_the_old_as_a_whole(folder: Path, election: Election) -> None:
    build.publish(folder, election, build.make_scans(election)[:3])
    assert build.check(folder)[0] == 0
    assert len(build.read_csv(folder / "scans.csv")) == 3
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_signed_publication_is_not_replaced(folder: Path, election: Election) -> None:
    (folder / "merkle-root.txt.asc").write_text("signed", encoding="utf-8")
    before = build.contents(folder)
    with pytest.raises(ResultsError, match=r"merkle-root\.txt\.asc.*\n.*Move the folder away"):
        build.publish(folder, election, build.make_scans(election)[:3])
    assert build.contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_somebodys_other_folder_is_not_replaced(tmp_path: Path, election: Election) -> None:
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "to-my-aunt.txt").write_text("Dear aunt", encoding="utf-8")
    with pytest.raises(ResultsError, match="holds files, but no open data"):
        build.publish(letters, election)
    assert list(build.contents(letters)) == ["to-my-aunt.txt"]


def test_a_full_disk_leaves_the_old_data(
    folder: Path, election: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = build.contents(folder)
    monkeypatch.setattr(write, "write_nist", full)
    with pytest.raises(OSError, match="No space left"):
        build.publish(folder, election, [])
    assert build.contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_what_a_killed_run_left_is_cleared(folder: Path, election: Election) -> None:
    for left in (".copy.new", ".copy.old"):
        (folder.parent / left).mkdir()
        (folder.parent / left / "half.csv").write_text("a,b", encoding="utf-8")
    build.publish(folder, election, [])
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert build.check(folder)[0] == 0
