"""What is printed on a sheet, and what drawing one gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    The two overrides make tampered sheets: they print other numbers than `votes` in one column,
    and leave every total as the votes have it.
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

    @property
    def valid_votes(self) -> int:
        """The sum of the ballot's positions."""
        return sum(self.votes)

    @property
    def all_votes(self) -> int:
        """Valid, null and empty votes: what the machine took."""
        return self.valid_votes + self.null_votes + self.empty_votes


@dataclass(frozen=True)
class DrawnSheet:
    """An image of a sheet and where the two things stand that tests look for.

    `symbol_corners` are the outer corners of the QR (top left, top right, bottom right, bottom
    left, in pixels); `members_box` holds the six boxes: x0, y0, x1, y1.
    """

    image: NDArray[np.uint8]
    symbol_corners: NDArray[np.float32] | None
    members_box: tuple[int, int, int, int]
