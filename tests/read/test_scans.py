"""Every file that could be a scan is listed exactly once, whatever it is called and wherever it is;
what cannot be read is listed too, and what is passed over is named."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.findings import Finding
from pipeline.read import remote
from pipeline.read.scans import Listing, ScanFile, cut_batches, list_scans, read_bytes
from pipeline.read.uris import to_uri

JPEG = b"\xff\xd8\xff\xe0 enough of one to be listed"
HOSTILE = [
    b"two\nlines.jpg",
    b"-rf.jpg",
    b"=1+1.jpg",
    b"@sum.jpg",
    b"..jpg.jpg",
    b"...jpg",
    b"bytes\xff\xfe.jpg",
    b"100%.jpg",
    b"100%25.jpg",
    b"a#page=2.jpg",
    "right\u202etoleft.jpg".encode(),
    b"esc\x1b[31m.jpg",
    b" space .jpg",
    b"tab\t.jpg",
    b"cr\r.jpg",
    b"'quote\".jpg",
    b"<b>.jpg",
    b"back\\slash.jpg",
    b"UPPER.JPG",
    b"long" + b"x" * 240 + b".jpg",
    b"http:.jpg",
]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


def _put(path: Path, content: bytes = JPEG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _uris(listing: Listing) -> list[str]:
    return [file.uri for file in listing.files]


def _names(listing: Listing) -> list[str]:
    return [Path(file.uri).name for file in listing.files]


def _fault(file: ScanFile) -> str:
    assert file.fault is not None, file
    return file.fault.code


# Names.


def test_files_of_any_name_are_listed_once_and_read(scans: Path) -> None:
    for number, name in enumerate(HOSTILE):
        with open(os.fsencode(scans) + b"/" + name, "wb") as file:
            file.write(JPEG + str(number).encode())
    listing = list_scans([str(scans)])
    assert len(listing.files) == len(HOSTILE)
    assert len(set(_uris(listing))) == len(HOSTILE)
    contents = {read_bytes(file, 1000) for file in listing.files}
    assert contents == {JPEG + str(number).encode() for number in range(len(HOSTILE))}
    assert all(file.fault is None for file in listing.files)


def test_the_order_of_creation_does_not_matter(tmp_path: Path) -> None:
    names = [f"{n:03d}.jpg" for n in range(50)] + ["sub/a.jpg", "sub/b/c.jpg", "Z.jpg"]
    listings = []
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        random.Random(attempt).shuffle(names)
        for name in names:
            _put(folder / name)
        uris = _uris(list_scans([str(folder)]))
        assert uris == sorted(uris)
        listings.append([os.path.relpath(uri, folder) for uri in uris])
    assert listings[0] == listings[1] == listings[2]
    assert len(listings[0]) == len(names)


@settings(max_examples=60, deadline=None)
@given(
    raw=st.sets(
        st.binary(min_size=1, max_size=20).filter(
            lambda raw: (
                not set(b"\0/") & set(raw)
                and raw not in (b".", b"..")
                and not raw.startswith(b"._")
            )
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_folder_of_any_names_is_listed_whole(
    tmp_path_factory: pytest.TempPathFactory, raw: set[bytes]
) -> None:
    folder = os.fsencode(tmp_path_factory.mktemp("any"))
    for name in raw:
        with open(folder + b"/" + name, "wb") as file:
            file.write(JPEG)
    listing = list_scans([os.fsdecode(folder)])
    assert len(listing.files) == len(raw)
    assert all(read_bytes(file, 1000) == JPEG for file in listing.files)


# What is a scan and what is not.


def test_an_image_is_told_by_its_bytes_or_its_name(scans: Path) -> None:
    _put(scans / "no_suffix")
    _put(scans / "wrong.txt")
    _put(scans / "text.jpg", b"no image at all")
    _put(scans / "phone.HEIC", b"ftypheic")
    _put(scans / "empty.png", b"")
    _put(scans / "readme.txt", b"hello")
    _put(scans / "truth.csv", b"a,b")
    _put(scans / "._a.jpg", b"\0\5\x16\7")
    listing = list_scans([str(scans)])
    assert _names(listing) == ["empty.png", "no_suffix", "phone.HEIC", "text.jpg", "wrong.txt"]
    passed_over = [Path(name).name for name in listing.ignored]
    assert passed_over == ["._a.jpg", "readme.txt", "truth.csv"]


def test_size_and_stamp_change_with_the_content(scans: Path) -> None:
    path = _put(scans / "a.jpg")
    (before,) = list_scans([str(scans)]).files
    assert before.size == len(JPEG)
    path.write_bytes(JPEG + b"more")
    os.utime(path, ns=(1, 1))
    (after,) = list_scans([str(scans)]).files
    assert (after.size, after.stamp) == (len(JPEG) + 4, "1")
    assert before.stamp != after.stamp


# Links, pipes, what cannot be read.


def test_links_are_followed_but_never_in_circles(scans: Path, tmp_path: Path) -> None:
    _put(scans / "a.jpg")
    outside = _put(tmp_path / "outside" / "b.jpg")
    (scans / "loop").symlink_to(scans)
    (scans / "up").symlink_to(tmp_path)
    (scans / "folder").symlink_to(outside.parent)
    (scans / "file.jpg").symlink_to(outside)
    listing = list_scans([str(scans)])
    real = [os.path.realpath(uri) for uri in _uris(listing)]
    assert set(real) == {str(scans / "a.jpg"), str(outside)}
    assert real.count(str(scans / "a.jpg")) == 1


def test_links_to_nowhere_are_listed_with_a_fault(scans: Path) -> None:
    (scans / "gone.jpg").symlink_to(scans / "nothing")
    (scans / "itself.jpg").symlink_to(scans / "itself.jpg")
    listing = list_scans([str(scans)])
    assert [_fault(file) for file in listing.files] == ["file-special"] * 2
    assert [read_bytes(file, 10) for file in listing.files] == [f.fault for f in listing.files]


def _within(seconds: float, work: Any) -> Any:
    """What `work` returns; fails, rather than hangs, if it does not return."""
    done: list[Any] = []
    thread = threading.Thread(target=lambda: done.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert done, "it hangs"
    return done[0]


def test_a_pipe_named_as_an_image_does_not_hang(scans: Path) -> None:
    os.mkfifo(scans / "pipe.jpg")
    os.mkfifo(scans / "pipe")
    listing = _within(5, lambda: list_scans([str(scans)]))
    assert [_fault(file) for file in listing.files] == ["file-special"] * 2


def test_a_pipe_that_took_a_files_place_does_not_hang(scans: Path) -> None:
    path = _put(scans / "a.jpg")
    (file,) = list_scans([str(scans)]).files
    path.unlink()
    os.mkfifo(path)
    assert _within(5, lambda: read_bytes(file, 10)).code == "file-special"


def test_a_socket_is_a_fault(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(scans)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.jpg")
        (file,) = list_scans([str(scans)]).files
    assert _fault(file) == "file-special"


def test_a_file_that_vanished_is_a_finding(scans: Path) -> None:
    path = _put(scans / "a.jpg")
    (file,) = list_scans([str(scans)]).files
    path.unlink()
    found = read_bytes(file, 10)
    assert isinstance(found, Finding)
    assert found.code == "file-vanished"


def test_a_folder_that_took_a_files_place_leaks_nothing(scans: Path) -> None:
    path = _put(scans / "a.jpg")
    (file,) = list_scans([str(scans)]).files
    path.unlink()
    path.mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        found = read_bytes(file, 10)
        assert isinstance(found, Finding)
        assert found.code in ("file-special", "file-unreadable")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_reading_stops_one_byte_beyond_the_limit(scans: Path) -> None:
    _put(scans / "a.jpg", JPEG + b"\0" * 10_000)
    (file,) = list_scans([str(scans)]).files
    content = read_bytes(file, 100)
    assert isinstance(content, bytes)
    assert len(content) == 101


def test_a_folder_that_cannot_be_opened_is_not_passed_over(
    scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(scans / "a.jpg")
    _put(scans / "locked" / "b.jpg")
    real = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listing = list_scans([str(scans)])
    assert _names(listing) == ["a.jpg", "locked"]
    assert _fault(listing.files[1]) == "file-unreadable"


@pytest.mark.parametrize("name", ["b.jpg", "no_suffix"])
def test_a_file_that_may_not_be_opened_is_not_passed_over(
    scans: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _put(scans / "a.jpg")
    _put(scans / name)
    real_os, real_path = os.open, Path.open

    def refuse(path: Any) -> None:
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied")

    def os_open(path: Any, *args: Any, **options: Any) -> int:
        refuse(path)
        return real_os(path, *args, **options)

    def path_open(self: Path, *args: Any, **options: Any) -> Any:
        refuse(self)
        return real_path(self, *args, **options)

    monkeypatch.setattr(os, "open", os_open)
    monkeypatch.setattr(Path, "open", path_open)
    listing = list_scans([str(scans)])
    assert _names(listing) == ["a.jpg", name]
    found = read_bytes(listing.files[1], 100)
    assert isinstance(found, Finding)
    assert found.code == "file-unreadable"


def test_a_file_whose_folder_may_not_be_searched_is_not_called_vanished(
    scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(scans / "a.jpg")
    real = os.stat

    def stat(path: Any, *args: Any, **options: Any) -> os.stat_result:
        if str(path).endswith("a.jpg"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "stat", stat)
    (file,) = list_scans([str(scans)]).files
    assert _fault(file) == "file-unreadable"


# What is given.


def test_the_results_within_the_scans_are_no_scans(scans: Path, tmp_path: Path) -> None:
    _put(scans / "a.jpg")
    _put(scans / "results" / "site" / "evidence.jpg")
    _put(scans / "results2" / "b.jpg")
    (tmp_path / "link").symlink_to(scans)
    for source in (scans, tmp_path / "link"):
        for out in (scans / "results", tmp_path / "link" / "results"):
            assert _names(list_scans([str(source)], exclude=out)) == ["a.jpg", "b.jpg"]


def test_a_file_reached_twice_is_listed_once(scans: Path) -> None:
    path = _put(scans / "sub" / "a.jpg")
    sources = [str(scans), str(scans / "sub"), str(path), f"{scans}/sub/../sub/a.jpg"]
    assert _uris(list_scans(sources)) == [str(path)]


def test_relative_sources_name_whole_paths(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _put(scans / "a.jpg")
    monkeypatch.chdir(scans.parent)
    assert _uris(list_scans(["scans"])) == [str(path)]
    monkeypatch.chdir(scans)
    assert _uris(list_scans(["a.jpg"])) == [str(path)]


LISTS = {
    "new lines": b"a.jpg\nsub/b.jpg\n",
    "no last new line": b"a.jpg\nsub/b.jpg",
    "windows": b"\xef\xbb\xbfa.jpg\r\nsub/b.jpg\r\n",
    "NUL": b"a.jpg\0sub/b.jpg\0",
    "twice and empty lines": b"a.jpg\n\n./a.jpg\nsub/b.jpg\nsub/../sub/b.jpg\n",
    "folders": b"a.jpg\nsub\n",
    "here": b".\n",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS.keys())
def test_a_list_names_files_relative_to_itself(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    _put(scans / "a.jpg")
    _put(scans / "sub" / "b.jpg")
    path = _put(scans / "list.txt", content)
    monkeypatch.chdir(tmp_path)
    assert _names(list_scans([str(path)])) == ["a.jpg", "b.jpg"]


def test_a_list_may_hold_hostile_names(scans: Path) -> None:
    names = [b"two\nlines.jpg", b"bytes\xff.jpg", b"=1.jpg", b" space.jpg"]
    for name in names:
        with open(os.fsencode(scans) + b"/" + name, "wb") as file:
            file.write(JPEG)
    path = _put(scans / "list.txt", b"\0".join(names))
    listing = list_scans([str(path)])
    assert len(listing.files) == 4
    assert all(read_bytes(file, 100) == JPEG for file in listing.files)


def test_a_name_on_a_list_that_is_not_there_is_listed_as_vanished(scans: Path) -> None:
    _put(scans / "a.jpg")
    path = _put(scans / "list.txt", b"a.jpg\ngone.jpg\n" + b"x" * 300 + b".jpg\n")
    listing = list_scans([str(path)])
    faults = [file.fault.code if file.fault else "" for file in listing.files]
    assert faults == ["", "file-vanished", "file-vanished"]


@pytest.mark.parametrize("make", ["empty", "texts only", "none"])
def test_where_there_is_no_scan_the_user_is_told(scans: Path, make: str) -> None:
    if make == "texts only":
        _put(scans / "readme.txt", b"hello")
    source = scans / "no such folder" if make == "none" else scans
    with pytest.raises(InputError) as raised:
        list_scans([str(source)])
    assert str(source) in raised.value.what
    assert raised.value.hint
    assert raised.value.exit_code == 2
    assert ("1 other files" in raised.value.what) == (make == "texts only")


def test_a_pipe_as_a_source_is_refused(scans: Path) -> None:
    os.mkfifo(scans / "pipe")

    def told() -> str:
        with pytest.raises(InputError) as raised:
            list_scans([str(scans / "pipe")])
        return raised.value.what

    assert "pipe" in _within(5, told)


def test_an_empty_list_is_told(scans: Path) -> None:
    path = _put(scans / "list.txt", b"\n\n")
    with pytest.raises(InputError, match=r"list\.txt"):
        list_scans([str(path)])


# Object stores.


@pytest.fixture
def store() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()


def test_the_objects_of_a_store_are_listed_and_read(store: Any) -> None:
    store.pipe("/bucket/a.jpg", JPEG)
    store.pipe("/bucket/deep/no_suffix", JPEG)
    store.pipe("/bucket/100% #1.jpg", JPEG)
    store.pipe("/bucket/readme.txt", b"hello")
    listing = list_scans(["memory://bucket"])
    assert len(listing.files) == 3
    assert len(listing.ignored) == 1
    assert all(file.uri.startswith("memory://") for file in listing.files)
    assert all(file.size == len(JPEG) and file.stamp for file in listing.files)
    assert all(read_bytes(file, 1000) == JPEG for file in listing.files)
    (limited,) = {len(read_bytes(file, 5)) for file in listing.files}  # type: ignore[arg-type]
    assert limited == 6


def test_a_single_object_is_listed(store: Any) -> None:
    store.pipe("/bucket/a.jpg", JPEG)
    assert _names(list_scans(["memory://bucket/a.jpg"])) == ["a.jpg"]


def test_a_list_may_name_objects(store: Any, scans: Path) -> None:
    store.pipe("/bucket/a.jpg", JPEG)
    path = _put(scans / "list.txt", b"memory://bucket/a.jpg\nmemory://bucket/gone.jpg\n")
    listing = list_scans([str(path)])
    assert [file.fault.code if file.fault else "" for file in listing.files] == [
        "",
        "file-vanished",
    ]


def test_an_object_that_vanished_is_a_finding(store: Any) -> None:
    store.pipe("/bucket/a.jpg", JPEG)
    (file,) = list_scans(["memory://bucket"]).files
    store.rm("/bucket/a.jpg")
    found = read_bytes(file, 10)
    assert isinstance(found, Finding)
    assert found.code == "file-vanished"


def test_a_store_folder_that_is_not_there_is_told(store: Any) -> None:
    with pytest.raises(InputError, match="nowhere"):
        list_scans(["memory://nowhere"])


def test_an_object_that_cannot_be_sniffed_is_not_passed_over(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe("/bucket/a.jpg", JPEG)
    store.pipe("/bucket/no_suffix", JPEG)

    def refuse(url: str, max_bytes: int) -> bytes:
        raise PermissionError(13, "Access denied")

    monkeypatch.setattr(remote, "read", refuse)
    assert _names(list_scans(["memory://bucket"])) == ["a.jpg", "no_suffix"]


def test_a_store_of_an_unknown_kind_is_told() -> None:
    with pytest.raises(InputError, match="nosuchstore"):
        list_scans(["nosuchstore://bucket"])


# Batches.


@given(count=st.integers(0, 50), size=st.integers(1, 20))
def test_batches_hold_every_file_once_in_order(count: int, size: int) -> None:
    files = [ScanFile(to_uri(f"/{n:02d}"), n, "") for n in range(count)]
    batches = list(cut_batches(files, size))
    assert [file for batch in batches for file in batch] == files
    assert all(0 < len(batch) <= size for batch in batches)
    assert len(batches) == -(-count // size)
