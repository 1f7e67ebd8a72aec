"""What reading one page of a scan yields, before it is known whose file it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from pipeline.findings import CATALOGUE, Finding

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_DETAIL = 300


class Outcome(StrEnum):
    """How reading a page ended. What that means for the count is decided by `count.resolve`."""

    READ = "read"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    FAILED = "failed"


class Method(StrEnum):
    """What the numbers were read from."""

    QR = "qr"
    QR_RESCUE = "qr-rescue"
    PRINT = "print"


class Grade(StrEnum):
    """How well the numbers are proven."""

    PROVEN = "proven"
    QR = "qr"
    PRINT = "print"


@dataclass(frozen=True)
class PageReading:
    """One page, read. Numbers are not stored here: whoever needs them parses `payload` again,
    so that a process that reads hostile images cannot hand over votes that no symbol held.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    page: int
    outcome: Outcome
    format: str = ""
    width: int = 0
    height: int = 0
    attempt: str = ""
    payload: str | None = None
    rivals: tuple[str, ...] = ()
    """All valid payloads of an ambiguous page."""
    corners: tuple[float, ...] = ()
    version: int = 0
    spare: int | None = None
    """Parity codewords left over in the symbol's worst block."""
    seen: float | None = None
    """Share of the symbol's modules that were seen."""
    findings: tuple[Finding, ...] = ()
    failure: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON types, to cross the border of a process."""
        plain = dict(self.__dict__)
        plain["findings"] = [{"code": f.code, "detail": f.detail} for f in self.findings]
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PageReading:
        """The inverse of `to_plain`.

        Raises:
            ValueError: it is anything else. Whoever reads hostile images may answer anything.
        """
        try:
            return cls.from_json(json.dumps(plain).encode())
        except (TypeError, RecursionError) as error:
            raise ValueError(f"not a reading: {error}") from error

    @classmethod
    def from_json(cls, text: bytes) -> PageReading:
        """The same from the JSON of `to_plain`; raises ValueError likewise."""
        reading = _reading_adapter().validate_json(text, strict=True)
        reading.check()
        return reading

    def check(self) -> None:
        """Raise ValueError for what no reading can hold."""
        codes_known = all(finding.code in CATALOGUE for finding in self.findings)
        details_short = all(len(finding.detail) <= MAX_DETAIL for finding in self.findings)
        sizes = (self.page, self.width, self.height, self.version, self.spare or 0)
        sizes_fit = self.page >= 1 and all(0 <= size < 2**31 for size in sizes)
        if not (codes_known and details_short and sizes_fit and len(self.corners) <= 8):
            raise ValueError("not a reading")


@cache
def _reading_adapter() -> TypeAdapter[PageReading]:
    # Only who receives readings checks them: the process that reads starts faster without.
    from pydantic import TypeAdapter

    return TypeAdapter(PageReading)


def failed(page: int, finding: Finding) -> PageReading:
    """The reading of a page that could not be opened."""
    return PageReading(page, Outcome.FAILED, findings=(finding,), failure=finding.sentence)
