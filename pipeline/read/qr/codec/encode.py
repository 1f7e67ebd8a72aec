"""A text as a symbol, bit for bit: what a decoded text must look like if it was read right."""

from __future__ import annotations

import numpy as np

from pipeline.read.qr.codec import reed_solomon
from pipeline.read.qr.codec.matrix import DATA, Modules, format_bits, layout, mask
from pipeline.read.qr.codec.stream import interleave, write_bytes_mode
from pipeline.read.qr.codec.tables import Level, blocks


def encode(text: bytes, version: int, level: Level, pattern: int) -> Modules:
    """n x n, 1 dark and 0 light, without quiet zone; `pattern` is the mask, 0 to 7.

    One segment in byte mode (7.4.5). Raises ValueError if the text does not fit.
    """
    return draw(encode_codewords(text, version, level), version, level, pattern)


def encode_codewords(text: bytes, version: int, level: Level) -> bytes:
    """All codewords of the symbol in placement order (7.6)."""
    cut = blocks(version, level)
    data = write_bytes_mode(text, version, cut.data)
    ends = np.cumsum(cut.sizes).tolist()
    parts = [data[end - size : end] for size, end in zip(cut.sizes, ends, strict=True)]
    return interleave([reed_solomon.encode(part, cut.parity) for part in parts], version, level)


def draw(codewords: bytes, version: int, level: Level, pattern: int) -> Modules:
    """n x n, 1 dark and 0 light: the symbol that holds these codewords, in placement order."""
    plan = layout(version)
    modules = plan.function.copy()
    rows, cols = plan.data_positions.T
    modules[rows, cols] = np.unpackbits(np.frombuffer(codewords, np.uint8))
    modules[plan.remainder_positions[:, 0], plan.remainder_positions[:, 1]] = 0
    unmasked = plan.function == DATA
    modules[unmasked] ^= mask(pattern, plan.size)[unmasked]
    places = plan.format_positions
    modules[places[..., 0], places[..., 1]] = format_bits(level, pattern)
    return modules
