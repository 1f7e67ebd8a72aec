"""What must stand on one sheet only, and stands on sheets of several mesas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.count.scan import Scan
from pipeline.election import MesaKey
from pipeline.findings import Finding

MARKS: tuple[tuple[str, Callable[[Scan], str | None]], ...] = (
    ("hash-repeated", lambda scan: scan.hash_hex),
    ("uuid-repeated", lambda scan: scan.uuid),
)


def note_repeats(scans: Sequence[Scan]) -> list[Scan]:
    """The same scans, with a finding on each whose mark another mesa's sheet bears too."""
    noted = list(scans)
    for code, mark in MARKS:
        mesas: dict[str, set[MesaKey]] = defaultdict(set)
        for scan in scans:
            text = mark(scan)
            if text and scan.mesa:
                mesas[text].add(scan.mesa)
        for place, scan in enumerate(noted):
            others = mesas.get(mark(scan) or "", set()) - {scan.mesa}
            if scan.mesa and others:
                finding = Finding(code, ", ".join(sorted(str(mesa) for mesa in others)[:3]))
                noted[place] = replace(scan, findings=(*scan.findings, finding))
    return noted
