"""The mesas that exist: those a register names, those found beyond it, and the nameless rest.

Registers are incomplete below the highest level (of 30,026 mesas in 2024, 24,800 are listed by
centre), so every unit has a remainder: mesas expected in it that no part of it lists. A mesa that
was found or named elsewhere takes its place out of the nearest remainder above it. What is left
of the remainders are the units "not listed", so that every level sums to the nation's number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.election import Election, MesaKey

NOT_LISTED = "-"
"""Ends the code of a remainder: `0101-` are the mesas of 0101 that nothing below 0101 lists."""


@dataclass(frozen=True)
class Register:
    """How many mesas each unit has, once every known mesa has its place.

    `expected` maps a unit's code to its number; `remainders` maps the code of a unit to the mesas
    in it that nothing names. `beyond` holds mesas for which no expected place was left: they are
    counted as expected on top, so that the sums hold, and must not be counted in the votes.
    """

    expected: dict[str, int]
    remainders: dict[str, int]
    named: tuple[MesaKey, ...]
    beyond: frozenset[MesaKey]

    def units_at(self, election: Election, level: int) -> list[tuple[str, int]]:
        """Code and expected mesas of every unit of `election.levels[level]`, remainders included.

        A remainder of a higher level is carried at every level below it.
        """
        digits = election.levels[level].digits
        units = [(code, n) for code, n in self.expected.items() if len(code) == digits and n]
        rests = [
            (code + NOT_LISTED, n)
            for code, n in self.remainders.items()
            if len(code) < digits and n
        ]
        return sorted(units + rests)


def build_register(election: Election, found: Iterable[MesaKey]) -> Register:
    """Place every mesa that is listed, registered or found."""
    split = election.rules.acta_code.split_mesa
    expected = {code: unit.expected for code, unit in election.units.items()}
    remainders = _remainders(election)
    listed = _listed(election)
    extra = sorted((set(election.registered) | set(found)) - set(listed))
    without_place: set[MesaKey] = set()
    for mesa in extra:
        if not _place(split(mesa)[0], election, expected, remainders):
            without_place.add(mesa)
    # Which of the mesas competing for too few places is the false one cannot be told from here:
    # all that the registers do not name must wait for a person.
    short = {_top(split(mesa)[0], election) for mesa in without_place}
    beyond = {
        mesa
        for mesa in extra
        if mesa not in election.registered and _top(split(mesa)[0], election) in short
    }
    return Register(expected, remainders, tuple(sorted([*listed, *extra])), frozenset(beyond))


def _listed(election: Election) -> list[MesaKey]:
    digits = election.centre_level.digits
    key = election.rules.acta_code.mesa_key
    return [
        key(code, number)
        for code, unit in election.units.items()
        if len(code) == digits
        for number in range(1, unit.expected + 1)
    ]


def _remainders(election: Election) -> dict[str, int]:
    """Mesas of each unit that its parts do not list. Centres have none."""
    rest = {
        code: unit.expected
        for code, unit in election.units.items()
        if len(code) < election.centre_level.digits
    }
    for code, unit in election.units.items():
        if code:
            rest[election.parent_code(code)] -= unit.expected
    return rest


def _place(
    centre: str, election: Election, expected: dict[str, int], remainders: dict[str, int]
) -> bool:
    """Take a place from the nearest remainder above; False if there is none up to the nation."""
    path: list[str] = []
    for code in election.ancestors(centre):
        if remainders.get(code, 0) > 0:
            remainders[code] -= 1
            _add(path, expected)
            return True
        path.append(code)
    _add(path, expected)
    return False


def _add(path: Iterable[str], expected: dict[str, int]) -> None:
    for code in path:
        expected[code] = expected.get(code, 0) + 1


def _top(centre: str, election: Election) -> str:
    return centre[: election.levels[0].digits]
