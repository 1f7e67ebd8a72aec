"""A batch on its worker: each file's own answer, and no answer of a reader can break the part."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import jobs.batch
from jobs.batch import batch_id, read_batch
from jobs.isolate import close_readers
from jobs.settings import BatchSettings, ReaderSettings
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.record import Outcome, PageReading
from pipeline.read.scans import ScanFile, list_scans, read_bytes
from tests.jobs import island
from tests.jobs.faults import faulty
from tests.jobs.running import readers_of

HONEST = PageReading(1, Outcome.READ, payload=island.payload()).to_plain()
NONSENSE: dict[str, object] = {
    "page is text": HONEST | {"page": "1"},
    "page beyond int32": HONEST | {"page": 2**40},
    "width beyond int32": HONEST | {"width": 2**40},
    "width beyond int64": HONEST | {"width": 10**30},
    "format is a list": HONEST | {"format": ["jpeg"]},
    "attempt is a number": HONEST | {"attempt": 5},
    "payload is a number": HONEST | {"payload": 5},
    "payload is a list": HONEST | {"payload": []},
    "payload is none of this election": HONEST | {"payload": "001-1001;1/2/3;0;0"},
    "read, but no payload": HONEST | {"payload": None},
    "failure is a mapping": HONEST | {"failure": {}},
    "half a character": HONEST | {"failure": "\ud800"},
    "rivals is a number": HONEST | {"rivals": 7},
    "corners are words": HONEST | {"corners": ["left"]},
    "finding nobody knows": HONEST | {"findings": [{"code": "made-up", "detail": ""}]},
    "finding is a list": HONEST | {"findings": [{"code": ["reader-crashed"], "detail": ""}]},
    "finding is half a character": HONEST
    | {"findings": [{"code": "symbol-none", "detail": "\udfff"}]},
}


@pytest.fixture
def settings(
    island_election: Election,
    faults: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[BatchSettings]:
    monkeypatch.setenv("PYTHONPATH", faults["PYTHONPATH"])
    folder = tmp_path / "parts"
    folder.mkdir()
    # A deadline that no other test has: the reader of this thread must not be another test's.
    deadline = 20 + int(hashlib.sha256(str(tmp_path).encode()).hexdigest()[:6], 16) / 2**24
    reader = ReaderSettings(island_election.rules, deadline=deadline)
    yield BatchSettings(reader, "test", 1, str(folder))
    close_readers()


def files(folder: Path, contents: dict[str, bytes]) -> tuple[ScanFile, ...]:
    return list_scans([str(island.write_files(folder, contents))]).files


def rows(settings: BatchSettings) -> dict[str, list[dict[str, Any]]]:
    """The rows of all parts by file name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for part in sorted(Path(settings.folder).iterdir()):
        for row in pq.read_table(part).to_pylist():
            found.setdefault(row["source"].rpartition("/")[2], []).append(row)
    return found


@pytest.mark.slow
def test_no_answer_of_a_reader_breaks_the_part_or_its_neighbours(
    settings: BatchSettings, tmp_path: Path
) -> None:
    good = island.scan(island.payload())
    contents = {f"{name}.jpg": faulty(good, "say", plain=v) for name, v in NONSENSE.items()}
    contents["zz-honest.jpg"] = island.scan(island.payload("2001", 9))
    receipt = read_batch(files(tmp_path / "scans", contents), settings)
    found = rows(settings)
    assert receipt.part.rows == len(contents)
    assert found.keys() == contents.keys()
    assert found.pop("zz-honest.jpg")[0]["payload"] == island.payload("2001", 9)
    wrong = {name for name, (row, *_) in found.items() if row["findings"] != ["reader-error"]}
    assert wrong == set()
    assert {row["outcome"] for (row, *_) in found.values()} == {"failed"}


def test_a_batch_tried_again_gives_every_file_its_own_numbers(
    settings: BatchSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first try fails while the reader holds an answer: that must not go to another file."""
    contents = {f"{n}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 6)}
    contents["2.jpg"] = faulty(contents["2.jpg"], "slow-pages", pages=1, seconds=0.5)
    batch = files(tmp_path / "scans", contents)
    calls: list[str] = []

    def unreliable(file: ScanFile, max_bytes: int) -> bytes | Finding:
        calls.append(file.uri)
        if len(calls) == 3:
            time.sleep(0.2)  # the reader has the second file in hand
            raise RuntimeError("the store's library has a bug")
        return read_bytes(file, max_bytes)

    monkeypatch.setattr(jobs.batch, "read_bytes", unreliable)
    with pytest.raises(RuntimeError, match="the store"):
        read_batch(batch, settings)
    assert rows(settings) == {}
    read_batch(batch, settings)
    expected = {f"{n}.jpg": island.payload(mesa=n) for n in range(1, 6)}
    assert {name: row["payload"] for name, (row, *_) in rows(settings).items()} == expected
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert {name: row["sha256"] for name, (row, *_) in rows(settings).items()} == hashes


def test_a_batch_run_twice_writes_the_same_part(settings: BatchSettings, tmp_path: Path) -> None:
    """A worker that was thought dead and its successor may both write it."""
    batch = files(tmp_path / "scans", {"1.jpg": island.scan(island.payload()), "2.jpg": b""})
    first = read_batch(batch, settings).part
    content = (Path(settings.folder) / first.name).read_bytes()
    second = read_batch(batch, settings).part
    assert (second.name, second.size) == (first.name, first.size)
    assert (Path(settings.folder) / second.name).read_bytes() == content
    assert len(list(Path(settings.folder).iterdir())) == 1


def test_a_file_that_vanishes_or_becomes_a_pipe_is_a_finding(
    settings: BatchSettings, tmp_path: Path
) -> None:
    contents = {name: island.scan(island.payload()) for name in ("gone.jpg", "pipe.jpg", "ok.jpg")}
    batch = files(tmp_path / "scans", contents)
    (tmp_path / "scans" / "gone.jpg").unlink()
    (tmp_path / "scans" / "pipe.jpg").unlink()
    os.mkfifo(tmp_path / "scans" / "pipe.jpg")
    read_batch(batch, settings)
    found = {name: row["findings"][:1] for name, (row, *_) in rows(settings).items()}
    assert found["gone.jpg"] == ["file-vanished"]
    assert found["pipe.jpg"] == ["file-special"]
    assert rows(settings)["ok.jpg"][0]["payload"] == island.payload()


def test_readers_of_this_thread_work_again_after_they_were_closed(
    settings: BatchSettings, tmp_path: Path
) -> None:
    """A program that counts twice, as a notebook or a watcher does."""
    batch = files(tmp_path / "scans", {"1.jpg": island.scan(island.payload())})
    read_batch(batch, settings)
    close_readers()
    read_batch(batch, settings)
    assert [row["payload"] for row in rows(settings)["1.jpg"]] == [island.payload()]


def test_other_settings_end_the_reader_of_the_settings_before(
    settings: BatchSettings, tmp_path: Path
) -> None:
    """A `dask worker` lives for months and sees many elections: 150 MB each would fill it."""
    batch = files(tmp_path / "scans", {"1.jpg": island.scan(island.payload())})
    before = len(readers_of(os.getpid()))
    for deadline in (31.0, 32.0, 33.0):
        read_batch(batch, replace(settings, reader=replace(settings.reader, deadline=deadline)))
    assert len(readers_of(os.getpid())) == before + 1


def test_a_file_of_known_content_is_hashed_and_not_read(
    settings: BatchSettings, tmp_path: Path
) -> None:
    content = faulty(island.scan(island.payload()), "exit")
    names = {"1.jpg": content, "2.jpg": island.scan(island.payload(mesa=2)), "3.jpg": content}
    sha256 = hashlib.sha256(content).hexdigest()
    batch = files(tmp_path / "scans", names)
    known = tuple(replace(file, twins=("f" * 64, sha256)) for file in batch)
    receipt = read_batch(known, settings)
    assert receipt.copies == ((batch[0], sha256), (batch[2], sha256))
    assert (receipt.part.rows, receipt.files) == (1, 3)
    assert receipt.outcomes == {"read": 1, "known by content": 2}
    assert list(rows(settings)) == ["2.jpg"]
    alone = read_batch(known[:1], settings)
    assert (alone.part.rows, len(alone.copies)) == (0, 1)


def test_a_batch_is_named_by_what_decides_its_content(settings: BatchSettings) -> None:
    one, two = ScanFile("/a.jpg", 1, "1"), ScanFile("/b.jpg", 1, "1")
    ids = {
        batch_id([one, two], settings),
        batch_id([two, one], settings),
        batch_id([one], settings),
        batch_id([replace(one, stamp="2"), two], settings),
        batch_id([replace(one, size=2), two], settings),
        batch_id([one, two], replace(settings, reader_version="other")),
        batch_id([one, two], replace(settings, run=2)),
    }
    assert len(ids) == 7
    assert batch_id([one, two], settings) in ids
