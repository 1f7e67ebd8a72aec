"""What `actas bench qr` found, shown: Markdown tables, a JSON file beside them, and a plot.

`×` is CPU over that of zxing-cpp alone on the same image, the median of the images. A share is
always told with its number of images, and what could not be measured is named.
"""

from __future__ import annotations

import importlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from jobs.bench.peers import OURS, PEERS, ZXING, Taken, absent, present, releases
from jobs.bench.qr import Plan
from jobs.bench.unseen import NEGATIVES, UNSEEN
from pipeline.read.qr.reader import RESCUE
from pipeline.synthetic.wear import FAMILIES
from pipeline.synthetic.wear.view import Family

Group = Sequence[Taken]
COLUMNS = 6
QUANTILES = (50, 90, 99, 100)
OTHERS = [name for name in PEERS if name != ZXING]


def show(plan: Plan, taken: Group, left_out: Sequence[str], work: Path) -> str:
    """All tables as Markdown; writes WORK/qr.json and, where matplotlib is, WORK/qr.png."""
    worn = [item for item in taken if item.shot.family in FAMILIES]
    unseen = [item for item in taken if item.shot.family in UNSEEN]
    negatives = [item for item in taken if item.shot.family in NEGATIVES]
    kinds = Counter({item.shot.base: item.kind for item in worn}.values())
    bases = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    tables = {
        "Damaged symbols": _families(worn, FAMILIES),
        "Damage that nothing was tuned on": _families(unseen, UNSEEN),
        "All readers on the same images": _readers([item for item in worn if item.shot.others]),
        "By base sheet": _rates(_grouped(worn, lambda item: item.kind), "base"),
        "CPU ms of our reader": _costs(worn),
        "Read by which attempt": _attempts(worn),
        "Images without a symbol of this election": _negatives(negatives),
    }
    work.mkdir(parents=True, exist_ok=True)
    found = {
        "plan": asdict(plan) | {"election": Path(plan.election).name, "real": bool(plan.real)},
        "bases": kinds,
        "left_out": dict(Counter(left_out)),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "releases": releases(),
        "absent": absent(),
        "tables": tables,
        "levels": _levels(worn + unseen),
        "not_read": _named(worn + unseen, "nothing"),
        "wrong": _named(taken, "wrong"),
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (work / "qr.json").write_text(text + "\n", encoding="utf-8")
    plotted = draw_plot(worn + unseen, work / "qr.png")
    notes = [f"Bases: {bases}; left out, as zxing-cpp cannot read them whole: {len(left_out)}."]
    notes += [f"Here: {', '.join(dict.fromkeys(releases().values()))}."]
    notes += [f"Absent: {name} needs {needs}." for name, needs in absent().items()]
    notes += [] if plotted else ["Absent: the plot needs matplotlib."]
    parts = [f"### {title}\n\n{markdown(rows)}" for title, rows in tables.items() if rows]
    return "\n\n".join([" ".join(notes), *parts])


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of one shape as a table; figures to the right."""
    names = list(rows[0])
    cells = [[_cell(row[name]) for name in names] for row in rows]
    rule = ["---" if isinstance(rows[0][name], str) else "---:" for name in names]
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, rule, *cells])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _families(taken: Group, families: Mapping[str, Family]) -> list[dict[str, Any]]:
    groups = {name: [item for item in taken if item.shot.family == name] for name in families}
    return _rates(groups | {"total": list(taken)}, "family")


def _rates(groups: Mapping[str, Group], title: str) -> list[dict[str, Any]]:
    """Ours and zxing-cpp on all images; the other libraries on those that they saw."""
    rows: list[dict[str, Any]] = []
    for group, taken in groups.items():
        if not taken:
            continue
        row = {title: group, "images": len(taken)}
        row |= {"ours %": _share(taken, OURS), "wrong": _wrong(taken, OURS)}
        row |= {"ms": float(np.median(_ms(taken, OURS))), "×": _times(taken, OURS)}
        row |= {"zxing-cpp %": _share(taken, ZXING), "zxing-cpp wrong": _wrong(taken, ZXING)}
        seen = [item for item in taken if item.shot.others]
        row |= {"others saw": len(seen)} | {name: _peer(seen, name) for name in OTHERS}
        rows.append(row)
    return rows


def _peer(seen: Group, name: str) -> str:
    """Read % / wrong / ×."""
    if name not in present():
        return "absent"
    if not seen:
        return "not asked"
    return f"{_share(seen, name):.0f} / {_wrong(seen, name)} / {_times(seen, name):.0f}"


def _readers(taken: Group) -> list[dict[str, Any]]:
    """All readers on the very same images; `× all` is the CPU of all images together."""
    return [
        {"reader": name, "images": len(taken)}
        | {"read %": _share(taken, name), "wrong": _wrong(taken, name)}
        | {"faults": sum(item.readings[name].attempt == "fault" for item in taken)}
        | {"ms": float(np.median(_ms(taken, name))), "×": _times(taken, name)}
        | {"mean ms": float(np.mean(_ms(taken, name)))}
        | {"× all": sum(_ms(taken, name)) / sum(_ms(taken, ZXING))}
        for name in (OURS, *present())
        if taken
    ]


def _share(taken: Group, name: str) -> float:
    return 100 * sum(t.readings[name].verdict == "read" for t in taken) / len(taken)


def _wrong(taken: Group, name: str) -> int:
    return sum(item.readings[name].verdict == "wrong" for item in taken)


def _ms(taken: Group, name: str) -> list[float]:
    return [item.readings[name].ms for item in taken]


def _times(taken: Group, name: str) -> float:
    alone = np.maximum(_ms(taken, ZXING), 1e-3)
    return float(np.median(np.array(_ms(taken, name)) / alone))


def _outcome(item: Taken) -> str:
    attempt = item.readings[OURS].attempt
    if not attempt:
        return "hopeless"
    return "rescued" if attempt.startswith(RESCUE) else "read by the library"


def _costs(taken: Group) -> list[dict[str, Any]]:
    groups = _grouped(taken, _outcome) | {"total": list(taken)}
    return [
        {"outcome": name, "images": len(group), "mean": float(np.mean(_ms(group, OURS)))}
        | {f"p{q}": float(np.percentile(_ms(group, OURS), q)) for q in QUANTILES}
        for name, group in groups.items()
        if group
    ]


def _attempts(taken: Group) -> list[dict[str, Any]]:
    attempts = Counter(item.readings[OURS].attempt or "none" for item in taken)
    return [
        {"attempt": name, "images": count, "%": 100 * count / len(taken)}
        for name, count in attempts.most_common()
    ]


def _negatives(taken: Group) -> list[dict[str, Any]]:
    groups = {name: [t for t in taken if t.shot.family == name] for name in NEGATIVES}
    return [
        {"image": name, "images": len(group), "accepted": _wrong(group, OURS)}
        | {f"ms p{q}": float(np.percentile(_ms(group, OURS), q)) for q in QUANTILES}
        for name, group in (groups | {"total": list(taken)}).items()
        if group
    ]


def _grouped(taken: Group, key: Callable[[Taken], str]) -> dict[str, list[Taken]]:
    names = sorted({key(item) for item in taken})
    return {name: [item for item in taken if key(item) == name] for name in names}


def _levels(taken: Group) -> list[dict[str, Any]]:
    """Every family and level, from slight to severe: what the plot shows."""
    rows = []
    for family in [*FAMILIES.values(), *UNSEEN.values()]:
        for level in family.levels:
            shots = [t for t in taken if (t.shot.family, t.shot.level) == (family.name, level)]
            if shots:
                row = {"family": family.name, "level": level, "images": len(shots)}
                rows.append(row | {name: _share(shots, name) for name in (OURS, ZXING)})
    return rows


def _named(taken: Iterable[Taken], verdict: str) -> list[str]:
    """Names by which the images can be made again; what was read is written nowhere."""
    shots = (item.shot for item in taken if item.readings[OURS].verdict == verdict)
    return [f"{shot.base} {shot.family} {shot.level} {shot.repetition}" for shot in shots]


def draw_plot(taken: Group, path: Path) -> bool:
    """Read rate against severity, a small plot for every family; False without matplotlib."""
    try:
        figures = importlib.import_module("matplotlib.figure")
    except ImportError:
        return False
    levels = _levels(taken)
    names = list(dict.fromkeys(row["family"] for row in levels))
    rows = -(-len(names) // COLUMNS)
    # A figure of its own needs no window system: without pyplot, Agg draws it.
    figure = figures.Figure(figsize=(2.6 * COLUMNS, 2.1 * rows), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).ravel()
    for axis, name in zip(axes, names, strict=False):
        these = [row for row in levels if row["family"] == name]
        for reader, colour in ((ZXING, "tab:orange"), (OURS, "tab:blue")):
            rates = [row[reader] for row in these]
            axis.plot(range(len(these)), rates, marker="o", ms=3, color=colour, label=reader)
        axis.set_title(f"{name} (not tuned on)" if name in UNSEEN else name, fontsize=9)
        axis.set_xticks(range(len(these)), [row["level"] for row in these], fontsize=6, rotation=30)
        axis.set_ylim(-4, 104)
        axis.grid(alpha=0.3)
    for axis in axes[len(names) :]:
        axis.set_axis_off()
    axes[0].legend(fontsize=7)
    figure.supylabel("read, % of images")
    figure.savefig(path, dpi=110)
    return True
