"""What is printed on a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.layout import SummaryCount, VotersCount

TotalName = VotersCount | SummaryCount


@dataclass(frozen=True)
class BallotRow:
    """A position of the ballot as printed; neighbours of one candidate share a heading."""

    candidate_name: str
    party: str
    code: str


@dataclass(frozen=True)
class SheetData:
    """Everything that is printed on one sheet and differs between sheets.

    An empty string in `centre_lines` is the wider gap between a centre's name and its address.
    The three overrides make tampered sheets: they print other numbers than `votes` in one column,
    and other totals than the votes have. Without a payload no symbol is printed; `symbol_room`
    says whether its place stays blank or the lines below move up.
    """

    acta_code: str
    centre_code: str
    votes: tuple[int, ...]
    null_votes: int
    empty_votes: int
    registered_voters: int
    voters_book: int
    payload: str
    uuid: str
    printed_at: str
    places: tuple[str, ...]
    centre_lines: tuple[str, ...]
    hash_hex: str
    printed_digits: tuple[int, ...] | None = None
    printed_words: tuple[int, ...] | None = None
    printed_totals: Mapping[TotalName, int] = field(default_factory=dict)
    symbol_room: bool = True

    def __post_init__(self) -> None:
        for name in ("printed_digits", "printed_words"):
            other = getattr(self, name)
            if other is not None and len(other) != len(self.votes):
                raise ValueError(f"{name} has {len(other)} numbers, votes {len(self.votes)}")

    @property
    def digits(self) -> tuple[int, ...]:
        """The numbers of the column NRO."""
        return self.votes if self.printed_digits is None else self.printed_digits

    @property
    def spelled(self) -> tuple[int, ...]:
        """The numbers of the column Letras."""
        return self.votes if self.printed_words is None else self.printed_words

    def total(self, name: TotalName) -> int:
        """A number of the tables of voters and totals, as printed."""
        valid = sum(self.votes)
        cast = valid + self.null_votes + self.empty_votes
        true: dict[TotalName, int] = {
            "machine": cast,
            "book": self.voters_book,
            "all": cast,
            "valid": valid,
            "none": 0,
            "null": self.null_votes,
            "empty": self.empty_votes,
        }
        return self.printed_totals.get(name, true[name])
