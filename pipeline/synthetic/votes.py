"""The votes that the synthetic sheets carry: invented from the register, or a published table's.

Both give one `MesaVotes` per mesa, drawn from a seed alone. The distributions imitate the table
of 24,532 mesas published on 2 August 2024; the figures below were fitted to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.election import Election, SheetRules
from pipeline.errors import InputError
from pipeline.synthetic.published import read_published
from pipeline.synthetic.shares import position_shares

# Spread of a candidate's log share at state, municipality, parish and centre. In the table the
# log ratio of the two big ones varies by 0.33, 0.40, 0.27 and 0.49: each of two moves 1/sqrt(2).
_SHARE_SPREAD = (0.23, 0.28, 0.19, 0.34)
# Turnout: mean and spread of its logit at the same levels; 98% of mesas lie between the bounds.
_TURNOUT_LOGIT = 0.508
_TURNOUT_SPREAD = (0.19, 0.20, 0.13, 0.38)
_TURNOUT_BOUNDS = (0.38, 0.91)
# Registered voters of a mesa (column RE), by quantile; the few above 1,000 are left out.
_REGISTERED_AT = (0.0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0)
_REGISTERED = (40, 121, 226, 333, 615, 794, 886, 950, 974, 999, 1000)
# 4.2% of mesas have null votes, mostly one. Empty votes: 0 in all 15 payloads at hand.
_HAS_NULL = 0.042
_HAS_EMPTY = 0.01

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MesaVotes:
    """All that a mesa's sheet counts; `votes` in ballot order, place names from the top down."""

    centre: str
    number: int
    registered: int
    votes: tuple[int, ...]
    null_votes: int
    empty_votes: int
    place_names: tuple[str, ...]
    centre_name: str

    @property
    def total(self) -> int:
        """Everybody who voted in the machine."""
        return sum(self.votes) + self.null_votes + self.empty_votes


def acta_code_text(rules: SheetRules, mesa: MesaVotes) -> str:
    """`240111020.01.1.0001`: parts that are neither centre nor mesa count 1, as on real sheets."""
    known = {"centre": int(mesa.centre), "mesa": mesa.number}
    parts = (f"{known.get(name, 1):0{digits}d}" for name, digits in rules.acta_code.parts)
    return rules.acta_code.separator.join(parts)


def payload_text(rules: SheetRules, mesa: MesaVotes) -> str:
    """The text of the sheet's QR symbol."""
    votes = rules.payload.value_separator.join(map(str, mesa.votes))
    fields = (acta_code_text(rules, mesa), votes, str(mesa.null_votes), str(mesa.empty_votes))
    return rules.payload.field_separator.join(fields)


def invent(election: Election, sheets: int, seed: int) -> tuple[MesaVotes, ...]:
    """Votes of `sheets` mesas in whole places: a few parishes over several states.

    Raises:
        InputError: the register names fewer mesas than that.
    """
    rng = np.random.default_rng([seed, 1])
    places = _draw_places(election, sheets, rng)
    centres = [centre for centre, _ in places]
    registered = _registered(election, places, [None] * len(places), rng)
    voters = _voters(election, centres, registered, rng)
    null_votes, empty_votes = _spoilt(voters, rng)
    shares = _local_shares(election, centres, rng)
    votes = rng.multinomial(voters - null_votes - empty_votes, shares)
    by_party = _spread(election, votes, rng)
    return _assemble(election, places, registered, by_party, null_votes, empty_votes, ())


def from_table(
    election: Election, path: Path, seed: int, limit: int | None = None
) -> tuple[MesaVotes, ...]:
    """One mesa per row of a published table (its first `limit` rows), spread over the parties.

    Candidates' votes and null votes are the table's; registered voters too where it has them.

    Raises:
        InputError: a bad table or row, with its line.
    """
    rng = np.random.default_rng([seed, 2])
    rows = read_published(path, election, limit)
    places = [(row.centre, row.number) for row in rows]
    by_candidate = np.array([row.votes for row in rows], dtype=np.int64)
    null_votes = np.array([row.null_votes for row in rows], dtype=np.int64)
    empty_votes = _few(len(rows), _HAS_EMPTY, rng)
    registered = _registered(election, places, [row.registered for row in rows], rng)
    registered = np.maximum(registered, by_candidate.sum(axis=1) + null_votes + empty_votes)
    by_party = _spread(election, by_candidate, rng)
    names = [row.places for row in rows]
    return _assemble(election, places, registered, by_party, null_votes, empty_votes, names)


def _draw_places(
    election: Election, sheets: int, rng: np.random.Generator
) -> list[tuple[str, int]]:
    """Centre and number of each mesa: whole parishes, states taking turns."""
    centres: dict[str, list[str]] = {}
    for code, unit in election.units.items():
        if unit.level == election.centre_level.name and unit.expected:
            centres.setdefault(election.parent_code(code), []).append(code)
    known = sum(election.units[code].expected for group in centres.values() for code in group)
    if not 0 < sheets <= known:
        raise InputError(
            f"{sheets} mesas were asked for, the register names {known}",
            "Ask for at least 1 and fewer than the register's.",
        )
    places: list[tuple[str, int]] = []
    for parish in _in_turns(sorted(centres), election.levels[0].digits, sheets, rng):
        for centre in sorted(centres[parish]):
            places += [(centre, n + 1) for n in range(election.units[centre].expected)]
        if len(places) >= sheets:
            break
    return sorted(places[:sheets])


def _in_turns(
    parishes: Sequence[str], digits: int, sheets: int, rng: np.random.Generator
) -> list[str]:
    """The parishes in a drawn order that goes round a few states first, then round the rest."""
    by_state: dict[str, list[str]] = {}
    for parish in (parishes[i] for i in rng.permutation(len(parishes))):
        by_state.setdefault(parish[:digits], []).append(parish)
    few = max(3, round(sheets**0.5 / 3))
    groups = list(by_state.values())
    order: list[str] = []
    for chosen in (groups[:few], groups[few:]):
        longest = max((len(group) for group in chosen), default=0)
        order += [group[i] for i in range(longest) for group in chosen if i < len(group)]
    return order


def _registered(
    election: Election,
    places: Sequence[tuple[str, int]],
    given: Sequence[int | None],
    rng: np.random.Generator,
) -> Integers:
    """As the table says, else as the register says, else drawn from the distribution."""
    drawn = np.interp(rng.random(len(places)), _REGISTERED_AT, _REGISTERED).round().astype(int)
    mesa_key = election.rules.acta_code.mesa_key
    known = election.registered
    return np.array(
        [
            known.get(mesa_key(*place), int(fallback)) if told is None else told
            for place, told, fallback in zip(places, given, drawn, strict=True)
        ],
        dtype=np.int64,
    )


def _voters(
    election: Election, centres: Sequence[str], registered: Integers, rng: np.random.Generator
) -> Integers:
    logit = _TURNOUT_LOGIT + _place_effects(election, centres, _TURNOUT_SPREAD, 1, rng)[:, 0]
    low, high = _TURNOUT_BOUNDS
    turnout = np.clip(1 / (1 + np.exp(-logit)), low, high)
    voters = rng.binomial(registered, turnout)
    return np.clip(voters, np.ceil(low * registered), np.floor(high * registered)).astype(np.int64)


def _spoilt(voters: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Null and empty votes, never more than there are voters."""
    null_votes = np.minimum(_few(len(voters), _HAS_NULL, rng), voters)
    return null_votes, np.minimum(_few(len(voters), _HAS_EMPTY, rng), voters - null_votes)


def _few(size: int, chance: float, rng: np.random.Generator) -> Integers:
    """Mostly 0, now and then 1 or a little more."""
    return np.where(rng.random(size) < chance, rng.geometric(0.75, size), 0).astype(np.int64)


def _local_shares(election: Election, centres: Sequence[str], rng: np.random.Generator) -> Floats:
    """Candidates' shares at each centre: the national ones, moved by place."""
    positions = position_shares(election)
    national = np.array([positions[list(c.positions)].sum() for c in election.candidates])
    effects = _place_effects(election, centres, _SHARE_SPREAD, len(national), rng)
    weights = national * np.exp(effects)
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _place_effects(
    election: Election,
    centres: Sequence[str],
    spread: Sequence[float],
    width: int,
    rng: np.random.Generator,
) -> Floats:
    """A row per centre: the sum of one normal draw for each place it lies in."""
    total = np.zeros((len(centres), width))
    upper = zip(election.levels[:-1], spread[:-1], strict=False)
    for level, deviation in [*upper, (election.levels[-1], spread[-1])]:
        _, index = np.unique([c[: level.digits] for c in centres], return_inverse=True)
        total += rng.normal(0, deviation, (int(index.max()) + 1, width))[index]
    return total


def _spread(election: Election, by_candidate: Integers, rng: np.random.Generator) -> Integers:
    """Candidates' votes over their parties; a candidate's parties sum exactly to the votes."""
    shares = position_shares(election)
    by_party = np.zeros((len(by_candidate), len(election.positions)), dtype=np.int64)
    for column, candidate in enumerate(election.candidates):
        lines = list(candidate.positions)
        inside = shares[lines] / shares[lines].sum()
        by_party[:, lines] = rng.multinomial(by_candidate[:, column], inside)
    return by_party


def _assemble(
    election: Election,
    places: Sequence[tuple[str, int]],
    registered: Integers,
    votes: Integers,
    null_votes: Integers,
    empty_votes: Integers,
    told_names: Sequence[tuple[str, ...]],
) -> tuple[MesaVotes, ...]:
    return tuple(
        MesaVotes(
            centre=centre,
            number=number,
            registered=int(registered[i]),
            votes=tuple(votes[i].tolist()),
            null_votes=int(null_votes[i]),
            empty_votes=int(empty_votes[i]),
            place_names=_names(election, centre, told_names[i] if told_names else ()),
            centre_name=election.name_of(centre),
        )
        for i, (centre, number) in enumerate(places)
    )


def _names(election: Election, centre: str, told: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the places above the centre: the register's, else the table's, else the code."""
    names = []
    for rank, level in enumerate(election.levels[:-1]):
        code = centre[: level.digits]
        name = told[rank] if rank < len(told) and code not in election.units else ""
        names.append(name or election.name_of(code))
    return tuple(names)
