"""The log of rounds: of each fault how many there were, and what was lost or counted twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import harness

LOG = Path(__file__).parents[2] / "build" / "faults.log"


@pytest.fixture(autouse=True)
def _own_notes(request: pytest.FixtureRequest) -> Iterator[None]:
    """What this test notes goes with its report, also from another process."""
    harness.notes = request.node.user_properties
    yield
    harness.notes = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for each fault; with `make faults` a line for each round in build/faults.log, too."""
    rounds = [
        (report.nodeid.rpartition("tests/faults/")[2], dict(report.user_properties), report)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call" and "tests/faults/" in report.nodeid
    ]
    rounds = [item for item in rounds if "lost" in item[1] or item[2].failed]
    if not rounds:
        return
    rounds.sort(key=lambda item: item[0])
    told = list(_lines(rounds))
    terminalreporter.section("rounds of faults")
    for line in told:
        terminalreporter.write_line(line)
    if harness.ALL:
        LOG.parent.mkdir(exist_ok=True)
        single = [f"{name}: {report.outcome}, {report.duration:.1f} s, {notes}"
                  for name, notes, report in rounds]  # fmt: skip
        LOG.write_text("\n".join([*single, "", *told, ""]), encoding="utf-8")


def _lines(rounds: list[tuple[str, dict[str, Any], Any]]) -> Iterator[str]:
    faults: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, notes, report in rounds:
        faults[name.partition("[")[0]].append(notes | {"failed": report.failed})
    for fault, found in faults.items():
        yield f"{fault.replace('.py::test', '').replace('_', ' ')}: {_told(found)}"
    everything = [notes for found in faults.values() for notes in found]
    yield f"in all: {_told(everything)}"


def _told(found: list[dict[str, Any]]) -> str:
    """Sums of what was lost, doubled and failed; the worst of whatever else was measured."""
    sums = [f"{len(found)} rounds"]
    sums += [f"{what} {sum(notes.get(what, 0) for notes in found)}"
             for what in ("lost", "doubled", "failed")]  # fmt: skip
    others = {what for notes in found for what in notes} - {"lost", "doubled", "failed", "plan"}
    worst = (
        f"{what} at most {max(n[what] for n in found if what in n)}" for what in sorted(others)
    )
    return ", ".join([*sums, *worst])
