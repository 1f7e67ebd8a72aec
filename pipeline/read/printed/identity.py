"""Holding the header's acta code against the QR's: is this symbol printed on its own sheet?

The code's centre stands twice in a header, in the acta code and on a line of its own; the mesa's
number stands once. Only what the paper clearly shows counts as another sheet's: a digit that both
lines read otherwise, or one of the mesa's that its only line does. No letters are recognised here;
the expected digits are compared with their rivals (about 3 ms).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.read.printed.agree import Agreement
from pipeline.read.printed.header_model import HeaderModel
from pipeline.read.printed.header_place import (
    cut_centre,
    cut_code,
    find_lower,
    find_upper,
)
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.line import LineScores, score_line
from pipeline.read.printed.place import Placement

_ALARM = -0.2
"""A margin below it says that the paper shows another digit, where one line tells."""
_ALARM_TWICE = -0.2
"""The same for the mean of two lines that both show another digit."""
_ALARM_ALONE = -0.25
"""The same for a digit of the centre that only one of its two lines tells."""
_CLEAR, _LEAST = 0.72, 0.5
"""How well a line's digits fit in the middle, and each of them, if the line is legible."""
_SHARP = 0.85
"""How well a line's digits fit in the middle if it is sharp: then one other digit is enough."""
_ALIKE = frozenset(map(frozenset, ("08", "38", "58", "68", "89", "06", "09", "56")))
"""Digits that blur makes of each other: one alone that differs so is not another sheet's code. Its
votes would differ, too, and these are held against the print row by row."""
_COARSEST = 5.5
"""Pixels per millimetre, 140 dpi: below that compression makes another digit of one."""


@dataclass(frozen=True)
class Identity:
    """Whether the header names the expected sheet; `shown` is what it seems to name, with ? for
    digits that are not clear, or None where the acta code's line is not legible."""

    agreement: Agreement
    shown: str | None = None


def check_identity(page: Grey, placement: Placement, model: HeaderModel, expected: str) -> Identity:
    """Hold the header against an acta code of the election's format (another is a ValueError)."""
    if model.acta_code.parse(expected) is None:
        raise ValueError(f"not an acta code: {expected!r}")
    digits = "".join(letter for letter in expected if letter.isdigit())
    code, centre = code_line(page, placement, model), centre_line(page, placement, model)
    of_code, of_centre = legible(code), legible(centre)
    margins = np.full(len(digits), np.nan) if of_code is None else _told(of_code, digits)
    alarms = np.full(len(digits), _ALARM)
    place = model.centre_digits
    alarms[place] = _ALARM_ALONE
    if of_centre is not None:
        again = _told(of_centre, digits[place])
        margins, alarms = _with_second(margins, alarms, again, place)
    shown = None if of_code is None else _shown(of_code, model)
    others = np.flatnonzero(margins < alarms)
    seen = _seen(of_code, of_centre, digits, place)
    alike = all(frozenset((digits[at], seen[at])) in _ALIKE for at in others)
    needed = 2 if alike else _needed(of_code, of_centre)
    if len(others) >= needed and placement.pixels_per_mm >= _COARSEST:
        return Identity(Agreement.MISMATCH, shown)
    if of_code is not None and (margins > 0).all():
        return Identity(Agreement.AGREES, shown)
    return Identity(Agreement.WEAK, shown)


def _seen(code: LineScores | None, centre: LineScores | None, digits: str, place: slice) -> str:
    """The digits as the paper shows them; where only the centre's line is legible, these alone."""
    if code is not None:
        return code.text
    return digits if centre is None else digits[: place.start] + centre.text + digits[place.stop :]


def _needed(code: LineScores | None, centre: LineScores | None) -> int:
    """How many digits must differ: one on clear lines, two where blur makes a 0 of an 8."""
    fits = [float(np.median(line.best)) for line in (code, centre) if line is not None]
    return 1 if fits and min(fits) >= _SHARP else 2


def _told(line: LineScores, digits: str) -> Floats:
    """The margins of a line; a place that looks like no digit at all speaks against none."""
    margins = line.margins(digits)
    return np.where(line.best < _CLEAR, np.maximum(margins, 0), margins)


def _with_second(
    margins: Floats, alarms: Floats, again: Floats, place: slice
) -> tuple[Floats, Floats]:
    """Margins and alarms where the centre's line tells its digits a second time."""
    margins, alarms = margins.copy(), alarms.copy()
    first = margins[place]
    if np.isnan(first).all():
        margins[place] = again
        return margins, alarms
    # Two lines that contradict each other say that one of them is stained.
    apart = (first < 0) != (again < 0)
    margins[place] = np.where(apart, 0, (first + again) / 2)
    alarms[place] = _ALARM_TWICE
    return margins, alarms


def code_line(page: Grey, placement: Placement, model: HeaderModel) -> LineScores | None:
    """The digits of the acta code's line, None where the header's upper lines are not seen."""
    upper = find_upper(page, placement, model)
    if upper is None:
        return None
    return score_line(cut_code(page, placement, model, upper), model.code, model.body)


def centre_line(page: Grey, placement: Placement, model: HeaderModel) -> LineScores | None:
    """The digits of the centre's line, None where the line below it is not seen."""
    lower = find_lower(page, placement, model)
    if lower is None:
        return None
    return score_line(cut_centre(lower, model), model.centre, model.body)


def legible(line: LineScores | None) -> LineScores | None:
    """The line, if all its digits look like digits."""
    if line is None or np.median(line.best) < _CLEAR or line.best.min() < _LEAST:
        return None
    return line


def _shown(line: LineScores, model: HeaderModel) -> str:
    """The acta code as it looks, unclear digits as ?."""
    text = line.text
    clear = line.margins(text) > -_ALARM / 3
    return model.written("".join(d if sure else "?" for d, sure in zip(text, clear, strict=True)))
