"""Where things stand in a symbol, held against symbols that another library drew."""

from __future__ import annotations

import random

import numpy as np
import pytest
from qrcode import util

from pipeline.read.qr.codec.matrix import (
    DATA,
    FORMAT,
    MASKS,
    Modules,
    format_bits,
    layout,
    mask,
)
from pipeline.read.qr.codec.tables import (
    LEVELS,
    VERSIONS,
    Level,
    alignment_centres,
    blocks,
    byte_capacity,
)
from tests.read.qr.others import QRCODE_LEVELS, by_qrcode


def _symbols(version: int, level: Level, patterns: range = MASKS) -> Modules:
    rng = random.Random(version)
    text = rng.randbytes(byte_capacity(version, level))
    return np.array([by_qrcode(text, version, level, pattern) for pattern in patterns])


@pytest.mark.parametrize("version", [1, 2, 6, 7, 8, 9, 10, 14, 22])
def test_what_no_mask_changes_is_the_function_pattern_and_has_its_values(version: int) -> None:
    function = layout(version).function
    symbols = _symbols(version, "Q")
    still = (symbols == symbols[0]).all(axis=0)
    masks = np.array([mask(pattern, len(function)) for pattern in MASKS])
    # All eight masks agree on one module in 36 or so, among them data modules.
    unanimous = (masks == masks[0]).all(axis=0)
    known = function >= 0
    assert still[known].all()
    assert (symbols[0] == function)[known].all()
    assert np.array_equal(still[function == DATA], unanimous[function == DATA])


@pytest.mark.parametrize("version", [1, 8, 9])
def test_format_modules_change_with_level_and_mask(version: int) -> None:
    symbols = np.concatenate([_symbols(version, level) for level in LEVELS])
    still = (symbols == symbols[0]).all(axis=0)
    assert not still[layout(version).function == FORMAT].any()


@pytest.mark.parametrize("version", [1, 8])
@pytest.mark.parametrize("level", LEVELS)
def test_both_copies_of_the_format_bits_stand_where_the_library_puts_them(
    version: int, level: Level
) -> None:
    places = layout(version).format_positions
    assert places.shape == (2, 15, 2)
    for pattern, symbol in enumerate(_symbols(version, level)):
        seen = symbol[places[..., 0], places[..., 1]]
        assert np.array_equal(seen, np.array([format_bits(level, pattern)] * 2))


def test_format_bits_are_the_librarys_and_differ_in_seven_places() -> None:
    words = []
    for level in LEVELS:
        for pattern in MASKS:
            value = util.BCH_type_info(QRCODE_LEVELS[level] << 3 | pattern)
            bits = format_bits(level, pattern)
            assert bits.tolist() == [value >> place & 1 for place in range(15)]
            words.append(bits)
    distances = [int((a != b).sum()) for i, a in enumerate(words) for b in words[:i]]
    assert min(distances) == 7


def test_format_bits_of_the_standards_example() -> None:
    # 7.9.1: level M, mask 101 gives 100000011001110.
    assert "".join(map(str, format_bits("M", 5)[::-1])) == "100000011001110"


def test_masks_are_the_librarys() -> None:
    for pattern in MASKS:
        other = util.mask_func(pattern)
        expected = [[other(row, col) for col in range(49)] for row in range(49)]
        assert np.array_equal(mask(pattern, 49), np.array(expected))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_module_has_one_role(version: int) -> None:
    plan = layout(version)
    assert plan.function.shape == (plan.size, plan.size)
    assert len(plan.data_positions) == 8 * blocks(version, "L").total
    assert len(plan.remainder_positions) in (0, 3, 4, 7)
    both = np.concatenate([plan.data_positions, plan.remainder_positions])
    count = np.zeros_like(plan.function)
    np.add.at(count, (both[:, 0], both[:, 1]), 1)
    assert np.array_equal(count, plan.function == DATA)
    places = plan.format_positions.reshape(-1, 2)
    assert len({(int(row), int(col)) for row, col in places}) == 30
    assert int((plan.function == FORMAT).sum()) == 30


@pytest.mark.parametrize("version", VERSIONS)
def test_anchors_are_the_centres_of_dark_modules_in_light_rings(version: int) -> None:
    plan = layout(version)
    kinds = [anchor.kind for anchor in plan.anchors]
    centres = len(alignment_centres(version))
    assert kinds.count("finder") == 3
    assert kinds.count("alignment") == (centres * centres - 3 if centres else 0)
    for anchor in plan.anchors:
        row, col = int(anchor.y), int(anchor.x)
        assert (anchor.y - row, anchor.x - col) == (0.5, 0.5)
        ring = 2 if anchor.kind == "finder" else 1
        square = plan.function[row - ring : row + ring + 1, col - ring : col + ring + 1]
        assert square[1:-1, 1:-1].all()
        assert int(square.sum()) == (2 * ring - 1) ** 2


def test_the_first_anchors_of_the_sheets_symbol() -> None:
    anchors = [(anchor.x, anchor.y) for anchor in layout(8).anchors]
    assert anchors[:3] == [(3.5, 3.5), (45.5, 3.5), (3.5, 45.5)]
    assert anchors[3:] == [
        (24.5, 6.5), (6.5, 24.5), (24.5, 24.5), (42.5, 24.5), (24.5, 42.5), (42.5, 42.5),
    ]  # fmt: skip


def test_shared_arrays_cannot_be_written_to() -> None:
    plan = layout(8)
    shared = (plan.function, plan.data_positions, plan.remainder_positions, plan.format_positions)
    for array in (*shared, mask(0, 49), format_bits("Q", 0)):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_mask_that_does_not_exist_is_refused() -> None:
    for pattern in (-1, 8):
        with pytest.raises(ValueError, match="masks are 0 to 7"):
            mask(pattern, 49)
        with pytest.raises(ValueError, match="masks are 0 to 7"):
            format_bits("Q", pattern)
