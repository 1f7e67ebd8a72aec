"""A cluster as its users start it: `actas cluster scheduler` and `actas cluster worker`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.jobs.faults import PROJECT
from tests.jobs.running import ACTAS, Process, children, wait_until

LOOPBACK = "127.0.0.1"
AT = re.compile(r"Scheduler at:\s+(\S+)")
READY = "Starting established connection to"
Words = Sequence[str]


@dataclass(frozen=True)
class Laptop:
    """How one worker is started: differently from the others, where a test wants that."""

    name: str
    env: dict[str, str] = field(default_factory=dict)
    before: Words = ()
    """A command that starts the command, such as `unshare`."""


@dataclass
class Laptops:
    """A scheduler and its workers, each a process of its own."""

    address: str
    scheduler: Process
    workers: list[Process]


@contextmanager
def running(log: Path, *command: str, env: dict[str, str] | None = None) -> Iterator[Process]:
    """A command in a process group of its own, killed with it at the end."""
    path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": path} | (env or {}),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()  # a nanny that is killed leaves its worker behind
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def laptops(folder: Path, *machines: Laptop, certs: Path | None = None) -> Iterator[Laptops]:
    """A cluster on loopback whose workers read on one thread each; ready when it is yielded."""
    trusted = ("--certs", str(certs)) if certs else ()
    with ExitStack() as stack:
        log = folder / "scheduler.log"
        scheduler = stack.enter_context(
            running(
                log, *ACTAS, "cluster", "scheduler", "--host", LOOPBACK, "--port", "0",
                "--dashboard", f"{LOOPBACK}:0", *trusted,
            )
        )  # fmt: skip
        wait_until(lambda: AT.search(log.read_text()), "no scheduler")
        address = AT.findall(log.read_text())[0]
        workers = [
            stack.enter_context(_worker(folder, address, machine, trusted)) for machine in machines
        ]
        for machine in machines:
            _wait_for(folder / f"{machine.name}.log")
        yield Laptops(address, scheduler, workers)


@contextmanager
def joined(folder: Path, cluster: Laptops, machine: Laptop, certs: Path) -> Iterator[Process]:
    """One more worker, once it has joined."""
    with _worker(folder, cluster.address, machine, ("--certs", str(certs))) as process:
        _wait_for(folder / f"{machine.name}.log")
        yield process


@contextmanager
def _worker(folder: Path, address: str, machine: Laptop, trusted: Words) -> Iterator[Process]:
    command = (
        *machine.before, *ACTAS, "cluster", "worker", address, "--threads", "1",
        "--name", machine.name, "--host", LOOPBACK, *trusted,
    )  # fmt: skip
    with running(folder / f"{machine.name}.log", *command, env=machine.env) as process:
        yield process


def _wait_for(log: Path) -> None:
    wait_until(lambda: READY in log.read_text(), f"{log.stem} does not join", 60)


def in_a_room_of_its_own(*mounts: str) -> Words:
    """What to start a command with, so that it alone sees other folders; skips where it cannot be.

    Each of `mounts` is the arguments of a `mount`.
    """
    if not shutil.which("unshare"):
        pytest.skip("no unshare on this system")
    unshare = (
        ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")
    )
    probe = subprocess.run(
        [*unshare, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip(f"no mount namespaces here: {probe.stderr.decode().strip()}")
    script = "".join(f"mount {mount} && " for mount in mounts) + 'exec "$@"'
    return (*unshare, "sh", "-c", script, "sh")


def other_python(folder: Path, code: str) -> dict[str, str]:
    """Environment in which every Python runs `code` before anything else."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)])}


def worker_of(nanny: Process) -> int:
    """The process that reads; its nanny starts it again when it dies."""
    found = [
        child
        for child in children(nanny.pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert len(found) == 1, found
    return found[0]


def other_code(folder: Path) -> dict[str, str]:
    """Environment with the program as it is, and one more line in one file."""
    for room in ("pipeline", "jobs"):
        shutil.copytree(PROJECT / room, folder / room, ignore=shutil.ignore_patterns("*.pyc"))
    with (folder / "pipeline" / "findings.py").open("a", encoding="utf-8") as file:
        file.write("# a line of my own\n")
    return {"PYTHONPATH": str(folder)}
