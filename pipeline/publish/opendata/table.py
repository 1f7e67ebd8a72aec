"""What a table of the open data is: described columns, and rows that can be had again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import ConfigError

Value = str | int | bool | None
Row = tuple[Value, ...]


class Kind(StrEnum):
    """The type of a column; the names are those of Frictionless table schemas."""

    TEXT = "string"
    NUMBER = "integer"
    FLAG = "boolean"


@dataclass(frozen=True)
class Column:
    """A column. Where `required` is False a cell may be empty, which means: does not apply."""

    name: str
    kind: Kind
    about: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A table; `path` is where it lies in the folder, without the ending. `rows` starts anew."""

    path: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Row]]
    key: tuple[str, ...] = ()
    all_formats: bool = True
    """As JSON and Parquet too, not as CSV alone."""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(
                f"The open data's table {self.path} would have the column {twice!r} twice.",
                "Give the candidate or level of that name another code in the election.",
            )

    @property
    def name(self) -> str:
        """Its name in the data package."""
        return self.path.replace("/", "-")


def text(name: str, about: str, *, required: bool = False) -> Column:
    """A column of text."""
    return Column(name, Kind.TEXT, about, required)


def number(name: str, about: str, *, required: bool = False) -> Column:
    """A column of whole numbers, none of them negative."""
    return Column(name, Kind.NUMBER, about, required)


def flag(name: str, about: str) -> Column:
    """A column of true and false."""
    return Column(name, Kind.FLAG, about, required=True)
