"""Every expected mesa as a row of arrays: where it is, whether it is counted, what its sheet says.

Mesas that nothing names are rows too. What they lack below the unit that carries them is a place
of its own (`0101-`), so that no two of them are taken for neighbours who are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.analyse.names import stations_of
from pipeline.count.register import NOT_LISTED
from pipeline.count.resolve import MesaStatus, Resolution
from pipeline.election import Election, Level

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
UNKNOWN = -1
"""Stands for no station."""


@dataclass(frozen=True)
class Frame:
    """The expected mesas; all arrays have a row for each of them.

    `codes` and `places` have an entry for each level, the highest first: the distinct codes in
    order, and for each row the index of its own among them. `votes` has a column per candidate in
    ballot order, 0 where nothing is counted.
    """

    candidates: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    places: tuple[Ints, ...]
    counted: Flags
    votes: Ints
    station_names: tuple[str, ...]
    stations: Ints
    centre_size: Ints
    """Class of the centre by its number of mesas (1, 2-3, 4-7, ...), 0 where it is not known."""
    stratum_size: Ints
    """Class of the stratum's unit likewise (1-3, 4-15, 16-63, ...)."""

    @property
    def rows(self) -> int:
        """The expected mesas."""
        return len(self.counted)

    @property
    def stratum(self) -> int:
        """The level of the strata: the one above the centre, or the only one."""
        return max(0, len(self.codes) - 2)

    @cached_property
    def ladder(self) -> tuple[tuple[Ints, int], ...]:
        """Groups of mesas that are alike, the most alike first: see `predict`."""
        top, stratum = self.places[0], self.places[self.stratum]
        rungs = (
            (stratum, self.centre_size),
            (top, self.stratum_size, self.centre_size),
            (stratum,),
            (top, self.stratum_size),
            (top,),
        )
        return tuple(_group(rung) for rung in rungs)

    def only(self, kept: Flags) -> Frame:
        """The frame of some of its rows; the codes of the others are left standing."""
        return Frame(
            self.candidates,
            self.codes,
            tuple(place[kept] for place in self.places),
            self.counted[kept],
            self.votes[kept],
            self.station_names,
            self.stations[kept],
            self.centre_size[kept],
            self.stratum_size[kept],
        )


@dataclass(frozen=True)
class Row:
    """One expected mesa on its way into a frame; `votes` by candidate, None if not counted."""

    centre: str
    """Its centre's code, or that of the unit that carries a nameless mesa, with its mark."""
    votes: Sequence[int] | None = None
    station: str = ""


def frame_of(resolution: Resolution, election: Election) -> Frame:
    """The frame of a count."""
    return build_frame(election, [*_named(resolution, election), *_nameless(resolution)])


def build_frame(election: Election, rows: Sequence[Row]) -> Frame:
    """The frame of any rows; votes in the order of `election.candidates`."""
    candidates = tuple(candidate.code for candidate in election.candidates)
    indexed = [_index(row.centre for row in _cut(rows, level)) for level in election.levels]
    none = (0,) * len(candidates)
    votes = [row.votes if row.votes is not None else none for row in rows]
    names, stations = _index(row.station for row in rows)
    if "" in names:
        # Sorted first: shifting by one turns "no station" into UNKNOWN.
        names, stations = names[1:], stations - 1
    stratum = max(0, len(indexed) - 2)
    return Frame(
        candidates,
        tuple(codes for codes, _ in indexed),
        tuple(places for _, places in indexed),
        np.array([row.votes is not None for row in rows], np.bool_),
        np.array(votes, np.int64).reshape(len(rows), len(candidates)),
        names,
        stations,
        _sizes(*indexed[-1], 1),
        _sizes(*indexed[stratum], 2),
    )


def _named(resolution: Resolution, election: Election) -> Iterable[Row]:
    lines = [candidate.positions for candidate in election.candidates]
    uris = [mesa.source.uri for mesa in resolution.mesas if mesa.source]
    station = stations_of(uris, len(uris))
    for mesa in resolution.mesas:
        if mesa.status is MesaStatus.COUNTED and mesa.source and mesa.payload:
            given = mesa.payload.votes
            votes = [sum(given[i] for i in positions) for positions in lines]
            yield Row(mesa.centre, votes, station(mesa.source.uri))
        else:
            yield Row(mesa.centre)


def _nameless(resolution: Resolution) -> Iterable[Row]:
    for code, count in sorted(resolution.register.remainders.items()):
        yield from [Row(code + NOT_LISTED)] * count


def _cut(rows: Iterable[Row], level: Level) -> Iterable[Row]:
    """The rows with their code at a level; a nameless mesa's ends with its mark below its unit."""
    for row in rows:
        known = row.centre.removesuffix(NOT_LISTED)
        whole = len(known) >= level.digits
        yield Row(known[: level.digits] if whole else known + NOT_LISTED)


def _index(keys: Iterable[str]) -> tuple[tuple[str, ...], Ints]:
    """The distinct keys in order, and the index of each key among them."""
    found = list(keys)
    distinct = tuple(sorted(set(found)))
    order = {key: index for index, key in enumerate(distinct)}
    return distinct, np.array([order[key] for key in found], np.int64)


def _sizes(codes: Sequence[str], places: Ints, bits: int) -> Ints:
    """The class of each row's unit by its number of mesas; each class is 2^bits times as wide."""
    mesas = np.bincount(places, minlength=len(codes))
    classes = [
        0 if code.endswith(NOT_LISTED) else (int(number).bit_length() - 1) // bits + 1
        for code, number in zip(codes, mesas, strict=True)
    ]
    return np.array(classes, np.int64)[places]


def _group(keys: tuple[Ints, ...]) -> tuple[Ints, int]:
    """One group number for each combination of the keys, and how many there are."""
    distinct, group = np.unique(np.stack(keys), axis=1, return_inverse=True)
    return group.reshape(-1), distinct.shape[1]
