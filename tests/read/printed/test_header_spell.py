"""Spelling lines of letters that have each their own width."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.read.printed.glyphs import ROWS
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.learn import settle, suit
from pipeline.read.printed.letters import Letters
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.spell import Window, Written, link

TEXT = "0F8B6E41C7D2A95303BD68"
START, GAIN, REACH = 40, 0.6, 30


@pytest.fixture(scope="module")
def letters(printed: PrintModel) -> Letters:
    return printed.hash.shapes[0]


def written(
    text: str, letters: Letters, *, gain: float = GAIN, noise: float = 0.02, cut: int = 0
) -> Written:
    """A line of drawn letters, side by side; `cut` columns of its end lie beside the page."""
    drawn = [letters.drawn[number] for number in letters.numbers(text)]
    line = gain * np.hstack(drawn)
    cell = np.zeros((3 * ROWS, line.shape[1] + 2 * START), np.float32)
    cell[ROWS : 2 * ROWS, START:-START] = line
    cell += np.asarray(np.random.default_rng(5).normal(0, noise, cell.shape), np.float32)
    return Written(cell, ROWS + ROWS // 2, 0, cell.shape[1] - START - 1 - cut)


def window(text: str, letters: Letters) -> Window:
    """What is known of a line beforehand: letters of middling width."""
    pitch = float(letters.widths.mean())
    lows = START + np.arange(len(text)) * pitch - REACH
    return Window(np.maximum(np.rint(lows), 0).astype(np.int64), 2 * REACH + 1)


def read(line: Written, text: str, letters: Letters, shapes: tuple[Letters, ...]) -> str | None:
    """The line as the hash and the UUID are read."""
    place = window(text, letters)
    choice = suit(line, shapes, place)
    if choice is None:
        return None
    spelling = link(line, choice.letters, place, choice.gain, None).spell(len(text))
    return settle([line], [spelling], choice, [None])


def test_a_line_is_spelled_and_its_letters_stand_where_they_stand(letters: Letters) -> None:
    found = link(written(TEXT, letters), letters, window(TEXT, letters), GAIN, None)
    spelling = found.spell(len(TEXT))
    assert "".join(letters.text[number] for number in spelling.numbers) == TEXT
    widths = letters.steps[letters.numbers(TEXT)]
    assert np.abs(spelling.xs - START - np.cumsum(widths) + widths).max() <= 1
    assert spelling.margins.min() > 0.5
    assert np.abs(spelling.fits - 1).max() < 0.1


def test_the_gain_and_the_shape_are_found(letters: Letters, printed: PrintModel) -> None:
    for shape in printed.hash.shapes:
        line = written(TEXT, shape, gain=0.35)
        choice = suit(line, printed.hash.shapes, window(TEXT, letters))
        assert choice is not None
        assert choice.letters is shape
        assert choice.gain == pytest.approx(0.35, rel=0.1)


def test_a_sure_line_is_told_and_a_noisy_one_is_not(letters: Letters, printed: PrintModel) -> None:
    clear = written(TEXT, letters)
    assert read(clear, TEXT, letters, printed.hash.shapes) == TEXT
    noisy = written(TEXT, letters, noise=0.35)
    assert read(noisy, TEXT, letters, printed.hash.shapes) is None


def test_a_letter_beside_the_page_is_not_told(letters: Letters, printed: PrintModel) -> None:
    assert read(written(TEXT, letters, cut=3), TEXT, letters, printed.hash.shapes) is None


def test_nothing_is_made_of_white_paper(letters: Letters, printed: PrintModel) -> None:
    blank: Floats = np.zeros((3 * ROWS, 500), np.float32)
    line = Written(blank, ROWS + ROWS // 2, 0, 499)
    assert read(line, TEXT, letters, printed.hash.shapes) is None


def test_letters_that_cannot_stand_somewhere_are_not_read_there(letters: Letters) -> None:
    line = written("8888", letters)
    allowed = np.ones((4, len(letters.text)), np.int64)
    allowed[2, letters.text.index("8")] = 0
    spelling = link(line, letters, window("8888", letters), GAIN, allowed).spell(4)
    told = "".join(letters.text[number] for number in spelling.numbers)
    assert told[:2] + told[3] == "888"
    assert told[2] != "8"
