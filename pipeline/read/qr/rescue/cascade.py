"""The order in which a damaged symbol is looked for and looked at, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from pipeline.election import SheetRules
from pipeline.read.image import Grey
from pipeline.read.qr.rescue.bend import curled, folded
from pipeline.read.qr.rescue.blocks import Decoded, Pool, SymbolDecoder
from pipeline.read.qr.rescue.locate import Grid, locate
from pipeline.read.qr.rescue.places import places
from pipeline.read.qr.rescue.sample import Shifts, View, module_values, prepared, soften
from pipeline.read.qr.rescue.tone import Floats

VIEWS = (
    View("plain"),
    View("sharp", blur=0.15),
    View("dark", blur=0.15, threshold=0.3),
    View("sharpened", blur=0.15, sharpen=3.0),
    View("wide", window=15),
    View("curled", bend="curled"),
    View("curled-dark", blur=0.2, threshold=0.3, bend="curled"),
    View("curled-darkest", blur=0.15, window=13, threshold=0.18, bend="curled"),
    View("curled-light", threshold=0.7, bend="curled"),
    View("folded", bend="folded"),
    View("folded-sharp", blur=0.15, bend="folded"),
    View("folded-sharpened", blur=0.15, sharpen=2.0, bend="folded"),
)
HOPE = {"sharp": 0.01, "wide": 1.8}
"""After these views, with no block yet, how much the data must look like a payload to go on."""
SURE, POSSIBLE = 150.0, 62.0
"""Scores of a grid (of 435 function modules in version 8): surely a symbol, perhaps one."""
MOST_POSSIBLE = 5
SAME = 0.25
"""Grids whose corners differ by less of a pitch are one."""


LARGEST_PITCH = 12.0
"""Pixels a module above which the image is made smaller: more of them show nothing more."""
MARGIN = 3.0
"""Modules around a grid that its views need to see."""


@dataclass(frozen=True)
class Rescued:
    """A symbol that was read against damage; `grid` is in pixels of the image searched."""

    decoded: Decoded
    grid: Grid
    view: str


def rescue_page(grey: Grey, rules: SheetRules, expected: str | None = None) -> Rescued | None:
    """Look for a damaged symbol wherever on the page one may be."""
    height, width = grey.shape
    for place in places(width, height):
        found = rescue(place.cut(grey), place.pitches, rules, expected)
        if found:
            return replace(found, grid=found.grid.moved(1.0, place.box[0], place.box[1]))
    return None


def rescue(
    grey: Grey, pitches: Sequence[float], rules: SheetRules, expected: str | None = None
) -> Rescued | None:
    """Look for a symbol with modules of about one of `pitches` pixels, and read it.

    `expected` is a text that the print suggests; it helps to decide, and decides nothing alone.
    """
    tried: list[Grid] = []
    doubtful: list[Grid] = []
    for pitch in pitches:
        for grid in locate(grey, pitch, rules.symbol.versions):
            if grid.score < SURE:
                doubtful.append(grid)
            elif not _known(grid, tried):
                # Bent paper is dear to look for: only on a grid that fits better than all before.
                best = all(grid.score >= other.score for other in tried)
                read = read_grid(grey, grid, rules, expected, bent=best)
                if read:
                    return read
    doubtful.sort(key=lambda grid: -grid.score)
    for grid in doubtful[:MOST_POSSIBLE]:
        if grid.score >= POSSIBLE and not _known(grid, tried):
            read = read_grid(grey, grid, rules, expected, bent=len(tried) == 1)
            if read:
                return read
    return None


def read_grid(
    grey: Grey, grid: Grid, rules: SheetRules, expected: str | None = None, *, bent: bool = True
) -> Rescued | None:
    """Read the symbol on a grid through one view after the other, pooling their blocks."""
    decoder = _decoder(rules, grid.version)
    pool = Pool()
    near, seen = _close_up(grey, grid)
    upright = _upright(near, seen, decoder)
    if upright is not seen:
        grid, seen = grid.mirrored, upright
    for view, soft in _views(near, seen, bent):
        decoded = decoder.decode(soft, pool, expected)
        if decoded:
            return Rescued(decoded, grid, view.name)
        if not pool.votes and view.name in HOPE and decoder.likeness(soft) < HOPE[view.name]:
            return None
    return None


def _close_up(grey: Grey, grid: Grid) -> tuple[Grey, Grid]:
    """The image around a grid, at a handy size, and the grid in it."""
    corners, margin = grid.corners, MARGIN * grid.pitch
    left, top = np.maximum(corners.min(axis=0) - margin, 0).astype(int)
    right, bottom = (corners.max(axis=0) + margin).astype(int)
    cut = grey[top : max(bottom, top + 1), left : max(right, left + 1)]
    if cut.size == 0:
        return grey, grid
    if grid.inverted:
        cut = np.asarray(255 - cut, np.uint8)
    factor = min(1.0, LARGEST_PITCH / grid.pitch)
    if factor < 1:
        smaller = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        cut = np.asarray(smaller, np.uint8)
    return cut, grid.moved(factor, -factor * left, -factor * top)


def _upright(grey: Grey, grid: Grid, decoder: SymbolDecoder) -> Grid:
    """The grid or its mirror image: whose data look more like the alphabet."""
    soft = soften(module_values(prepared(grey, grid, VIEWS[0].blur), grid), VIEWS[0])
    return grid if decoder.likeness(soft) >= decoder.likeness(soft.T) else grid.mirrored


def _views(grey: Grey, grid: Grid, bent: bool) -> Iterator[tuple[View, Floats]]:
    bends: dict[str, Shifts | None] = {"flat": None}
    images: dict[tuple[float, float], Floats] = {}
    for view in VIEWS:
        if view.bend != "flat" and not bent:
            continue
        look = (view.blur, view.sharpen)
        if look not in images:
            images[look] = prepared(grey, grid, *look)
        if view.bend not in bends:
            bend = curled if view.bend == "curled" else folded
            bends[view.bend] = bend(images[(0.3, 0.0)], grid)
        values = module_values(images[look], grid, bends[view.bend])
        yield view, soften(values, view)


def _known(grid: Grid, tried: list[Grid]) -> bool:
    """Whether such a grid was tried before; it counts as tried from now on."""
    if any(_same(grid, other) for other in tried):
        return True
    tried.append(grid)
    return False


def _same(one: Grid, other: Grid) -> bool:
    distance = np.abs(one.corners - other.corners).max()
    return one.version == other.version and bool(distance < SAME * one.pitch)


@lru_cache(maxsize=16)
def _decoder(rules: SheetRules, version: int) -> SymbolDecoder:
    return SymbolDecoder(version, rules)
