"""A scan can kill, stop or fill the process that reads it: never the run, never another scan."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.isolate import IsolatedReader
from jobs.settings import ReaderSettings
from pipeline.election import Election
from pipeline.read.record import Outcome, PageReading
from tests.jobs.faults import faulty
from tests.jobs.island import payload, scan
from tests.jobs.running import is_alive, readers_of, wait_until

DEADLINE = 3.0
GOOD = scan(payload())
OTHER = scan(payload("2002", 7))


@pytest.fixture
def reader(
    island_election: Election, faults: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[IsolatedReader]:
    for name, value in faults.items():
        monkeypatch.setenv(name, value)
    reader = IsolatedReader(ReaderSettings(island_election.rules, deadline=DEADLINE))
    yield reader
    reader.close()


def read(reader: IsolatedReader, content: bytes) -> list[PageReading]:
    reader.submit(content)
    return reader.result()


def codes(readings: list[PageReading]) -> list[str]:
    return [finding.code for reading in readings for finding in reading.findings]


def assert_still_reads(reader: IsolatedReader) -> None:
    assert [r.payload for r in read(reader, GOOD)] == [payload()]


@pytest.mark.parametrize(
    ("fault", "code", "detail"),
    [
        ("segfault", "reader-crashed", "SIGSEGV"),
        ("exit", "reader-crashed", "exit code 0"),
        ("hoard", "reader-memory", "2048 MiB"),
        ("hang", "reader-hung", "3 seconds"),
        ("say-nothing", "reader-error", "nothing"),
        ("say-too-much", "reader-error", "too much"),
    ],
)
def test_a_fatal_scan_is_one_failed_reading_that_says_why(
    reader: IsolatedReader, fault: str, code: str, detail: str
) -> None:
    readings = read(reader, faulty(GOOD, fault))
    assert [r.outcome for r in readings] == [Outcome.FAILED]
    assert codes(readings) == [code]
    assert detail in (readings[0].failure or "")
    assert_still_reads(reader)


def test_a_crash_is_tried_twice_and_no_more(reader: IsolatedReader, tmp_path: Path) -> None:
    flag = tmp_path / "begun"
    killed = _kill_whoever_waits(reader, flag, times=2)
    assert codes(killed) == ["reader-crashed"]
    assert "SIGKILL" in (killed[0].failure or "")
    assert_still_reads(reader)


def test_a_scan_whose_reader_was_killed_from_outside_is_read_at_the_second_try(
    reader: IsolatedReader, tmp_path: Path
) -> None:
    readings = _kill_whoever_waits(reader, tmp_path / "begun", times=1)
    assert [(r.payload, r.failure) for r in readings] == [(payload(), None)]


def _kill_whoever_waits(reader: IsolatedReader, flag: Path, times: int) -> list[PageReading]:
    """Have a scan read whose reader is killed the first so many times."""
    found: list[list[PageReading]] = []
    content = faulty(GOOD, "hang-first", times=times, flag=str(flag))
    thread = threading.Thread(target=lambda: found.append(read(reader, content)))
    thread.start()
    try:
        for number in range(times):
            wait_until(Path(f"{flag}{number}").exists, "the reader never came to the scan")
            (child,) = readers_of(os.getpid())
            os.kill(child, signal.SIGKILL)
    finally:
        thread.join(30)
    assert len(found) == 1
    return found[0]


def test_a_reader_killed_between_two_scans_costs_nothing(reader: IsolatedReader) -> None:
    assert_still_reads(reader)
    (child,) = readers_of(os.getpid())
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not is_alive(child), "killed, and alive")
    assert_still_reads(reader)


@pytest.mark.parametrize("fault", ["segfault", "hang"])
def test_pages_before_the_fatal_one_are_kept(reader: IsolatedReader, fault: str) -> None:
    readings = read(reader, faulty(GOOD, fault, pages_before=2))
    assert [r.page for r in readings] == [1, 2, 3]
    assert [r.payload for r in readings] == [payload(), payload(), None]
    assert readings[2].outcome is Outcome.FAILED
    assert_still_reads(reader)


@pytest.mark.slow
def test_the_deadline_is_for_each_page_and_not_for_the_file(
    island_election: Election, faults: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PDF of 500 pages takes longer than any page may."""
    monkeypatch.setenv("PYTHONPATH", faults["PYTHONPATH"])
    reader = IsolatedReader(ReaderSettings(island_election.rules, deadline=1.5))
    try:
        readings = read(reader, faulty(GOOD, "slow-pages", pages=5, seconds=0.4))
    finally:
        reader.close()
    assert [r.outcome for r in readings] == [Outcome.READ] * 5


def test_a_short_deadline_is_for_reading_and_not_for_starting_the_reader(
    island_election: Election,
) -> None:
    """Loading the libraries takes half a second, and many on a machine that is busy."""
    reader = IsolatedReader(ReaderSettings(island_election.rules, deadline=0.15))
    try:
        assert_still_reads(reader)
    finally:
        reader.close()


HONEST = PageReading(1, Outcome.READ, payload=payload()).to_plain()


@pytest.mark.parametrize(
    "plain",
    [None, 7, "text", [], {}, [[]], HONEST | {"outcome": "counted"}, HONEST | {"votes": [9]}],
    ids=repr,
)
def test_an_answer_that_is_no_reading_is_a_fault_of_that_scan(
    reader: IsolatedReader, plain: object
) -> None:
    readings = read(reader, faulty(GOOD, "say", plain=plain))
    assert codes(readings) == ["reader-error"]
    assert_still_reads(reader)


def test_stray_output_of_libraries_does_not_reach_the_answer(reader: IsolatedReader) -> None:
    assert [r.payload for r in read(reader, faulty(GOOD, "noise"))] == [payload()]
    assert_still_reads(reader)


def test_an_answer_never_fetched_is_not_given_for_the_next_scan(reader: IsolatedReader) -> None:
    """Between the two a batch may fail, for instance because a store cannot be reached."""
    reader.submit(GOOD)
    assert [r.payload for r in read(reader, OTHER)] == [payload("2002", 7)]
    assert_still_reads(reader)


def test_a_file_of_60_megabytes_passes(reader: IsolatedReader) -> None:
    readings = read(reader, GOOD + bytes(60_000_000))
    assert [r.payload for r in readings] == [payload()]


def test_a_reader_without_room_says_so(island_election: Election) -> None:
    """A limit below what a file needs is a finding on that file, not a crash."""
    settings = ReaderSettings(island_election.rules, memory_bytes=300 << 20)
    reader = IsolatedReader(settings)
    try:
        assert codes(read(reader, GOOD + bytes(60_000_000))) == ["reader-memory"]
    finally:
        reader.close()


def test_a_hundred_scans_cost_one_process(reader: IsolatedReader) -> None:
    assert_still_reads(reader)
    before = readers_of(os.getpid())
    for number in range(100):
        reader.submit(GOOD if number % 2 else OTHER)
        assert reader.result()[0].payload == (payload() if number % 2 else payload("2002", 7))
    assert readers_of(os.getpid()) == before
    reader.close()
    assert readers_of(os.getpid()) == []


PARENT = """
    import pickle, sys, time
    from pathlib import Path
    from jobs.isolate import IsolatedReader
    settings, content = pickle.load(sys.stdin.buffer)
    reader = IsolatedReader(settings)
    reader.submit(Path(content).read_bytes())
    assert reader.result()
    print("ready", flush=True)
    reader.submit(Path(content + "-hang").read_bytes())
    time.sleep(600)
"""


def test_no_orphans_after_the_parent_is_killed(
    island_election: Election, faults: dict[str, str], tmp_path: Path
) -> None:
    """Also while the reader is deep in a scan and would not look at its input for long."""
    path = tmp_path / "scan"
    path.write_bytes(GOOD)
    Path(f"{path}-hang").write_bytes(faulty(GOOD, "hang"))
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | faults,
    ) as parent:
        assert parent.stdin
        assert parent.stdout
        pickle.dump((ReaderSettings(island_election.rules), str(path)), parent.stdin)
        parent.stdin.close()
        assert parent.stdout.readline() == b"ready\n"
        (child,) = readers_of(parent.pid)
        time.sleep(0.1)
        assert is_alive(child)
        parent.kill()
    wait_until(lambda: not is_alive(child), "the reading process outlived its parent", 5)


def test_files_beside_the_user_are_not_taken_for_modules(
    island_election: Election, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever fills a folder with scans must not get to run code by adding a `cv2.py`."""
    for name in ("cv2", "json", "numpy", "jobs/child", "jobs/__init__"):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'taken-over')!r}, 'w').close()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    reader = IsolatedReader(ReaderSettings(island_election.rules))
    try:
        readings = read(reader, GOOD)
    finally:
        reader.close()
    assert not (tmp_path / "taken-over").exists()
    assert [r.payload for r in readings] == [payload()]


def test_what_an_honest_reader_says_survives_the_border() -> None:
    reading = PageReading(2, Outcome.READ, "jpeg", 10, 20, "half", "text", ("a",), (1.0, 2.0))
    assert PageReading.from_plain(json.loads(json.dumps(reading.to_plain()))) == reading


def test_the_processes_of_this_program_use_one_thread_for_arithmetic() -> None:
    # With more, they wait for one another, and CPU times are those of waiting.
    code = """
        import jobs.isolate, numpy as np, os
        np.ones((700, 700)) @ np.ones((700, 700))
        print(len(os.listdir("/proc/self/task")))
    """
    if not Path("/proc/self/task").exists():
        pytest.skip("threads are counted where Linux lists them")
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert found.stdout == "1\n"
