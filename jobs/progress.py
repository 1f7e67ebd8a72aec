"""How a run shows that it is alive: a bar in scans on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

LINE_EVERY = 10.0
"""Seconds between log lines where there is no terminal."""


class TerminalProgress:
    """A progress bar. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._outcomes: Counter[str] = Counter()
        self._started = time.monotonic()
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[outcomes]}"),
            console=console,
            transient=True,
        )

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, total: int, workers: int, dashboard: str) -> None:
        """Show the bar."""
        self.say(_beginning(total, workers, dashboard))
        self._started = time.monotonic()
        self._task = self._bar.add_task("scans", total=total, rate="", outcomes="")

    def advance(self, files: int, outcomes: dict[str, int]) -> None:
        """Move the bar."""
        if self._task is None:
            return
        self._outcomes.update(outcomes)
        self._bar.advance(self._task, files)
        done = self._bar.tasks[0].completed
        rate = f"{done / max(time.monotonic() - self._started, 0.01):.0f}/s"
        self._bar.update(self._task, rate=rate, outcomes=_words(self._outcomes))

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._console.print(escape(text), highlight=False, soft_wrap=True)


class LineProgress:
    """Log lines on standard error, for files and schedulers."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._total = self._done = 0
        self._started = self._said = time.monotonic()

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        return None

    def begin(self, total: int, workers: int, dashboard: str) -> None:
        """Say what begins."""
        self._total = total
        self._started = self._said = time.monotonic()
        self.say(_beginning(total, workers, dashboard))

    def advance(self, files: int, outcomes: dict[str, int]) -> None:
        """Say how far it is, now and then and at the end."""
        self._outcomes.update(outcomes)
        self._done += files
        now = time.monotonic()
        if now - self._said < LINE_EVERY and self._done < self._total:
            return
        self._said = now
        rate = self._done / max(now - self._started, 0.01)
        left = (self._total - self._done) / rate
        self.say(
            f"{self._done}/{self._total} scans, {rate:.0f}/s, {left:.0f} s left, "
            f"{_words(self._outcomes)}"
        )

    def say(self, text: str) -> None:
        """One line."""
        sys.stderr.write(f"actas: {text}\n")
        sys.stderr.flush()


def open_progress() -> TerminalProgress | LineProgress:
    """The bar where standard error is a terminal, lines where it is not."""
    console = Console(stderr=True)
    return TerminalProgress(console) if console.is_terminal else LineProgress()


def _beginning(total: int, workers: int, dashboard: str) -> str:
    where = f", dashboard {dashboard}" if dashboard else ""
    return f"{total} scans, {workers} worker{'s' if workers > 1 else ''}{where}"


def _words(outcomes: Counter[str]) -> str:
    """What came of the scans so far, the good first."""
    good = ("read", "written")
    names = sorted(outcomes, key=lambda name: (name not in good, name))
    return ", ".join(f"{outcomes[name]} {name}" for name in names if outcomes[name])
