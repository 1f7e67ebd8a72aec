"""What the standard tabulates for each version and level: block sizes, capacity, alignment centres.

Clauses and tables named in this package are those of ISO/IEC 18004:2015. Only two numbers are
stored for each version and level; the rest follows from the number of modules left for data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

Level = Literal["L", "M", "Q", "H"]
"""Error correction level, from about 7% of the codewords to about 30%."""
LEVELS: tuple[Level, ...] = get_args(Level)
VERSIONS = range(1, 41)

# Table 9, versions 1 to 40: error correction codewords of each block, and number of blocks.
# fmt: off
_PARITY: dict[Level, tuple[int, ...]] = {
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
          28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
          26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28),
    "Q": (13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
          28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30),
    "H": (17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
          30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30),
}
_BLOCKS: dict[Level, tuple[int, ...]] = {
    "L": (1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
          8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25),
    "M": (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
          17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49),
    "Q": (1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
          23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68),
    "H": (1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
          25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81),
}
# fmt: on


@dataclass(frozen=True)
class Blocks:
    """The Reed-Solomon blocks of a symbol, in order; shorter ones first (7.5.1, Table 9)."""

    parity: int
    """Error correction codewords, the same in every block."""
    sizes: tuple[int, ...]
    """Data codewords of each block; the largest is at most one more than the smallest."""

    @property
    def data(self) -> int:
        """Data codewords of all blocks."""
        return sum(self.sizes)

    @property
    def total(self) -> int:
        """Codewords of all blocks, data and parity."""
        return self.data + self.parity * len(self.sizes)


def symbol_size(version: int) -> int:
    """Modules along each side (6.3.2); the one place that refuses a version that does not exist."""
    if version not in VERSIONS:
        raise ValueError(f"QR version {version}, versions are 1 to 40")
    return 17 + 4 * version


@cache
def blocks(version: int, level: Level) -> Blocks:
    """How the codewords of a symbol are cut into blocks (Table 9)."""
    codewords = _data_modules(version) // 8
    parity, count = _PARITY[level][version - 1], _BLOCKS[level][version - 1]
    short, longer = divmod(codewords, count)
    sizes = (short - parity,) * (count - longer) + (short + 1 - parity,) * longer
    return Blocks(parity, sizes)


@cache
def alignment_centres(version: int) -> tuple[int, ...]:
    """Rows, and equally columns, of alignment pattern centres; none in version 1 (Annex E)."""
    size = symbol_size(version)
    if version == 1:
        return ()
    gaps = version // 7 + 1
    # Even steps counted from the far edge; the first gap, after 6, takes what is left over.
    # Version 32 is the standard's one exception to the rounding.
    step = 26 if version == 32 else 2 * -(-(size - 13) // (2 * gaps))
    return (6, *range(size - 7 - step * (gaps - 1), size - 6, step))


def count_bits(version: int) -> int:
    """Bits of the character count indicator in byte mode (Table 3)."""
    return 8 if version < 10 else 16


def byte_capacity(version: int, level: Level) -> int:
    """The most characters that one segment in byte mode can hold (Table 7)."""
    return blocks(version, level).data - (4 + count_bits(version) + 4) // 8


def _data_modules(version: int) -> int:
    """Modules that hold codewords and remainder bits (Table 1)."""
    size = symbol_size(version)
    finders_and_separators, timing, format_and_dark = 3 * 64, 2 * (size - 16), 31
    modules = size * size - finders_and_separators - timing - format_and_dark
    centres = len(alignment_centres(version))
    if centres:
        # Three corners belong to finders; those on a timing pattern share five modules with it.
        modules -= 25 * (centres * centres - 3) - 5 * 2 * (centres - 2)
    return modules - (36 if version >= 7 else 0)
