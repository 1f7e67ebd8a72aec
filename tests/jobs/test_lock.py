"""One run at a time, on a disk and in a store; and a dead run's lock stops nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs import lease
from jobs.holder import Holder, myself
from jobs.lease import Lease
from jobs.lock import is_locked, locked
from pipeline.count.place import Place
from pipeline.errors import InterruptedRunError, LockedError, ResultsError
from tests.jobs import island
from tests.jobs.running import actas, hold_in_the_middle, started, tally_args


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def disk(tmp_path: Path) -> Place:
    return Place.of(tmp_path / "results")


@pytest.fixture
def store(bucket: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place in a store where a lease lasts a second."""
    monkeypatch.setattr(lease, "BEAT", 0.1)
    monkeypatch.setattr(lease, "LEASE", 1.0)
    return bucket


@pytest.fixture(params=["disk", "store"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


# Everywhere.


def test_a_second_run_is_refused_and_told_by_whom(place: Place) -> None:
    assert not is_locked(place)
    with locked(place, quiet) as lock:
        assert not lock.after_a_dead_run
        assert is_locked(place)
        with pytest.raises(LockedError, match=f"process {os.getpid()} on "), locked(place, quiet):
            pytest.fail("both have it")
        lock.check()
    assert not is_locked(place)


@pytest.mark.parametrize("error", [ResultsError("x"), KeyboardInterrupt()])
def test_a_run_that_ends_badly_but_by_itself_gives_the_lock_back(
    place: Place, error: BaseException, heard: list[str]
) -> None:
    with pytest.raises(type(error)), locked(place, quiet):
        raise error
    with locked(place, heard.append) as lock:
        assert not lock.after_a_dead_run
    assert heard == []


@pytest.mark.slow
def test_the_lock_of_a_killed_run_is_recognised(
    place: Place, tmp_path: Path, island_folder: Path
) -> None:
    files = {f"{n}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 33)}
    scans = island.write_files(tmp_path / "scans", files)
    args = tally_args(scans, place, island_folder, "--batch", 1)  # type: ignore[arg-type]
    with started(*args) as process:
        if not place.is_remote:
            hold_in_the_middle(process, place.path)
        else:
            while not [name for name in place.names() if "part-" in name]:
                time.sleep(0.05)
        process.kill()
        process.wait()
    rerun = actas(*args)
    assert rerun.code == 0, rerun.err
    assert f"The run before (process {process.pid} on " in rerun.err
    assert "did not end by itself" in rerun.err
    assert rerun.summary["scans"]["counted"] == 32
    again = actas(*args)
    assert "did not end" not in again.err


def test_who_lives_and_who_is_dead() -> None:
    me = myself()
    assert not me.is_dead
    assert Holder.from_json(me.to_json()) == me
    assert replace(me, born="1").is_dead, "the number is used again by another process"
    assert not replace(me, born="1", machine="another").is_dead, "of others nothing is known"
    assert not replace(me, born="1", machine="").is_dead
    process = subprocess.Popen(["sleep", "60"])
    born = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").split()[21]
    other = replace(me, pid=process.pid, born=born)
    assert not other.is_dead
    process.kill()
    time.sleep(0.1)
    assert other.is_dead, "dead, and not yet buried"
    process.wait()
    assert other.is_dead
    assert Holder.from_json("process 12 on host") is None


# On a disk.


def test_a_disk_that_knows_no_locks_is_refused(
    disk: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(ResultsError, match="cannot lock files"), locked(disk, quiet):
        pytest.fail("it was not locked")


def test_who_looks_at_the_lock_does_not_keep_a_run_from_taking_it(disk: Place) -> None:
    disk.make()
    end = threading.Event()

    def look() -> None:
        while not end.is_set():
            is_locked(disk)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(20):
            with locked(disk, quiet):
                pass
    finally:
        end.set()
        for looker in lookers:
            looker.join()


# In a store.


def held(store: Place, holder: Holder, number: int = 1, **more: Any) -> Lease:
    """A lock of a run that gives no sign of life."""
    found = Lease(number, "token", holder, **more)
    lease._write(store.sub(lease.FOLDER), found)
    return found


@pytest.fixture
def stranger() -> Holder:
    """A process of another machine."""
    return replace(myself(), host="elsewhere", machine="another", pid=4711)


def test_a_dead_run_of_this_machine_is_known_to_be_dead_at_once(
    store: Place, heard: list[str]
) -> None:
    held(store, replace(myself(), born="1"))
    assert not is_locked(store)
    begin = time.monotonic()
    with locked(store, heard.append) as lock:
        assert lock.after_a_dead_run
    assert time.monotonic() - begin < lease.LEASE
    assert len(heard) == 1


def test_a_silent_run_of_another_machine_is_taken_over_after_the_lease(
    store: Place, stranger: Holder, heard: list[str]
) -> None:
    held(store, stranger)
    assert is_locked(store)
    begin = time.monotonic()
    with locked(store, heard.append) as lock:
        assert lock.after_a_dead_run
        assert time.monotonic() - begin >= lease.LEASE
    assert "process 4711 on elsewhere" in heard[0]
    assert "did not end by itself" in heard[1]


def test_a_living_run_of_another_machine_is_not(store: Place, stranger: Holder) -> None:
    mine = held(store, stranger)
    folder = store.sub(lease.FOLDER)
    with lease._renewed(folder, mine):
        begin = time.monotonic()
        with pytest.raises(LockedError, match="process 4711"), locked(store, quiet):
            pytest.fail("taken from the living")
    assert time.monotonic() - begin < lease.LEASE


def test_of_many_that_take_over_one_succeeds(store: Place) -> None:
    held(store, replace(myself(), born="1"))
    got: list[str] = []
    together = threading.Barrier(6)

    def take(name: str) -> None:
        together.wait()
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(store, quiet))
            except LockedError:
                return
            got.append(name)
            time.sleep(0.5)

    takers = [threading.Thread(target=take, args=(str(n),)) for n in range(6)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert len(got) == 1


def test_who_was_asleep_finds_that_another_has_taken_over(store: Place, stranger: Holder) -> None:
    with locked(store, quiet) as lock:
        lock.check()
        held(store, stranger, number=2)
        with pytest.raises(InterruptedRunError, match="process 4711 on elsewhere"):
            lock.check()
    newest = lease._newest(store.sub(lease.FOLDER))
    assert newest is not None
    assert (newest.number, newest.ended) == (2, False), "the other's lock is left alone"


def test_a_lock_whose_creation_was_answered_too_late_is_ones_own(
    store: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Place.create

    def create(self: Place, name: str, content: bytes) -> None:
        real(self, name, content)
        raise FileExistsError(errno.EEXIST, "it exists already")

    monkeypatch.setattr(Place, "create", create)
    with locked(store, quiet) as lock:
        lock.check()


def test_something_else_in_place_of_the_lock_is_told(store: Place) -> None:
    store.write(".lock/00000001.json", b"{}")
    with pytest.raises(ResultsError, match="is no lock"), locked(store, quiet):
        pytest.fail("it was taken")
