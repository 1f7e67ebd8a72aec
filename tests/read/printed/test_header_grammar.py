"""From recognised lines of a header to what they say, or nothing."""

from __future__ import annotations

import pytest

from pipeline.election import Election
from pipeline.read.printed import grammar


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("28/07/202408:24:06PM", "2024-07-28T20:24:06"),
        ("28/07/2024 12:00:09 AM", "2024-07-28T00:00:09"),
        ("28/07/202412:30:00P.M.", "2024-07-28T12:30:00"),
        ("28/07/202413:24:06PM", None),
        ("28/07/202400:24:06PM", None),
        ("31/02/202408:24:06PM", None),
        ("28/07/202408:24:06", None),
        ("28/07/20248:24:06PM", None),
        ("", None),
    ],
)
def test_date_and_time_are_whole_or_none(line: str, moment: str | None) -> None:
    assert grammar.iso_moment(*grammar.moment(line)) == moment


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("240111020.01.1.0001", "240111020.01.1.0001"),
        ("240111020,01.1,0001", "240111020.01.1.0001"),
        ("24O1l1020.01.1.0001", "240111020.01.1.0001"),
        ("240111020.01.1.001", None),
        ("240111020.....01...1.0001", None),
    ],
)
def test_an_acta_code_has_all_its_digits(line: str, code: str | None, venezuela: Election) -> None:
    assert grammar.acta_code(line, venezuela.rules.acta_code) == code


@pytest.mark.parametrize(
    ("line", "number"), [("572Electores", 572), ("O572Electores", None), ("Electores", None)]
)
def test_a_number_of_voters_has_no_leading_zero(line: str, number: int | None) -> None:
    assert grammar.number(line, "Electores") == number
