"""Every fault of a sheet's print that a synthetic election may plan, by name.

A fault is made before the sheet is drawn (`tamper`), or on its finished scan (`forge`, `cutoff`).
`verdict` says what holding the print against the symbol must come to:

- `agrees`: nothing is wrong with what is there;
- `mismatch`: numbers in print and symbol differ; `identity`: the symbol is another sheet's;
- `totals`: the printed totals do not add up; `voters`: book and machine differ;
- `uuid-repeated`, `hash-repeated`: the donor's sheet carries it too; `date`: not the election's;
- `print`: no symbol, the print has to prove itself; `partial`: a part of the numbers is gone.

`status` is what must become of the scan, '' where that is for the counter to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from pipeline.layout import Layout
from pipeline.synthetic import tamper
from pipeline.synthetic.content import SheetData
from pipeline.synthetic.cutoff import CUTS, cut_off
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.forge import Forged, forge_number
from pipeline.synthetic.planned import Status
from pipeline.synthetic.tamper import Columns, Rng, Tampered

OnContent = Callable[[SheetData, SheetData, Rng], Tampered]
OnScan = Callable[[DrawnSheet, Layout, Rng, int], Forged]


@dataclass(frozen=True)
class Fault:
    """A fault: what is done to the content (given another sheet's), what to the scan (given its
    layout and its pixels an inch)."""

    name: str
    verdict: str
    status: Status
    on_content: OnContent | None = None
    on_scan: OnScan | None = None
    from_other: bool = False


def _altered(name: str, columns: Columns, *, totals_follow: bool = False) -> Fault:
    def act(data: SheetData, _other: SheetData, rng: Rng) -> Tampered:
        return tamper.alter_number(data, rng, columns, totals_follow=totals_follow)

    return Fault(name, "mismatch", "quarantined", act)


def _forged(name: str, columns: Columns) -> Fault:
    def act(scan: DrawnSheet, layout: Layout, rng: Rng, dpi: int) -> Forged:
        return forge_number(scan, layout, rng, columns, dpi=dpi)

    return Fault(name, "mismatch", "quarantined", on_scan=act)


def _alone(
    name: str, verdict: str, act: Callable[[SheetData, Rng], Tampered], status: Status = ""
) -> Fault:
    return Fault(name, verdict, status, lambda data, _other, rng: act(data, rng))


def _from_other(
    name: str, verdict: str, act: Callable[[SheetData, SheetData], Tampered], status: Status = ""
) -> Fault:
    return Fault(name, verdict, status, lambda data, other, _rng: act(data, other), from_other=True)


def _bare(name: str, *, room: bool) -> Fault:
    act = partial(tamper.drop_symbol, room=room)
    return Fault(name, "print", "counted", lambda data, _other, _rng: act(data))


def _cut(name: str, verdict: str, status: Status) -> Fault:
    def act(scan: DrawnSheet, _layout: Layout, rng: Rng, _dpi: int) -> Forged:
        left = cut_off(scan, name, rng)
        before, after = ("x".join(map(str, s.image.shape[::-1])) for s in (scan, left))
        return Forged(left, (tamper.Change("sheet", None, "size", before, after),))

    return Fault(name, verdict, status, on_scan=act)


def _by_name(*faults: Fault) -> Mapping[str, Fault]:
    return MappingProxyType({fault.name: fault for fault in faults})


TAMPERED = _by_name(
    _altered("digits", "digits"),
    _altered("words", "words"),
    _altered("both", "both"),
    _altered("digits-and-totals", "digits", totals_follow=True),
    _altered("both-and-totals", "both", totals_follow=True),
    _alone("rows-shifted", "mismatch", tamper.shift_rows, "quarantined"),
    _forged("forged-digits", "digits"),
    _forged("forged-words", "words"),
    _forged("forged-both", "both"),
    _from_other("symbol-pasted", "identity", tamper.paste_symbol, "quarantined"),
    _alone("totals-broken", "totals", tamper.break_totals),
    _alone("book-differs", "voters", tamper.change_book),
    _from_other("uuid-repeated", "uuid-repeated", tamper.repeat_uuid),
    _from_other("hash-repeated", "hash-repeated", tamper.repeat_hash),
    _alone("date-outside", "date", tamper.change_date),
)
NO_SYMBOL = _by_name(_bare("room-left", room=True), _bare("closed-up", room=False))
CUT_OFF = _by_name(
    _cut("head-part", "agrees", "counted"),
    _cut("head", "agrees", "counted"),
    _cut("head-and-rows", "partial", "counted"),
    _cut("below-symbol", "agrees", "counted"),
    _cut("above-symbol", "print", "counted"),
    _cut("in-members", "print", "counted"),
    _cut("below-ballot", "partial", ""),
    _cut("left", "agrees", "counted"),
    _cut("left-deep", "agrees", ""),
    _cut("right", "partial", "counted"),
    _cut("right-deep", "partial", ""),
)
FAULTS: Mapping[str, Fault] = MappingProxyType({**TAMPERED, **NO_SYMBOL, **CUT_OFF})

assert set(CUT_OFF) == set(CUTS)  # noqa: S101
