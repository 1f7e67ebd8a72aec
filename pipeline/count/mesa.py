"""The rules of one mesa: what becomes of the distinct scans that show it, and of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from pipeline.count.register import Register
from pipeline.count.resolved import MesaStatus, ResolvedMesa, ScanStatus, Verdict
from pipeline.count.scan import Scan
from pipeline.election import Election, MesaKey
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload
from pipeline.read.record import Outcome

GRADES = ("proven", "qr", "print")
"""From the best proven to the least: of agreeing scans the best is the one that counts."""


def against_register(
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


def judge(
    mesa: MesaKey, group: Sequence[Scan], mentioned: Sequence[Scan], notes: tuple[Finding, ...]
) -> list[Verdict]:
    """Verdicts on the distinct scans that show one mesa, in their order.

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
    if best is None:
        return [Verdict(ScanStatus.QUARANTINED, mesa, (*scan.findings, *notes)) for scan in group]
    repeats = (*notes, Finding("sheet-duplicate", best.uri))
    return [
        Verdict(ScanStatus.COUNTED, mesa, (*scan.findings, *notes))
        if scan is best
        else Verdict(ScanStatus.DUPLICATE, mesa, (*scan.findings, *repeats), best.uri)
        for scan in group
    ]


def _numbers(payload: Payload) -> tuple[tuple[int, ...], int, int]:
    return payload.votes, payload.null_votes, payload.empty_votes


def _rank(scan: Scan) -> tuple[int, bool, str]:
    """The best proven scan first, then by name, so that the choice never depends on chance."""
    grade = GRADES.index(scan.grade) if scan.grade in GRADES else len(GRADES)
    return grade, scan.is_gone, scan.uri


def sum_up_mesa(
    mesa: MesaKey,
    group: Sequence[Scan],
    verdicts: Sequence[Verdict],
    mentioned: Sequence[Scan],
    election: Election,
    known: frozenset[MesaKey],
) -> ResolvedMesa:
    """What becomes of the mesa itself, once there are verdicts on the scans that show it."""
    centre, number = election.rules.acta_code.split_mesa(mesa)
    pairs = zip(group, verdicts, strict=True)
    source, counted = next((p for p in pairs if p[1].status is ScanStatus.COUNTED), (None, None))
    unit = election.units.get(centre)
    if counted:
        status, findings = MesaStatus.COUNTED, counted.findings
    elif verdicts or any(scan.outcome is Outcome.AMBIGUOUS for scan in mentioned):
        status, findings = MesaStatus.QUARANTINED, _distinct(verdicts, mentioned)
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
        source=source,
        scans=len(verdicts) + len(mentioned),
        findings=findings,
    )


def _distinct(verdicts: Iterable[Verdict], mentioned: Iterable[Scan]) -> tuple[Finding, ...]:
    found = [finding for verdict in verdicts for finding in verdict.findings]
    found += [finding for scan in mentioned for finding in scan.findings]
    return tuple(dict.fromkeys(found))
