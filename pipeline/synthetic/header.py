"""The head of a sheet: logo, titles, place, centre. The only part whose length varies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.layout import Font, Layout, Logo
from pipeline.synthetic.canvas import Canvas
from pipeline.synthetic.content import SheetData

_UUID_FIRST_LINE = 24  # characters: the printer breaks after the fourth group


def draw_header(canvas: Canvas, layout: Layout, data: SheetData) -> float:
    """Draw everything above the first table; give back the y of that table's first rule."""
    top, place = layout.paper.top, layout.header
    _logo(canvas, place.logo, top)
    y = _titles(canvas, layout, data, top)
    y = _places(canvas, layout, data, y)
    y += place.centre_code_gap
    ink = canvas.text(data.centre_code, layout.fonts.body, place.right_x, y, "right")
    canvas.record("header", 3, "centre-code", data.centre_code, ink)
    y += place.voters_gap
    voters = f"{data.registered_voters} {place.voters}"
    ink = canvas.text(voters, layout.fonts.strong, place.right_x, y, "right")
    canvas.record("header", 4, "registered", voters, ink)
    canvas.rule(place.rule_x, top, place.rule_x, y + place.rule_end_gap)
    return y + place.table_gap


def _titles(canvas: Canvas, layout: Layout, data: SheetData, top: float) -> float:
    place, fonts = layout.header, layout.fonts
    centred: list[tuple[str, Font, float]] = [
        (place.title, fonts.heading, place.title_baseline),
        (data.acta_code, fonts.body, place.code_baseline),
        (data.uuid[:_UUID_FIRST_LINE], fonts.body, place.uuid_baseline),
        (data.uuid[_UUID_FIRST_LINE:], fonts.body, place.uuid_baseline + place.line_pitch),
    ]
    y = place.office_baseline
    for line in place.office:
        centred.append((line, fonts.office, y))
        y += place.office_pitch
    y += place.election_gap - place.office_pitch
    centred.append((place.election, fonts.body, y))
    inks = [
        canvas.text(text, font, place.centre_x, top + baseline, "centre")
        for text, font, baseline in centred
    ]
    canvas.record("header", 0, "acta-code", data.acta_code, inks[1])
    canvas.record("header", 1, "uuid", data.uuid, *inks[2:4])
    baseline = top + place.printed_at_baseline
    ink = canvas.text(data.printed_at, fonts.body, place.right_x, baseline, "right")
    canvas.record("header", 2, "printed-at", data.printed_at, ink)
    return top + y


def _places(canvas: Canvas, layout: Layout, data: SheetData, y: float) -> float:
    """The right-aligned lines; give back the baseline of the last one."""
    place, font = layout.header, layout.fonts.body
    for number, name in enumerate(data.places):
        y += place.place_gap if number else place.first_place_gap
        y = _wrapped(canvas, layout, name, font, y)
    gap = place.centre_gap
    for name in data.centre_lines:
        if not name:
            gap = place.address_gap
            continue
        y = _wrapped(canvas, layout, name, font, y + gap)
        gap = place.line_pitch
    return y


def _wrapped(canvas: Canvas, layout: Layout, text: str, font: Font, y: float) -> float:
    place = layout.header
    lines = wrap(canvas, text, font, place.max_width)
    for number, line in enumerate(lines):
        canvas.text(line, font, place.right_x, y + number * place.line_pitch, "right")
    return y + (len(lines) - 1) * place.line_pitch


def wrap(canvas: Canvas, text: str, font: Font, max_width: float) -> list[str]:
    """Break a text at blanks into lines no wider than `max_width` millimetres."""
    if canvas.width_of(text, font) <= max_width:
        return [text]
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and canvas.width_of(longer, font) <= max_width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _logo(canvas: Canvas, logo: Logo, top: float) -> None:
    patch = _logo_dots(canvas.px(logo.width), canvas.px(logo.height))
    canvas.paste(patch, canvas.px(logo.x), canvas.px(top + logo.y))


@lru_cache(maxsize=8)
def _logo_dots(wide: int, high: int) -> NDArray[np.uint8]:
    """No copy of the office's logo: diamonds in the dither that its shades are printed in."""
    y, x = np.mgrid[0 : 1 : high * 1j, 0 : 1 : wide * 1j]
    shade = np.zeros((high, wide))
    for centre, dark in ((0.2, 0.2), (0.4, 0.45), (0.6, 0.45), (0.8, 0.7)):
        inside = np.abs(x - centre) / 0.2 + np.abs(y - 0.42) / 0.42 < 1
        shade[inside] = np.maximum(shade[inside], dark)
    shade[(y > 0.93) & (x > 0.03)] = 0.45
    step = max(2, wide // 28)
    rows, columns = np.mgrid[0:high, 0:wide]
    threshold = ((rows // step + columns // step) % 2 * 2 + rows // step % 2 + 0.5) / 4
    return np.asarray(np.where(shade > threshold, 40, 255), dtype=np.uint8)
