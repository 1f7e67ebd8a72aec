"""What the print adds to a page's reading: a proof of the symbol's numbers, or its own.

Here the two meet: what the symbol says (`qr`) and what the paper says (`printed`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.read.image import Grey, Page
from pipeline.read.members import Members, affine_below, find_members, ink_in_boxes
from pipeline.read.printed.agree import Agreement, expected_numbers
from pipeline.read.printed.decide import Decision, Verdict
from pipeline.read.printed.hash_lines import hash_by_members, hash_by_symbol
from pipeline.read.printed.header import Header, read_header
from pipeline.read.printed.identity import check_identity
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Placement
from pipeline.read.printed.reader import (
    MODULES,
    PrintCheck,
    PrintReading,
    check_by_symbol,
    read_print,
)
from pipeline.read.printed.registered import read_registered
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.qr.reader import RESCUE
from pipeline.read.qr.rescue.cascade import rescue_page
from pipeline.read.record import MAX_DETAIL, Outcome, PageReading


def hold_against_print(
    reading: PageReading, page: Page, rules: SheetRules, model: PrintModel
) -> PageReading:
    """A page whose symbol was read, with what the print says to it."""
    payload = parse_payload(reading.payload or "", rules)
    if not isinstance(payload, Payload):
        return reading
    check = check_by_symbol(
        page, reading.corners, reading.version,
        expected_numbers(model.form, payload.votes, payload.null_votes, payload.empty_votes), model,
    )  # fmt: skip
    full = page.full
    if check.placement is None or full is None:
        return replace(reading, print_check=check.agreement.value, findings=_more(reading, check))
    code = payload.acta_code.text
    half = page.half
    members = _members(half, check.placement, reading.corners, model)
    boxes = _boxes(half, members, model)
    identity = check_identity(full, check.placement, model.header, code)
    findings = _more(reading, check)
    agreement = check.agreement
    if identity.agreement is Agreement.MISMATCH:
        agreement = Agreement.MISMATCH
        shown = f"QR {code}, header {identity.shown or 'another'}"
        findings = (*findings, Finding("print-identity", shown))
    return replace(
        reading,
        print_check=agreement.value,
        registered_voters=read_registered(full, check.placement, model.header),
        box_ink=boxes,
        findings=(*findings, *_blanks(boxes)),
    )


def _members(
    half: Grey | None, placement: Placement, corners: tuple[float, ...], model: PrintModel
) -> Members | None:
    if half is None:
        return None
    square = np.array(corners, np.float64).reshape(4, 2) if len(corners) == 8 else None
    return find_members(half, 0.5, placement, model.form, square)


def _boxes(half: Grey | None, members: Members | None, model: PrintModel) -> tuple[bool, ...]:
    """Of each member's box whether there is ink where one signs; () if the boxes are not found.

    A box that the scan does not show whole tells nothing, and then none does.
    """
    if half is None or members is None:
        return ()
    found = ink_in_boxes(half, 0.5, members, model.form)
    return () if None in found else tuple(bool(ink) for ink in found)


def read_hash(reading: PageReading, page: Page, model: PrintModel) -> PageReading:
    """A page whose symbol was read, with the hash that stands below it, where all of it is sure."""
    modules, full = MODULES.get(reading.version), page.full
    if len(reading.corners) != 8 or modules is None or full is None:
        return reading
    found = hash_by_symbol(full, reading.corners, modules, model.hash)
    return replace(reading, hash_hex=found)


def _hash_below_members(
    full: Grey | None, members: Members | None, model: PrintModel
) -> str | None:
    if full is None or members is None:
        return None
    return hash_by_members(full, affine_below(members, model.form), model.hash)


def _blanks(boxes: tuple[bool, ...]) -> tuple[Finding, ...]:
    blank = boxes.count(False)
    return (Finding("boxes-blank", f"{blank} of {len(boxes)}"),) if blank else ()


def _more(reading: PageReading, check: PrintCheck) -> tuple[Finding, ...]:
    return (*reading.findings, *(_short(finding) for finding in check.findings))


def read_by_print(
    reading: PageReading, page: Page, rules: SheetRules, model: PrintModel
) -> PageReading:
    """A page without a valid symbol, with what its print says instead."""
    found = read_print(page, model)
    if found is None:
        return reading
    full = page.full
    header = Header() if full is None else read_header(full, found.placement, model.header)
    code = header.acta_code if header.acta_code_sure else None
    half = page.half
    members = _members(half, found.placement, (), model)
    boxes = _boxes(half, members, model)
    reading = replace(
        reading,
        registered_voters=header.registered_voters if header.registered_sure else None,
        box_ink=boxes,
        uuid=header.uuid,
        hash_hex=_hash_below_members(full, members, model),
        printed_at=header.printed_at,
        findings=(*reading.findings, *found.notes, *_blanks(boxes)),
    )
    if found.decision.verdict is Verdict.PROBABLE:
        rescued = _rescue_again(reading, page, rules, found.decision, code)
        if rescued:
            return hold_against_print(rescued, page, rules, model)
    return _by_its_own(reading, found, rules, code)


def _by_its_own(
    reading: PageReading, found: PrintReading, rules: SheetRules, code: str | None
) -> PageReading:
    """The page counts if its print proves itself and says whose it is; else a person must look."""
    decision = found.decision
    printed = _as_text(decision, rules, code) if decision.votes else None
    told = replace(reading, print_check=decision.verdict.value, printed=printed, printed_code=code)
    if decision.proven and code:
        # A sheet may prove itself and be another election's.
        refused = parse_payload(printed or "", rules)
        if isinstance(refused, Finding):
            return replace(
                reading,
                print_check=decision.verdict.value,
                outcome=Outcome.REJECTED,
                failure=refused.sentence,
                findings=(refused, *_without_none(reading)),
            )
        return replace(told, outcome=Outcome.READ, failure=None, findings=_without_none(reading))
    if reading.outcome is Outcome.REJECTED and decision.verdict is Verdict.UNREAD:
        return reading  # its symbol says that it is another election's, its print nothing else
    why = _short(_why_not(decision))
    return replace(
        told,
        outcome=Outcome.UNREADABLE,
        failure=why.sentence,
        findings=(why, *reading.findings),
    )


def _without_none(reading: PageReading) -> tuple[Finding, ...]:
    """That there is no symbol is no fault of a sheet that its print proves; foreign ones stay."""
    return tuple(finding for finding in reading.findings if not finding.blocks)


def _why_not(decision: Decision) -> Finding:
    if decision.proven:
        return Finding("print-nameless")
    code = "print-unread" if decision.verdict is Verdict.UNREAD else "print-probable"
    return Finding(code, "; ".join(decision.doubts))


def _rescue_again(
    reading: PageReading, page: Page, rules: SheetRules, decision: Decision, code: str | None
) -> PageReading | None:
    """Once more the symbol, with the print's numbers as a soft hint of what it may say.

    Error correction alone still decides: a hint that is wrong costs parity and is refused.
    """
    full = page.full
    if full is None:
        return None
    found = rescue_page(full, rules, _as_text(decision, rules, code))
    if not found:
        return None
    return replace(
        reading,
        outcome=Outcome.READ,
        attempt=f"{RESCUE}-{found.view}-hinted",
        payload=found.decoded.payload.text,
        corners=tuple(float(value) for value in found.grid.corners.ravel()),
        version=found.grid.version,
        spare=found.decoded.spare,
        seen=found.decoded.seen,
        findings=_without_none(reading),
        failure=None,
    )


def _as_text(decision: Decision, rules: SheetRules, code: str | None) -> str:
    """The print's numbers as the symbol would write them; an unknown acta code is empty."""
    form = rules.payload
    votes = form.value_separator.join(str(value) for value in decision.votes)
    fields = (code or "", votes, str(decision.null_votes), str(decision.empty_votes))
    return form.field_separator.join(fields)


def _short(finding: Finding) -> Finding:
    return Finding(finding.code, finding.detail[:MAX_DETAIL])
