"""How often a scan that failed is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pipeline.read.record import Outcome

AUTOMATIC = 3
"""Tries in all where the machine may have been at fault."""
ASKED = 10
"""Tries in all of what a user asks for again."""


class Retry(StrEnum):
    """Which known scans a user wants to be tried again."""

    NONE = "none"
    UNREADABLE = "unreadable"
    FAILED = "failed"
    ALL = "all"


ASKED_FOR: Mapping[Retry, tuple[Outcome, ...]] = {
    Retry.NONE: (),
    Retry.UNREADABLE: (Outcome.UNREADABLE,),
    Retry.FAILED: (Outcome.FAILED,),
    Retry.ALL: (Outcome.UNREADABLE, Outcome.FAILED, Outcome.REJECTED, Outcome.AMBIGUOUS),
}
