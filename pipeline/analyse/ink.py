"""Ink in the boxes of members and witnesses: on how many counted sheets all, some, none are filled.

Such sheets are attacked for lacking signatures. Only whether a box holds ink is known, never what
it says. Ink is no proof of a signature, and a box without ink on a poor scan none of its absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.count.resolve import MesaStatus, Resolution
from pipeline.election import Election, MesaKey
from pipeline.layout import load_layout

Ink = Mapping[MesaKey, tuple[bool, ...] | None]
"""Per mesa: ink in each box, in the order of the layout's roles; None where the block of boxes was
not found. A mesa that is not in it was not looked at."""


@dataclass(frozen=True)
class UnitInk:
    """The counted sheets of a unit: all + some + none + unknown = counted."""

    code: str
    name: str
    all: int
    some: int
    none: int
    unknown: int
    """The block was not found, or the sheet was not looked at."""


@dataclass(frozen=True)
class RoleInk:
    """On how many of the `known` sheets the box of a role holds ink."""

    role: str
    filled: int
    known: int


@dataclass(frozen=True)
class InkSummary:
    """The nation, its highest units, and each role."""

    nation: UnitInk
    units: tuple[UnitInk, ...]
    roles: tuple[RoleInk, ...]


def ink_of(resolution: Resolution) -> Ink:
    """What reading the counted scans found; a reader that did not look left nothing."""
    found: dict[MesaKey, tuple[bool, ...] | None] = {}
    for mesa in resolution.mesas:
        # The column came to the ledger after the first versions of the reader.
        boxes = getattr(mesa.source, "box_ink", None)
        if boxes is not None:
            found[mesa.mesa] = tuple(boxes)
    return found


def sum_up_ink(resolution: Resolution, election: Election, ink: Ink) -> InkSummary | None:
    """Sums over the counted mesas; None where not one of them was looked at."""
    digits = election.levels[0].digits
    counted = [m for m in resolution.mesas if m.status is MesaStatus.COUNTED]
    boxes = [(m.centre[:digits], ink.get(m.mesa) or ()) for m in counted]
    known = [filled for _, filled in boxes if filled]
    if not known:
        return None
    return InkSummary(
        _unit("", election.name_of(""), (filled for _, filled in boxes)),
        tuple(
            _unit(code, election.name_of(code), (b for place, b in boxes if place == code))
            for code in sorted({code for code, _ in boxes})
        ),
        tuple(
            RoleInk(
                role,
                sum(filled[index] for filled in known if index < len(filled)),
                sum(index < len(filled) for filled in known),
            )
            for index, role in enumerate(_roles(election, max(map(len, known))))
        ),
    )


def _unit(code: str, name: str, boxes: Iterable[tuple[bool, ...]]) -> UnitInk:
    counts = {"all": 0, "some": 0, "none": 0, "unknown": 0}
    for filled in boxes:
        counts[_kind(filled)] += 1
    return UnitInk(code, name, **counts)


def _kind(filled: tuple[bool, ...]) -> str:
    if not filled:
        return "unknown"
    if all(filled):
        return "all"
    return "some" if any(filled) else "none"


def _roles(election: Election, boxes: int) -> list[str]:
    """The roles by box; boxes that the layout does not name are numbered."""
    named = list(load_layout(election.layout_file).members.roles) if election.layout_file else []
    return (named + [f"box {number}" for number in range(len(named) + 1, boxes + 1)])[:boxes]
