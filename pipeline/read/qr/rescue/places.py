"""Where on a page a symbol may lie, and how large its modules may be there.

A sheet is a long strip with the symbol at its foot; upside down it is at the head, sideways at the
left or right. A page that is no strip (a crop, a photograph, a page with the sheet on it) is
searched whole. The width of the paper tells the pitch, unless a side is cut off or there is more
than paper; then its length does. Hence several guesses, each good for about 15% more or less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.read.image import Grey

STRIP = 3.0
"""Longer than so many widths, a page is a sheet and nothing else."""
END = 0.16
"""Share of a strip at each end; the symbol spans 90.4 to 98.6% of a sheet."""
PITCH = 1 / 69.2
"""A module's share of the paper's width: 49 modules are 56.6 of 80 mm."""
LENGTH = 10.8
"""Widths that a whole sheet is long; those at hand are 10.3 to 11.2. A form of another length costs
some guesses in vain."""
GOOD_FOR = 1.15
GUESSES = (1.0, 1.28, 0.78, 1.68, 0.6)
FEW_GUESSES = (1.0, 1.28, 0.78)
SMALLEST_PITCH = 1.3
"""Pixels a module below which nothing can be told."""
SMALLEST_IN_PHOTO = 3.0
"""The same in a photograph of a whole sheet: below that, its search is dear and mostly in vain."""


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
    by_width, by_length = short * PITCH, long * PITCH / LENGTH
    if not is_strip(width, height):
        whole = [by_width * guess for guess in GUESSES]
        if by_length >= SMALLEST_IN_PHOTO and not _covered(by_length, whole):
            whole.append(by_length)
        yield Place((0, 0, width, height), _usable(whole))
        return
    few = [by_width * guess for guess in FEW_GUESSES]
    if _covered(by_length, few):
        few.sort(key=lambda pitch: abs(np.log(pitch / by_length)))
        first = few[:1]
    else:  # a side is cut off, or there is more than paper, or half of the sheet is missing
        first = [by_length, by_width]
        few = [*first, *(by_length * guess for guess in FEW_GUESSES[1:])]
    depth = int(END * long)
    foot, head = (long - depth, long), (0, depth)
    # With a width more at either side, for the symbol that an end holds a part of.
    between = (max(0, depth - short), min(long, long - depth + short))
    for (start, stop), pitches in ((foot, few), (head, first), (between, first)):
        upright = height >= width
        box = (0, start, width, stop) if upright else (start, 0, stop, height)
        yield Place(box, _usable(pitches))


def _covered(pitch: float, guesses: Sequence[float]) -> bool:
    """Whether one of the guesses is good for it, or it lies between two that are."""
    return min(guesses) / GOOD_FOR <= pitch <= max(guesses) * GOOD_FOR


def _usable(pitches: Sequence[float]) -> tuple[float, ...]:
    return tuple(pitch for pitch in pitches if pitch > SMALLEST_PITCH)
