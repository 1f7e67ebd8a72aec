"""From records to exactly one status for every scan and every mesa.

1. The same bytes under several names are one scan; the others are `duplicate`.
2. The distinct readings of a mesa that say the same are one sheet: one is `counted`, the rest are
   `duplicate`. If two differ, all are `quarantined`: which one is right is for a person to say.
3. A blocking finding (of the sheet, or of the register) quarantines the mesa's scans.
4. What could not be read keeps the outcome it had: `unreadable`, `rejected` or `failed`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pipeline.count.carry import NOTES
from pipeline.count.register import Register, build_register
from pipeline.count.repeats import note_repeats
from pipeline.count.scan import Scan as Scan  # others take it from here
from pipeline.election import Election, MesaKey
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload
from pipeline.read.record import Outcome


class ScanStatus(StrEnum):
    """Where a scan ends. Exactly one holds."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    FAILED = "failed"


class MesaStatus(StrEnum):
    """Where a mesa ends. Exactly one holds."""

    COUNTED = "counted"
    QUARANTINED = "quarantined"
    MISSING = "missing"


GRADES = ("proven", "qr", "print")
"""From the best proven to the least: of agreeing scans the best is the one that counts."""


@dataclass(frozen=True, slots=True)
class ResolvedScan:
    """A scan with its status; `mesa` is None where no mesa could be told."""

    scan: Scan
    status: ScanStatus
    mesa: MesaKey | None
    findings: tuple[Finding, ...]
    stands_for: str | None = None
    """Of a duplicate: the scan that it repeats."""

    @property
    def why(self) -> str:
        """What a person is told about a scan that needs one."""
        blocking = [finding.sentence for finding in self.findings if finding.blocks]
        return (
            "; ".join(blocking)
            or self.scan.failure
            or "; ".join(finding.sentence for finding in self.findings)
        )


@dataclass(frozen=True, slots=True)
class ResolvedMesa:
    """A mesa with its status and, if counted, the scan that it rests on."""

    mesa: MesaKey
    centre: str
    number: int
    listed: bool
    status: MesaStatus
    unread: bool
    registered_voters: int | None
    source: Scan | None
    scans: int
    findings: tuple[Finding, ...]

    @property
    def payload(self) -> Payload | None:
        """The numbers that count, or None."""
        return self.source.payload if self.source else None


@dataclass(frozen=True)
class Resolution:
    """Every scan and every named mesa, each in exactly one state."""

    scans: tuple[ResolvedScan, ...]
    mesas: tuple[ResolvedMesa, ...]
    register: Register = field(repr=False)


def resolve(scans: Iterable[Scan], election: Election) -> Resolution:
    """Give every scan and every mesa its status. The order of `scans` does not matter."""
    ordered = sorted(scans, key=lambda scan: scan.uri)
    unique, copies = _split_copies(ordered)
    unique = note_repeats(unique)
    groups = _group_by_mesa(unique)
    mentions = _mentions(unique)
    register = build_register(election, groups.keys() | mentions.keys())
    resolved: list[ResolvedScan] = []
    mesas: list[ResolvedMesa] = []
    known = frozenset(election.registered)
    for mesa in register.named:
        group = groups.get(mesa, [])
        notes = _against_register(mesa, group, election, register, known)
        mentioned = mentions.get(mesa, ())
        statuses = _resolve_group(mesa, group, mentioned, notes)
        resolved.extend(statuses)
        mesas.append(_mesa(mesa, statuses, mentioned, election, known))
    resolved.extend(_without_mesa(scan) for scan in unique if scan.payload is None)
    resolved.extend(_copies(copies, resolved))
    resolved.sort(key=lambda item: item.scan.uri)
    return Resolution(tuple(resolved), tuple(mesas), register)


def _split_copies(scans: Sequence[Scan]) -> tuple[list[Scan], list[tuple[Scan, Scan]]]:
    """Distinct contents (the first name of each), and (copy, original) pairs.

    A file that could not be opened is nobody's copy: five empty files are five lost uploads. Of a
    file that was moved, the name where it is now stands for the content.
    """
    first: dict[tuple[str | None, int], Scan] = {}
    unique, copies = [], []
    for scan in sorted(scans, key=lambda scan: scan.is_gone):
        if scan.sha256 is None or scan.outcome is Outcome.FAILED:
            unique.append(scan)
            continue
        original = first.setdefault((scan.sha256, scan.page), scan)
        if original is scan:
            unique.append(scan)
        else:
            copies.append((scan, original))
    return unique, copies


def _group_by_mesa(scans: Iterable[Scan]) -> dict[MesaKey, list[Scan]]:
    groups: dict[MesaKey, list[Scan]] = defaultdict(list)
    for scan in scans:
        if scan.payload:
            groups[scan.payload.acta_code.mesa].append(scan)
    return dict(groups)


def _against_register(
    mesa: MesaKey,
    group: Sequence[Scan],
    election: Election,
    register: Register,
    known: frozenset[MesaKey],
) -> tuple[Finding, ...]:
    """The rules that hold a found mesa against the registers."""
    if not group:
        return ()
    centre, number = election.rules.acta_code.split_mesa(mesa)
    findings = []
    unit = election.units.get(centre)
    if mesa not in known:
        if unit is None:
            findings.append(Finding("centre-not-listed", f"centre {centre}"))
        elif number > unit.expected:
            findings.append(
                Finding("mesa-not-listed", f"mesa {number} of a centre of {unit.expected}")
            )
    if mesa in register.beyond:
        findings.append(Finding("mesa-over-register", f"centre {centre}, mesa {number}"))
    registered = election.registered.get(mesa)
    printed = {scan.registered_voters for scan in group if scan.registered_voters is not None}
    findings.extend(_against_print(group, registered, printed, election))
    if registered is None and len(printed) == 1:
        registered = min(printed)
    most = max(scan.payload.ballots for scan in group if scan.payload)
    if registered is not None and most > registered:
        findings.append(
            Finding("votes-over-registered", f"{most} votes, {registered} registered voters")
        )
    return tuple(findings)


def _against_print(
    group: Sequence[Scan], registered: int | None, printed: set[int], election: Election
) -> Iterator[Finding]:
    """Notes on what the headers say of voters and of the day."""
    if registered is not None and printed - {registered}:
        told = ", ".join(str(number) for number in sorted(printed))
        yield Finding("registered-differs", f"printed {told}, register {registered}")
    days = {scan.printed_at[:10] for scan in group if scan.printed_at}
    usual = {str(election.date + timedelta(days=later)) for later in (0, 1)}
    if days - usual:
        yield Finding("date-outside", ", ".join(sorted(days - usual)))


def _resolve_group(
    mesa: MesaKey, group: Sequence[Scan], mentioned: Sequence[Scan], notes: tuple[Finding, ...]
) -> list[ResolvedScan]:
    """Statuses of the distinct scans that show one mesa.

    What an ambiguous scan says of the mesa speaks too: it cannot be counted, but it can disagree.
    """
    rivals = [r for scan in mentioned for r in scan.rivals if r.acta_code.mesa == mesa]
    sayings = {_numbers(p) for p in (*(scan.payload for scan in group), *rivals) if p}
    if len(sayings) > 1:
        notes = (*notes, Finding("sheets-disagree", f"{len(sayings)} versions of {mesa}"))
    elif len({scan.payload.acta_code.text for scan in group if scan.payload}) > 1:
        notes = (*notes, Finding("acta-codes-differ", str(mesa)))
    blocked = any(note.blocks for note in notes)
    clean = [scan for scan in group if not any(finding.blocks for finding in scan.findings)]
    best = None if blocked or not clean else min(clean, key=_rank)
    resolved = []
    for scan in group:
        findings = (*scan.findings, *notes)
        if best is None:
            resolved.append(ResolvedScan(scan, ScanStatus.QUARANTINED, mesa, findings))
        elif scan is best:
            resolved.append(ResolvedScan(scan, ScanStatus.COUNTED, mesa, findings))
        else:
            findings = (*findings, Finding("sheet-duplicate", best.uri))
            resolved.append(
                ResolvedScan(scan, ScanStatus.DUPLICATE, mesa, findings, stands_for=best.uri)
            )
    return resolved


def _numbers(payload: Payload) -> tuple[tuple[int, ...], int, int]:
    return payload.votes, payload.null_votes, payload.empty_votes


def _rank(scan: Scan) -> tuple[int, bool, str]:
    """The best proven scan first, then by name, so that the choice never depends on chance."""
    grade = GRADES.index(scan.grade) if scan.grade in GRADES else len(GRADES)
    return grade, scan.is_gone, scan.uri


def _mesa(
    mesa: MesaKey,
    statuses: Sequence[ResolvedScan],
    mentioned: Sequence[Scan],
    election: Election,
    known: frozenset[MesaKey],
) -> ResolvedMesa:
    centre, number = election.rules.acta_code.split_mesa(mesa)
    counted = next((s for s in statuses if s.status is ScanStatus.COUNTED), None)
    unit = election.units.get(centre)
    if counted:
        status, findings = MesaStatus.COUNTED, counted.findings
    elif statuses or any(scan.outcome is Outcome.AMBIGUOUS for scan in mentioned):
        status, findings = MesaStatus.QUARANTINED, _distinct(statuses, mentioned)
    else:
        status, findings = MesaStatus.MISSING, ()
    return ResolvedMesa(
        mesa=mesa,
        centre=centre,
        number=number,
        listed=mesa in known or (unit is not None and number <= unit.expected),
        status=status,
        unread=status is MesaStatus.MISSING and bool(mentioned),
        registered_voters=election.registered.get(mesa),
        source=counted.scan if counted else None,
        scans=len(statuses) + len(mentioned),
        findings=findings,
    )


def _distinct(statuses: Iterable[ResolvedScan], mentioned: Iterable[Scan]) -> tuple[Finding, ...]:
    found = [finding for status in statuses for finding in status.findings]
    found += [finding for scan in mentioned for finding in scan.findings]
    return tuple(dict.fromkeys(found))


def _mentions(scans: Iterable[Scan]) -> dict[MesaKey, list[Scan]]:
    """Scans that name a mesa without giving it numbers: ambiguous ones, unreadable known ones."""
    mentions: dict[MesaKey, list[Scan]] = defaultdict(list)
    for scan in scans:
        if scan.payload is None:
            named = {rival.acta_code.mesa for rival in scan.rivals}
            for mesa in sorted(named | ({scan.mesa_hint} if scan.mesa_hint else set())):
                mentions[mesa].append(scan)
    return dict(mentions)


_OUTCOME_STATUS = {
    Outcome.AMBIGUOUS: ScanStatus.QUARANTINED,
    Outcome.UNREADABLE: ScanStatus.UNREADABLE,
    Outcome.REJECTED: ScanStatus.REJECTED,
    Outcome.FAILED: ScanStatus.FAILED,
}


def _without_mesa(scan: Scan) -> ResolvedScan:
    return ResolvedScan(scan, _OUTCOME_STATUS[scan.outcome], scan.mesa_hint, scan.findings)


def _copies(
    copies: Iterable[tuple[Scan, Scan]], resolved: Iterable[ResolvedScan]
) -> Iterator[ResolvedScan]:
    """Copies are duplicates of their original, whatever became of that."""
    mesas = {item.scan.uri: item.mesa for item in resolved}
    for copy, original in copies:
        notes = [finding for finding in copy.findings if finding.code in NOTES]
        findings = (*notes, Finding("content-duplicate", original.uri))
        yield ResolvedScan(
            copy, ScanStatus.DUPLICATE, mesas[original.uri], findings, stands_for=original.uri
        )
