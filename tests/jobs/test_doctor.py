"""The doctor: each thing that can be wrong with a worker is found, and is laid at its door."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.checkup import changed_since_start, code_hash, refuse_other_code, versions
from pipeline.errors import ClusterError
from tests.jobs.laptops import (
    Laptop,
    in_a_room_of_its_own,
    laptops,
    other_code,
    other_python,
    worker_of,
)
from tests.jobs.running import Ended, actas, tally_args, wait_until

OTHER_ZXING = """
import importlib.metadata as m
real = m.version
m.version = lambda name: "2.2.0" if name == "zxing-cpp" else real(name)
"""
LATE_CLOCK = """
import time
real = time.time
time.time = lambda: real() - 90
"""
FULL_DISK = """
import shutil
real = shutil.disk_usage
shutil.disk_usage = lambda path: real(path)._replace(free=5 << 20)
"""
NO_READER = """
import os, sys
if "jobs.child" in sys.orig_argv: os._exit(7)
"""
NO_PACKAGE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name == "jobs": raise ModuleNotFoundError("No module named 'jobs'", name=name)
if "jobs.cli" not in sys.orig_argv: sys.meta_path.insert(0, Refuse())
"""


@pytest.fixture(scope="module")
def hospital(
    tmp_path_factory: pytest.TempPathFactory, town: Path, cluster_certs: Path
) -> Iterator[tuple[Ended, Path]]:
    """A doctor's visit to a healthy worker and to many sick ones; and the results folder."""
    folder = tmp_path_factory.mktemp("hospital")
    out = folder / "results"
    parts = out / "scans"
    parts.mkdir(parents=True)

    def seeing(name: str, *mounts: str) -> Laptop:
        return Laptop(name, before=in_a_room_of_its_own(*mounts))

    neglected = OTHER_ZXING + LATE_CLOCK.replace("real", "now") + FULL_DISK.replace("real", "usage")
    machines = [
        Laptop("well"),
        Laptop("neglected", other_python(folder / "neglected", neglected)),
        Laptop("reader", other_python(folder / "reader", NO_READER)),
        Laptop("nothing", other_python(folder / "nothing", NO_PACKAGE)),
        Laptop("code", other_code(folder / "code")),
        seeing("blind", f"-t tmpfs none {town}", f"-t tmpfs -o ro none {parts}"),
        seeing("elsewhere", f"-t tmpfs none {parts}"),
    ]
    with laptops(folder, *machines, certs=cluster_certs) as cluster:
        args = ("--cluster", cluster.address, "--certs", str(cluster_certs))
        yield actas("doctor", str(town), "--out", str(out), *args), out


SICK = {
    "neglected": (
        r"has zxing-cpp 2\.2\.0, this machine [0-9.]+",
        r"its clock is [89][0-9] s behind",
        r"has 5 MiB of room for results, not 128",
    ),
    "reader": (r"cannot read scans: the reading process does not start: .*exit code 7",),
    "nothing": (r"ended when it was asked: no actas there, or another",),
    "code": (r"its actas is another one \(source [0-9a-f]{16}, here [0-9a-f]{16}\)",),
    "blind": (
        *[r"cannot read .*\.(jpg|png): The file is gone"] * 3,
        r"cannot write to .*results/scans: Read-only file system",
    ),
    "elsewhere": (r"writes to another .*results/scans than this machine's",),
}
"""All that is to be said of each worker, in this order or another."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SICK)
def test_what_is_wrong_with_a_worker_is_said_of_that_worker_and_nothing_else(
    hospital: tuple[Ended, Path], name: str
) -> None:
    visit, _ = hospital
    assert visit.code == 2, visit.err
    lines = visit.err.splitlines()
    own = [line for line in lines if line.startswith(f"{name} (tls://127.0.0.1:")]
    for complaint in SICK[name]:
        said = next((line for line in own if re.search(complaint, line)), None)
        assert said, (complaint, visit.err)
        assert lines[lines.index(said) + 1].startswith("    "), "it says what to do"
        own.remove(said)
    assert own == []


@pytest.mark.slow
def test_nothing_is_said_of_others(hospital: tuple[Ended, Path]) -> None:
    visit, _ = hospital
    said = [line for line in visit.err.splitlines() if line[:1].strip()]
    assert said.pop(0) == "actas: The cluster is not fit for this run."
    assert {line.split()[0] for line in said} == set(SICK)
    assert "Traceback" not in visit.err


@pytest.mark.slow
def test_the_doctor_leaves_nothing_behind(hospital: tuple[Ended, Path]) -> None:
    _, out = hospital
    assert list((out / "scans").iterdir()) == []


@pytest.mark.slow
def test_a_tally_on_a_sick_cluster_reads_nothing(
    tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path
) -> None:
    sick = Laptop("old", other_python(tmp_path / "old", OTHER_ZXING))
    out = tmp_path / "results"
    with laptops(tmp_path, Laptop("well"), sick, certs=cluster_certs) as cluster:
        args = ("--cluster", cluster.address, "--certs", cluster_certs)
        run = actas(*tally_args(town, out, island_folder, *args))
        healthy = actas("doctor", *map(str, args))
        assert healthy.code == 2
        os.killpg(cluster.workers[1].pid, signal.SIGTERM)
        wait_until(lambda: cluster.workers[1].poll() is not None, "the sick worker does not end")
        healthy = actas("doctor", "--out", str(tmp_path / "new"), *map(str, args))
    assert run.code == 2, run.err
    assert "old (tls://" in run.err
    assert not list((out / "scans").glob("part-*"))
    assert healthy.code == 0, healthy.err
    assert healthy.out.startswith("All fit: well (tls://127.0.0.1:")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_a_worker_that_does_not_answer_is_named(tmp_path: Path, cluster_certs: Path) -> None:
    with laptops(tmp_path, Laptop("awake"), Laptop("asleep"), certs=cluster_certs) as cluster:
        worker = worker_of(cluster.workers[1])
        os.kill(worker, signal.SIGSTOP)
        try:
            args = ("--cluster", cluster.address, "--certs", str(cluster_certs))
            visit = actas("doctor", *args, "--patience", "6")
        finally:
            os.kill(worker, signal.SIGCONT)
    assert visit.code == 2, visit.err
    assert "asleep (tls://" in visit.err
    assert "does not answer within 6 s" in visit.err
    assert "awake" not in visit.err


def test_a_doctor_needs_a_patient() -> None:
    visit = actas("doctor")
    assert visit.code == 2
    assert "Say which: --cluster" in visit.err


def test_versions_are_those_that_run_here() -> None:
    import cv2
    import distributed

    found = versions()
    assert found["cv2"].startswith(cv2.__version__)
    assert found["distributed"] == distributed.__version__
    assert "not installed" not in found.values()


def test_another_program_is_refused_by_the_worker_itself() -> None:
    """One that joins in the middle of a run has not been examined."""
    refuse_other_code("")
    refuse_other_code(code_hash())
    with pytest.raises(ClusterError, match=f"process {os.getpid()}.*another version"):
        refuse_other_code("0123456789abcdef")


def test_a_program_that_changed_under_its_process_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is on the disk is not what runs: the change time tells, whatever `touch` says."""
    file = tmp_path / "new.py"
    file.write_text("")
    os.utime(file, (1, 1))
    monkeypatch.setattr("jobs.checkup._sources", lambda: [("jobs/new.py", file)])
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: time.time() - 60)
    assert changed_since_start() == "jobs/new.py"
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: time.time())
    assert changed_since_start() == ""
