"""The standard's tables, against those that two other libraries hold."""

from __future__ import annotations

from typing import Any

import pytest
from qrcode import base, util
from segno import consts

from pipeline.read.qr.codec.tables import (
    LEVELS,
    VERSIONS,
    Blocks,
    Level,
    alignment_centres,
    blocks,
    byte_capacity,
    symbol_size,
)
from tests.read.qr.others import QRCODE_LEVELS

SEGNO_LEVELS: dict[Level, int] = {
    "L": consts.ERROR_LEVEL_L,
    "M": consts.ERROR_LEVEL_M,
    "Q": consts.ERROR_LEVEL_Q,
    "H": consts.ERROR_LEVEL_H,
}
SEGNO: Any = consts
EVERY = [(version, level) for version in VERSIONS for level in LEVELS]


def _by_qrcode(version: int, level: Level) -> Blocks:
    found = base.rs_blocks(version, QRCODE_LEVELS[level])
    (parity,) = {block.total_count - block.data_count for block in found}
    return Blocks(parity, tuple(block.data_count for block in found))


def _by_segno(version: int, level: Level) -> Blocks:
    found = SEGNO.ECC[version][SEGNO_LEVELS[level]]
    (parity,) = {group.num_total - group.num_data for group in found}
    return Blocks(parity, tuple(group.num_data for group in found for _ in range(group.num_blocks)))


def test_all_160_block_tables_are_those_of_both_libraries() -> None:
    for version, level in EVERY:
        ours = blocks(version, level)
        assert ours == _by_qrcode(version, level) == _by_segno(version, level), (version, level)


def test_blocks_differ_by_one_codeword_at_most_and_the_shorter_come_first() -> None:
    for version, level in EVERY:
        sizes = blocks(version, level).sizes
        assert list(sizes) == sorted(sizes)
        assert sizes[-1] - sizes[0] <= 1


def test_alignment_centres_are_those_of_both_libraries() -> None:
    assert alignment_centres(1) == ()
    for version in VERSIONS:
        ours = alignment_centres(version)
        assert ours == tuple(util.pattern_position(version))
        if version > 1:
            assert ours == SEGNO.ALIGNMENT_POS[version - 2]


def test_byte_capacity_is_what_the_bit_capacity_leaves_after_mode_and_count() -> None:
    for version, level in EVERY:
        bits = SEGNO.SYMBOL_CAPACITY[version][SEGNO_LEVELS[level]]
        header = 4 + util.length_in_bits(util.MODE_8BIT_BYTE, version)
        assert byte_capacity(version, level) == (bits - header) // 8


@pytest.mark.parametrize(
    ("version", "level", "characters"),
    [(1, "H", 7), (7, "Q", 86), (8, "Q", 108), (9, "Q", 130), (10, "Q", 151), (40, "L", 2953)],
)
def test_byte_capacity_as_the_standard_prints_it(
    version: int, level: Level, characters: int
) -> None:
    assert byte_capacity(version, level) == characters


def test_the_sheets_symbol_has_six_blocks_that_stand_eleven_errors() -> None:
    assert blocks(8, "Q") == Blocks(22, (18, 18, 18, 18, 19, 19))
    assert (blocks(8, "Q").data, blocks(8, "Q").total) == (110, 242)


@pytest.mark.parametrize("version", [-1, 0, 41])
def test_a_version_that_does_not_exist_is_refused(version: int) -> None:
    with pytest.raises(ValueError, match="versions are 1 to 40"):
        symbol_size(version)
    with pytest.raises(ValueError, match="versions are 1 to 40"):
        blocks(version, "Q")
