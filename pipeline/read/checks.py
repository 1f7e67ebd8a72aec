"""The rules that one sheet must keep by itself. A rule that lacks its input has not passed.

Rules that need the register (registered voters, known centres) are checked when records are
resolved, in `count.resolve`: a better register must not force anybody to read the scans again.
"""

from __future__ import annotations

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload
from pipeline.read.qr.reader import Symbol


def check_payload(payload: Payload, symbol: Symbol, rules: SheetRules) -> tuple[Finding, ...]:
    """Findings on a valid payload and the symbol that held it."""
    findings = []
    if payload.ballots == 0:
        findings.append(Finding("votes-none"))
    expected = rules.symbol
    level_differs = symbol.level not in ("", expected.error_correction)
    if level_differs or (symbol.version and symbol.version not in expected.versions):
        findings.append(Finding("symbol-form", f"version {symbol.version}-{symbol.level}"))
    return tuple(findings)
