"""Locating a symbol: its grid lies where the symbol was drawn, whatever the size of its modules."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.read.image import Grey
from pipeline.read.qr.codec.encode import encode
from pipeline.read.qr.rescue.locate import locate
from tests.invent import venezuelan

VERSION = 8
LEFT, TOP = 40.0, 25.0
"""Modules of paper around the symbol."""


def _drawn(pitch: float) -> Grey:
    """A symbol with modules of `pitch` pixels; drawn large, then shrunk by means over areas."""
    modules = encode(venezuelan().encode(), VERSION, "Q", 2)
    paper = np.pad(1 - modules, ((int(TOP), 25), (int(LEFT), 11)), constant_values=1)
    large = np.kron(paper, np.full((32, 32), 255.0)).astype(np.uint8)
    width, height = round(pitch * paper.shape[1]), round(pitch * paper.shape[0])
    return np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("pitch", [2.5, 4.0, 5.3, 7.99, 8.0, 9.07, 13.6, 18.1])
def test_the_grid_lies_where_the_symbol_was_drawn(pitch: float) -> None:
    image = _drawn(pitch)
    grid = next(locate(image, pitch, [VERSION]))
    side = VERSION * 4 + 17
    square = np.array([[0, 0], [side, 0], [side, side], [0, side]]) + np.array([LEFT, TOP])
    # Pixel centres are at whole numbers; the image's sides were rounded to whole pixels.
    size = np.array([image.shape[1] / (side + LEFT + 11), image.shape[0] / (side + TOP + 25)])
    off = (grid.corners - (square * size - 0.5)) / pitch
    # An eighth of a module off fits as well: a grid is held against its modules' centres alone.
    assert np.abs(off).max() < 0.2
