"""Counting again and again while scans come in: at fixed intervals, or once for a timer.

What ends one round does not end the watch: a disk that is full, a store that is down, a folder that
is away for a while, another run on the same results. The next round goes on from what is committed.
Only a mistake in the first round, which is the user's, ends it.
"""

from __future__ import annotations

import time

from jobs.tally import Options, Outcome, Progress, Stop, exit_code, run_tally
from pipeline.errors import (
    AccountingError,
    ActasError,
    InterruptedRunError,
    LockedError,
    NoScansError,
    StoppedRunError,
)

LOOK_EVERY = 0.5
"""Seconds between looks for a request to stop."""


def watch_once(options: Options, progress: Progress) -> int:
    """One round; returns the exit code of a tally. A folder without scans is nothing wrong."""
    try:
        outcome = run_tally(options, progress)
    except NoScansError as error:
        progress.say(f"{error.what} Nothing to do yet.")
        return 0
    progress.say(told(outcome))
    return exit_code(outcome.summary)


def watch_for_ever(options: Options, every: float, progress: Progress) -> int:
    """Rounds that begin `every` so many seconds, until SIGINT or SIGTERM.

    Raises:
        ActasError: the user's mistake, in the first round; stopped while a round was reading.
    """
    with Stop() as stop:
        first = True
        while True:
            begin = time.monotonic()
            try:
                watch_once(options, progress)
            except (StoppedRunError, AccountingError):
                raise
            except (LockedError, InterruptedRunError) as error:
                progress.say(f"{error} The watch goes on.")
            except ActasError as error:
                if first:
                    raise
                progress.say(f"{error} The watch goes on.")
            first = False
            if _told_to_stop_before(begin + every, stop):
                progress.say("Stopped between two rounds.")
                return 0


def _told_to_stop_before(end: float, stop: Stop) -> bool:
    """Wait until the monotonic clock shows `end`, or until somebody asks to stop.

    Whoever asked while a round was listing or writing, not reading, asked for this too: such a
    round is brought to its end first.
    """
    while not stop.asked and (left := end - time.monotonic()) > 0:
        time.sleep(min(LOOK_EVERY, left))
    return bool(stop.asked)


def told(outcome: Outcome) -> str:
    """A round in one line."""
    news = ", ".join(f"{count:,} {why}" for why, count in outcome.why.items())
    mesas = outcome.summary["mesas"]
    return (
        f"{outcome.found:,} scans: {news or 'nothing new'}. "
        f"{mesas['counted']:,} of {mesas['expected']:,} mesas counted."
    )
