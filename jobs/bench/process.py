"""Running a command and measuring it from outside: CPU of all its processes, wall, memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ActasError

SAMPLE_EVERY = 0.05
NEEDS_A_PERSON = 3
"""The exit code of a tally that ended well, but not with every mesa counted."""


@dataclass(frozen=True)
class Measured:
    """Seconds, and the peak resident memory in MiB of the process and of its largest child."""

    cpu: float
    wall: float
    peak_self: float
    peak_child: float
    output: str


def measure(command: Sequence[str], accept: Sequence[int] = (0,)) -> Measured:
    """Run a command to its end.

    Raises:
        ActasError: it ended with another code than those accepted.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  our own commands, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peaks = _Peaks(process.pid)
    output, errors = process.communicate()
    peaks.stop()
    wall = time.monotonic() - start
    if process.returncode not in accept:
        raise ActasError(
            f"{' '.join(command)} ended with code {process.returncode}", errors[-2000:]
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Measured(cpu, wall, peaks.own, peaks.child, output)


def actas(*arguments: str) -> list[str]:
    """The command line of this very program."""
    return [sys.executable, "-m", "jobs.cli", *arguments]


class _Peaks:
    """Samples the peak resident memory of a process and its children while it runs."""

    def __init__(self, pid: int) -> None:
        self.own = self.child = 0.0
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._end.wait(SAMPLE_EVERY):
            self.own = max(self.own, _peak_mib(self._pid))
            for child in _children(self._pid):
                self.child = max(self.child, _peak_mib(child))


def _peak_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0")
    return int(line.split()[1]) / 1024


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.extend(int(text) for text in task.read_text(encoding="utf-8").split())
        except OSError:
            continue
    return found
