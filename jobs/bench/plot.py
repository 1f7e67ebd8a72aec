"""The plots of BENCHMARKS.md: bars of programs, lines over growing numbers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OURS, OTHER = "tab:blue", "tab:gray"


@dataclass(frozen=True)
class Bars:
    """A bar for every name; those of `ours` stand out."""

    label: str
    values: Mapping[str, float]
    ours: Sequence[str] = ()


@dataclass(frozen=True)
class Lines:
    """A small plot for every series over the same numbers, whose axis grows by factors."""

    label: str
    numbers: Sequence[int]
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)


def draw(plot: Bars | Lines, path: Path) -> bool:
    """Write an SVG, the same for the same values; False without matplotlib."""
    try:
        matplotlib = importlib.import_module("matplotlib")
        figures = importlib.import_module("matplotlib.figure")
    except ImportError:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "actas", "svg.fonttype": "none"}):
        figure = _bars(figures, plot) if isinstance(plot, Bars) else _lines(figures, plot)
        figure.savefig(path, format="svg", metadata={"Date": None})
    return True


def _bars(figures: Any, plot: Bars) -> Any:
    names = list(plot.values)
    figure = figures.Figure(figsize=(7, 0.6 + 0.34 * len(names)), layout="constrained")
    axis = figure.subplots()
    colours = [OURS if name in plot.ours else OTHER for name in names]
    bars = axis.barh(names, list(plot.values.values()), color=colours)
    axis.bar_label(bars, fmt="%.3g", padding=3, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.12)
    axis.set_xlabel(plot.label)
    return figure


def _lines(figures: Any, plot: Lines) -> Any:
    count = max(1, len(plot.series))
    figure = figures.Figure(figsize=(3.5 * count, 2.6), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)[0]
    for axis, (name, values) in zip(axes, plot.series.items(), strict=True):
        axis.plot(plot.numbers, values, marker="o", color=OURS)
        axis.set_xscale("log")
        axis.set_ylim(0, 1.2 * max(values))
        axis.set_ylabel(name)
        axis.set_xlabel(plot.label)
        axis.grid(alpha=0.3)
    return figure
