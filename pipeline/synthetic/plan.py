"""Which files a synthetic election consists of: one `PlannedFile` each, drawn from a seed.

A plan decides everything; writing only carries it out, in any order and in any process. Of a mesa
with several files (duplicate, rescan) one is expected to be counted and the others to be
duplicates; which of them is counted is the counter's choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import cycle
from pathlib import Path

import numpy as np

from pipeline.election import Election
from pipeline.errors import InputError
from pipeline.synthetic.encode import JpegStyle
from pipeline.synthetic.faults import CUT_OFF, NO_SYMBOL, TAMPERED, Fault
from pipeline.synthetic.mix import DEFAULT_MIX, Mix
from pipeline.synthetic.names import unused_names
from pipeline.synthetic.planned import Donor, Kind, PlannedFile, Status
from pipeline.synthetic.votes import MesaVotes, from_table, invent

__all__ = [
    "BROKEN", "DEFAULT_MIX", "HEAVY", "LIGHT", "NOT_A_SHEET", "OTHER_ELECTION", "Mix",
    "PlannedFile", "plan_election", "plan_table",
]  # fmt: skip

Rng = np.random.Generator

BROKEN = ("zero-bytes", "text", "truncated", "huge-png", "random-bytes")
NOT_A_SHEET = ("web-poster", "photo", "blank")
OTHER_ELECTION = ("other-country", "other-length")
# Wear that leaves the QR readable, and wear that may cost it. A small thumbprint on a finder
# pattern did cost it, in one of 271 lightly worn sheets: it stands with the heavy ones.
# fmt: off
LIGHT = (
    ("blur_gauss", "light"), ("blur_motion", "light"), ("downscale", "150dpi"), ("jpeg", "q20"),
    ("fade_contrast", "light"), ("fade_thermal", "light"), ("shadow_gradient", "light"),
    ("skew", "light"), ("perspective", "light"), ("fold", "light"),
    ("crop_left", "light"), ("crop_top", "light"), ("watermark", "light"), ("stamp", "light"),
    ("scanner_border", "light"), ("scanner_border", "wide"), ("turned", "180"), ("turned", "90"),
    ("bilevel_noise", "light"), ("corner_torn", "light"), ("phone", "light"),
)
HEAVY = (
    ("crop_bottom", "0.3"), ("crop_left", "0.2"), ("crop_right", "0.15"), ("crop_top", "0.1"),
    ("blot_opaque", "0.2"), ("thumbprint", "light"), ("thumbprint", "0.3"),
    ("fade_thermal", "lines9"),
    ("fade_contrast", "c0.05"), ("watermark", "dark"), ("fold", "n1off2.0"),
    ("finder_gone", "TL"), ("corner_torn", "BL"), ("blur_motion", "L19"), ("phone", "2"),
    ("bilevel_noise", "s60p0.15"), ("downscale", "40dpi"), ("shadow_edge", "0.12"),
)
# fmt: on


@dataclass(frozen=True)
class _Counts:
    """How many files of each extra kind there are."""

    duplicate: int
    rescan: int
    conflicting: int
    other_election: int
    not_a_sheet: int
    broken: int

    @property
    def total(self) -> int:
        return sum(getattr(self, entry.name) for entry in fields(self))


def plan_election(
    election: Election, sheets: int, seed: int, mix: Mix = DEFAULT_MIX
) -> list[PlannedFile]:
    """Plan `sheets` files of an invented election, mesas and everything else together."""
    if sheets < 1:
        raise InputError(f"{sheets} files were asked for: ask for at least 1")
    counts = _counts(mix, sheets)
    mesas = invent(election, sheets - counts.total, seed)
    return _plan(election, mesas, counts, mix, np.random.default_rng([seed, 3]))


def plan_table(
    election: Election, path: Path, seed: int, mix: Mix = DEFAULT_MIX, limit: int | None = None
) -> list[PlannedFile]:
    """Plan one sheet per row of a published table, and the extra files in proportion."""
    mesas = from_table(election, path, seed, limit)
    counts = _counts(mix, len(mesas))
    return _plan(election, mesas, counts, mix, np.random.default_rng([seed, 4]))


def _counts(mix: Mix, files: int) -> _Counts:
    return _Counts(*(round(getattr(mix, entry.name) * files) for entry in fields(_Counts)))


def _plan(
    election: Election, mesas: Sequence[MesaVotes], counts: _Counts, mix: Mix, rng: Rng
) -> list[PlannedFile]:
    names = unused_names(len(mesas) + counts.total, election.date, rng)
    stations = [name.split("_")[0] for name in names[: len(mesas)]]
    sheets = [_sheet(mesa, name, mix, rng) for mesa, name in zip(mesas, names, strict=False)]
    heavy = _choose(len(sheets), round(mix.heavy * len(sheets)), _bad_luck(stations, rng), rng)
    for index, wear in zip(heavy, cycle(_shuffled(HEAVY, rng)), strict=False):
        sheets[index] = _worn(sheets[index], wear, "")
    rest = [i for i, sheet in enumerate(sheets) if sheet.kind == "clean"]
    rest = [rest[i] for i in rng.permutation(len(rest))]
    light, rest = _split(rest, round(mix.light * len(sheets)))
    for index, wear in zip(light, cycle(_shuffled(LIGHT, rng)), strict=False):
        sheets[index] = _worn(sheets[index], wear, "counted")
    extras = iter(names[len(mesas) :])
    copied, rest = _split(rest, counts.duplicate)
    scanned, rest = _split(rest, counts.rescan)
    contradicted, rest = _split(rest, counts.conflicting)
    more = [_duplicate(sheets[i], next(extras)) for i in copied]
    more += [_rescan(sheets[i], next(extras), mix, rng) for i in scanned]
    for index in contradicted:
        sheets[index] = replace(sheets[index], kind="conflicting", expected_status="quarantined")
        more.append(_contradiction(election, sheets[index], next(extras), mix, rng))
    more += _strangers(election, sheets, counts, extras, rng)
    _spoil(sheets, rest, mix, rng)
    return [*sheets, *more]


def _sheet(mesa: MesaVotes, name: str, mix: Mix, rng: Rng) -> PlannedFile:
    return PlannedFile(
        name, "clean", "", _style(mix, rng), "", "", mesa, _seed(rng), _seed(rng), "counted"
    )


def _worn(sheet: PlannedFile, wear: tuple[str, str], expected: Status) -> PlannedFile:
    return replace(sheet, kind="worn", family=wear[0], level=wear[1], expected_status=expected)


def _duplicate(sheet: PlannedFile, name: str) -> PlannedFile:
    """The same bytes under another name."""
    return replace(sheet, name=name, kind="duplicate", expected_status="duplicate")


def _rescan(sheet: PlannedFile, name: str, mix: Mix, rng: Rng) -> PlannedFile:
    """The same sheet, scanned again."""
    again = _duplicate(sheet, name)
    return replace(again, kind="rescan", style=_style(mix, rng), scan_seed=_seed(rng))


def _contradiction(
    election: Election, sheet: PlannedFile, name: str, mix: Mix, rng: Rng
) -> PlannedFile:
    """Another sheet of the same mesa, sound in itself, with votes moved between candidates."""
    assert sheet.mesa is not None  # noqa: S101 - only sheets of mesas are contradicted
    other = _sheet(_altered(election, sheet.mesa, rng), name, mix, rng)
    return replace(other, kind="conflicting", variant="altered", expected_status="quarantined")


def _spoil(sheets: list[PlannedFile], rest: list[int], mix: Mix, rng: Rng) -> None:
    """Give some of the clean sheets a fault of their print."""
    spoilt: tuple[tuple[float, Kind, Mapping[str, Fault]], ...] = (
        (mix.tampered, "tampered", TAMPERED),
        (mix.no_symbol, "no-symbol", NO_SYMBOL),
        (mix.cut_off, "cut-off", CUT_OFF),
    )
    for share, kind, faults in spoilt:
        chosen, rest = _split(rest, round(share * len(sheets)))
        names = [name for name, fault in faults.items() if len(sheets) > 1 or not fault.from_other]
        order = [names[i] for i in rng.permutation(len(names))]
        for index, name in zip(chosen, cycle(order), strict=False):
            sheets[index] = _faulty(sheets, index, kind, faults[name], rng)


def _faulty(
    sheets: Sequence[PlannedFile], index: int, kind: Kind, fault: Fault, rng: Rng
) -> PlannedFile:
    """The sheet with a fault; its donor is another mesa's sheet."""
    sheet = sheets[index]
    other = sheets[(index + 1 + int(rng.integers(max(1, len(sheets) - 1)))) % len(sheets)]
    donor = Donor(other.mesa, other.sheet_seed) if fault.from_other and other.mesa else None
    return replace(sheet, kind=kind, variant=fault.name, expected_status=fault.status, donor=donor)


def _altered(election: Election, mesa: MesaVotes, rng: Rng) -> MesaVotes:
    """Votes moved from the strongest position to one of another candidate; the sum stays."""
    votes = list(mesa.votes)
    giver = votes.index(max(votes))
    own = {election.positions[giver].candidate}
    others = [p.index for p in election.positions if p.candidate not in own] or [giver - 1]
    taker = others[int(rng.integers(len(others)))]
    if votes[giver] == 0:
        return replace(mesa, empty_votes=mesa.empty_votes + 1)
    moved = int(rng.integers(1, max(2, votes[giver] // 3)))
    votes[giver] -= moved
    votes[taker] += moved
    return replace(mesa, votes=tuple(votes))


def _strangers(
    election: Election,
    sheets: Sequence[PlannedFile],
    counts: _Counts,
    names: Iterator[str],
    rng: Rng,
) -> list[PlannedFile]:
    """Sheets of other elections, images that are no sheet, and files that are no image."""
    donors = [s.mesa for s in (sheets[i] for i in rng.permutation(len(sheets))) if s.mesa]
    files = []
    for number, donor in zip(range(counts.other_election), cycle(donors), strict=False):
        variant = OTHER_ELECTION[number % len(OTHER_ELECTION)]
        mesa = _foreign(election, donor, variant, rng)
        files.append(_stranger(next(names), "other-election", variant, mesa, "rejected", rng))
    for number in range(counts.not_a_sheet):
        variant = NOT_A_SHEET[number % len(NOT_A_SHEET)]
        expected: Status = "rejected" if variant == "web-poster" else ""
        files.append(_stranger(next(names), "not-a-sheet", variant, None, expected, rng))
    for number in range(counts.broken):
        variant = BROKEN[number % len(BROKEN)]
        expected = "" if variant == "truncated" else "failed"
        torn = donors[number % len(donors)] if variant == "truncated" else None
        files.append(_stranger(next(names), "broken", variant, torn, expected, rng))
    return files


def _stranger(
    name: str, kind: Kind, variant: str, mesa: MesaVotes | None, expected: Status, rng: Rng
) -> PlannedFile:
    return PlannedFile(
        name, kind, variant, "grey-200", "", "", mesa, _seed(rng), _seed(rng), expected
    )


def _foreign(election: Election, donor: MesaVotes, variant: str, rng: Rng) -> MesaVotes:
    """A mesa of another election: a centre that is not in this country, or a shorter ballot."""
    if variant == "other-length":
        return replace(donor, votes=donor.votes[: max(1, len(donor.votes) // 2)])
    digits = election.levels[0].digits
    top = next(
        code
        for code in (f"{n:0{digits}d}" for n in range(10**digits - 1, -1, -1))
        if code not in election.rules.top_units
    )
    rest = len(donor.centre) - digits
    centre = f"{top}{int(rng.integers(10**rest)):0{rest}d}"
    names = tuple("EXTRANJERO" for _ in donor.place_names)
    return replace(donor, centre=centre, place_names=names, centre_name="CONSULADO INVENTADO")


def _style(mix: Mix, rng: Rng) -> JpegStyle:
    draw = rng.random()
    if draw < mix.colour_300:
        return "colour-300"
    return "colour-200" if draw < mix.colour_300 + mix.colour_200 else "grey-200"


def _bad_luck(stations: Sequence[str], rng: Rng) -> list[float]:
    """Heavy wear clusters by scanning station: one failed on 54 of 167 sheets, most on 0-3%."""
    luck = {station: float(np.exp(rng.normal(0, 1.5))) for station in dict.fromkeys(stations)}
    return [luck[station] for station in stations]


def _choose(size: int, count: int, weights: Sequence[float], rng: Rng) -> list[int]:
    """So many different indices, the heavier the likelier."""
    chances = np.array(weights) / sum(weights)
    return [int(i) for i in rng.choice(size, min(count, size), replace=False, p=chances)]


def _split(items: list[int], count: int) -> tuple[list[int], list[int]]:
    return items[:count], items[count:]


def _shuffled(items: Sequence[tuple[str, str]], rng: Rng) -> list[tuple[str, str]]:
    return [items[i] for i in rng.permutation(len(items))]


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**62))
