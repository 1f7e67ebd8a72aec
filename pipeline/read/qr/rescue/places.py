"""Where on a page a symbol may lie, and how large its modules may be there.

A sheet is a long strip with the symbol at its foot; upside down it is at the head, sideways at the
left or right. A page that is no strip (a crop, a photograph, a page with the sheet on it) is
searched whole. The width of the paper tells the pitch, unless a side is cut off or there is more
than paper: hence several guesses, each good for about 15% more or less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.read.image import Grey

STRIP = 3.0
"""Longer than so many widths, a page is a sheet and nothing else."""
END = 0.16
"""Share of a strip at each end; the symbol spans 90.4 to 98.6% of a sheet."""
PITCH = 1 / 69.2
"""A module's share of the paper's width: 49 modules are 56.6 of 80 mm."""
GUESSES = (1.0, 1.28, 0.78, 1.68, 0.6)
FEW_GUESSES = (1.0, 1.28, 0.78)
SMALLEST_PITCH = 1.3
"""Pixels a module below which nothing can be told."""


@dataclass(frozen=True)
class Place:
    """A part of the page (left, top, right, bottom in pixels) and pitches to look for in it."""

    box: tuple[int, int, int, int]
    pitches: tuple[float, ...]

    def cut(self, grey: Grey) -> Grey:
        """The part of the image."""
        left, top, right, bottom = self.box
        return grey[top:bottom, left:right]


def is_strip(width: int, height: int) -> bool:
    """Whether the page is one sheet, upright or on its side, and nothing else."""
    return max(width, height) >= STRIP * min(width, height)


def places(width: int, height: int) -> Iterator[Place]:
    """Places to search, the likeliest first."""
    short, long = min(width, height), max(width, height)
    whole = (0, 0, width, height)
    if not is_strip(width, height):
        yield Place(whole, _pitches(short, GUESSES))
        return
    depth = int(END * long)
    if height >= width:
        ends = [(0, height - depth, width, height), (0, 0, width, depth)]
    else:
        ends = [(width - depth, 0, width, height), (0, 0, depth, height)]
    yield Place(ends[0], _pitches(short, FEW_GUESSES))
    yield Place(ends[1], _pitches(short, FEW_GUESSES[:1]))
    yield Place(whole, _pitches(short, FEW_GUESSES[:1]))


def _pitches(side: int, guesses: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(p for p in (side * PITCH * guess for guess in guesses) if p > SMALLEST_PITCH)
