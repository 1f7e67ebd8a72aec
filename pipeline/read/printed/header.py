"""Reading the header: whose sheet it is, its registered voters, when and by which machine printed.

A text recogniser reads its lines. Acta code and number of voters are *sure* only where the ink
bears out every digit that was read, and the acta code only if the line of the centre code says the
same centre. What is not sure is given for a person to look at; what does not match its grammar is
not given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.read.printed import grammar
from pipeline.read.printed.header_place import (
    Box,
    HeaderModel,
    LowerLines,
    UpperLines,
    cut,
    cut_centre,
    cut_code,
    find_lower,
    find_upper,
    middle,
)
from pipeline.read.printed.ink import Grey, ink_of
from pipeline.read.printed.line import LineScores, score_line
from pipeline.read.printed.ocr import HEIGHT, recognise
from pipeline.read.printed.place import Placement
from pipeline.read.printed.registered import STRONG, gain, number_line

_SCALE = 16.0  # pixels per millimetre: a line of 3 mm has the recogniser's height
_HALF = HEIGHT / _SCALE / 2
_BESIDE = 1.0  # millimetres left beside a line's ink
_STROKE = 1.2
_INK = 0.4  # of a line's darkest strokes
_FAINTEST = 0.04
_UNLIKE = -0.05
"""A margin below it says that the ink is not the digit that was read."""
_CLEAR, _CLEAR_STRONG = 0.1, 0.06
"""A margin above it says which digit the ink is: of the body's font, of the strong one."""
_LEAST = 0.5
"""Correlation of anything that is a digit."""


@dataclass(frozen=True)
class Header:
    """What a header says; None for what is not legible.

    `printed_at` is local time without a zone, in ISO 8601; where only the date is legible, that.
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
    texts = _Texts()
    code_line = None
    if upper:
        cell = cut_code(page, placement, model, upper)
        code_line = score_line(cell, model.code, model.body)
        texts = _read_upper(page, placement, model, upper, code_line.below_middle(cell))
    code = grammar.acta_code(texts.code, model.acta_code)
    centre = _read_centre(page, placement, model, lower) if lower else _Checked()
    voters = _read_voters(page, placement, model, lower) if lower else _Checked()
    named = _check(_figures(code), code_line, _CLEAR)
    return Header(
        acta_code=grammar.acta_code(named.figures, model.acta_code),
        acta_code_sure=named.sure
        and centre.sure
        and named.figures[model.centre_digits] == centre.figures,
        centre_code=centre.figures or None,
        registered_voters=int(voters.figures) if voters.figures else None,
        registered_sure=voters.sure,
        printed_at=grammar.moment(texts.printed_at),
        uuid=grammar.uuid(texts.uuid),
    )


def read_voters(page: Grey, placement: Placement, model: HeaderModel) -> tuple[int | None, bool]:
    """The number of registered voters alone, and whether it is sure (about 30 ms)."""
    lower = find_lower(page, placement, model)
    voters = _read_voters(page, placement, model, lower) if lower else _Checked()
    return int(voters.figures) if voters.figures else None, voters.sure


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
    return _Checked(figures, line.best.min() >= _LEAST and line.margins(figures).min() >= _UNLIKE)


def _figures(code: str | None) -> str:
    return "".join(letter for letter in code or "" if letter.isdigit())


@dataclass(frozen=True)
class _Texts:
    """The upper lines as they were recognised."""

    code: str = ""
    uuid: str = ""
    printed_at: str = ""


def _read_upper(
    page: Grey, placement: Placement, model: HeaderModel, upper: UpperLines, off: float
) -> _Texts:
    """Recognise the upper lines; `off` is by how many millimetres the acta code lies too low."""
    place, font = model.layout.header, model.layout.fonts.body
    half = place.max_width / 2 - 0.5  # not as far as the header's rule
    left, right = place.centre_x - half, place.centre_x + half

    def text(baseline: float, end: float) -> str:
        y = upper.top + off + middle(baseline, font)
        return _read(page, placement, Box(left + upper.x, y, end + upper.x, y))

    return _Texts(
        text(place.code_baseline, right),
        text(place.uuid_baseline, right) + text(place.uuid_baseline + place.line_pitch, right),
        text(place.printed_at_baseline, place.right_x + 2 * _BESIDE),
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
    same = scores is not None and found.figures == scores.text
    return _Checked(found.figures, found.sure and same)


def _read_right(page: Grey, placement: Placement, model: HeaderModel, y: float) -> str:
    """A short line that ends at the right edge of the header."""
    place = model.layout.header
    left, right = place.right_x - place.max_width / 2, place.right_x + 3 * _BESIDE
    return _read(page, placement, Box(left, y, right, y))


def _read(page: Grey, placement: Placement, line: Box) -> str:
    """Recognise a line whose middle runs along a box without height."""
    box = Box(line.left, line.top - _HALF, line.right, line.bottom + _HALF)
    grey = cut(page, placement, box, _SCALE)
    ink = ink_of(grey, _STROKE * _SCALE)
    inner = ink[HEIGHT // 6 : -HEIGHT // 6]  # the neighbours' tails reach into the edges
    dark = max(_FAINTEST, _INK * float(np.quantile(inner, 0.98)))
    columns = np.flatnonzero((inner > dark).sum(axis=0) > 1)
    if not columns.size:
        return ""
    beside = round(_BESIDE * _SCALE)
    return recognise(grey[:, max(0, columns[0] - beside) : columns[-1] + beside + 1])
