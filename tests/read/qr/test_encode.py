"""Whole symbols, module for module against two libraries, and back to the text through damage."""

from __future__ import annotations

import random

import numpy as np
import pytest
from qrcode.util import MODE_8BIT_BYTE, QRData, create_data

from pipeline.read.qr.codec.encode import encode, encode_codewords
from pipeline.read.qr.codec.matrix import MASKS, Modules, layout, mask
from pipeline.read.qr.codec.reed_solomon import decode
from pipeline.read.qr.codec.stream import assemble, deinterleave, padding_ok, read_bytes_mode
from pipeline.read.qr.codec.tables import LEVELS, VERSIONS, Level, blocks, byte_capacity
from tests.read.qr.others import QRCODE_LEVELS, by_qrcode, by_segno

SHEETS = [(version, level) for version in (7, 8, 9, 10) for level in LEVELS]
"""The versions that a sheet's text may need, at every level."""
OTHERS = [(version, LEVELS[version % 4]) for version in (*range(1, 7), 11, 14, 20, 27, 32, 40)]


def _text(version: int, level: Level, missing: int) -> bytes:
    """A text that leaves so many characters of the symbol to padding."""
    longest = byte_capacity(version, level)
    return random.Random(version).randbytes(max(0, longest - missing))


def test_codewords_are_the_librarys_in_every_version_and_level() -> None:
    for version in VERSIONS:
        for level in LEVELS:
            text = _text(version, level, missing=3)
            segment = QRData(text, mode=MODE_8BIT_BYTE, check_data=False)
            theirs = create_data(version, QRCODE_LEVELS[level], [segment])
            assert encode_codewords(text, version, level) == bytes(theirs), (version, level)


@pytest.mark.parametrize(("version", "level"), SHEETS)
def test_a_symbol_is_the_librarys_under_all_masks(version: int, level: Level) -> None:
    for pattern in MASKS:
        text = _text(version, level, missing=pattern)
        expected = by_qrcode(text, version, level, pattern)
        assert np.array_equal(encode(text, version, level, pattern), expected)


@pytest.mark.parametrize(("version", "level"), OTHERS)
def test_so_is_a_symbol_of_any_other_version(version: int, level: Level) -> None:
    for pattern in (version % 8, (version + 3) % 8) if version < 20 else (version % 8,):
        text = _text(version, level, missing=version)
        expected = by_qrcode(text, version, level, pattern)
        assert np.array_equal(encode(text, version, level, pattern), expected)


@pytest.mark.parametrize(("version", "level"), SHEETS + OTHERS[:8])
def test_a_full_symbol_is_that_of_a_second_library(version: int, level: Level) -> None:
    # That library writes a codeword of zeros before its pads: only full symbols are alike.
    text = _text(version, level, missing=0)
    for pattern in MASKS:
        expected = by_segno(text, version, level, pattern)
        assert np.array_equal(encode(text, version, level, pattern), expected)


def _codewords(modules: Modules, version: int, pattern: int) -> bytes:
    rows, cols = layout(version).data_positions.T
    bits = modules[rows, cols] ^ mask(pattern, len(modules))[rows, cols]
    return np.packbits(bits).tobytes()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_symbol_is_read_back_with_a_tenth_of_its_codewords_wrong(version: int) -> None:
    level, pattern = LEVELS[2 + version % 2], version % 8
    text = _text(version, level, missing=5)
    codewords = _codewords(encode(text, version, level, pattern), version, pattern)
    assert codewords == encode_codewords(text, version, level)
    rng = random.Random(version)
    parity = blocks(version, level).parity
    mended = []
    for part in deinterleave(codewords, version, level):
        damaged = bytearray(part)
        for place in rng.sample(range(len(part)), len(part) // 10):
            damaged[place] ^= rng.randrange(1, 256)
        found = decode(bytes(damaged), parity)
        assert found is not None
        assert found.errors == len(part) // 10
        mended.append(found.codeword)
    stream = assemble(mended, version, level)
    assert read_bytes_mode(stream, version) == text
    assert padding_ok(stream, version)


def test_the_longest_text_fits_and_one_more_character_does_not() -> None:
    longest = byte_capacity(8, "Q")
    assert encode(bytes(longest), 8, "Q", 0).shape == (49, 49)
    with pytest.raises(ValueError, match="do not fit"):
        encode(bytes(longest + 1), 8, "Q", 0)
