"""What `actas compare` prints for people."""

from __future__ import annotations

from jobs.tables import number, open_console, safe, show_table, signed
from pipeline.analyse.compare import Comparison

MOST_ROWS = 20


def show_comparison(comparison: Comparison) -> None:
    """Sums, and the first of the differences."""
    console = open_console()
    console.print(
        safe(
            f"{comparison.table}: {comparison.rows:,} mesas ({comparison.encoding}), "
            f"{comparison.not_taken:,} rows not taken; {comparison.padded:,} centre codes had lost "
            "leading zeros"
        )
    )
    console.print(
        f"Both have {comparison.both:,} mesas: {comparison.equal:,} are equal, "
        f"{comparison.differing:,} differ."
    )
    there = ", ".join(f"{n:,} {status}" for status, n in comparison.only_theirs_by_status.items())
    console.print(
        f"Only here: {len(comparison.only_ours):,}. Only there: {len(comparison.only_theirs):,}"
        + (f" (here: {there})." if there else ".")
    )
    console.print()
    rows = [
        (
            sums.field,
            number(sums.ours),
            number(sums.theirs),
            signed(sums.ours - sums.theirs),
            signed(sums.ours_both - sums.theirs_both),
            number(sums.differing),
        )
        for sums in comparison.sums
    ]
    heads = ("field", "here", "there", "difference", "on both", "mesas differ")
    show_table(console, "Sums: all mesas, and those that both have", heads, rows)
    console.print()
    _differences(comparison)
    for problem in comparison.problems[:MOST_ROWS]:
        state = "" if problem.taken else "not taken: "
        console.print(safe(f"line {problem.line}: {state}{problem.sentence}"))
    _more(len(comparison.problems))


def _differences(comparison: Comparison) -> None:
    if not comparison.differences:
        return
    rows = [
        (item.mesa, item.field, number(item.ours), number(item.theirs), number(item.line))
        for item in comparison.differences[:MOST_ROWS]
    ]
    heads = ("mesa", "field", "here", "there", "line")
    show_table(open_console(), "Numbers that differ", heads, rows, texts=2)
    _more(len(comparison.differences))
    open_console().print()


def _more(count: int) -> None:
    if count > MOST_ROWS:
        open_console().print(f"and {count - MOST_ROWS:,} more")
