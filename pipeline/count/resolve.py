"""From records to exactly one status for every scan and every mesa.

1. The same bytes under several names are one scan; the others are `duplicate`.
2. The distinct readings of a mesa that say the same are one sheet: one is `counted`, the rest are
   `duplicate`. If two differ, all are `quarantined`: which one is right is for a person to say.
3. A blocking finding (of the sheet, or of the register) quarantines the mesa's scans.
4. What could not be read keeps the outcome it had: `unreadable`, `rejected` or `failed`.

Of a million scans only those of some mesas are objects at a time (`count.shelf`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.count.carry import NOTES
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
from pipeline.count.shelf import AT_ONCE, Places, ScanList, Shelf
from pipeline.count.sift import Pairs, Sifted, sift
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
    return Resolution(ResolvedScans(noted, order, judged), mesas, register)


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
    shown, mentions = _ByMesa(sifted.shown, names), _ByMesa(sifted.mentions, names)
    for begin, end in _some(shown.starts + mentions.starts):
        groups, mentioned = shown.groups(shelf, begin, end), mentions.groups(shelf, begin, end)
        for mesa, (places, group), (_, naming) in zip(
            register.named[begin:end], groups, mentioned, strict=True
        ):
            notes = against_register(mesa, group, election, register, known)
            found = judge(mesa, group, naming, notes)
            _put(verdicts, places, found)
            yield sum_up_mesa(mesa, group, found, naming, election, known)


class _ByMesa:
    """Places of scans by the mesas that they show or name; `names` are all mesas."""

    def __init__(self, pairs: Pairs, names: pa.Array) -> None:
        places, mesas = pairs
        which = pc.index_in(mesas, value_set=names).to_numpy()
        order = np.argsort(which, kind="stable")
        self._places = places[order]
        self.starts = np.searchsorted(which[order], np.arange(len(names) + 1))
        """Where each mesa's begin."""

    def groups(self, shelf: Shelf, begin: int, end: int) -> Iterator[tuple[Places, Sequence[Scan]]]:
        """The scans of each of some mesas that follow each other."""
        starts = self.starts[begin : end + 1]
        places = self._places[starts[0] : starts[-1]]
        scans = list(shelf.take(places))
        for one, other in pairwise((starts - starts[0]).tolist()):
            yield places[one:other], scans[one:other]


def _some(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of groups, given where each begins, with some thousands of scans or one large group."""
    begin, end = 0, len(starts) - 1
    while begin < end:
        fits = int(np.searchsorted(starts, starts[begin] + AT_ONCE, "right")) - 1
        following = max(begin + 1, fits)
        yield begin, following
        begin = following


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
