"""How figures and foreign text are written on a page."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup

THIN_SPACE = "\u202f"
"""Between thousands; no line breaks at it."""
MINUS = "\u2212"
NONE = "\u2013"
REPLACEMENT = "\ufffd"
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_HARMLESS = "\n\t\u200c\u200d"
"""White space, and the joiners that some scripts need."""


def number(value: int) -> str:
    """A whole number, its thousands set apart."""
    return f"{value:,}".replace(",", THIN_SPACE).replace("-", MINUS)


def signed(value: int) -> str:
    """A difference, its sign always shown."""
    return f"+{number(value)}" if value > 0 else number(value)


def share(part: int, whole: int | None) -> str:
    """A share in percent with two decimals, or a dash where there is no whole.

    Only nothing reads 0.00% and only all reads 100.00%, whatever rounding would say.
    """
    if not whole:
        return NONE
    hundredths = _hundredths(part, whole)
    if hundredths == 0 and part > 0:
        return "<0.01%"
    if hundredths == 10_000 and part < whole:
        return ">99.99%"
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def percent(part: int, whole: int) -> str:
    """A share as a bare number, for the length of a bar."""
    hundredths = min(_hundredths(part, whole), 10_000) if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _hundredths(part: int, whole: int) -> int:
    """Hundredths of a percent, halves rounded up: in integers, so the same everywhere."""
    return (20_000 * part + whole) // (2 * whole)


def visible(value: object) -> object:
    """Text without characters that hide or turn the reading direction; markup stays as it is.

    Names come from files that strangers wrote: a right-to-left override in one could make another
    number appear beside it.
    """
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(REPLACEMENT if _hides(char) else char for char in value)


def _hides(char: str) -> bool:
    return char not in _HARMLESS and unicodedata.category(char) in _HIDDEN
