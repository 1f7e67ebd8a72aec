"""Between a symbol's codewords and its text: interleaving of the blocks, one segment in byte mode.

Only byte mode is known, in one segment, as this election's printer writes it; numeric, alphanumeric
and Kanji segments, several segments, structured append and ECI are refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from pipeline.read.qr.codec.tables import Level, blocks, count_bits

_BYTE_MODE = 0b0100  # Table 2
_PADS = (0xEC, 0x11)  # 7.4.10

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Order:
    """The order of a symbol's codewords in the matrix (7.6); arrays cannot be written to."""

    block: Indices
    """codewords: the block of each codeword, in placement order."""
    index: Indices
    """codewords: its index in that block, data then parity."""
    places: tuple[Indices, ...]
    """For each block: the placement order of its codewords; the inverse of the two above."""
    data: Indices
    """data codewords: the placement order of each, in the order of the data stream."""


@cache
def order(version: int, level: Level) -> Order:
    """First codeword of every block, second of every block, ...; then the parity likewise."""
    layout = blocks(version, level)
    data = [(i, b) for b, size in enumerate(layout.sizes) for i in range(size)]
    parity = [(i, b) for b in range(len(layout.sizes)) for i in range(layout.parity)]
    index, block = np.array(sorted(data) + sorted(parity), np.intp).T.copy()
    index[len(data) :] += np.array(layout.sizes)[block[len(data) :]]
    places = tuple(np.flatnonzero(block == b) for b in range(len(layout.sizes)))
    stream = [own[:size] for own, size in zip(places, layout.sizes, strict=True)]
    arrays = (block, index, *places, np.concatenate(stream))
    for array in arrays:
        array.setflags(write=False)
    return Order(block, index, places, arrays[-1])


def interleave(parts: Sequence[bytes], version: int, level: Level) -> bytes:
    """All codewords in placement order, from the blocks (each data then parity)."""
    sequence = order(version, level)
    out = np.empty(len(sequence.block), np.uint8)
    for own, part in zip(sequence.places, parts, strict=True):
        out[own] = np.frombuffer(part, np.uint8)
    return out.tobytes()


def deinterleave(codewords: bytes, version: int, level: Level) -> tuple[bytes, ...]:
    """The blocks, each data then parity, from all codewords in placement order."""
    sequence = order(version, level)
    if len(codewords) != len(sequence.block):
        raise ValueError(f"{len(codewords)} codewords, {version}-{level} has {len(sequence.block)}")
    values = np.frombuffer(codewords, np.uint8)
    return tuple(values[own].tobytes() for own in sequence.places)


def assemble(parts: Sequence[bytes], version: int, level: Level) -> bytes:
    """The data stream: the data codewords of every block, without parity, one after another."""
    sizes = blocks(version, level).sizes
    return b"".join(part[:size] for part, size in zip(parts, sizes, strict=True))


def read_bytes_mode(data: bytes, version: int) -> bytes | None:
    """The text of the data stream's first segment; None if it is not in byte mode or too long.

    7.4.5, Tables 2 and 3. What follows the segment is not looked at: see `padding_ok`.
    """
    header = count_bits(version) // 8
    # The mode takes four bits, so all that follows is half a byte out of step.
    mode, *rest = (int.from_bytes(data, "big") << 4).to_bytes(len(data) + 1, "big")
    count = int.from_bytes(rest[:header], "big")
    # The last half byte of `rest` is no data, only the shift.
    if mode != _BYTE_MODE or len(rest) - 1 < header + count:
        return None
    return bytes(rest[header : header + count])


def write_bytes_mode(text: bytes, version: int, size: int) -> bytes:
    """A data stream of `size` codewords: one segment, terminator, pad codewords (7.4.5 to 7.4.10).

    The terminator always ends on a codeword: half a byte of mode, half a byte of terminator.
    """
    header = count_bits(version)
    written = 1 + header // 8 + len(text)
    if written > size or len(text) >> header:
        raise ValueError(f"{len(text)} characters do not fit in {size} codewords")
    segment = (_BYTE_MODE << header | len(text)) << 8 * len(text) | int.from_bytes(text, "big")
    return (segment << 4).to_bytes(written, "big") + bytes(islice(cycle(_PADS), size - written))


def padding_ok(data: bytes, version: int) -> bool:
    """Whether the segment is followed by a terminator and exactly the pad codewords (7.4.10)."""
    text = read_bytes_mode(data, version)
    return text is not None and write_bytes_mode(text, version, len(data)) == data
