"""From records to exactly one status for every scan and every mesa.

1. The same bytes under several names are one scan; the others are `duplicate`.
2. The distinct readings of a mesa that say the same are one sheet: one is `counted`, the rest are
   `duplicate`. If two differ, all are `quarantined`: which one is right is for a person to say.
3. A blocking finding (of the sheet, or of the register) quarantines the mesa's scans.
4. What could not be read keeps the outcome it had: `unreadable`, `rejected` or `failed`.

Of a million scans only those of some mesas are objects at a time (`count.shelf`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.count.carry import NOTES
from pipeline.count.grouped import Grouped, in_runs
from pipeline.count.mesa import GRADES as GRADES
from pipeline.count.mesa import against_register, judge, sum_up_mesa
from pipeline.count.register import Register, build_register
from pipeline.count.repeats import Noted, find_repeats
from pipeline.count.resolved import MesaStatus as MesaStatus  # others take these from here
from pipeline.count.resolved import Resolution as Resolution
from pipeline.count.resolved import ResolvedMesa as ResolvedMesa
from pipeline.count.resolved import ResolvedScan as ResolvedScan
from pipeline.count.resolved import ResolvedScans, Verdict
from pipeline.count.resolved import ScanStatus as ScanStatus
from pipeline.count.scan import Scan as Scan
from pipeline.count.shelf import Places, ScanList, Shelf
from pipeline.count.sift import Sifted, sift
from pipeline.election import Election, MesaKey
from pipeline.errors import AccountingError
from pipeline.findings import Finding
from pipeline.read.record import Outcome

Verdicts = list[Verdict | None]
"""By place; None where it is still to come."""


def resolve(scans: Iterable[Scan], election: Election) -> Resolution:
    """Give every scan and every mesa its status. The order of `scans` does not matter."""
    shelf = scans if isinstance(scans, Shelf) else ScanList(scans)
    order = pc.sort_indices(shelf.uris).to_numpy().astype(np.int64)
    sifted = sift(shelf, order)
    noted = Noted(shelf, find_repeats(sifted.facts, sifted.unique))
    register = build_register(election, sifted.mesas)
    verdicts: Verdicts = [None] * len(shelf)
    mesas = tuple(_judge_mesas(noted, sifted, election, register, verdicts))
    for part, some in noted.parts(sifted.others):
        _put(verdicts, part, map(_without_mesa, some))
    _judge_copies(noted, sifted, verdicts)
    judged = [verdict for verdict in verdicts if verdict]
    if len(judged) != len(shelf):
        raise AccountingError(f"{len(shelf) - len(judged)} scans have no status")
    return Resolution(ResolvedScans(noted, order, judged, sifted.named), mesas, register)


def _put(verdicts: Verdicts, places: Places, found: Iterable[Verdict]) -> None:
    """Set down verdicts; of equal ones, as a mesa's many duplicates have, one object does."""
    same: dict[Verdict, Verdict] = {}
    for place, verdict in zip(places.tolist(), found, strict=True):
        verdicts[place] = same.setdefault(verdict, verdict)


def _judge_mesas(
    shelf: Shelf, sifted: Sifted, election: Election, register: Register, verdicts: Verdicts
) -> Iterator[ResolvedMesa]:
    """Every named mesa in order, and the verdicts on the scans that show it."""
    known = frozenset(election.registered)
    names = pa.array(register.named, pa.string())
    shown, mentions = Grouped.of(sifted.shown, names), Grouped.of(sifted.mentions, names)
    for begin, end in in_runs(shown.starts + mentions.starts):
        groups, mentioned = shown.take(shelf, begin, end), mentions.take(shelf, begin, end)
        for mesa, (places, group), (_, naming) in zip(
            register.named[begin:end], groups, mentioned, strict=True
        ):
            notes = against_register(mesa, group, election, register, known)
            found = judge(mesa, group, naming, notes)
            _put(verdicts, places, found)
            yield sum_up_mesa(mesa, group, found, naming, election, known)


_OUTCOME_STATUS = {
    Outcome.AMBIGUOUS: ScanStatus.QUARANTINED,
    Outcome.UNREADABLE: ScanStatus.UNREADABLE,
    Outcome.REJECTED: ScanStatus.REJECTED,
    Outcome.FAILED: ScanStatus.FAILED,
}


def _without_mesa(scan: Scan) -> Verdict:
    return Verdict(_OUTCOME_STATUS[scan.outcome], scan.mesa_hint, scan.findings)


def _judge_copies(shelf: Shelf, sifted: Sifted, verdicts: Verdicts) -> None:
    """Copies are duplicates of their original, whatever became of that."""
    uris, start = shelf.uris, 0
    for part, copies in shelf.parts(sifted.copies):
        originals = sifted.originals[start : start + len(part)]
        start += len(part)
        names = uris.take(pa.array(originals)).to_pylist()
        mesas = [verdict.mesa for place in originals.tolist() if (verdict := verdicts[place])]
        _put(verdicts, part, map(_copy, copies, names, mesas))


def _copy(scan: Scan, original: str, mesa: MesaKey | None) -> Verdict:
    notes = (finding for finding in scan.findings if finding.code in NOTES)
    findings = (*notes, Finding("content-duplicate", original))
    return Verdict(ScanStatus.DUPLICATE, mesa, findings, stands_for=original)
