"""The lock of results in an object store: a lease that its holder renews while it lives.

A lock is an object with a number, `.lock/00000007.json`. Taking it means to create the next number,
which the store grants to one only; the highest number is the lock, and only its holder rewrites it,
with a count that goes up every few seconds. No clock is compared: whoever finds a lock watches the
count for as long as a lease lasts, and takes over only if it stood still. A holder that was merely
asleep cannot do harm: it finds a higher number, or its commit fails (`Ledger.fence`).
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace

from jobs.holder import Holder, Lock, held_by, myself
from pipeline.count.place import Place
from pipeline.errors import ActasError, InterruptedRunError, ResultsError

FOLDER = ".lock"
BEAT = 5.0
"""Seconds between two signs of life."""
LEASE = 30.0
"""Seconds without one after which a holder counts as dead."""


@dataclass(frozen=True)
class Lease:
    """One lock object."""

    number: int
    token: str
    holder: Holder
    beats: int = 0
    ended: bool = False


@contextmanager
def leased(results: Place, say: Callable[[str], None]) -> Iterator[Lock]:
    """Hold the lock.

    Raises:
        LockedError: a living run holds it.
        StoreLostError: the store does not answer.
    """
    folder = results.sub(FOLDER)
    before = _newest(folder)
    died = before is not None and not before.ended
    if before and died:
        _wait_for_death(results, before, say)
        say(f"The run before ({before.holder}) did not end by itself; what it committed is kept.")
    mine = Lease(before.number + 1 if before else 1, uuid.uuid4().hex, myself())
    _create(results, mine)
    try:
        with _renewed(folder, mine):
            yield Lock(lambda: _check(results, mine), died)
    finally:
        with suppress(ActasError, OSError):  # the lease ends by itself, too
            _check(results, mine)
            _write(folder, replace(mine, ended=True))


def is_leased(results: Place) -> bool:
    """Whether a run is on, as far as can be told without waiting."""
    newest = _newest(results.sub(FOLDER))
    return newest is not None and not newest.ended and not newest.holder.is_dead


def _newest(folder: Place) -> Lease | None:
    names = [name for name in folder.names() if name.endswith(".json")]
    while names:
        with suppress(FileNotFoundError):  # it was tidied away meanwhile
            return _parsed(folder, names[-1])
        names.pop()
    return None


def _parsed(folder: Place, name: str) -> Lease:
    content = folder.read(name)
    try:
        plain = json.loads(content)
        return Lease(**plain | {"holder": Holder(**plain["holder"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ResultsError(
            f"{folder}/{name} is no lock.", "If no run is on, remove the folder .lock."
        ) from error


def _wait_for_death(results: Place, lease: Lease, say: Callable[[str], None]) -> None:
    """Return once the holder is known to be dead.

    Raises:
        LockedError: it lives.
    """
    if lease.holder.is_dead:
        return
    say(f"Another run holds the results ({lease.holder}); looking for a sign of life.")
    end = time.monotonic() + LEASE
    while time.monotonic() < end:
        time.sleep(BEAT / 2)
        now = _newest(results.sub(FOLDER))
        if now is not None and now.ended:
            return
        if now is None or (now.token, now.beats) != (lease.token, lease.beats):
            raise held_by(results.root, now.holder if now else None)


def _create(results: Place, mine: Lease) -> None:
    """Take the number; of two that try one gets it."""
    folder = results.sub(FOLDER)
    try:
        folder.create(_name(mine.number), json.dumps(asdict(mine)).encode())
    except FileExistsError:
        newest = _newest(folder)
        # Our own, if the answer to the first attempt was lost on its way.
        if newest is None or newest.token != mine.token:
            raise held_by(results.root, newest.holder if newest else None) from None
    for name in folder.names():
        if name < _name(mine.number):
            folder.delete(name)


@contextmanager
def _renewed(folder: Place, mine: Lease) -> Iterator[None]:
    """Give signs of life for as long as the context lasts."""
    end = threading.Event()

    def beat() -> None:
        beats = 0
        while not end.wait(BEAT):
            beats += 1
            with suppress(ActasError, OSError):  # a store that is down for a while
                _write(folder, replace(mine, beats=beats))

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(timeout=BEAT)


def _check(results: Place, mine: Lease) -> None:
    newest = _newest(results.sub(FOLDER))
    if newest is None or newest.token != mine.token:
        who = newest.holder if newest else "somebody who removed the lock"
        raise InterruptedRunError(
            f"{results}: this run gave no sign of life for a while, and {who} has taken over.",
            "What was committed is kept. Let the other run end; it goes on from there.",
        )


def _write(folder: Place, lease: Lease) -> None:
    folder.write(_name(lease.number), json.dumps(asdict(lease)).encode())


def _name(number: int) -> str:
    return f"{number:08d}.json"
