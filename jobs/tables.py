"""Tables and figures for a terminal of 80 columns; foreign text without what hides in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 80


def open_console() -> Console:
    """A console whose tables always have the same width."""
    return Console(width=WIDTH, highlight=False)


def safe(text: str, style: str = "") -> Text:
    """Text as it is: no markup, no control characters."""
    return Text("".join(c if c.isprintable() or c == "\n" else "?" for c in text), style)


def show_table(
    console: Console,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    texts: int = 1,
) -> None:
    """A table whose first `texts` columns are text and whose others are numbers."""
    table = Table(box=None, pad_edge=False, title=safe(title, "bold"), title_justify="left")
    for index, head in enumerate(heads):
        text = index < texts
        table.add_column(
            safe(head),
            justify="left" if text else "right",
            no_wrap=not text,
            overflow="fold" if text else "ellipsis",
            vertical="top",
        )
    for row in rows:
        table.add_row(*(safe(cell) for cell in row))
    console.print(table)


def number(value: int | None) -> str:
    """A whole number; a dash where there is none."""
    return "-" if value is None else f"{value:,}"


def signed(value: int | None) -> str:
    """A difference, its sign always shown."""
    return "-" if value is None else f"{value:+,}"


def percent(share: float | None, digits: int = 2) -> str:
    """A share from 0 to 1 in percent."""
    return "-" if share is None else f"{100 * share:.{digits}f}"


def part(count: int, whole: int, digits: int = 1) -> str:
    """A part of a whole in percent."""
    return percent(count / whole if whole else None, digits)
