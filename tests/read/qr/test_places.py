"""Where a symbol is looked for: guesses at its pitch hold on sheets that are cut or not alone."""

from __future__ import annotations

import pytest

from pipeline.read.qr.rescue.places import GOOD_FOR, LENGTH, PITCH, Place, places

WIDTH = 630
HEIGHT = round(LENGTH * WIDTH)
TRUE = WIDTH * PITCH


def _holds(pitch: float) -> bool:
    return 1 / GOOD_FOR <= pitch / TRUE <= GOOD_FOR


def _found(width: float, height: float) -> list[Place]:
    return list(places(round(WIDTH * width), round(HEIGHT * height)))


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (0.95, 1), (1, 0.93), (0.87, 1), (0.75, 1), (0.6, 1), (0.5, 1), (1.3, 1.02),
     (1.7, 1.05), (2.5, 1.05), (3.4, 1.1)],
)  # fmt: skip
def test_the_first_guess_holds_whatever_is_cut_off_or_lies_beside(
    width: float, height: float
) -> None:
    assert _holds(_found(width, height)[0].pitches[0])


@pytest.mark.parametrize("height", [0.8, 0.6, 0.5, 0.4, 0.3])
def test_one_of_the_first_two_holds_where_a_part_of_the_length_is_missing(height: float) -> None:
    assert any(_holds(pitch) for pitch in _found(1, height)[0].pitches[:2])


def test_a_whole_sheet_is_searched_at_its_foot_first_then_its_head_then_between() -> None:
    foot, head, between = _found(1, 1)
    assert foot.box[3] == HEIGHT
    assert head.box[:2] == (0, 0)
    # Nothing is left out: each begins before the one above it ends.
    assert between.box[1] < head.box[3]
    assert between.box[3] > foot.box[1]
    assert len(foot.pitches) > len(head.pitches) == 1


def test_a_sheet_on_its_side_is_searched_at_both_ends() -> None:
    one, other, _ = list(places(HEIGHT, WIDTH))
    assert one.box == (HEIGHT - int(0.16 * HEIGHT), 0, HEIGHT, WIDTH)
    assert other.box == (0, 0, int(0.16 * HEIGHT), WIDTH)


def test_a_whole_sheet_in_a_photograph_is_looked_for_where_its_modules_can_be_seen() -> None:
    (sharp,) = places(HEIGHT // 2, HEIGHT)
    assert any(_holds(pitch) for pitch in sharp.pitches)
    (small,) = places(900, 1200)
    assert min(small.pitches) > 900 * PITCH * 0.5
