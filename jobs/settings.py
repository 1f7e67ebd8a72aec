"""What a reading process and a batch need to know. Plain data that travels to the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pipeline.election import SheetRules
from pipeline.read.image import Limits
from pipeline.read.sheet import Way


@dataclass(frozen=True)
class ReaderSettings:
    """Settings of a reading process."""

    rules: SheetRules
    limits: Limits = field(default_factory=Limits)
    memory_bytes: int = 2 * 2**30
    """Address space; the libraries alone map about 0.7 GiB of it."""
    way: Way = field(default_factory=Way)
    deadline: float = 20.0
    """Seconds for one page; a clean sheet takes 0.006, a hopeless one 0.4."""

    @cached_property
    def limits_text(self) -> str:
        """All limits in one word: a scan that one of them stopped is tried again under others."""
        limits = self.limits
        sizes = (limits.max_bytes, limits.max_pixels, limits.min_side, limits.max_pages)
        return "-".join(str(value) for value in (*sizes, self.memory_bytes, self.deadline))


@dataclass(frozen=True)
class BatchSettings:
    """Settings of every batch of a run."""

    reader: ReaderSettings
    reader_version: str
    run: int
    folder: str
    """Where the parts are written."""
    code: str = ""
    """The driver's program (`checkup.code_hash`), which every worker's must be; "" asks nothing."""
