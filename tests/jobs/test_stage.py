"""Results in a store as a folder: the summary last, nothing stale, nothing after a fault."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jobs.stage import local_copy, staged
from pipeline.count.place import Place
from pipeline.errors import ConfigError


def test_a_folder_on_a_disk_is_the_place_itself(tmp_path: Path) -> None:
    place = Place.of(tmp_path / "results")
    with staged(place) as folder:
        assert folder == tmp_path / "results"
    assert local_copy(place) == folder


def test_what_is_staged_becomes_the_place_with_the_summary_last(
    bucket: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.write("site/old-mesa.html", b"of a run before")
    bucket.write("scans/part-1.parquet", b"the ledger's, not the stage's")
    written: list[str] = []
    real, lock = Place.write, threading.Lock()

    def spy(self: Place, name: str, content: bytes) -> None:
        real(self, name, content)
        with lock:
            written.append(name)

    monkeypatch.setattr(Place, "write", spy)
    with staged(bucket) as folder:
        (folder / "site").mkdir()
        for name in ("summary.json", "actas.parquet", "site/index.html", "site/mesa.html"):
            (folder / name).write_bytes(name.encode())
    assert written[-1] == "summary.json"
    assert bucket.names() == [
        "actas.parquet",
        "scans/part-1.parquet",
        "site/index.html",
        "site/mesa.html",
        "summary.json",
    ]
    copy = local_copy(bucket)
    assert (copy / "site" / "mesa.html").read_bytes() == b"site/mesa.html"


def test_a_fault_publishes_nothing(bucket: Place) -> None:
    def fail() -> None:
        with staged(bucket) as folder:
            (folder / "summary.json").write_bytes(b"{}")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert bucket.names() == []


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("s3://b/r/", "s3://b/r"), (Path("s3://b/r"), "s3://b/r"), (Path("gs://b/r"), "gs://b/r"),
        ("az://c", "az://c"), ("results", "results"), ("/a/b", "/a/b"),
    ],
)  # fmt: skip
def test_a_place_is_what_the_user_meant(text: str | Path, root: str) -> None:
    assert str(Place.of(text)) == root


@pytest.mark.parametrize("text", ["https://example.org/r", "memory://r", "ftp://host/r"])
def test_a_place_without_conditional_writes_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be kept"):
        Place.of(text)
