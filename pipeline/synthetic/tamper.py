"""Sheets that were tampered with, or printed wrongly, before they were drawn.

Each function changes a sound sheet's content and tells, as `Change`s, what stood where and what
stands there now. All chance comes from the generator given. `forge` does the like to scans.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np

from pipeline.synthetic.content import SheetData, TotalName
from pipeline.synthetic.tables import LARGEST_NUMBER

Rng = np.random.Generator
Columns = Literal["digits", "words", "both"]
_DATE = "%d/%m/%Y"
_DATE_LENGTH = len("28/07/2024")


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was: `old` stood there, `new` does.

    `table` and `column` are those of `drawn.Cell`, or name what else was changed; `row` counts the
    table's rows from 0 and is None where there are none.
    """

    table: str
    row: int | None
    column: str
    old: str
    new: str

    def __str__(self) -> str:
        """As in `truth.csv`: `ballot.12.digits:4>9`."""
        row = "" if self.row is None else f"{self.row}."
        return f"{self.table}.{row}{self.column}:{self.old}>{self.new}"


@dataclass(frozen=True)
class Tampered:
    """A sheet's content after the act."""

    data: SheetData
    changes: tuple[Change, ...]


def alter_number(
    data: SheetData,
    rng: Rng,
    columns: Columns = "digits",
    *,
    row: int | None = None,
    totals_follow: bool = False,
) -> Tampered:
    """Print another number of votes in one row: one of its digits differs, or one came before it.

    The symbol keeps the votes. The totals do too, unless they follow.
    """
    at = int(rng.integers(len(data.votes))) if row is None else row
    old = data.votes[at]
    new = another_digit(old, rng)
    numbers = (*data.votes[:at], new, *data.votes[at + 1 :])
    printed = _printed(data, columns, numbers)
    if not totals_follow:
        return printed
    names: tuple[TotalName, ...] = ("valid", "all", "machine", "book")
    followed = _with_totals(printed.data, {name: data.total(name) + new - old for name in names})
    return Tampered(followed.data, printed.changes + followed.changes)


def another_digit(number: int, rng: Rng) -> int:
    """The number with one digit changed; a digit before its first counts as a 0, up to hundreds."""
    place = 10 ** int(rng.integers(min(3, len(str(number)) + 1)))
    digit = number // place % 10
    other = (digit + int(rng.integers(1, 10))) % 10
    return int(number + (other - digit) * place)


def shift_rows(data: SheetData, rng: Rng) -> Tampered:
    """Print the numbers of some neighbouring rows a row further down, and the last on top.

    Names and codes stay where they are, and so does the sum. Where all votes are equal, nothing
    changes.
    """
    votes = data.votes
    first, last = sorted(int(row) for row in rng.choice(len(votes), 2, replace=False))
    if len(set(votes[first : last + 1])) == 1:
        first, last = 0, len(votes) - 1
    moved = (*votes[:first], votes[last], *votes[first:last], *votes[last + 1 :])
    return _printed(data, "both", moved)


def paste_symbol(data: SheetData, other: SheetData) -> Tampered:
    """The symbol of another sheet instead of its own."""
    change = Change("symbol", None, "payload", data.payload, other.payload)
    return Tampered(replace(data, payload=other.payload), (change,))


def break_totals(data: SheetData, rng: Rng) -> Tampered:
    """Print one total that the votes do not have."""
    names: tuple[TotalName, ...] = ("valid", "all", "null", "empty")
    name = names[int(rng.integers(len(names)))]
    return _with_totals(data, {name: another_digit(data.total(name), rng)})


def change_book(data: SheetData, rng: Rng) -> Tampered:
    """Another number of voters in the paper book than in the machine: 2 to 40 more or fewer."""
    off = int(rng.integers(2, 41)) * (1 if rng.random() < 0.5 else -1)
    machine = data.total("machine")
    book = machine + off if 0 <= machine + off <= LARGEST_NUMBER else machine - off
    return _with_totals(data, {"book": book})


def repeat_uuid(data: SheetData, other: SheetData) -> Tampered:
    """The UUID of another sheet."""
    change = Change("header", None, "uuid", data.uuid, other.uuid)
    return Tampered(replace(data, uuid=other.uuid), (change,))


def repeat_hash(data: SheetData, other: SheetData) -> Tampered:
    """The hash of another sheet."""
    change = Change("foot", None, "hash", data.hash_hex, other.hash_hex)
    return Tampered(replace(data, hash_hex=other.hash_hex), (change,))


def change_date(data: SheetData, rng: Rng) -> Tampered:
    """A date of printing 2 to 400 days before or after the true one."""
    day, month, year = map(int, data.printed_at[:_DATE_LENGTH].split("/"))
    days = int(rng.integers(2, 401)) * (1 if rng.random() < 0.5 else -1)
    other = (date(year, month, day) + timedelta(days=days)).strftime(_DATE)
    new = other + data.printed_at[_DATE_LENGTH:]
    change = Change("header", None, "printed-at", data.printed_at, new)
    return Tampered(replace(data, printed_at=new), (change,))


def drop_symbol(data: SheetData, *, room: bool) -> Tampered:
    """No symbol, as on sheets printed since May 2025: its room stays blank, or closes up."""
    change = Change("symbol", None, "payload", data.payload, "")
    return Tampered(replace(data, payload="", symbol_room=room), (change,))


def _printed(data: SheetData, columns: Columns, numbers: tuple[int, ...]) -> Tampered:
    """These numbers in one column or both, instead of the votes."""
    names = ("digits", "words") if columns == "both" else (columns,)
    changes = tuple(
        Change("ballot", row, name, str(old), str(new))
        for row, (old, new) in enumerate(zip(data.votes, numbers, strict=True))
        for name in names
        if old != new
    )
    digits = numbers if "digits" in names else None
    words = numbers if "words" in names else None
    return Tampered(replace(data, printed_digits=digits, printed_words=words), changes)


def _with_totals(data: SheetData, totals: dict[TotalName, int]) -> Tampered:
    changes = [
        Change("totals", None, name, str(data.total(name)), str(number))
        for name, number in totals.items()
    ]
    printed = {**data.printed_totals, **totals}
    return Tampered(replace(data, printed_totals=printed), tuple(changes))
