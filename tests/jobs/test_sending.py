"""Batches that carry their scans: cut by bytes, with each file's faults as they are locally."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.batch import read_batch
from jobs.isolate import close_readers
from jobs.sending import contents_of, keep, read_sent, within_bytes
from jobs.settings import BatchSettings, ReaderSettings
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.image import Limits
from pipeline.read.scans import ScanFile, list_scans
from tests.jobs import island

Sizes = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8), max_size=6)


@given(Sizes, st.integers(1, 40))
def test_no_scan_is_lost_and_no_batch_is_too_large(sizes: list[list[int]], limit: int) -> None:
    batches = [
        tuple(ScanFile(f"{i}-{j}", size, "") for j, size in enumerate(batch))
        for i, batch in enumerate(sizes)
    ]
    cut = list(within_bytes(batches, limit))
    assert [file for batch in cut for file in batch] == [f for batch in batches for f in batch]
    assert all(batch for batch in cut)
    assert all(len(b) == 1 or sum(file.size for file in b) <= limit for b in cut)


def test_batches_that_are_small_stay_as_they_are() -> None:
    """The same batches as without --send, so that both make the same parts."""
    batches = [tuple(ScanFile(f"{i}-{j}", 100, "") for j in range(16)) for i in range(3)]
    assert list(within_bytes(batches)) == batches


def _settings(folder: Path, election: Election) -> BatchSettings:
    folder.mkdir()
    limits = Limits(max_bytes=2**20)
    return BatchSettings(ReaderSettings(election.rules, limits), "test", 1, str(folder))


def test_a_part_that_was_sent_for_is_byte_for_byte_the_workers_own(
    island_election: Election, tmp_path: Path
) -> None:
    """Also where files are empty, too large, gone, or no image."""
    contents = {
        "good.jpg": island.scan(island.payload()),
        "empty.jpg": b"",
        "huge.jpg": island.scan(island.payload(mesa=2)) + b"\0" * 2**20,
        "gone.jpg": b"x",
        "text.jpg": b"no image at all",
    }
    files = list_scans([str(island.write_files(tmp_path / "scans", contents))]).files
    (tmp_path / "scans" / "gone.jpg").unlink()
    local = _settings(tmp_path / "local", island_election)
    sent = _settings(tmp_path / "sent", island_election)
    try:
        own = read_batch(files, local)
        bytes_of = contents_of(files, sent)
        (tmp_path / "scans").rename(tmp_path / "away")
        came_back = keep(read_sent(files, bytes_of, sent), sent.folder)
    finally:
        close_readers()
    assert own.outcomes == came_back.outcomes == {"read": 1, "failed": 4}
    assert own.part.name == came_back.part.name
    one, other = (Path(s.folder, own.part.name).read_bytes() for s in (local, sent))
    assert one == other


def test_what_workers_can_fetch_themselves_is_not_sent(
    island_election: Election, tmp_path: Path
) -> None:
    files = [ScanFile("s3://bucket/a.jpg", 1, ""), ScanFile(str(tmp_path / "b.jpg"), 1, "")]
    remote, local = contents_of(files, _settings(tmp_path / "parts", island_election))
    assert remote is None
    assert isinstance(local, Finding)


def test_a_file_that_grew_since_it_was_listed_is_sent_within_the_limit(
    island_election: Election, tmp_path: Path
) -> None:
    settings = _settings(tmp_path / "parts", island_election)
    path = tmp_path / "grown.jpg"
    path.write_bytes(b"\xff\xd8" + b"\0" * 3 * 2**20)
    (content,) = contents_of([ScanFile(str(path), 10, "")], settings)
    assert isinstance(content, bytes)
    assert len(content) == 2**20 + 1


@pytest.mark.parametrize("pages", [1, 3])
def test_all_pages_of_a_file_come_back(
    island_election: Election, tmp_path: Path, pages: int
) -> None:
    from PIL import Image

    path = tmp_path / "pages.tif"
    images = [Image.new("L", (60, 60), 200 - 20 * number) for number in range(pages)]
    images[0].save(path, save_all=True, append_images=images[1:])
    settings = _settings(tmp_path / "parts", island_election)
    files = list_scans([str(path)]).files
    try:
        receipt = read_sent(files, contents_of(files, settings), settings)
    finally:
        close_readers()
    assert receipt.table["page"].to_pylist() == list(range(1, pages + 1))


def test_a_content_that_is_known_is_told_also_by_batches_that_were_sent(
    island_election: Election, tmp_path: Path
) -> None:
    content = island.scan(island.payload())
    (file,) = list_scans([str(island.write_files(tmp_path / "scans", {"a.jpg": content}))]).files
    sha256 = hashlib.sha256(content).hexdigest()
    sent = _settings(tmp_path / "sent", island_election)
    known = [replace(file, twins=(sha256,))]
    try:
        receipt = keep(read_sent(known, contents_of(known, sent), sent), sent.folder)
    finally:
        close_readers()
    assert receipt.copies == ((file, sha256),)
    assert (receipt.part.rows, receipt.outcomes) == (0, {"known by content": 1})
