"""The accounts of the report: what became of every scan and every mesa, in lines that add up."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.count.resolve import GRADES, ScanStatus
from pipeline.count.totals import Totals

SCAN_MEANINGS = {
    ScanStatus.COUNTED: "its numbers are in the totals",
    ScanStatus.DUPLICATE: "repeats a scan that is counted or waits, so it is not counted again",
    ScanStatus.QUARANTINED: "was read, but sheets disagree or a rule is broken; waits for a person",
    ScanStatus.UNREADABLE: "can be opened, but its numbers could not be read",
    ScanStatus.REJECTED: "is not a tally sheet of this election",
    ScanStatus.FAILED: "the file could not be opened",
}
GRADE_MEANINGS = {
    "proven": "the QR symbol and the printed table agree",
    "qr": "read from the QR symbol; the printed table was not checked or is too weak to prove it",
    "print": "read from the printed table, which proves itself: digits equal words, "
    "and the sum equals the total",
}


@dataclass(frozen=True)
class Entry:
    """One line of an account. `within` is part of the line above and not added again."""

    name: str
    meaning: str
    count: int
    within: bool = False


@dataclass(frozen=True)
class Account:
    """Lines and their sum."""

    entries: tuple[Entry, ...]
    total: int


def scan_account(totals: Totals) -> Account:
    """What became of every scan that was found."""
    entries = (Entry(s.value, SCAN_MEANINGS[s], totals.scans[s.value]) for s in ScanStatus)
    return Account(tuple(entries), totals.scans["found"])


def mesa_account(totals: Totals) -> Account:
    """What became of every mesa that was expected."""
    nation = totals.nation
    entries = (
        Entry("counted", "a sheet of it is in the totals", nation.counted),
        Entry("quarantined", "has sheets, but a person must look at them", nation.quarantined),
        Entry("missing", "no sheet of it could be counted", nation.missing),
        Entry("unread", "a scan of it is known, but unreadable", nation.unread, within=True),
    )
    return Account(entries, nation.expected)


def grade_account(totals: Totals) -> Account:
    """How well the numbers of the counted sheets are proven."""
    counts = dict.fromkeys(GRADES, 0) | dict(totals.grades)
    entries = (
        Entry(name or "none", GRADE_MEANINGS.get(name, "no grade was recorded"), count)
        for name, count in counts.items()
    )
    return Account(tuple(entries), totals.nation.counted)
