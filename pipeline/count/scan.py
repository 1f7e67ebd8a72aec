"""A scan as resolving sees it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.count.carry import NO_LONGER_THERE
from pipeline.election import MesaKey
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload
from pipeline.read.record import Outcome


@dataclass(frozen=True, slots=True)
class Scan:
    """A current row of the ledger, as far as resolving needs it."""

    uri: str
    sha256: str | None
    page: int
    outcome: Outcome
    grade: str | None
    payload: Payload | None
    rivals: tuple[Payload, ...]
    findings: tuple[Finding, ...]
    failure: str | None
    attempt: str | None = None
    """Which attempt read it."""
    spare: int | None = None
    """Parity codewords left over in the symbol's worst block."""
    mesa_hint: MesaKey | None = None
    """The mesa that an unreadable scan is known to show."""
    registered_voters: int | None = None
    """As printed on the sheet."""
    print_check: str | None = None
    """What the print came to: see `PageReading.print_check`."""
    printed: str | None = None
    """The numbers that the print says, written like a payload, where there was no symbol."""
    printed_at: str | None = None
    uuid: str | None = None
    hash_hex: str | None = None
    box_ink: tuple[bool, ...] | None = None
    """Of each member's box, whether there is ink; None where the boxes were not found."""

    @property
    def mesa(self) -> MesaKey | None:
        """The mesa it shows, as far as it is known."""
        return self.payload.acta_code.mesa if self.payload else self.mesa_hint

    @property
    def is_gone(self) -> bool:
        """Whether its file is no longer there."""
        return any(finding.code == NO_LONGER_THERE for finding in self.findings)
