"""The tables of a sheet, from "Votantes" to the remarks: every number in digits and in words."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.layout import Layout
from pipeline.synthetic.canvas import Canvas, width_mm
from pipeline.synthetic.content import BallotRow, SheetData
from pipeline.synthetic.drawn import Table
from pipeline.synthetic.header import wrap

LARGEST_NUMBER = 9999


def spell(number: int, words: Sequence[str]) -> tuple[str, ...]:
    """The four words of a number: 149 is Cero, Uno, Cuatro, Nueve."""
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError(f"{number} does not fit in four words")
    return tuple(words[int(digit)] for digit in f"{number:04d}")


def word_lines(number: int, layout: Layout) -> list[str]:
    """The words of a number as the tables of votes set them: the last on a line of its own where
    they are too wide for one."""
    words = spell(number, layout.words)
    whole = ", ".join(words)
    if width_mm(whole, layout.fonts.words, layout.paper.dot) <= layout.words_max_width:
        return [whole]
    return [", ".join(words[:-1]) + ",", words[-1]]


def draw_voters(canvas: Canvas, layout: Layout, data: SheetData, top: float) -> float:
    """Draw the table of voters; give back the y of its last rule."""
    table, fonts = layout.voters_table, layout.fonts
    body = top + table.heading_height
    bottom = body + len(table.rows) * table.row_pitch
    canvas.frame(table.left, top, table.right, bottom)
    for x in table.rules_x:
        canvas.rule(x, top, x, bottom)
    baseline = top + table.heading_baseline
    canvas.text(table.headings[0], fonts.heading, table.heading_x, baseline)
    canvas.text(table.headings[1], fonts.heading, table.number_x, baseline, "centre")
    canvas.text(table.headings[2], fonts.heading, table.words_x, baseline, "centre")
    for number, row in enumerate(table.rows):
        rule = body + number * table.row_pitch
        canvas.rule(table.left, rule, table.right, rule)
        y = rule + table.row_baseline
        for line, text in enumerate(row.name):
            canvas.text(text, fonts.words, table.name_x, y + line * table.row_line_pitch)
        count = data.total(row.counts)
        _digits(canvas, layout, count, table.number_x, y, ("voters", number))
        _words(canvas, layout, count, table.words_x, y, ("voters", number))
    return bottom


def draw_ballot(
    canvas: Canvas, layout: Layout, data: SheetData, ballot: Sequence[BallotRow], above: float
) -> float:
    """Draw the candidates' box below the rule `above`; give back the y of its bottom."""
    table, fonts = layout.ballot_table, layout.fonts
    for heading in table.headings:
        canvas.text(heading.text, fonts.words, heading.x, above + table.header_baseline, "centre")
    top = above + table.box_gap
    y = top + table.first_heading - table.row_to_heading
    candidate = None
    numbers = zip(ballot, data.digits, data.spelled, strict=True)
    for index, (row, digits, words) in enumerate(numbers):
        if row.candidate_name == candidate:
            y += table.row_pitch
        else:
            candidate = row.candidate_name
            y += table.row_to_heading
            canvas.text(candidate, fonts.candidate, table.candidate_x, y)
            y += table.heading_to_row
        _ballot_row(canvas, layout, row, y, index)
        _digits(canvas, layout, digits, table.number_x, y, ("ballot", index))
        _words(canvas, layout, words, table.words_x, y, ("ballot", index))
    canvas.frame(table.left, top, table.right, y + table.box_end)
    return y + table.box_end


def _ballot_row(canvas: Canvas, layout: Layout, row: BallotRow, y: float, index: int) -> None:
    table, fonts = layout.ballot_table, layout.fonts
    ink = canvas.text(row.code, fonts.digits, table.code_x, y, "centre")
    canvas.record("ballot", index, "code", row.code, ink)
    for line, text in enumerate(wrap(canvas, row.party, fonts.sigla, table.sigla_max_width)):
        baseline = y + line * table.sigla_line_pitch
        canvas.text(text, fonts.sigla, table.sigla_right, baseline, "right")


def _digits(
    canvas: Canvas, layout: Layout, number: int, x: float, y: float, place: tuple[Table, int]
) -> None:
    ink = canvas.text(str(number), layout.fonts.digits, x, y, "centre")
    canvas.record(*place, "digits", str(number), ink, number=number)


def _words(
    canvas: Canvas, layout: Layout, number: int, x: float, y: float, place: tuple[Table, int]
) -> None:
    inks = [
        canvas.text(text, layout.fonts.words, x, y + line * layout.words_line_pitch, "centre")
        for line, text in enumerate(word_lines(number, layout))
    ]
    words = ", ".join(spell(number, layout.words))
    canvas.record(*place, "words", words, *inks, number=number)


def draw_summary(canvas: Canvas, layout: Layout, data: SheetData, above: float) -> float:
    """Draw the summary below the candidates' box; give back the y of its last rule."""
    table, fonts = layout.summary_table, layout.fonts
    title_y = above + table.title_baseline
    canvas.text(table.title, fonts.strong, table.title_x, title_y, "centre")
    top = above + table.table_gap
    bottom = top + len(table.rows) * table.row_pitch
    canvas.frame(table.left, top, table.right, bottom)
    for x in table.rules_x:
        canvas.rule(x, top, x, bottom)
    for number, row in enumerate(table.rows):
        rule = top + number * table.row_pitch
        canvas.rule(table.left, rule, table.right, rule)
        y, count = rule + table.row_baseline, data.total(row.counts)
        canvas.text(row.name, fonts.words, table.name_x, y)
        _digits(canvas, layout, count, table.number_x, y, ("summary", number))
        words = ", ".join(spell(count, layout.words))
        ink = canvas.text(words, fonts.words, table.words_x, y, "centre")
        canvas.record("summary", number, "words", words, ink, number=count)
    return bottom


def draw_remarks(canvas: Canvas, layout: Layout, top: float) -> float:
    """Draw the ruled space for remarks from its first rule on; give back the y of its last."""
    place = layout.remarks
    bottom = top + place.rows * place.row_pitch
    canvas.frame(place.left, top, place.right, bottom)
    for number in range(1, place.rows):
        y = top + number * place.row_pitch
        canvas.rule(place.left, y, place.right, y)
    canvas.rule(place.divider_x, top, place.divider_x, top + place.row_pitch, weight=1.4)
    canvas.text(place.text, layout.fonts.heading, place.text_x, top + place.baseline)
    return bottom
