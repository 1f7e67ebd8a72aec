"""The rescue: what is cut, blotted, turned or faded is read; what is not there is not invented."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.election import Election
from pipeline.read.qr.codec.encode import encode
from pipeline.read.qr.rescue.blocks import SPARE
from pipeline.read.qr.rescue.cascade import rescue_page
from tests.invent import payload_text, venezuelan

Image = NDArray[np.uint8]
TEXT, OTHER = venezuelan(), venezuelan("240111022", 3, first=57)
LONG = venezuelan(first=1049).replace(",1,1,1,1,1,1", ",11,22,33,44,55,666", 1)
PITCH = 9
QUIET = 10 * PITCH


def symbol(text: str, version: int = 8, mask: int = 2, level: str = "Q") -> Image:
    """The bare symbol, nine pixels a module."""
    modules = encode(text.encode(), version, "Q" if level == "Q" else "M", mask)
    light = 255 * (1 - modules.astype(np.int64))
    return np.kron(light, np.ones((PITCH, PITCH))).astype(np.uint8)


def sheet(drawn: Image, blur: float = 1.5) -> Image:
    """The symbol on paper, with the scanner's softness and noise."""
    framed = cv2.copyMakeBorder(
        drawn, QUIET * 3, QUIET, QUIET, QUIET, cv2.BORDER_CONSTANT, value=(255.0,)
    )
    soft = cv2.GaussianBlur(framed, (0, 0), blur).astype(np.float64) * 0.8 + 30
    noise = np.random.default_rng(7).normal(0, 4, soft.shape)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


def read(image: Image, election: Election) -> str | None:
    """The text that the rescue reads, checked for its parity to spare."""
    found = rescue_page(image, election.rules)
    if found is None:
        return None
    assert found.decoded.spare >= SPARE
    return found.decoded.payload.text


SIDE = 49 * PITCH
TOP, LEFT = QUIET * 3, QUIET


def cut_off(image: Image, side: str, share: float) -> Image:
    """The sheet without that share of the symbol at one side, and all beyond."""
    cut = int(share * SIDE)
    kept = {
        "left": image[:, LEFT + cut :],
        "right": image[:, : LEFT + SIDE - cut],
        "top": image[TOP + cut :],
        "bottom": image[: TOP + SIDE - cut],
    }[side]
    return np.ascontiguousarray(kept)


@pytest.mark.parametrize("mask", range(8))
def test_a_clean_symbol_is_read_under_every_mask(venezuela: Election, mask: int) -> None:
    assert read(sheet(symbol(TEXT, mask=mask)), venezuela) == TEXT


def test_a_symbol_of_version_9_is_read(venezuela: Election) -> None:
    assert len(LONG) > 108
    assert read(sheet(symbol(LONG, version=9)), venezuela) == LONG


def test_another_elections_symbols_are_read(tiny: Election) -> None:
    text = payload_text(tiny, "002-1001", [12, 0, 130, 4, 5], 6, 7)
    image = sheet(symbol(text, version=3, level="M"))
    image[TOP + 20 * PITCH :, : LEFT + 9 * PITCH] = 200  # the lower left finder is gone
    assert read(image, tiny) == text


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left"])
def test_a_lost_finder_costs_nothing(venezuela: Election, corner: str) -> None:
    image = sheet(symbol(TEXT))
    rows = slice(TOP, TOP + 9 * PITCH)
    columns = slice(LEFT, LEFT + 9 * PITCH)
    if corner.startswith("bottom"):
        rows = slice(TOP + SIDE - 9 * PITCH, TOP + SIDE)
    if corner.endswith("right"):
        columns = slice(LEFT + SIDE - 9 * PITCH, LEFT + SIDE)
    image[rows, columns] = 230
    assert read(image, venezuela) == TEXT


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_cut_edge_is_read(venezuela: Election, side: str, share: float) -> None:
    image = sheet(symbol(TEXT))
    assert read(cut_off(image, side, share), venezuela) == TEXT


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_cut_beyond_the_limit_is_unread_and_never_wrong(venezuela: Election, side: str) -> None:
    image = sheet(symbol(TEXT))
    for share in (0.4, 0.5, 0.6, 0.8):
        kept = read(cut_off(image, side, share), venezuela)
        assert kept in (TEXT, None)
        if share >= 0.6:
            assert kept is None


@pytest.mark.parametrize("ink", [20, 235], ids=["blot", "tippex"])
def test_a_quarter_covered_is_read(venezuela: Election, ink: int) -> None:
    image = sheet(symbol(TEXT))
    middle = (LEFT + SIDE // 2 + 40, TOP + SIDE // 2 - 30)
    cv2.ellipse(image, middle, (130, 118), 20, 0, 360, (ink,), -1)
    assert read(image, venezuela) == TEXT


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_every_orientation_of_a_damaged_symbol_is_read(
    venezuela: Election, turn: int, mirrored: bool
) -> None:
    image = sheet(symbol(TEXT))
    image[TOP : TOP + 9 * PITCH, LEFT : LEFT + 9 * PITCH] = 230
    turned = np.rot90(image[:, ::-1] if mirrored else image, turn)
    assert read(np.ascontiguousarray(turned), venezuela) == TEXT


def test_an_inverted_damaged_symbol_is_read(venezuela: Election) -> None:
    image = sheet(symbol(TEXT))
    image[TOP : TOP + 9 * PITCH, LEFT : LEFT + 9 * PITCH] = 230
    assert read(255 - image, venezuela) == TEXT


@pytest.mark.parametrize("dpi", [75, 100, 150, 300, 600])
def test_every_resolution_is_read(venezuela: Election, dpi: int) -> None:
    image = sheet(symbol(TEXT))
    image[TOP : TOP + 9 * PITCH, LEFT : LEFT + 9 * PITCH] = 230
    size = (round(image.shape[1] * dpi / 200), round(image.shape[0] * dpi / 200))
    method = cv2.INTER_AREA if dpi < 200 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
    assert read(scaled, venezuela) == TEXT


@pytest.mark.parametrize("place", [0.02, 0.4, 0.7])
def test_a_damaged_symbol_is_found_at_any_height(venezuela: Election, place: float) -> None:
    image = sheet(symbol(TEXT))
    image[TOP : TOP + 9 * PITCH, LEFT : LEFT + 9 * PITCH] = 230
    strip = np.full((6000, image.shape[1]), 234, np.uint8)
    top = int(place * (6000 - image.shape[0]))
    strip[top : top + image.shape[0]] = image
    assert read(strip, venezuela) == TEXT


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9])
@pytest.mark.parametrize("upright", [True, False])
def test_a_symbol_pasted_over_another_is_never_mixed_with_it(
    venezuela: Election, share: float, upright: bool
) -> None:
    below, above = symbol(TEXT), symbol(OTHER)
    cut = int(share * 49) * PITCH
    if upright:
        below[:cut] = above[:cut]
    else:
        below[:, :cut] = above[:, :cut]
    assert read(sheet(below), venezuela) in (TEXT, OTHER, None)


def test_nothing_is_read_where_nothing_is(venezuela: Election) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (900, 640)).astype(np.uint8)
    blocks = np.kron(rng.integers(0, 2, (100, 70)), np.ones((9, 9))).astype(np.uint8) * 255
    blank = np.full((900, 640), 240, np.uint8)
    for image in (noise, blocks, blank, sheet(blocks[:441, :441])):
        assert read(np.ascontiguousarray(image), venezuela) is None


def test_a_frame_of_patterns_with_random_modules_is_not_read(venezuela: Election) -> None:
    """All function modules right, and in between nothing that any printer wrote."""
    rng = np.random.default_rng(5)
    for mask in (0, 2, 7):
        drawn = symbol(TEXT, mask=mask)
        inner = slice(10 * PITCH, 38 * PITCH)
        noise = rng.integers(0, 2, (28, 28))
        drawn[inner, inner] = np.kron(noise, np.ones((PITCH, PITCH))) * 255
        assert read(sheet(drawn), venezuela) in (TEXT, None)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (21, 21), (40, 9000), (9000, 40), (30, 30)])
def test_hostile_sizes_are_no_error(venezuela: Election, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    assert read(noise, venezuela) is None
    assert read(np.zeros(shape, np.uint8), venezuela) is None


def test_where_the_symbol_lies_is_told(venezuela: Election) -> None:
    image = sheet(symbol(TEXT))
    image[TOP : TOP + 9 * PITCH, LEFT : LEFT + 9 * PITCH] = 230
    found = rescue_page(image, venezuela.rules)
    assert found is not None
    corner = np.array([LEFT - 0.5, TOP - 0.5])
    truth = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]]) + corner
    assert np.abs(found.grid.corners - truth).max() < 3
    assert 0.9 < found.decoded.seen <= 1
    assert found.decoded.agreement > 0.95


def test_what_the_print_suggests_helps_and_never_decides(venezuela: Election) -> None:
    """Cut so far that modules alone do not do: with the text suggested it may be read; a wrong
    suggestion never makes another payload of it."""
    image = sheet(symbol(TEXT))
    wrong = TEXT.replace("!149,", "!941,")
    for share in (0.3, 0.36, 0.42):
        kept = np.ascontiguousarray(image[: TOP + SIDE - int(share * SIDE)])
        for expected in (TEXT, wrong, OTHER):
            found = rescue_page(kept, venezuela.rules, expected)
            assert found is None or found.decoded.payload.text == TEXT
