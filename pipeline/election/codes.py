"""Identities: the acta code printed on a sheet, and the mesa (polling table) it belongs to.

Codes are always text and always zero-padded: 40% of the centre codes in the table published in
2024 lost a leading zero on their way through a spreadsheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NewType

MesaKey = NewType("MesaKey", str)
"""Centre code, a dot, mesa number: `240111020.01`. What is counted once and only once."""


@dataclass(frozen=True, slots=True)
class ActaCode:
    """A valid acta code, taken apart."""

    text: str
    centre: str
    mesa_number: int
    mesa: MesaKey


@dataclass(frozen=True)
class ActaCodeFormat:
    """How an election writes its acta codes: named parts of so many digits each.

    `parts` holds (name, digits) and must contain `centre` and `mesa`.
    """

    separator: str
    parts: tuple[tuple[str, int], ...]
    usual: tuple[tuple[str, str], ...] = ()
    """Parts that nearly always hold the same digits: a hint where a symbol is damaged."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression of the code; only ASCII digits, for `\\d` takes others too."""
        groups = {name: f"?P<{name}>" for name in ("centre", "mesa")}
        parts = (f"({groups.get(name, '?:')}[0-9]{{{digits}}})" for name, digits in self.parts)
        return re.compile(re.escape(self.separator).join(parts))

    def parse(self, text: str) -> ActaCode | None:
        """The code taken apart, or None if `text` is not one (mesa number 0 does not exist)."""
        match = self.pattern.fullmatch(text)
        if match is None or int(match["mesa"]) == 0:
            return None
        centre, mesa = match["centre"], match["mesa"]
        key = MesaKey(f"{centre}{self.separator}{mesa}")
        return ActaCode(text, centre, int(mesa), key)

    def mesa_key(self, centre: str, number: int) -> MesaKey:
        """The key of a mesa named by a register rather than by a sheet."""
        return MesaKey(f"{centre}{self.separator}{number:0{self._digits('mesa')}d}")

    @property
    def most_mesas(self) -> int:
        """The highest mesa number that a code can hold."""
        return int(10 ** self._digits("mesa")) - 1

    def split_mesa(self, key: MesaKey) -> tuple[str, int]:
        """Centre and mesa number of a key."""
        centre, _, number = key.rpartition(self.separator)
        return centre, int(number)

    def mesa_key_of(self, text: str) -> MesaKey | None:
        """The mesa that a user means by `text`: a mesa key or a whole acta code."""
        code = self.parse(text)
        if code:
            return code.mesa
        centre, _, number = text.rpartition(self.separator)
        digits = self._digits
        fits = len(centre) == digits("centre") and len(number) == digits("mesa")
        if fits and (centre + number).isascii() and (centre + number).isdigit() and int(number):
            return MesaKey(text)
        return None

    def _digits(self, part: str) -> int:
        return dict(self.parts)[part]
