"""From a recognised line to what it says, or None: numbers, codes and dates have strict forms.

Recognisers take letters for digits that look alike; where only digits can stand they are taken
back. Nothing else is repaired.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

from pipeline.election import ActaCodeFormat

MOMENT = "00/00/0000 00:00:00 PM"
"""How date and time are printed, 0 for any digit; day before month."""
_MOMENT_DIGITS = MOMENT.count("0")
_ENDS = (0, 2, 4, 8, 10, 12, 14)
_DIGITS = str.maketrans("OoQDIl|ZSBgq", "000011125899")


def digits(text: str, count: int) -> str | None:
    """A line of just so many digits."""
    figures = text.translate(_DIGITS)
    return figures if re.fullmatch(f"[0-9]{{{count}}}", figures) else None


def acta_code(text: str, form: ActaCodeFormat) -> str | None:
    """An acta code; its separators may have been taken for others, or overlooked."""
    figures = re.sub("[^0-9]", "", text.translate(_DIGITS))
    counts = [count for _, count in form.parts]
    if len(figures) != sum(counts) or len(text) > len(figures) + 2 * len(counts):
        return None
    ends = [sum(counts[: n + 1]) for n in range(len(counts))]
    starts = [0, *ends[:-1]]
    written = form.separator.join(figures[a:b] for a, b in zip(starts, ends, strict=True))
    return written if form.parse(written) else None


def number(text: str, word: str) -> int | None:
    """The number before a word; the word itself may have been recognised badly."""
    start = text.find(word[1:4]) - 1
    if start <= 0:
        start = len(text) - len(word)
    figures = text[: max(0, start)].translate(_DIGITS)
    return int(figures) if re.fullmatch("0|[1-9][0-9]{0,4}", figures) else None


def moment(text: str) -> tuple[str, str]:
    """The digits of a line such as `MOMENT`, and A or P for the half of the day; '' for neither."""
    half = re.search("([AP])[.]?M", text)
    figures = re.sub("[^0-9]", "", text[: half.start()] if half else text)
    return figures, half[1] if half else ""


def iso_moment(figures: str, half: str) -> str | None:
    """The 14 digits of date and time in ISO 8601."""
    if not half or len(figures) != _MOMENT_DIGITS:
        return None
    day, month, year, hour, minute, second = (
        int(figures[start:end]) for start, end in pairwise(_ENDS)
    )
    if not 1 <= hour <= 12:
        return None
    try:
        afternoon = 12 if half == "P" else 0
        return datetime(year, month, day, hour % 12 + afternoon, minute, second).isoformat()
    except ValueError:
        return None
