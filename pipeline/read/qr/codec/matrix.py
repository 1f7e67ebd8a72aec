"""Where everything stands in a symbol: function patterns, format bits, data modules, masks.

Matrices are indexed [row, column] from the top left; 1 is dark. Anchors are points in module units:
module (row 0, column 0) spans 0 to 1 in x and in y. Arrays are shared and cannot be written to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.read.qr.codec.tables import Level, alignment_centres, symbol_size

DATA = -1
"""In `Layout.function`: a module that holds a bit of the message or a remainder bit."""
FORMAT = -2
"""In `Layout.function`: a module that holds a bit of the format information."""
MASKS = range(8)

Modules = NDArray[np.int8]
Places = NDArray[np.intp]
_Item = TypeVar("_Item", bound=np.generic)

_LEVEL_BITS: dict[Level, int] = {"L": 0b01, "M": 0b00, "Q": 0b11, "H": 0b10}  # Table 12
_FORMAT_GENERATOR, _FORMAT_MASK = 0x537, 0x5412  # 7.9, Annex C
_VERSION_GENERATOR = 0x1F25  # 7.10, Annex D


@dataclass(frozen=True)
class Anchor:
    """The centre of a finder or an alignment pattern, in module units."""

    kind: Literal["finder", "alignment"]
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class Layout:
    """All that a symbol's version fixes; n is `size`."""

    version: int
    size: int
    function: Modules
    """n x n: 1 dark, 0 light, `DATA`, `FORMAT`; version information counts as known (6.3, 7.10)."""
    data_positions: Places
    """8 * codewords x 2: row, column of every message bit in order, the highest bit of a codeword
    first (7.7.3)."""
    remainder_positions: Places
    """0, 3, 4 or 7 x 2: the data modules after the last codeword; they hold 0, masked (Table 1)."""
    format_positions: Places
    """2 x 15 x 2: row, column of both copies of every format bit, bit 0 first (7.9, Figure 25)."""
    anchors: tuple[Anchor, ...]
    """Finders top left, top right, bottom left; then alignment patterns, row by row."""


@cache
def layout(version: int) -> Layout:
    """The layout of a version, built once."""
    size = symbol_size(version)
    anchors = _anchors(version, size)
    format_positions = _format_positions(size)
    function = _function(version, size, anchors, format_positions)
    path = _zigzag(size)
    path = path[function[path[:, 0], path[:, 1]] == DATA]
    bits = len(path) // 8 * 8
    return Layout(
        version,
        size,
        _frozen(function),
        _frozen(path[:bits]),
        _frozen(path[bits:]),
        _frozen(format_positions),
        anchors,
    )


@cache
def mask(pattern: int, size: int) -> NDArray[np.bool_]:
    """n x n: True where mask `pattern` inverts a data module; other modules stay (Table 10)."""
    if pattern not in MASKS:
        raise ValueError(f"QR mask {pattern}, masks are 0 to 7")
    row, col = np.ogrid[:size, :size]
    product = row * col
    terms = (
        (row + col) % 2,
        row % 2 + 0 * col,
        col % 3 + 0 * row,
        (row + col) % 3,
        (row // 2 + col // 3) % 2,
        product % 2 + product % 3,
        (product % 2 + product % 3) % 2,
        ((row + col) % 2 + product % 3) % 2,
    )
    return _frozen(terms[pattern] == 0)


@cache
def format_bits(level: Level, pattern: int) -> Modules:
    """15 format bits as they are printed, bit 0 (the lowest) first (7.9, Annex C)."""
    if pattern not in MASKS:
        raise ValueError(f"QR mask {pattern}, masks are 0 to 7")
    value = _with_check_bits(_LEVEL_BITS[level] << 3 | pattern, 10, _FORMAT_GENERATOR)
    return _frozen(_bits(value ^ _FORMAT_MASK, 15))


def _function(
    version: int, size: int, anchors: tuple[Anchor, ...], format_positions: Places
) -> Modules:
    function = np.full((size, size), DATA, np.int8)
    function[6, :] = function[:, 6] = (np.arange(size) + 1) % 2  # timing, 6.3.5
    row, col = np.ogrid[:size, :size]
    for anchor in anchors:
        # Both patterns are squares around squares; a finder's outer one is its separator.
        ring = np.maximum(np.abs(row - int(anchor.y)), np.abs(col - int(anchor.x)))
        light = (ring == 2) | (ring == 4) if anchor.kind == "finder" else ring == 1
        inside = ring <= (4 if anchor.kind == "finder" else 2)
        function[inside] = ~light[inside]
    function[format_positions[..., 0], format_positions[..., 1]] = FORMAT
    function[size - 8, 8] = 1  # the module that is always dark, 7.9.1
    if version >= 7:
        # Six by three modules left of the top right finder, and their mirror image (Figure 27).
        value = _with_check_bits(version, 12, _VERSION_GENERATOR)
        function[:6, size - 11 : size - 8] = _bits(value, 18).reshape(6, 3)
        function[size - 11 : size - 8, :6] = function[:6, size - 11 : size - 8].T
    return function


def _anchors(version: int, size: int) -> tuple[Anchor, ...]:
    near, far = 3.5, size - 3.5
    finders = [Anchor("finder", x, y) for x, y in ((near, near), (far, near), (near, far))]
    centres = alignment_centres(version)
    taken = {(6, 6), (6, size - 7), (size - 7, 6)}
    places = [(row, col) for row in centres for col in centres if (row, col) not in taken]
    return (*finders, *(Anchor("alignment", col + 0.5, row + 0.5) for row, col in places))


def _format_positions(size: int) -> Places:
    """Both copies wind around the top left finder's corner; the timing patterns are left out."""
    steps = [0, 1, 2, 3, 4, 5, 7, 8]
    one = [(row, 8) for row in steps] + [(8, col) for col in reversed(steps[:-1])]
    two = [(8, size - 1 - i) for i in range(8)] + [(row, 8) for row in range(size - 7, size)]
    return np.array([one, two], np.intp)


def _zigzag(size: int) -> Places:
    """All modules in the order of 7.7.3: pairs of columns from the right, up and down in turn."""
    strips = []
    upwards = np.arange(size)[::-1]
    # Column 6 is a timing pattern and belongs to no pair.
    for turn, right in enumerate([*range(size - 1, 6, -2), 5, 3, 1]):
        rows = np.repeat(upwards if turn % 2 == 0 else upwards[::-1], 2)
        strips.append(np.stack([rows, np.tile([right, right - 1], size)], axis=1))
    return np.concatenate(strips)


def _with_check_bits(value: int, count: int, generator: int) -> int:
    """`value`, then `count` bits that make the whole divisible by the BCH code's generator."""
    remainder = value << count
    while remainder >> count:
        remainder ^= generator << remainder.bit_length() - generator.bit_length()
    return value << count | remainder


def _bits(value: int, count: int) -> Modules:
    return np.array([value >> place & 1 for place in range(count)], np.int8)


def _frozen(array: NDArray[_Item]) -> NDArray[_Item]:
    array.setflags(write=False)
    return array
