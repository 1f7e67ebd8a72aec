"""What `actas bench print` found, as a section of Markdown. No share without its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from jobs.bench.printed import Plan, Taken
from jobs.bench.printed_peers import NAMES, absent
from pipeline.read.printed.agree import Agreement
from pipeline.read.printed.decide import Verdict

Group = Sequence[Taken]
_VERDICTS = (Verdict.PROVEN, Verdict.BY_SUM, Verdict.PROBABLE, Verdict.UNREAD)


def show(plan: Plan, taken: Group) -> str:
    """The whole section."""
    sound = [item for item in taken if item.verdict]
    command = f"actas bench print --sheets {plan.sheets} --seed {plan.seed}"
    parts = [
        f"## The print\n\n`{command}`: {len(taken):,} sheets, "
        f"{sum(item.kind == 'real' for item in taken)} of them real.",
        "### Without the QR\n\n" + _proofs(sound, lambda item: item.kind, "sheets"),
        _proofs([i for i in sound if i.kind != "real"], lambda item: item.dpi, "resolution"),
        _proofs([i for i in sound if i.variant], lambda item: item.variant, "wear"),
        "### Beside the QR\n\n" + _agreements(taken),
        "### Cost\n\n" + _costs(taken),
        "### Other programs on the same rows\n\n" + _peers(taken),
    ]
    return "\n\n".join(parts) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown, its first column to the left."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def _groups(taken: Group, by: Callable[[Taken], str]) -> list[tuple[str, Group]]:
    names = sorted({by(item) for item in taken})
    groups: list[tuple[str, Group]] = [
        (name, [item for item in taken if by(item) == name]) for name in names
    ]
    return [*groups, ("all", taken)]


def percent(part: int, whole: int) -> str:
    """A share, or a dash of nothing."""
    return f"{part / whole:.2%}" if whole else "-"


def _proofs(taken: Group, by: Callable[[Taken], str], head: str) -> str:
    heads = (
        head, "sheets", *(f"{verdict} %" for verdict in _VERDICTS), "wrong among proven",
        "wrong among probable", "digits right", "words right",
    )  # fmt: skip
    rows = []
    for name, group in _groups(taken, by):
        of = {verdict: [i for i in group if i.verdict == verdict] for verdict in _VERDICTS}
        proven = [*of[Verdict.PROVEN], *of[Verdict.BY_SUM]]
        read = sum(item.rows for item in group)
        rows.append((
            name, str(len(group)),
            *(percent(len(of[verdict]), len(group)) for verdict in _VERDICTS),
            str(sum(not item.right for item in proven)),
            str(sum(not item.right for item in of[Verdict.PROBABLE])),
            percent(sum(item.digits for item in group), read),
            percent(sum(item.words for item in group), read),
        ))  # fmt: skip
    return table(heads, rows)


def _agreements(taken: Group) -> str:
    """Sheets whose QR was read; a mismatch of a sound one is a false alarm."""
    checked = [item for item in taken if item.agreement]
    names = [f"{i.kind}: {i.variant}" if i.kind == "altered" else i.kind for i in checked]
    rows = []
    for name in sorted(set(names)):
        group = [item for item, its in zip(checked, names, strict=True) if its == name]
        counts = [sum(item.agreement == way for item in group) for way in Agreement]
        rows.append((
            name, str(len(group)), *map(str, counts),
            percent(sum(i.agreement == Agreement.MISMATCH for i in group), len(group)),
        ))  # fmt: skip
    return table(("sheets", "QR read", *Agreement, "alarms %"), rows)


def _costs(taken: Group) -> str:
    """CPU of clean sheets at 200 dpi, absolute and over one grey decode of the same JPEG."""
    clean = [item for item in taken if item.kind == "clean" and item.dpi == "200 dpi"]
    rows = []
    for name in ("decode", "symbol", "check", "reading"):
        found = [(item.ms[name], item.ms["decode"]) for item in clean if name in item.ms]
        if not found:
            continue
        ms = np.array([value for value, _ in found])
        ratios = np.array([value / max(decode, 1e-3) for value, decode in found])
        spread = (f"{np.percentile(ms, at):.0f}" for at in (10, 50, 90))
        rows.append((name, str(len(found)), *spread, f"{np.median(ratios):.2f}"))
    heads = ("step", "sheets", "CPU ms p10", "median", "p90", "over one decode")
    note = (
        "\n\nClean sheets at 200 dpi. `symbol` opens and searches the half-size image; `check` is "
        "what comes on top, the full decode included; `reading` is all without the QR."
    )
    return table(heads, rows) + note


def _peers(taken: Group) -> str:
    asked = [item for item in taken if item.peers]
    rows = []
    for column in ("digits", "words"):
        own = sum(getattr(item, column) for item in asked)
        rows.append((f"actas, {column}", str(sum(i.rows for i in asked)),
                     percent(own, sum(i.rows for i in asked)), "-"))  # fmt: skip
        for name in NAMES:
            cells = [item.peers[name, column] for item in asked if (name, column) in item.peers]
            right, all_, ms = (sum(cell[at] for cell in cells) for at in range(3))
            if cells:
                told = (f"{name}, {column}", str(int(all_)), percent(int(right), int(all_)))
                rows.append((*told, f"{ms / all_:.1f}"))
    named = "".join(f"\n\nNot here: {name} (needs {what})." for name, what in absent().items())
    return table(("program", "rows", "right", "CPU ms a row"), rows) + named
