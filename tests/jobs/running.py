"""Running the real command as its users do, and looking at the processes that it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACTAS = (sys.executable, "-m", "jobs.cli")
PATIENCE = 60.0
"""Seconds until a command counts as stuck; it ends within three."""
Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """Standard output of `tally --json`."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


def tally_args(scans: Path, out: Path, election: Path, *more: object) -> tuple[str, ...]:
    """The arguments of a run in JSON, on one worker and small batches unless `more` differs."""
    named = ["--out", out, "--election", election, "--json"]
    if "--workers" not in more:
        named += ["--workers", "1"]
    if "--batch" not in more:
        named += ["--batch", "4"]
    return ("tally", str(scans), *map(str, named), *map(str, more))


def actas(*args: str, patience: float = PATIENCE, **settings: Any) -> Ended:
    """Run the command to its end."""
    with started(*args, **settings) as process:
        return ended(process, patience)


@contextmanager
def started(
    *args: str, env: dict[str, str] | None = None, command: tuple[str, ...] = ACTAS, **settings: Any
) -> Iterator[Process]:
    """The command, running; killed at the end if it still runs."""
    process = subprocess.Popen(
        [*command, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | (env or {}),
        **settings,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def ended(process: Process, patience: float = PATIENCE) -> Ended:
    """Wait for a command; one that is stuck fails the test with what it said so far."""
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {patience} s: {err.decode()}") from None
    return Ended(process.returncode, out.decode(), err.decode())


def wait_until(true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Look again and again until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.004)


def children(parent: int) -> list[int]:
    """The processes that any thread of a process has started and that are no zombies."""
    found: list[int] = []
    for file in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(number) for number in file.read_text().split()]
    return [number for number in found if is_alive(number)]


def readers_of(parent: int) -> list[int]:
    """The reading processes among a process's children."""
    return [child for child in children(parent) if b"jobs.child" in command_of(child)]


def command_of(process: int) -> bytes:
    """A process's command line; nothing if there is no such process."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(process: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def parts(out: Path) -> list[Path]:
    """The parts that a run has written so far, committed or not."""
    return list((out / "scans").glob("part-*.parquet"))


def hold_in_the_middle(process: Process, out: Path, parent: int | None = None) -> list[int]:
    """Wait until some batches are written, then stop the reading processes: time stands still."""
    wait_until(lambda: process.poll() is not None or len(parts(out)) >= 3, "no batch was written")
    assert process.poll() is None, ended(process).err
    readers = readers_of(parent or process.pid)
    assert readers, "the run has no reading process"
    for reader in readers:
        os.kill(reader, signal.SIGSTOP)
    return readers


def let_go(readers: list[int]) -> None:
    """The opposite of `hold_in_the_middle`."""
    for reader in readers:
        with suppress(ProcessLookupError):
            os.kill(reader, signal.SIGCONT)


def products(out: Path) -> dict[str, bytes]:
    """Every table of a run, byte for byte, and what its summary says beside times and versions."""
    names = ["actas.parquet", "findings.csv", "unread.csv"]
    names += [str(path.relative_to(out)) for path in sorted((out / "totals").iterdir())]
    found = {name: (out / name).read_bytes() for name in names}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    if summary["version"] == 1:
        found["versions/000001.parquet"] = (out / "versions" / "000001.parquet").read_bytes()
    for changing in ("seconds", "table_version", "version"):
        del summary[changing]
    return found | {"summary": json.dumps(summary, sort_keys=True).encode()}


def assert_same(out: Path, expected: dict[str, bytes]) -> None:
    """The tables are those of the undisturbed run; names the ones that differ."""
    found = products(out)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
