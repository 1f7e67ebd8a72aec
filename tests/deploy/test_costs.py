"""The cost note's table is what its own formula and assumptions give."""

from __future__ import annotations

import re

import pytest

from tests.deploy.documents import DEPLOY

TEXT = (DEPLOY / "costs.md").read_text(encoding="utf-8")


def row(start: str) -> list[str]:
    """The cells after the first of the only table row that starts so."""
    (line,) = (line for line in TEXT.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip(" *") for cell in line.strip("| ").split(" | ")][1:]


def number(start: str) -> float:
    """The first number in that row."""
    found = re.search(r"[\d.,]+", row(start)[0])
    assert found, start
    return float(found[0].replace(",", ""))


RATE = number("rate, sheets with wear")
GIGABYTES = number("size of a scan") / 1000
GIGABYTE_OUT = number("price of a GB that leaves")


@pytest.mark.parametrize(("column", "scans"), [(0, 25_000), (1, 1_000_000)])
def test_the_table_follows_from_the_formula(column: int, scans: int) -> None:
    hours = scans / (RATE * 3600)
    size = scans * GIGABYTES
    costs = {
        "processor cost": hours * number("price of a core hour") * (1 + number("idle")),
        "storage, one month": size * number("price of a GB and month"),
        "requests": scans * 2 * number("price of 1,000 requests") / 1000,
        "egress, results alone": size * number("size of the results") / 100 * GIGABYTE_OUT,
    }
    expected = costs | {
        "processor hours": hours,
        "**sum**": sum(costs.values()),
        "egress, if all scans": size * GIGABYTE_OUT,
    }
    for name, value in expected.items():
        assert float(row(name)[column]) == pytest.approx(value, abs=0.006), name


def test_every_price_says_that_it_is_an_assumption_and_of_when() -> None:
    for line in TEXT.splitlines():
        if line.startswith("| price"):
            assert "assumption, November 2026" in line
