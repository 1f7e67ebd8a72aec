"""Reading the header: whose sheet it is, its registered voters, when and by which machine printed.

A text recogniser reads its lines. Acta code and number of voters are *sure* only where the ink
bears out every digit that was read, and the acta code only if the line of the centre code says the
same centre. What is not sure is given for a person to look at; what does not match its grammar is
not given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.read.printed import grammar
from pipeline.read.printed.header_model import HeaderModel
from pipeline.read.printed.header_place import (
    LowerLines,
    UpperLines,
    cut_centre,
    cut_code,
    cut_moment,
    find_lower,
    find_upper,
    middle,
)
from pipeline.read.printed.ink import Grey
from pipeline.read.printed.line import LineScores, score_line
from pipeline.read.printed.ocr import read_line
from pipeline.read.printed.place import Placement
from pipeline.read.printed.registered import STRONG, gain, number_line
from pipeline.read.printed.upright import Box
from pipeline.read.printed.uuid_lines import read_uuid

_BEYOND = 2.5  # millimetres that a line may reach beyond the right edge of the header
_UNLIKE = -0.05
"""A margin below it says that the ink is not the digit that was read."""
_CLEAR, _CLEAR_STRONG = 0.1, 0.06
"""A margin above it says which digit the ink is: of the body's font, of the strong one."""
_WELL, _CLEARLY = 0.85, 0.08
"""Score of the worst digit, and least margin, of which voters that are sure have one at least."""
_CLEAR_MOMENT = 0.05
"""The same of date and time, which a recogniser must read likewise."""
_LEAST = 0.5
"""Correlation of anything that is a digit."""


@dataclass(frozen=True)
class Header:
    """What a header says; None for what is not legible.

    `printed_at` is local time without a zone, in ISO 8601; it and the UUID are given only where
    every digit is sure.
    """

    acta_code: str | None = None
    acta_code_sure: bool = False
    centre_code: str | None = None
    registered_voters: int | None = None
    registered_sure: bool = False
    printed_at: str | None = None
    uuid: str | None = None


def read_header(page: Grey, placement: Placement, model: HeaderModel) -> Header:
    """Read the header above a placed form. One that is missing or cut off gives an empty one."""
    upper = find_upper(page, placement, model)
    lower = find_lower(page, placement, model)
    top = _read_upper(page, placement, model, upper) if upper else _Upper()
    centre = _read_centre(page, placement, model, lower) if lower else _Checked()
    voters = _read_voters(page, placement, model, lower) if lower else _Checked()
    same = top.code.figures[model.centre_digits] == centre.figures
    return Header(
        acta_code=grammar.acta_code(top.code.figures, model.acta_code),
        acta_code_sure=same and top.code.sure and centre.sure,
        centre_code=centre.figures or None,
        registered_voters=int(voters.figures) if voters.figures else None,
        registered_sure=voters.sure,
        printed_at=top.printed_at,
        uuid=top.uuid,
    )


@dataclass(frozen=True)
class _Checked:
    """Digits as recognised, mended where the ink clearly shows others; `sure` if it bears out all
    that were recognised."""

    figures: str = ""
    sure: bool = False


def _check(figures: str, line: LineScores | None, clear: float) -> _Checked:
    """Hold recognised digits against the ink; `clear` is the margin that says which digit it is."""
    if not figures or line is None or len(figures) != len(line.scores):
        return _Checked(figures)
    seen = line.text
    certain = (line.best >= _LEAST) & (line.margins(seen) >= clear)
    mended = "".join(
        ink if known else figure for ink, figure, known in zip(seen, figures, certain, strict=True)
    )
    if mended != figures:
        return _Checked(mended)
    fits = line.best.min() >= _LEAST and line.margins(figures).min() >= _UNLIKE
    return _Checked(figures, bool(fits))


@dataclass(frozen=True)
class _Upper:
    """What the upper lines say."""

    code: _Checked = _Checked()
    printed_at: str | None = None
    uuid: str | None = None


def _read_upper(page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines) -> _Upper:
    cell = cut_code(page, placement, model, upper)
    line = score_line(cell, model.code, model.body)
    # Where the acta code stands tells the height of its neighbours better than the large lines do.
    upper = replace(upper, top=upper.top + line.below_middle(cell))
    place, font = model.layout.header, model.layout.fonts.body
    half = place.max_width / 2 - 0.5  # not as far as the header's rule
    left, right = upper.x + place.centre_x - half, upper.x + place.centre_x + half

    def text(baseline: float, beyond: float = 0.0) -> str:
        y = upper.top + middle(baseline, font)
        return _read(page, placement, Box(left, y, right + beyond, y))

    code = grammar.acta_code(text(place.code_baseline), model.acta_code)
    figures, half_day = grammar.moment(text(place.printed_at_baseline, _BEYOND))
    moments = score_line(cut_moment(page, placement, model, upper), model.moment, model.body)
    moment = _check(figures, moments, _CLEAR)
    # Nothing on the sheet says it twice.
    clear = moments.margins(moments.text).min() >= _CLEAR_MOMENT
    return _Upper(
        _check("".join(filter(str.isdigit, code or "")), line, _CLEAR),
        grammar.iso_moment(moment.figures, half_day) if moment.sure and clear else None,
        read_uuid(page, placement, model, upper),
    )


def _read_centre(
    page: Grey, placement: Placement, model: HeaderModel, lower: LowerLines
) -> _Checked:
    scores = score_line(cut_centre(lower, model), model.centre, model.body)
    text = _read_right(page, placement, model, lower.middle - model.layout.header.voters_gap)
    return _check(grammar.digits(text, len(model.centre.places)) or "", scores, _CLEAR)


def _read_voters(
    page: Grey, placement: Placement, model: HeaderModel, lower: LowerLines
) -> _Checked:
    text = _read_right(page, placement, model, lower.middle)
    number = grammar.number(text, model.layout.header.voters)
    scores = number_line(lower, model)
    strong = gain(lower, model) >= STRONG
    if scores and (number is None or len(str(number)) != len(scores.text)):
        return _Checked(scores.text if strong and scores.text[0] != "0" else "")
    found = _check(
        "" if number is None else str(number), scores, _CLEAR_STRONG if strong else np.inf
    )
    if found.figures.startswith("0") and number:  # no number does: the ink was misjudged
        return _Checked(str(number))
    sure = scores is not None and found.figures == scores.text and _distinct(scores)
    return _Checked(found.figures, found.sure and sure)


def _distinct(line: LineScores) -> bool:
    """Whether letters fit well, or are clearly no others: in a font that is not quite the drawn
    one, recognition and comparison take the same 6 for an 8."""
    margin = float(line.margins(line.text).min())
    return float(line.best.min()) >= _WELL or margin >= _CLEARLY


def _read_right(page: Grey, placement: Placement, model: HeaderModel, y: float) -> str:
    """A short line that ends at the right edge of the header."""
    place = model.layout.header
    left, right = place.right_x - place.max_width / 2, place.right_x + _BEYOND
    return _read(page, placement, Box(left, y, right, y))


def _read(page: Grey, placement: Placement, line: Box) -> str:
    return read_line(page, placement.local(line.top)[:2], line)
