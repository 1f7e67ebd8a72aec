"""The part of a scan that is shown: this sheet's paper, upright, and nothing beside it.

What lies beside the paper can be another sheet, a hand, a table with an ID card on it; on the blank
head of the roll people write and stamp. The cut goes from the header to the end of the roll.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.publish.evidence.find import Found
from pipeline.read.image import Grey
from pipeline.read.printed.place import Doubles

RESOLUTION = 6.2
"""Pixels per millimetre: a digit is 13 high, the QR's module 7, and both stay legible."""
LONG_SIDE = 6000
"""Pixels; a whole sheet of 880 mm has 5,500."""
_BESIDE = 4.0  # millimetres beside the paper, which bends
_ABOVE = 3.0  # millimetres above the header that stay
_LINES = 16  # of places and addresses that a header has at most; of two sheets on one scan, the
# upper one's boxes end some 220 mm above the lower one's tables, well beyond such a header


@dataclass(frozen=True)
class View:
    """Which pixels are shown, and how: `quarters` turned to the left, cut to `box` (left, top,
    right, bottom), then scaled. `move` (3, 3) maps full-size pixels to shown ones."""

    quarters: int
    box: tuple[int, int, int, int]
    scale: float
    move: Doubles

    def cut(self, image: Grey) -> Grey:
        """The part of the full-size image, upright, not yet scaled."""
        left, top, right, bottom = self.box
        return np.ascontiguousarray(np.rot90(image, self.quarters)[top:bottom, left:right])

    def to_shown(self, points: Doubles) -> Doubles:
        """Shown pixels of points (N, 2) in full-size ones."""
        return np.asarray(points @ self.move[:2, :2].T + self.move[:2, 2])


def view_sheet(found: Found) -> View:
    """The upright view of the sheet's paper."""
    height, width = found.full.shape
    across = found.placement.affine[:, 0]
    quarters = round(np.arctan2(across[1], across[0]) / (np.pi / 2)) % 4
    turn, (wide, high) = _turned(quarters, width, height)
    paper = _outline(found) @ turn[:2, :2].T + turn[:2, 2]
    low = np.clip(np.floor(paper.min(axis=0)), 0, (wide - 1, high - 1)).astype(int)
    end = np.clip(np.ceil(paper.max(axis=0)), low + 1, (wide, high)).astype(int)
    longest = int((end - low).max())
    scale = min(1.0, RESOLUTION / found.members.pixels_per_mm, LONG_SIDE / longest)
    # A pixel's middle is half a pixel from its edge, before scaling and after.
    shift = np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5], [0, 0, 1]])
    cut = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    box = (int(low[0]), int(low[1]), int(end[0]), int(end[1]))
    return View(quarters, box, scale, shift @ cut @ turn)


def _turned(quarters: int, width: int, height: int) -> tuple[Doubles, tuple[int, int]]:
    """What quarter turns to the left do to pixels (3, 3), and the size that comes of them."""
    move = np.eye(3)
    for _ in range(quarters):
        move = np.array([[0.0, 1, 0], [-1, 0, width - 1], [0, 0, 1]]) @ move
        width, height = height, width
    return move, (width, height)


def _outline(found: Found) -> Doubles:
    """Points (N, 2) around the sheet's paper, in full-size pixels."""
    form, placement = found.form, found.placement
    left, right = -_BESIDE, form.layout.paper.width + _BESIDE
    inner = placement.heights[(placement.heights > 0) & (placement.heights < form.remarks_end)]
    tables = placement.to_scan(np.array([(x, y) for y in (0.0, *inner) for x in (left, right)]))
    head = tables[:2] - placement.affine[:, 1] * _head_height(found)
    place = form.layout.members
    first, last = found.members.rules[:, 0], found.members.rules[:, 1]
    across = (last - first) / (place.right - place.left)
    sides = np.stack([first + across * (x - place.left) for x in (left, right)], axis=1)
    down = (sides[-1].mean(axis=0) - sides[0].mean(axis=0)) / (form.members_end - form.members_top)
    end = sides[-1] + down * _foot_height(found)
    return np.concatenate([head, tables, sides.reshape(-1, 2), end])


def _head_height(found: Found) -> float:
    """Millimetres from the top of the header, or of the longest one there is, to the tables."""
    if found.header_top is not None:
        return _ABOVE - found.header_top
    head = found.form.layout.header
    office = head.office_baseline + len(head.office) * head.office_pitch + head.election_gap
    return office + head.first_place_gap + _LINES * head.place_gap + head.table_gap


def _foot_height(found: Found) -> float:
    """Millimetres from the last box to the end of the roll, with the largest symbol."""
    symbol, lines = found.form.layout.symbol, found.form.layout.hash
    size = (17 + 4 * max(symbol.versions)) * symbol.module
    below = lines.baseline + 2 * lines.line_pitch + lines.end_rule
    return symbol.gap + size + below + found.form.layout.paper.bottom
