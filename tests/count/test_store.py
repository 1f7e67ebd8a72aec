"""What is committed stays, what is not does not exist, and a damaged ledger is never guessed at."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline import schema
from pipeline.count.load import COLUMNS, ScanRows
from pipeline.count.records import ScanRecord, make_records, to_table
from pipeline.count.resolve import resolve
from pipeline.count.store import Ledger, Part, write_part
from pipeline.count.totals import sum_up
from pipeline.election import Election
from pipeline.errors import InterruptedRunError, ResultsError
from pipeline.findings import Finding
from pipeline.read.record import Outcome, PageReading, failed
from pipeline.read.scans import ScanFile
from tests.count.build import payload, record

VOTES = (10, 5, 7, 0, 1)


@pytest.fixture
def ledger(tmp_path: Path, tiny: Election) -> Ledger:
    return Ledger.open_or_create(tmp_path / "scans", tiny.slug)


def _part(ledger: Ledger, batch: str, *records: list[ScanRecord]) -> Part:
    rows = [row for group in records for row in group]
    return write_part(ledger.folder, batch, to_table(rows))


def _uris(ledger: Ledger) -> list[str]:
    return sorted(ledger.rows(["uri"])["uri"].to_pylist())


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "_delta_log"}


# Parts.


def test_a_part_is_seen_only_once_it_is_committed(ledger: Ledger, tiny: Election) -> None:
    part = _part(ledger, "a" * 32, record(tiny, "/a", payload(tiny, "1001", 1, VOTES)))
    assert _uris(ledger) == []
    assert _uris(Ledger.open(ledger.folder, tiny.slug)) == []
    before = ledger.version
    ledger.commit([part])
    assert _uris(ledger) == ["/a"]
    assert _uris(Ledger.open(ledger.folder, tiny.slug)) == ["/a"]
    assert ledger.version == before + 1


def test_committing_nothing_makes_no_version(ledger: Ledger) -> None:
    before = ledger.version
    ledger.commit([])
    assert ledger.version == before


def test_a_part_committed_twice_counts_once(ledger: Ledger, tiny: Election) -> None:
    part = _part(ledger, "a" * 32, record(tiny, "/a", payload(tiny, "1001", 1, VOTES)))
    ledger.commit([part])
    ledger.commit([part])
    assert _uris(ledger) == ["/a"]


@pytest.mark.parametrize("seam", ["os.fsync", "Path.open", "Path.replace"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()],
    ids=["disk full", "interrupted"],
)
def test_a_part_is_whole_or_absent(
    ledger: Ledger,
    tiny: Election,
    monkeypatch: pytest.MonkeyPatch,
    seam: str,
    error: BaseException,
) -> None:
    def stop(*args: Any, **_: Any) -> None:
        if seam == "Path.open":
            os.write(os.open(args[0], os.O_WRONLY | os.O_CREAT), b"PAR1 half of a file")
        raise error

    targets = {"os.fsync": (os, "fsync"), "Path.open": (Path, "open")}
    target, name = targets.get(seam, (Path, "replace"))
    with monkeypatch.context() as patched:
        patched.setattr(target, name, stop)
        with pytest.raises(type(error)):
            _part(ledger, "a" * 32, record(tiny, "/a", payload(tiny, "1001", 1, VOTES)))
    assert _files(ledger.folder) == set()
    # And the next attempt succeeds.
    ledger.commit([_part(ledger, "a" * 32, record(tiny, "/a", None))])
    assert _uris(ledger) == ["/a"]


def test_sweeping_removes_orphans_and_nothing_else(ledger: Ledger, tiny: Election) -> None:
    kept = _part(ledger, "a" * 32, record(tiny, "/a", payload(tiny, "1001", 1, VOTES)))
    ledger.commit([kept])
    orphan = _part(ledger, "b" * 32, record(tiny, "/b", None))
    (ledger.folder / f".part-{'c' * 32}.parquet.123.tmp").write_bytes(b"half")
    (ledger.folder / "notes.txt").write_text("a person's own")
    log = sorted(path.name for path in (ledger.folder / "_delta_log").iterdir())
    assert ledger.sweep() == 2
    assert _files(ledger.folder) == {kept.name, "notes.txt"}
    assert orphan.name not in _files(ledger.folder)
    assert sorted(path.name for path in (ledger.folder / "_delta_log").iterdir()) == log
    assert ledger.sweep() == 0
    assert _uris(ledger) == ["/a"]


def test_a_part_holds_every_column_and_comes_back_as_it_was(ledger: Ledger, tiny: Election) -> None:
    numbers = payload(tiny, "1001", 1, VOTES, 2, 3)
    ledger.commit([_part(ledger, "a" * 32, record(tiny, "/a", numbers))])
    rows = ledger.rows()
    assert rows.schema.equals(schema.SCANS)
    (row,) = rows.to_pylist()
    assert row["votes"] == list(VOTES)
    assert (row["acta_code"], row["payload"]) == ("001-1001", numbers.text)
    assert (row["null_votes"], row["empty_votes"]) == (2, 3)
    assert (row["method"], row["grade"], row["failure"]) == ("qr", "qr", None)
    (scan,) = ScanRows(ledger.rows(COLUMNS), tiny.rules)
    assert scan.payload == numbers


def test_many_parts_become_few_and_say_the_same(
    ledger: Ledger, tiny: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.count.store.MANY_PARTS", 5)
    for n in range(1, 9):
        rows = record(tiny, f"/{n}", payload(tiny, "1001", n, VOTES) if n % 2 else None, run=n)
        ledger.commit([_part(ledger, f"{n:032}", rows)])
    before = ledger.history().sort_by("uri")
    ledger.merge_parts()
    assert ledger.history().sort_by("uri").equals(before)
    assert ledger.sweep() == 8
    assert len(_files(ledger.folder)) == 1
    again = Ledger.open(ledger.folder, tiny.slug)
    assert again.history().sort_by("uri").equals(before)
    assert again.rows().num_rows == 8
    assert again.next_run() == 9
    again.merge_parts()
    assert again.sweep() == 0


def test_many_parts_none_of_which_is_small_are_left_alone(
    ledger: Ledger, tiny: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty commit would be a new version of the table, and all results would be made again."""
    monkeypatch.setattr("pipeline.count.store.MANY_PARTS", 1)
    monkeypatch.setattr("pipeline.count.store.SMALL_BYTES", 1)
    for n in range(1, 4):
        ledger.commit([_part(ledger, f"{n:032}", record(tiny, f"/{n}", None, run=n))])
    before = ledger.version
    ledger.merge_parts()
    assert ledger.version == before


def test_a_ledger_of_an_earlier_program_lacks_columns_and_is_read_all_the_same(
    ledger: Ledger, tiny: Election
) -> None:
    table = to_table(record(tiny, "/a", payload(tiny, "1001", 1, VOTES))).drop_columns(["read_as"])
    ledger.commit([write_part(ledger.folder, "a" * 32, table)])
    ledger.commit([_part(ledger, "b" * 32, record(tiny, "/b", None))])
    assert ledger.rows().schema.equals(schema.SCANS)
    assert ledger.rows()["read_as"].null_count == 2


# Two that write.


def test_who_was_overtaken_finds_out_before_its_commit_counts(
    ledger: Ledger, tiny: Election
) -> None:
    """A run that was asleep for long wakes up, and another has the results."""

    def lost() -> None:
        raise InterruptedRunError("overtaken")

    sleeper = Ledger.open(ledger.folder, tiny.slug)
    sleeper.still_mine = lost
    part = _part(ledger, "a" * 32, record(tiny, "/a", None))
    other = Ledger.open(ledger.folder, tiny.slug)
    other.fence()
    assert other.sweep() == 1, "the sleeper's part is nobody's"
    with pytest.raises(InterruptedRunError, match="overtaken"):
        sleeper.commit([part])
    assert Ledger.open(ledger.folder, tiny.slug).rows().num_rows == 0


def test_a_commit_beside_that_of_another_tool_is_made_once(ledger: Ledger, tiny: Election) -> None:
    Ledger.open(ledger.folder, tiny.slug).fence()
    ledger.commit([_part(ledger, "a" * 32, record(tiny, "/a", None))])
    assert _uris(Ledger.open(ledger.folder, tiny.slug)) == ["/a"]


def test_a_commit_whose_answer_was_lost_is_not_taken_for_somebody_elses(
    ledger: Ledger, tiny: Election
) -> None:
    part = _part(ledger, "a" * 32, record(tiny, "/a", None))
    Ledger.open(ledger.folder, tiny.slug).commit([part])

    def lost() -> None:
        raise InterruptedRunError("overtaken")

    ledger.still_mine = lost
    ledger.commit([part])
    assert _uris(ledger) == ["/a"]


# What is current.


def test_of_a_file_the_latest_run_is_current(ledger: Ledger, tiny: Election) -> None:
    old = payload(tiny, "1001", 1, VOTES)
    new = payload(tiny, "1001", 2, VOTES)
    ledger.commit(
        [_part(ledger, "a" * 32, record(tiny, "/a", old), record(tiny, "/b", old, stamp="7"))]
    )
    ledger.commit([_part(ledger, "b" * 32, record(tiny, "/a", new, run=2, stamp="2"))])
    rows = {row["uri"]: row for row in ledger.rows().to_pylist()}
    assert {uri: row["payload"] for uri, row in rows.items()} == {"/a": new.text, "/b": old.text}
    assert ledger.next_run() == 3


def test_the_pages_of_a_shorter_file_replace_all_of_the_longer_one(
    ledger: Ledger, tiny: Election
) -> None:
    file = ScanFile("/f.tif", 1, "1")
    pages = [PageReading(n, Outcome.UNREADABLE, failure="none") for n in (1, 2, 3)]
    rules = tiny.rules
    three = make_records(file, None, pages, rules, reader_version="1", run=1)
    one = make_records(file, None, pages[:1], rules, reader_version="1", run=2)
    ledger.commit([_part(ledger, "a" * 32, three)])
    assert _uris(ledger) == ["/f.tif#page=1", "/f.tif#page=2", "/f.tif#page=3"]
    ledger.commit([_part(ledger, "b" * 32, one)])
    assert _uris(ledger) == ["/f.tif"]


def test_an_empty_ledger_answers_everything(ledger: Ledger, tiny: Election) -> None:
    assert ledger.rows().num_rows == 0
    assert ledger.rows(["uri"]).num_rows == 0
    assert ledger.history(["uri", "run"]).num_rows == 0
    assert ledger.next_run() == 1
    assert sum_up(resolve(ScanRows(ledger.rows(COLUMNS), tiny.rules), tiny), tiny).nation


def test_opening_again_changes_nothing(ledger: Ledger, tiny: Election) -> None:
    ledger.commit([_part(ledger, "a" * 32, record(tiny, "/a", None))])
    again = Ledger.open_or_create(ledger.folder, tiny.slug)
    assert again.version == ledger.version
    assert _uris(again) == ["/a"]


# What is refused.


def test_results_of_another_election_are_refused(ledger: Ledger) -> None:
    for open_it in (Ledger.open, Ledger.open_or_create):
        with pytest.raises(ResultsError, match="tiny-2030") as raised:
            open_it(ledger.folder, "other-2031")
        assert "other-2031" in raised.value.what
        assert raised.value.hint


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results"):
        Ledger.open(tmp_path / "scans", "tiny-2030")


def _log(ledger: Ledger) -> Path:
    return ledger.folder / "_delta_log"


DAMAGE = {
    "garbage": lambda log: (log / f"{0:020d}.json").write_bytes(b"\x00\xff garbage"),
    "cut": lambda log: _cut(log / f"{0:020d}.json"),
    "empty": lambda log: (log / f"{0:020d}.json").write_bytes(b""),
    "first gone": lambda log: (log / f"{0:020d}.json").unlink(),
    "middle gone": lambda log: (log / f"{1:020d}.json").unlink(),
    "last garbage": lambda log: (log / f"{2:020d}.json").write_bytes(b"{not json"),
}


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_log_is_refused_and_left_alone(
    ledger: Ledger, tiny: Election, damage: Any
) -> None:
    for number in (1, 2):
        ledger.commit([_part(ledger, str(number) * 32, record(tiny, f"/{number}", None))])
    damage(_log(ledger))
    before = {path.name: path.read_bytes() for path in _log(ledger).iterdir()}
    for open_it in (Ledger.open, Ledger.open_or_create):
        with pytest.raises(ResultsError) as raised:
            open_it(ledger.folder, tiny.slug)
        assert str(ledger.folder.parent) in raised.value.what
        assert raised.value.hint
    assert {path.name: path.read_bytes() for path in _log(ledger).iterdir()} == before


def test_parts_whose_log_is_gone_are_not_swept_away(ledger: Ledger, tiny: Election) -> None:
    ledger.commit([_part(ledger, "a" * 32, record(tiny, "/a", None))])
    shutil.rmtree(_log(ledger))
    with pytest.raises(ResultsError):
        Ledger.open_or_create(ledger.folder, tiny.slug).sweep()
    assert len(_files(ledger.folder)) == 1


@pytest.mark.parametrize("how", ["gone", "cut", "garbage"])
def test_a_damaged_part_is_told_by_name(ledger: Ledger, tiny: Election, how: str) -> None:
    part = _part(ledger, "a" * 32, record(tiny, "/a", None))
    ledger.commit([part])
    path = ledger.folder / part.name
    if how == "gone":
        path.unlink()
    elif how == "cut":
        _cut(path)
    else:
        path.write_bytes(b"garbage")
    with pytest.raises(ResultsError, match=part.name):
        ledger.rows()


# The border between reading and counting.


def test_a_reading_cannot_hand_over_votes_that_no_symbol_held(tiny: Election) -> None:
    file = ScanFile("/a", 1, "1")
    for claimed in (
        PageReading(1, Outcome.READ, payload="001-1001;1/2/3;0;0"),
        PageReading(1, Outcome.READ, payload="anything"),
        PageReading(1, Outcome.READ, payload=None),
    ):
        with pytest.raises(ValueError, match="payload"):
            make_records(file, "0", [claimed], tiny.rules, reader_version="1", run=1)


def test_a_row_whose_payload_no_longer_fits_the_rules_counts_nowhere(
    ledger: Ledger, tiny: Election, venezuela: Election
) -> None:
    ledger.commit([_part(ledger, "a" * 32, record(tiny, "/a", payload(tiny, "1001", 1, VOTES)))])
    (scan,) = ScanRows(ledger.rows(COLUMNS), venezuela.rules)
    assert (scan.payload, scan.outcome) == (None, Outcome.REJECTED)


def test_a_failed_file_is_a_row_too(ledger: Ledger, tiny: Election) -> None:
    reading = failed(1, Finding("file-empty"))
    rows = make_records(
        ScanFile("/a", 0, "1"), None, [reading], tiny.rules, reader_version="1", run=1
    )
    ledger.commit([_part(ledger, "a" * 32, rows)])
    (row,) = ledger.rows().to_pylist()
    assert (row["outcome"], row["findings"]) == ("failed", ["file-empty"])
    assert row["failure"] == "The file is empty"
