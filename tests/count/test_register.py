"""However incomplete the registers: every level holds as many mesas as the nation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.count.register import build_register
from pipeline.count.resolve import resolve
from pipeline.count.totals import sum_up
from pipeline.election import NATION, Election, Level, MesaKey, Unit

LEVELS = (Level("coast", 1), Level("bay", 2), Level("centre", 4))
DIGITS = (1, 2, 4)


@st.composite
def registers(draw: st.DrawFn) -> tuple[dict[str, Unit], dict[MesaKey, int], set[MesaKey]]:
    """Units of three levels with gaps, a register of voters, and mesas that were found."""
    units: dict[str, Unit] = {}
    centres = draw(
        st.dictionaries(st.from_regex(r"[12][12]0[123]", fullmatch=True), st.integers(0, 4))
    )
    sums: dict[str, int] = {"1": 0, "2": 0}
    for code, expected in centres.items():
        units[code] = Unit("centre", code, code, expected)
        sums[code[:2]] = sums.get(code[:2], 0) + expected
    for digits, level in ((2, "bay"), (1, "coast"), (0, NATION)):
        for code in sorted(code for code in sums if len(code) == digits):
            expected = sums[code] + draw(st.integers(0, 3))
            units[code] = Unit(level, code, code, expected)
            if digits:
                parent = code[: digits - 1]
                sums[parent] = sums.get(parent, 0) + expected
    mesas = st.from_regex(r"[12][123]0[1234]-00[1-5]", fullmatch=True).map(MesaKey)
    registered = draw(st.dictionaries(mesas, st.just(100), max_size=4))
    return units, registered, draw(st.sets(mesas, max_size=8))


def _election(tiny: Election, units: dict[str, Unit], registered: dict[MesaKey, int]) -> Election:
    return replace(tiny, levels=LEVELS, units=units, registered=registered)


@settings(max_examples=250, deadline=None)
@given(drawn=registers())
def test_every_level_sums_to_the_nation(
    tiny: Election, drawn: tuple[dict[str, Unit], dict[MesaKey, int], set[MesaKey]]
) -> None:
    units, registered, found = drawn
    election = _election(tiny, units, registered)
    register = build_register(election, found)
    nation = register.expected[""]
    assert nation >= units[""].expected
    for level in range(3):
        assert sum(n for _, n in register.units_at(election, level)) == nation
    assert all(n >= 0 for n in register.remainders.values())
    assert len(register.named) + sum(register.remainders.values()) == nation
    assert set(register.named) >= found | set(registered)
    assert len(set(register.named)) == len(register.named)


@settings(max_examples=150, deadline=None)
@given(drawn=registers())
def test_the_expected_number_grows_only_when_places_run_out(
    tiny: Election, drawn: tuple[dict[str, Unit], dict[MesaKey, int], set[MesaKey]]
) -> None:
    units, registered, found = drawn
    election = _election(tiny, units, registered)
    register = build_register(election, found)
    grown = register.expected[""] - units[""].expected
    unlisted = (found | set(registered)) - set(build_register(election, ()).named)
    if not grown:
        assert not register.beyond
    else:
        # Whoever found no place, all unlisted and unregistered of that coast wait for a person.
        coasts = {mesa[0] for mesa in register.beyond}
        of_coasts = {mesa for mesa in unlisted - set(registered) if mesa[0] in coasts}
        assert register.beyond == of_coasts
    assert not register.beyond & set(registered)
    # The resolution and its accounts hold for any of them.
    assert sum_up(resolve([], election), election).nation.counted == 0


@settings(max_examples=100, deadline=None)
@given(drawn=registers(), data=st.data())
def test_the_order_in_which_mesas_are_found_does_not_matter(
    tiny: Election,
    drawn: tuple[dict[str, Unit], dict[MesaKey, int], set[MesaKey]],
    data: st.DataObject,
) -> None:
    units, registered, found = drawn
    assume(found)
    election = _election(tiny, units, registered)
    shuffled = data.draw(st.permutations(sorted(found)))
    assert build_register(election, shuffled) == build_register(election, sorted(found))


@pytest.fixture
def gaps(tiny: Election) -> Election:
    """One place free in bay 11, one in coast 1, one in the nation; coast 2 is full."""
    counts = {"": 12, "1": 8, "2": 3, "11": 4, "12": 3, "21": 3, "1101": 3, "1201": 3, "2101": 3}
    names = {0: NATION, 1: "coast", 2: "bay", 4: "centre"}
    units = {code: Unit(names[len(code)], code, code, n) for code, n in counts.items()}
    return _election(tiny, units, {})


def test_an_unlisted_mesa_takes_the_nearest_free_place(gaps: Election) -> None:
    before = build_register(gaps, ()).remainders
    assert {code: n for code, n in before.items() if n} == {"": 1, "1": 1, "11": 1}
    found = [MesaKey(f"1102-00{n}") for n in (1, 2, 3)]
    for taken, left in enumerate(({"": 1, "1": 1}, {"": 1}, {}), start=1):
        register = build_register(gaps, found[:taken])
        assert {code: n for code, n in register.remainders.items() if n} == left
        assert register.expected["1102"] == taken
        assert register.expected["11"] == 4 + max(0, taken - 1)
        assert register.expected["1"] == 8 + max(0, taken - 2)
        assert register.expected[""] == 12
        assert not register.beyond


def test_when_no_place_is_left_all_unlisted_of_that_coast_wait(gaps: Election) -> None:
    found = [MesaKey(f"1102-00{n}") for n in (1, 2, 3, 4)]
    register = build_register(gaps, found)
    assert register.beyond == frozenset(found)
    assert register.expected[""] == 13


def test_a_registered_mesa_is_never_beyond(gaps: Election) -> None:
    registered = {MesaKey("1102-004"): 300}
    found = [MesaKey(f"1102-00{n}") for n in (1, 2, 3, 4)]
    register = build_register(replace(gaps, registered=registered), found)
    assert register.beyond == frozenset(found[:3])
