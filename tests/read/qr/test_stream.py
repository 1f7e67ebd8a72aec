"""From codewords to text: the order of the blocks, the segment in byte mode, the padding."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import MODE_8BIT_BYTE, QRData, create_data

from pipeline.read.qr.codec.stream import (
    assemble,
    deinterleave,
    interleave,
    order,
    padding_ok,
    read_bytes_mode,
    write_bytes_mode,
)
from pipeline.read.qr.codec.tables import LEVELS, VERSIONS, Level, blocks, byte_capacity
from tests.read.qr.others import QRCODE_LEVELS

EVERY = [(version, level) for version in VERSIONS for level in LEVELS]
TEXT = b"240111020.01.1.0001!1,2,3"


def test_the_order_is_a_bijection_in_every_version_and_level() -> None:
    for version, level in EVERY:
        cut, sequence = blocks(version, level), order(version, level)
        pairs = list(zip(sequence.block.tolist(), sequence.index.tolist(), strict=True))
        every = [(b, i) for b, size in enumerate(cut.sizes) for i in range(size + cut.parity)]
        assert sorted(pairs) == every
        inverse = [pairs[place] for places in sequence.places for place in places]
        assert inverse == every
        data = [pairs[place] for place in sequence.data]
        assert data == [(b, i) for b, size in enumerate(cut.sizes) for i in range(size)]


def test_a_short_block_is_passed_over_where_it_has_ended() -> None:
    sequence = order(8, "Q")
    pairs = list(zip(sequence.block.tolist(), sequence.index.tolist(), strict=True))
    assert pairs[:7] == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (0, 1)]
    assert pairs[107:112] == [(5, 17), (4, 18), (5, 18), (0, 18), (1, 18)]
    assert pairs[-1] == (5, 40)


@pytest.mark.parametrize(("version", "level"), [(1, "L"), (7, "Q"), (8, "Q"), (9, "H"), (40, "H")])
def test_blocks_go_in_and_come_out_again(version: int, level: Level) -> None:
    cut, rng = blocks(version, level), random.Random(version)
    parts = tuple(rng.randbytes(size + cut.parity) for size in cut.sizes)
    codewords = interleave(parts, version, level)
    assert deinterleave(codewords, version, level) == parts
    stream = assemble(parts, version, level)
    assert stream == b"".join(p[: -cut.parity] for p in parts)
    assert np.frombuffer(codewords, np.uint8)[order(version, level).data].tobytes() == stream
    with pytest.raises(ValueError, match="codewords"):
        deinterleave(codewords[:-1], version, level)


@settings(max_examples=200, deadline=None)
@given(version=st.sampled_from(VERSIONS), level=st.sampled_from(LEVELS), data=st.data())
def test_a_text_is_read_as_it_was_written(version: int, level: Level, data: st.DataObject) -> None:
    longest = min(byte_capacity(version, level), 400)
    text = data.draw(st.binary(max_size=longest))
    stream = write_bytes_mode(text, version, blocks(version, level).data)
    assert len(stream) == blocks(version, level).data
    assert read_bytes_mode(stream, version) == text
    assert padding_ok(stream, version)


@pytest.mark.parametrize(("version", "level"), [(1, "M"), (7, "Q"), (8, "Q"), (9, "Q"), (10, "L")])
def test_the_data_stream_is_the_librarys(version: int, level: Level) -> None:
    longest = byte_capacity(version, level)
    for length in {0, 1, 2, longest // 2, longest - 2, longest - 1, longest}:
        text = random.Random(length).randbytes(length)
        segment = QRData(text, mode=MODE_8BIT_BYTE, check_data=False)
        theirs = create_data(version, QRCODE_LEVELS[level], [segment])
        stream = assemble(deinterleave(bytes(theirs), version, level), version, level)
        assert write_bytes_mode(text, version, len(stream)) == stream
        assert read_bytes_mode(stream, version) == text
        assert padding_ok(stream, version)


@pytest.mark.parametrize("version", [8, 10])
def test_a_text_too_long_is_refused(version: int) -> None:
    size, longest = blocks(version, "Q").data, byte_capacity(version, "Q")
    assert len(write_bytes_mode(bytes(longest), version, size)) == size
    with pytest.raises(ValueError, match="do not fit"):
        write_bytes_mode(bytes(longest + 1), version, size)


def test_a_count_of_eight_bits_is_never_cut_off() -> None:
    assert read_bytes_mode(write_bytes_mode(bytes(255), 9, 300), 9) == bytes(255)
    with pytest.raises(ValueError, match="do not fit"):
        write_bytes_mode(bytes(256), 9, 300)


@pytest.mark.parametrize("mode", [mode for mode in range(16) if mode != 0b0100])
def test_a_segment_in_any_other_mode_is_refused(mode: int) -> None:
    stream = bytearray(write_bytes_mode(TEXT, 8, 110))
    stream[0] = mode << 4 | stream[0] & 0x0F
    assert read_bytes_mode(bytes(stream), 8) is None
    assert not padding_ok(bytes(stream), 8)


@pytest.mark.parametrize(("version", "size"), [(9, 30), (10, 30)])
def test_a_count_beyond_the_end_is_refused(version: int, size: int) -> None:
    fits = write_bytes_mode(bytes(size - (2 if version < 10 else 3)), version, size)
    assert read_bytes_mode(fits, version) is not None
    assert read_bytes_mode(fits[:-1], version) is None
    for length in range(4):
        assert read_bytes_mode(fits[:length], version) is None


def test_any_other_bit_after_the_text_is_seen() -> None:
    stream = write_bytes_mode(TEXT, 8, 110)
    for bit in range(12 + 8 * len(TEXT), 8 * len(stream)):
        changed = bytearray(stream)
        changed[bit // 8] ^= 0x80 >> bit % 8
        assert read_bytes_mode(bytes(changed), 8) == TEXT
        assert not padding_ok(bytes(changed), 8)
