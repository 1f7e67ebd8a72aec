"""Codes are text of ASCII digits, taken apart and put together without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.election import ActaCodeFormat, Election

VENEZUELAN = ActaCodeFormat(".", (("centre", 9), ("mesa", 2), ("type", 1), ("copy", 4)))
MESA_FIRST = ActaCodeFormat("-", (("mesa", 3), ("centre", 4)))
FORMATS = [VENEZUELAN, MESA_FIRST, ActaCodeFormat("*", (("x", 1), ("centre", 2), ("mesa", 1)))]


@st.composite
def codes(draw: st.DrawFn) -> tuple[ActaCodeFormat, dict[str, str], str]:
    shape = draw(st.sampled_from(FORMATS))
    values = {
        name: str(draw(st.integers(name == "mesa", 10**digits - 1))).zfill(digits)
        for name, digits in shape.parts
    }
    return shape, values, shape.separator.join(values.values())


@given(drawn=codes())
def test_a_code_is_taken_apart_into_what_it_was_made_of(
    drawn: tuple[ActaCodeFormat, dict[str, str], str],
) -> None:
    shape, values, text = drawn
    code = shape.parse(text)
    assert code is not None
    assert (code.text, code.centre) == (text, values["centre"])
    assert code.mesa_number == int(values["mesa"])
    assert code.mesa == shape.mesa_key(code.centre, code.mesa_number)
    assert shape.split_mesa(code.mesa) == (code.centre, code.mesa_number)
    assert shape.mesa_key_of(text) == code.mesa
    assert shape.mesa_key_of(code.mesa) == code.mesa


@given(drawn=codes(), place=st.integers(0, 30), char=st.characters())
def test_no_other_character_makes_a_code(
    drawn: tuple[ActaCodeFormat, dict[str, str], str], place: int, char: str
) -> None:
    shape, _, text = drawn
    changed = text[:place] + char + text[place + 1 :]
    code = shape.parse(changed)
    if code is not None:
        assert changed.isascii()
        assert len(changed) == len(text)
        assert code.text == changed


@given(drawn=codes())
def test_mesa_zero_does_not_exist(drawn: tuple[ActaCodeFormat, dict[str, str], str]) -> None:
    shape, values, _ = drawn
    values = values | {"mesa": "0" * len(values["mesa"])}
    assert shape.parse(shape.separator.join(values.values())) is None
    assert shape.mesa_key_of(f"{values['centre']}{shape.separator}{values['mesa']}") is None


def test_a_separator_is_taken_literally() -> None:
    assert VENEZUELAN.parse("240111020.01.1.0001") is not None
    assert VENEZUELAN.parse("240111020x01x1x0001") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "240111020.01.1.0001\n",
        " 240111020.01.1.0001",
        "24011102.01.1.0001",
        "240111020.1.1.0001",
        "240111020.01.1.001",
        "240111020.01.1",
        "240111020.01.1.0001.",
        "２４０１１１０２０.01.1.0001",
        "240111020.٠١.1.0001",
        "-40111020.01.1.0001",
    ],
)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    assert VENEZUELAN.parse(text) is None
    assert VENEZUELAN.mesa_key_of(text) is None


def test_keys_sort_like_the_register_lists_them(venezuela: Election) -> None:
    key = venezuela.rules.acta_code.mesa_key
    keys = [key("010101001", number) for number in range(1, 100)]
    assert keys == sorted(keys)


def test_a_leading_zero_is_part_of_a_centre() -> None:
    code = VENEZUELAN.parse("010101001.01.1.0001")
    assert code is not None
    assert code.mesa == "010101001.01"
