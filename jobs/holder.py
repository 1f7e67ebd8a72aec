"""A lock and who holds it: enough to tell a person, and whether that process still lives."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import LockedError


@dataclass(frozen=True)
class Holder:
    """A process, as it describes itself."""

    pid: int
    host: str
    since: str
    machine: str
    """Of this boot of this machine (and container) alone; empty where that cannot be told."""
    born: str
    """When the process began, in the machine's own count: numbers of processes are used again."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"

    @property
    def is_dead(self) -> bool:
        """Whether it is known to be dead; of another machine's process nothing is known."""
        return bool(self.machine) and self.machine == _machine() and self.born != _born(self.pid)

    def to_json(self) -> str:
        """For a file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Holder | None:
        """The inverse; None if it is anything else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True)
class Lock:
    """A lock that is held."""

    check: Callable[[], None]
    """Raises InterruptedRunError if it is held no longer."""
    after_a_dead_run: bool
    """The run before did not give it back."""


def held_by(results: str, holder: Holder | None) -> LockedError:
    """What a run says that comes second."""
    return LockedError(
        f"{results}: another run is writing there ({holder or 'it does not say which'}).",
        "Wait until it ends, or stop it; `actas status` shows how far it is.",
    )


def myself() -> Holder:
    """This process."""
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return Holder(os.getpid(), socket.gethostname(), since, _machine(), _born(os.getpid()))


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """Start time of a process; empty if there is none, or if it is dead and not yet buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = state.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]
