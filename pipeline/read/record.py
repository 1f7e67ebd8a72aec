"""What reading one page of a scan yields, before it is known whose file it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.findings import Finding


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
    findings: tuple[Finding, ...] = ()
    failure: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON types, to cross the border of a process."""
        plain = dict(self.__dict__)
        plain["findings"] = [[finding.code, finding.detail] for finding in self.findings]
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PageReading:
        """The inverse of `to_plain`; raises ValueError, TypeError or KeyError on anything else."""
        values = dict(plain)
        values["outcome"] = Outcome(values["outcome"])
        values["rivals"] = tuple(str(text) for text in values["rivals"])
        values["corners"] = tuple(float(value) for value in values["corners"])
        values["findings"] = tuple(_known(code, detail) for code, detail in values["findings"])
        return cls(**values)


def failed(page: int, finding: Finding) -> PageReading:
    """The reading of a page that could not be opened."""
    return PageReading(page, Outcome.FAILED, findings=(finding,), failure=finding.sentence)


def _known(code: str, detail: str) -> Finding:
    finding = Finding(str(code), str(detail)[:300])
    finding.kind  # noqa: B018  a code outside the catalogue raises KeyError here
    return finding
