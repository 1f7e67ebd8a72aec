"""What is known of a header before any sheet is read: drawn once for an election."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.election import ActaCodeFormat
from pipeline.layout import Layout
from pipeline.read.printed.form import Form, Text, draw_fixed
from pipeline.read.printed.glyphs import (
    SCALE,
    Glyphs,
    Pattern,
    draw_glyphs,
    draw_pattern,
    places_before,
)
from pipeline.read.printed.grammar import MOMENT
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.letters import Letters, draw_letters
from pipeline.read.printed.place import Doubles
from pipeline.read.printed.upright import Box

ROUGH = 2.0
"""Pixels per millimetre of the drawing of the upper lines."""
UUID_LETTERS = "0123456789abcdef-"
_MOST_DIGITS = 5  # places looked at before the word of the registered voters


@dataclass(frozen=True)
class HeaderModel:
    """What is known of a header before it is read.

    `block` is the ink of its fixed upper lines, `block_box` where they stand, in millimetres from
    the top of the header's rule. `number_places` are where the digits of the number of voters may
    stand, from the highest, in pixels from the left edge of `voters.drawn`, the word after them.
    `hexadecimal` are the letters of a UUID, in all shapes.
    """

    layout: Layout
    acta_code: ActaCodeFormat
    block: Floats
    block_box: Box
    shortest: float
    code: Pattern
    centre: Pattern
    voters: Pattern
    number_places: Doubles
    moment: Pattern
    body: Glyphs
    strong: Glyphs
    hexadecimal: tuple[Letters, ...]

    @property
    def lower_width(self) -> float:
        """Millimetres that the lower lines take up from their right edge."""
        number = self.voters.drawn.shape[1] - self.number_places[0]
        return float(max(number, self.centre.drawn.shape[1])) / SCALE + 1

    @property
    def centre_digits(self) -> slice:
        """Where the centre's digits stand among those of the acta code."""
        parts = self.acta_code.parts
        first = [name for name, _ in parts].index("centre")
        start = sum(count for _, count in parts[:first])
        return slice(start, start + parts[first][1])

    def written(self, digits: str) -> str:
        """The digits of an acta code with the separators between them."""
        rest, parts = digits, []
        for _, count in self.acta_code.parts:
            parts.append(rest[:count])
            rest = rest[count:]
        return self.acta_code.separator.join(parts)


def draw_header_model(form: Form, acta_code: ActaCodeFormat) -> HeaderModel:
    """Draw all that reading a header needs (about 0.1 s)."""
    layout = form.layout
    block, box = _block(form)
    body, strong = layout.outlines.body, layout.outlines.strong
    word = layout.header.voters
    digits = ["0" * count for _, count in acta_code.parts]
    return HeaderModel(
        layout=layout,
        acta_code=acta_code,
        block=block,
        block_box=box,
        shortest=_shortest(layout, box.bottom),
        code=draw_pattern(acta_code.separator.join(digits), body),
        centre=draw_pattern("0" * dict(acta_code.parts)["centre"], body),
        voters=draw_pattern(word, strong),
        number_places=places_before(word, _MOST_DIGITS, strong),
        moment=draw_pattern(MOMENT, body),
        body=draw_glyphs(body, layout.fonts.body, layout.paper.dot),
        strong=draw_glyphs(strong, layout.fonts.strong, layout.paper.dot),
        hexadecimal=draw_letters(UUID_LETTERS, body, layout.fonts.body, layout.paper.dot),
    )


def _block(form: Form) -> tuple[Floats, Box]:
    """The ink of the fixed upper lines, and what part of the header that is."""
    place = form.layout.header
    texts = tuple(_fixed(form.layout))
    end = texts[-1].baseline + 0.5
    left = max(0, round((place.centre_x - place.max_width / 2) * ROUGH))
    ink = draw_fixed(form, ROUGH, 0.0, end, texts, rules=())
    ink = ink[:, left : left + round(place.max_width * ROUGH)]
    return ink, Box(left / ROUGH, 0.0, (left + ink.shape[1]) / ROUGH, end)


def _fixed(layout: Layout) -> Iterator[Text]:
    """The upper lines that are the same on every sheet, from top to bottom."""
    place, fonts = layout.header, layout.fonts
    yield Text(place.title, fonts.heading, place.centre_x, place.title_baseline, "centre")
    y = place.office_baseline
    for text in place.office:
        yield Text(text, fonts.office, place.centre_x, y, "centre")
        y += place.office_pitch
    y += place.election_gap - place.office_pitch
    yield Text(place.election, fonts.body, place.centre_x, y, "centre")


def _shortest(layout: Layout, election: float) -> float:
    """From the header's top to the form, with a line each for one place and the centre."""
    place = layout.header
    below = place.first_place_gap + place.centre_gap + place.centre_code_gap
    return election + below + place.voters_gap + place.rule_end_gap + place.table_gap
