"""A printed tally sheet, drawn from its content, a ballot and a layout.

The image is the clean print: white paper, black ink, no scanner. `paper.scan_look` adds the rest.
The same content, layout and random generator give the same pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.layout import Layout
from pipeline.synthetic.canvas import Canvas
from pipeline.synthetic.content import BallotRow, SheetData
from pipeline.synthetic.drawn import DrawnSheet, Floats, quad
from pipeline.synthetic.header import draw_header
from pipeline.synthetic.notes import Heights, write_notes
from pipeline.synthetic.people import fill_members
from pipeline.synthetic.symbol import MASKS, print_symbol, symbol_modules
from pipeline.synthetic.tables import draw_ballot, draw_remarks, draw_summary, draw_voters

__all__ = ["BallotRow", "DrawnSheet", "SheetData", "draw_sheet"]


def draw_sheet(
    data: SheetData,
    ballot: Sequence[BallotRow],
    layout: Layout,
    rng: np.random.Generator,
    *,
    dpi: int = 200,
) -> DrawnSheet:
    """Draw a sheet. Raises ValueError where votes and ballot differ in length, a number needs
    five digits, or no QR version holds the payload."""
    if len(data.votes) != len(ballot):
        raise ValueError(f"{len(data.votes)} votes for a ballot of {len(ballot)} positions")
    canvas = Canvas(layout.paper, _room(layout, data, len(ballot)), dpi)
    y = draw_header(canvas, layout, data)
    table = draw_voters(canvas, layout, data, y)
    y = draw_ballot(canvas, layout, data, ballot, table)
    y = draw_summary(canvas, layout, data, y)
    remarks = y + layout.remarks.gap
    y = draw_remarks(canvas, layout, remarks)
    _draw_closing(canvas, layout, y)
    members = y + layout.members.gap
    y = _draw_boxes(canvas, layout, members)
    boxes = fill_members(canvas, layout.members, members, rng)
    corners, y = _draw_symbol(canvas, layout, data, y, rng)
    y = _draw_hash(canvas, layout, data.hash_hex, y)
    notes = write_notes(canvas, layout, Heights(table, remarks, members), rng)
    image = canvas.image[: canvas.px(y + layout.paper.bottom)]
    return DrawnSheet(image, corners, boxes, tuple(canvas.cells), notes)


def _room(layout: Layout, data: SheetData, rows: int) -> float:
    """A height that no sheet outgrows: every row under its own heading, every line wrapped."""
    head, table, members = layout.header, layout.ballot_table, layout.members
    lines = 4 * (len(data.places) + len(data.centre_lines)) + len(head.office)
    return (
        layout.paper.top
        + head.office_baseline
        + lines * head.place_gap
        + rows * (table.heading_to_row + table.row_to_heading)
        + len(layout.summary_table.rows) * layout.summary_table.row_pitch
        + layout.remarks.rows * layout.remarks.row_pitch
        + len(members.roles) * members.box_pitch
        + layout.symbol.module * 60
        + 150.0
    )


def _draw_closing(canvas: Canvas, layout: Layout, above: float) -> None:
    place, members = layout.closing, layout.members
    for number, line in enumerate(place.lines):
        baseline = above + place.baseline + number * place.line_pitch
        canvas.text(line, layout.fonts.heading, place.x, baseline)
    title_y = above + members.title_baseline
    canvas.text(members.title, layout.fonts.strong, members.title_x, title_y, "centre")


def _draw_boxes(canvas: Canvas, layout: Layout, top: float) -> float:
    place, fonts = layout.members, layout.fonts
    bottom = top + len(place.roles) * place.box_pitch
    canvas.frame(place.left, top, place.right, bottom)
    for number, role in enumerate(place.roles):
        box = top + number * place.box_pitch
        canvas.rule(place.left, box, place.right, box)
        canvas.text(role, fonts.heading, place.role_x, box + place.role_baseline)
        for line, label in enumerate(place.labels, start=1):
            rule = box + line * place.label_pitch
            canvas.rule(place.left, rule, place.right, rule)
            canvas.text(label, fonts.body, place.label_x, rule + place.label_baseline)
        last = box + (len(place.labels) + 1) * place.label_pitch
        canvas.rule(place.left, last, place.right, last)
    return bottom


def _draw_symbol(
    canvas: Canvas, layout: Layout, data: SheetData, above: float, rng: np.random.Generator
) -> tuple[Floats | None, float]:
    """Draw the QR; give back its corners and the y of its bottom edge: without a payload that of
    the room it would have, or of the rule above it."""
    place = layout.symbol
    mask = MASKS[int(rng.integers(len(MASKS)))]
    top = above + place.gap
    if not data.payload:
        return None, top + 49 * place.module if data.symbol_room else above
    modules = symbol_modules(data.payload, place, mask)
    side = len(modules) * place.module
    size = canvas.px(side)
    left, y = canvas.px(place.x) - size // 2, canvas.px(top)
    canvas.paste(print_symbol(modules, size), left, y)
    return quad(left, y, left + size, y + size), top + side


def _draw_hash(canvas: Canvas, layout: Layout, hash_hex: str, above: float) -> float:
    """Draw the hash and the end rule; give back the y of that rule."""
    place = layout.hash
    y = above + place.baseline
    for start in range(0, len(hash_hex), place.line_length):
        line = hash_hex[start : start + place.line_length]
        ink = canvas.text(line, layout.fonts.body, place.x, y, "centre")
        canvas.record("foot", start // place.line_length, "hash", line, ink)
        y += place.line_pitch
    y += place.end_rule - place.line_pitch
    canvas.rule(layout.members.left, y, layout.members.right, y, weight=0.5)
    return y
