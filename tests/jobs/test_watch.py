"""`actas watch`: what comes is counted, once, and nothing that happens meanwhile ends it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jobs.settle import split_settled
from pipeline.count.store import Ledger
from pipeline.read.scans import ScanFile, list_scans
from tests.jobs import island
from tests.jobs.faults import faulty
from tests.jobs.running import (
    Ended,
    Process,
    actas,
    ended,
    hold_in_the_middle,
    is_alive,
    let_go,
    products,
    started,
    tally_args,
    wait_until,
)

SCANS = {f"{n:03d}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 7)}


def watch_args(scans: Path, out: Path, election: Path, *more: object) -> list[str]:
    args = ("watch", scans, "--out", out, "--election", election, "--workers", 1, *more)
    return [str(arg) for arg in args]


def once(scans: Path, out: Path, election: Path, *more: object, **settings: Any) -> Ended:
    args = watch_args(scans, out, election, "--once", "--settle", 0, *more)
    return actas(*args, **settings)


def rows(out: Path) -> dict[str, dict[str, Any]]:
    """The current rows by file name."""
    found = Ledger.open(out / "scans", "island-2030").rows().to_pylist()
    return {row["source"].rpartition("/")[2]: row for row in found}


def summary(out: Path) -> Any:
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


def counted(out: Path) -> int:
    try:
        return int(summary(out)["scans"]["counted"])
    except FileNotFoundError:
        return 0


# One round.


def test_a_folder_without_scans_is_nothing_wrong_yet(tmp_path: Path, island_folder: Path) -> None:
    scans = island.write_files(tmp_path / "scans", {})
    run = once(scans, tmp_path / "out", island_folder)
    assert run.code == 0, run.err
    assert "No scans" in run.err
    assert not (tmp_path / "out").exists()


def test_one_round_is_a_tally(tmp_path: Path, island_folder: Path) -> None:
    scans = island.write_files(tmp_path / "scans", SCANS | {"blank.jpg": island.scan()})
    run = once(scans, tmp_path / "out", island_folder)
    assert run.code == 3, run.err
    assert "7 scans: 7 new. 6 of 160 mesas counted." in run.err
    tallied = actas(*tally_args(scans, tmp_path / "other", island_folder))
    assert tallied.code == 3, tallied.err
    assert products(tmp_path / "out") == products(tmp_path / "other")
    again = once(scans, tmp_path / "out", island_folder)
    assert "7 scans: nothing new." in again.err


@pytest.mark.slow
def test_moved_copied_and_vanished_scans(tmp_path: Path, island_folder: Path) -> None:
    scans, out = island.write_files(tmp_path / "scans", SCANS), tmp_path / "out"
    first = once(scans, out, island_folder)
    assert first.code == 0, first.err
    votes = summary(out)["votes"]

    (scans / "001.jpg").rename(scans / "moved.jpg")
    shutil.copyfile(scans / "002.jpg", scans / "copied.jpg")
    (scans / "003.jpg").unlink()
    second = once(scans, out, island_folder)
    assert second.code == 0, second.err
    assert "2 scans are gone" in second.err
    assert summary(out)["votes"] == votes
    assert (
        summary(out)["scans"] | {"found": 8, "counted": 6, "duplicate": 2} == summary(out)["scans"]
    )
    now = rows(out)
    read_as = {name: Path(row["read_as"] or "").name for name, row in now.items()}
    assert read_as == dict.fromkeys(SCANS, "") | {
        "001.jpg": "001.jpg",
        "003.jpg": "003.jpg",
        "moved.jpg": "001.jpg",
        "copied.jpg": "002.jpg",
    }
    told = actas("explain", str(out), "003.jpg")
    assert "003.jpg: counted" in told.out
    assert "The file is gone since it was read" in told.out
    assert "moved.jpg: counted" in actas("explain", str(out), "moved.jpg").out
    assert "duplicate" in actas("explain", str(out), "001.jpg").out

    # Nothing of this is done twice.
    version = summary(out)["table_version"]
    third = once(scans, out, island_folder)
    assert "nothing new" in third.err
    assert "gone" not in third.err
    assert summary(out)["table_version"] == version

    (scans / "003.jpg").write_bytes(SCANS["003.jpg"])
    back = once(scans, out, island_folder)
    assert "1 changed" in back.err
    assert "scan-gone" not in rows(out)["003.jpg"]["findings"]
    assert rows(out)["003.jpg"]["read_as"].endswith("/003.jpg"), "known by its content"
    assert summary(out)["votes"] == votes


@pytest.mark.slow
def test_a_scan_that_hung_is_tried_again_by_itself_and_not_for_ever(
    tmp_path: Path, island_folder: Path, faults: dict[str, str],
    cli: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in faults.items():
        monkeypatch.setenv(name, value)
    flag = tmp_path / "hung"
    once_hung = faulty(SCANS["001.jpg"], "hang-first", times=1, flag=str(flag))
    files = {"1.jpg": once_hung, "2.jpg": faulty(SCANS["002.jpg"], "hang")}
    scans, out = island.write_files(tmp_path / "scans", files), tmp_path / "out"
    args = watch_args(scans, out, island_folder, "--once", "--settle", 0, "--deadline", 1)
    told = []
    for _ in range(4):
        run = cli(*args)
        assert run.code == 3, run.err
        told.append(run.err)
    assert [re.findall(r"\d tried again", text) for text in told] == [
        [], ["2 tried again"], ["1 tried again"], [],
    ]  # fmt: skip
    assert "1 scans have failed often enough" in told[3]
    assert counted(out) == 1
    asked = cli(*args, "--retry", "failed")
    assert "1 tried again" in asked.err


# Files that are still being written.


@contextmanager
def being_written(path: Path) -> Iterator[None]:
    """A file to which bytes are added all the time."""
    end = threading.Event()

    def write() -> None:
        while not end.wait(0.05):
            with path.open("ab") as stream:
                stream.write(b"x")

    path.write_bytes(b"\xff\xd8\xff")
    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def test_a_scan_that_is_still_being_written_waits_and_is_named(
    tmp_path: Path, island_folder: Path
) -> None:
    scans, out = island.write_files(tmp_path / "scans", SCANS), tmp_path / "out"
    for name in SCANS:
        os.utime(scans / name, ns=(1, 1))
    with being_written(scans / "slow.jpg"):
        run = actas(*watch_args(scans, out, island_folder, "--once", "--settle", 0.5))
    assert run.code == 0, run.err
    assert "1 files are still being written and wait for the next run: slow.jpg" in run.err
    assert "slow.jpg" not in rows(out)
    assert counted(out) == 6
    (scans / "slow.jpg").write_bytes(island.scan(island.payload(mesa=9)))
    later = actas(*watch_args(scans, out, island_folder, "--once", "--settle", 0.5))
    assert later.code == 0, later.err
    assert counted(out) == 7


def test_only_young_files_are_waited_for(tmp_path: Path) -> None:
    folder = island.write_files(tmp_path / "scans", {"old.jpg": b"1", "young.jpg": b"2"})
    os.utime(folder / "old.jpg", (1000, 1000))
    os.utime(folder / "young.jpg", (1090, 1090))
    files = list_scans([str(folder)]).files
    slept: list[float] = []
    ready, waiting = split_settled(files, 30, now=lambda: 1100.0, sleep=slept.append)
    assert (ready, waiting, slept) == (files, (), [20.0])
    slept.clear()
    assert split_settled(files, 10, now=lambda: 1101.0, sleep=slept.append) == (files, ())
    assert slept == []


def test_a_clock_that_is_wrong_costs_a_wait_and_no_scan(tmp_path: Path) -> None:
    folder = island.write_files(tmp_path / "scans", {"1.jpg": b"1"})
    files = list_scans([str(folder)]).files
    for now in (0.0, 1e12):
        slept: list[float] = []
        ready, waiting = split_settled(files, 5, now=lambda now=now: now, sleep=slept.append)  # type: ignore[misc]
        assert (ready, waiting) == (files, ())
        assert slept == ([5.0] if now == 0 else [])


def test_files_that_change_or_vanish_during_the_wait_are_not_read(tmp_path: Path) -> None:
    folder = island.write_files(tmp_path / "scans", {f"{n}.jpg": b"1" for n in range(4)})
    files = list_scans([str(folder)]).files

    def meanwhile(_: float) -> None:
        (folder / "0.jpg").write_bytes(b"longer")
        os.utime(folder / "1.jpg", (5, 5))
        (folder / "2.jpg").unlink()

    ready, waiting = split_settled(files, 3600, sleep=meanwhile)
    assert [Path(file.uri).name for file in ready] == ["3.jpg"]
    assert [Path(file.uri).name for file in waiting] == ["0.jpg", "1.jpg", "2.jpg"]


def test_objects_of_a_store_need_no_waiting() -> None:
    file = ScanFile("s3://bucket/1.jpg", 1, '"etag"')
    assert split_settled([file], 3600, sleep=lambda _: pytest.fail("slept")) == ((file,), ())


# Rounds without end.


@contextmanager
def watching(scans: Path, out: Path, election: Path, *more: object) -> Iterator[Process]:
    args = watch_args(scans, out, election, "--every", "1s", "--settle", 0, *more)
    with started(*args) as process:
        yield process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_comes_is_counted_until_somebody_stops_it(
    tmp_path: Path, island_folder: Path, number: signal.Signals
) -> None:
    """An empty folder, scans, more scans, a folder that is away for a while."""
    scans, out = island.write_files(tmp_path / "scans", {}), tmp_path / "out"
    with watching(scans, out, island_folder) as process:
        time.sleep(1.5)
        assert process.poll() is None
        for n, (name, content) in enumerate(SCANS.items(), start=1):
            if n == 4:
                scans.rename(tmp_path / "away")
                time.sleep(1.5)
                assert process.poll() is None
                (tmp_path / "away").rename(scans)
            (scans / f".{name}").write_bytes(content)
            (scans / f".{name}").rename(scans / name)
            if n in (2, 6):
                wait_until(lambda want=n: counted(out) == want, f"{n} scans were not counted")  # type: ignore[misc]
        wait_until(lambda: (out / "site" / "index.html").exists(), "no report")
        time.sleep(1)
        process.send_signal(number)
        run = ended(process, 20)
    assert run.code == 0, run.err
    assert "Stopped between two rounds" in run.err
    assert "No such file" in run.err
    assert "The watch goes on" in run.err
    assert "Traceback" not in run.err


@pytest.mark.slow
def test_stopped_in_the_middle_of_a_round_it_ends_after_the_batches_in_hand(
    tmp_path: Path, town: Path, island_folder: Path
) -> None:
    out = tmp_path / "out"
    with watching(town, out, island_folder, "--batch", 4) as process:
        readers = hold_in_the_middle(process, out)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        let_go(readers)
        run = ended(process)
    assert run.code == 4, run.err
    assert "Run the same command again" in run.err
    assert not any(map(is_alive, readers))
    assert 0 < len(rows(out)) < 166
