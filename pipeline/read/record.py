"""What reading one page of a scan yields, before it is known whose file it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from pipeline.findings import CATALOGUE, Finding

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_DETAIL = 300
MAX_BOXES = 64
PRINT_CHECKS = (
    *("", "agrees", "weak", "mismatch"),
    *("proven", "proven-by-sum", "probable", "unread"),
)
"""What `PageReading.print_check` may say."""
_HEX = "[0-9a-f]"
_UUID = re.compile(rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}")
_HASH = re.compile("[0-9A-F]{64}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2})?")


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
    print_check: str = ""
    """Of the print: its `Agreement` with the QR, or its `Verdict` where there is no QR; '' if it
    was not looked at."""
    printed: str | None = None
    """What the print says, written as a payload; the acta code is empty where it is not known."""
    printed_code: str | None = None
    """The acta code in the header, where it is legible for sure."""
    registered_voters: int | None = None
    uuid: str | None = None
    printed_at: str | None = None
    """Local date and time, as ISO 8601 without a zone."""
    hash_hex: str | None = None
    box_ink: tuple[bool, ...] = ()
    """Of each box of the members, whether there is ink where one signs; none if not found."""
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
        if not self._print_fits():
            raise ValueError("not a reading of a print")

    def _print_fits(self) -> bool:
        """Whether what was read of the print has the forms that it can have."""
        forms = ((self.uuid, _UUID), (self.printed_at, _MOMENT), (self.hash_hex, _HASH))
        return (
            self.print_check in PRINT_CHECKS
            and all(text is None or form.fullmatch(text) for text, form in forms)
            and (self.registered_voters is None or 0 <= self.registered_voters < 10**6)
            and len(self.box_ink) <= MAX_BOXES
        )


@cache
def _reading_adapter() -> TypeAdapter[PageReading]:
    # Only who receives readings checks them: the process that reads starts faster without.
    from pydantic import TypeAdapter

    return TypeAdapter(PageReading)


def failed(page: int, finding: Finding) -> PageReading:
    """The reading of a page that could not be opened."""
    return PageReading(page, Outcome.FAILED, findings=(finding,), failure=finding.sentence)
