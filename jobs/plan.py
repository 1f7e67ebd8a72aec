"""What a run would do, and what about it a user should know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.count.known import Subtracted
from pipeline.read.scans import ScanFile


@dataclass(frozen=True)
class Plan:
    """What a run would do."""

    found: int
    ignored: tuple[str, ...]
    known: Subtracted
    version: str
    waiting: tuple[ScanFile, ...] = ()
    """Files that are still being written."""

    @property
    def todo(self) -> tuple[ScanFile, ...]:
        """What is read."""
        return self.known.todo


def told(plan: Plan) -> Iterator[str]:
    """What is unusual about a plan, in sentences."""
    names = [file.uri.rpartition("/")[2] for file in plan.waiting]
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        wait = ", ".join(names[:3]) + more
        yield f"{len(names)} files are still being written and wait for the next run: {wait}"
    if plan.known.gone:
        yield f"{len(plan.known.gone)} scans are gone; what was read of them stays on record."
    if plan.known.given_up:
        yield (
            f"{plan.known.given_up} scans have failed often enough. They are tried again when "
            "they, the reader or the limits change, or with --retry."
        )
