"""Numbers drawn into clean cells: each scores itself best, and what is no number is not sure."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.layout import MM_PER_INCH
from pipeline.lettering import strip
from pipeline.read.printed import digits, words
from pipeline.read.printed.cells import Frame, ink_cells
from pipeline.read.printed.form import Row
from pipeline.read.printed.ink import Floats, Grey, ink_of
from pipeline.read.printed.model import PrintModel
from pipeline.synthetic.tables import word_lines

SAMPLE = sorted({*range(120), *range(120, 1000, 37), 149, 999})
ROW = Row("votes", 0, 0, 0, 2.2)
SAMPLE_WORDS = SAMPLE[::3]


def _paste(
    page: Grey, text: str, model: PrintModel, frame: Frame, column: str, lower: float
) -> None:
    layout = model.form.layout
    font = layout.fonts.words if column == "words" else layout.fonts.digits
    drawn = strip(text, font, layout.paper.dot, round(frame.pixels_per_mm * MM_PER_INCH))
    down, across = frame.middle
    # Words stand on the digits' foot.
    foot = layout.fonts.digits.size * 0.72 / 2 + lower
    top = down + round(foot * frame.pixels_per_mm) - drawn.rise
    left = across - drawn.width // 2
    high, wide = drawn.grey.shape
    part = page[max(0, top) : top + high, max(0, left) : left + wide]
    glyph = drawn.grey[max(0, -top) :, max(0, -left) :]
    np.minimum(part, glyph[: part.shape[0], : part.shape[1]], out=part)


def _digit_cells(numbers: list[int], model: PrintModel) -> Floats:
    cells = np.full((len(numbers), *digits.FRAME.shape), 240, np.uint8)
    for cell, number in zip(cells, numbers, strict=True):
        _paste(cell, str(number), model, digits.FRAME, "digits", 0.0)
    return ink_cells(cells, [ROW] * len(numbers), digits.FRAME)


def _word_cells(numbers: list[int], model: PrintModel) -> Floats:
    cells = np.full((len(numbers), *words.FRAME.shape), 240, np.uint8)
    pitch = model.form.layout.words_line_pitch
    for cell, number in zip(cells, numbers, strict=True):
        for line, text in enumerate(word_lines(number, model.form.layout)):
            _paste(cell, text, model, words.FRAME, "words", line * pitch)
    return ink_cells(cells, [ROW] * len(numbers), words.FRAME)


def test_each_number_in_digits_scores_itself_best(printed: PrintModel) -> None:
    # As on a sheet: the party codes teach what this print's digits look like.
    codes = [row.code for row in printed.form.rows if row.code]
    cells = _digit_cells([int(code) for code in codes], printed)
    places = np.zeros((len(codes), 2))
    taught = digits.learn_digits(codes, cells, places, printed.digits)
    found = digits.score_numbers(_digit_cells(SAMPLE, printed), taught)
    assert found.shape == (len(SAMPLE), digits.LARGEST + 1)
    assert found.argmax(axis=1).tolist() == SAMPLE
    assert found.max(axis=1).min() > 0.7


def test_each_number_in_words_scores_itself_best(printed: PrintModel) -> None:
    wraps = np.ones(len(SAMPLE_WORDS), bool)
    found = words.score_words(_word_cells(SAMPLE_WORDS, printed), printed.words, wraps)
    assert found.argmax(axis=1).tolist() == SAMPLE_WORDS
    assert found.max(axis=1).min() > 0.6


def test_strings_that_wrap_are_read_whole(printed: PrintModel) -> None:
    layout = printed.form.layout
    wrapped = [number for number in range(2000) if len(word_lines(number, layout)) == 2][::12]
    assert len(wrapped) > 8
    found = words.score_words(
        _word_cells(wrapped, printed), printed.words, np.ones(len(wrapped), bool)
    )
    assert found.argmax(axis=1).tolist() == wrapped


@pytest.mark.parametrize("shade", [0, 240, 255])
def test_a_cell_of_one_shade_shows_no_number(printed: PrintModel, shade: int) -> None:
    def blank(frame: Frame) -> Floats:
        return ink_cells(np.full((3, *frame.shape), shade, np.uint8), [ROW] * 3, frame)

    in_digits = digits.score_numbers(blank(digits.FRAME), printed.digits)
    in_words = words.score_words(blank(words.FRAME), printed.words, np.ones(3, bool))
    for found in (in_digits, in_words):
        assert np.isfinite(found).all()
        assert found.max() < 0.2


def test_noise_is_not_taken_for_a_number(printed: PrintModel) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (6, *digits.FRAME.shape)).astype(np.uint8)
    found = digits.score_numbers(ink_cells(noise, [ROW] * 6, digits.FRAME), printed.digits)
    assert found.max() < 0.6


def test_a_rule_through_a_row_between_rules_is_taken_out(printed: PrintModel) -> None:
    cells = np.full((1, *digits.FRAME.shape), 240, np.uint8)
    _paste(cells[0], "47", printed, digits.FRAME, "digits", 0.0)
    cells[0, 3:6] = 40
    ruled = Row("valid", 0, 0, 0, 2.2, ruled=True)
    found = digits.score_numbers(ink_cells(cells, [ruled], digits.FRAME), printed.digits)
    assert found[0].argmax() == 47


def test_alike_is_one_for_the_same_and_less_for_others(printed: PrintModel) -> None:
    assert digits.alike(149, 149, printed.digits) == pytest.approx(1.0, abs=1e-5)
    assert words.alike(149, 149, printed.words) == pytest.approx(1.0, abs=1e-5)
    assert digits.alike(149, 1499, printed.digits) < 0.95
    assert words.alike(149, 1499, printed.words) < 0.95
    assert digits.alike(8, 6, printed.digits) > digits.alike(7, 2, printed.digits)


def test_ink_is_what_is_darker_than_the_paper_around_it() -> None:
    grey = np.full((80, 80), 200, np.uint8)
    grey[:, 40:43] = 60
    ink = ink_of(grey, 12)
    assert ink[:, 41].min() > 0.6
    assert ink[:, :30].max() < 0.05
    assert ink_of(np.zeros((40, 40), np.uint8), 12).max() == 0
    assert ink_of(np.full((1, 1), 7, np.uint8), 12).shape == (1, 1)
