"""Figures that are kept, and held against the last ones: what got worse by more than its noise.

`BENCHMARKS.json` holds for every figure its median and its spread; `BENCHMARKS.md` the tables, each
between two marks, so that words written by hand around them stay.
"""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jobs.bench.plot import Bars, Lines

LEAST_NOISE = 0.05
"""Of a figure: a shared machine differs by so much from hour to hour, even in ratios."""
ONCE = 0.2
"""Of a figure that was measured once: how far rounds of it would lie apart is not known."""
PACKAGES = ("numpy", "opencv-python-headless", "zxing-cpp", "dask", "pyarrow")


@dataclass(frozen=True)
class Figure:
    """One measured number: the median of its rounds, how far they lie apart, which way is good."""

    name: str
    value: float
    noise: float
    more: bool

    @classmethod
    def of(cls, name: str, rounds: Sequence[float], *, more: bool) -> Figure:
        """From the values of several rounds; `more` is better, or less is."""
        middle = statistics.median(rounds)
        spread = max(rounds) - min(rounds) if len(rounds) > 1 else ONCE * abs(middle)
        return cls(name, round(middle, 4), round(spread, 4), more)

    def worse_than(self, before: Figure) -> str | None:
        """A sentence if this is worse than it was by more than both noises."""
        noise = max(self.noise, before.noise, LEAST_NOISE * abs(before.value))
        off = before.value - self.value if self.more else self.value - before.value
        if off <= noise:
            return None
        return f"{self.name}: {self.value:g}, was {before.value:g} (noise {noise:g})"


@dataclass(frozen=True)
class Section:
    """One table with its notes and the figures that are held against the last run's."""

    title: str
    table: str
    notes: Sequence[str] = ()
    figures: Sequence[Figure] = field(default=())
    plot: Bars | Lines | None = None

    def markdown(self, command: str, picture: str = "") -> str:
        """The section as it stands in BENCHMARKS.md, with the path of its plot if there is one."""
        day = datetime.now(UTC).date().isoformat()
        origin = f"`{command}`, {day}; {machine()}."
        shown = [f"![{self.title}]({picture})"] if picture else []
        return "\n\n".join([f"## {self.title}", origin, self.table, *shown, *self.notes])


def machine() -> str:
    """Processor, cores and releases, in a line."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.machine(),
    )
    cores = sum(line.startswith("processor") for line in _cpuinfo())
    named = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{cores} cores of {model}, Python {platform.python_version()}, {named}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; figures to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def put(text: str, name: str, section: str) -> str:
    """A document with a section in the place of the one of that name, or at its end."""
    start, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
    whole = f"{start}\n{section}\n{end}"
    before, found, rest = text.partition(start)
    if not found:
        return f"{text.rstrip()}\n\n{whole}\n"
    _, _, after = rest.partition(end)
    return f"{before}{whole}{after}"


def load(path: Path) -> dict[str, dict[str, Figure]]:
    """The recorded figures by section and name; none if there is no such file."""
    if not path.exists():
        return {}
    found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return {
        section: {figure["name"]: Figure(**figure) for figure in figures}
        for section, figures in found.items()
    }


def save(path: Path, known: dict[str, dict[str, Figure]]) -> None:
    """Write the figures, in a stable order."""
    found = {
        section: [asdict(figure) for figure in figures.values()]
        for section, figures in sorted(known.items())
    }
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def worse(before: dict[str, Figure], now: Sequence[Figure]) -> list[str]:
    """Sentences about the figures that got worse by more than their noise."""
    found = [figure.worse_than(before[figure.name]) for figure in now if figure.name in before]
    return [sentence for sentence in found if sentence]
