"""Finding the form on a page whose QR told nothing: how it is turned, how large, and where.

The lines of print tell by how much the page leans; the width of the print tells its scale, nearly.
Then the form is looked for at several scales, both ways up. Whoever asks gets the most
likely places; `register` tells which one is right.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed.form import Form
from pipeline.read.printed.ink import Floats, Grey, darkest_paper, ink_of
from pipeline.read.printed.place import COLUMNS, Doubles, Placement, affinity, similarity
from pipeline.read.printed.register import ROUGH, Reference, register, smoothest

LEAST = 0.28
"""A placement with a lower score is none: sheets of the form have 0.4 and more, others 0.1."""
_GOOD = 0.6  # a score that another look betters by little
_WORTH = 0.2  # a score from which a second look is worth its time
_LONG_SIDE = 1500  # pixels that the page is made small to: about 1.7 to the millimetre
_LEAN = 12.0  # degrees that a page may lean
_LEAN_STEP = 0.5
_PRINT_WIDTH = 68.4  # millimetres from the left rule of the tables to the right one
_SCALES = np.geomspace(0.81, 1.1, 6)  # around what the width of the print tells
_EDGE = 0.02  # share of the ink beyond either edge of the print
_STROKE = 5  # pixels
_WIDE = 9  # pixels: wider than any stroke, narrower than the paper's margin
_FAINTEST = 0.05  # ink that the darkest per cent of a page has at least
_ASIDE = 0.35  # share of the form's width that may lie beyond the page
_BLANK = 0.35  # of the drawing's contrast: a place with less holds no table
_CERTAIN = 0.38  # a score that no page reaches that lies the other way: of 40 sheets 0.34 at most
_DISTINCT = 8.0  # millimetres: closer places are one


def seek(page: Grey, scale: float, reference: Reference, most: int = 3) -> list[Doubles]:
    """The likeliest similarities (2, 3) from the form's millimetres to full-size pixels.

    Args:
        page: grey; `scale` of its pixels make one of the full-size scan.
        scale: see `page`.
        reference: the form's drawing.
        most: how many to give, best first.
    """
    found: list[tuple[float, Doubles]] = []
    for quarter in (0, 2) if page.shape[0] >= page.shape[1] else (1, 3):
        if found and max(score for score, _ in found) > _CERTAIN:
            break
        turned = np.ascontiguousarray(np.rot90(page, quarter))
        back = _turn_back(page.shape, quarter)
        found.extend(
            (score, np.asarray(np.diag([1 / scale] * 2) @ (back @ _square(place))[:2], np.float64))
            for score, place in _upright(turned, reference)
        )
    return _distinct(sorted(found, key=lambda pair: -pair[0]))[:most]


def place(page: Grey, scale: float, form: Form, reference: Reference) -> Placement | None:
    """The form's place on a page whose QR told nothing, or None if there is none.

    The best guess is laid out, its own displacements correct it, and it is laid out again: what a
    lean of half a degree shifts at the ends of a sheet is more than `register` looks for.
    """
    guesses = seek(page, scale, reference)
    tried = [register(page, scale, guess, form, reference) for guess in guesses]
    if not tried:
        return None
    best = max(tried, key=lambda placement: placement.score)
    if best.score < _WORTH:
        return None
    best = refine(page, scale, best, form, reference)
    return best if best.score >= LEAST else None


def refine(
    page: Grey, scale: float, placement: Placement, form: Form, reference: Reference
) -> Placement:
    """The form laid out again, from where a first placement has it: the best of all.

    First as a similarity, which no block that slipped can shear; then, where that is not good, with
    a stretch of its own along the feeder's way.
    """
    points = np.array([(x, y) for y in placement.heights for x in COLUMNS])
    for fit in (similarity, affinity):
        if placement.score >= _GOOD:
            break
        guess = fit(points, placement.to_scan(points))
        again = register(page, scale, guess, form, reference)
        placement = max(placement, again, key=lambda one: one.score)
    return placement


def _square(affine: NDArray[Any]) -> Doubles:
    return np.asarray(np.vstack([affine, [0, 0, 1]]), np.float64)


def _turn_back(shape: tuple[int, ...], quarter: int) -> Doubles:
    """From pixels of `rot90(page, quarter)` to pixels of the page, (3, 3)."""
    high, wide = shape[0], shape[1]
    maps = {
        0: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        1: [[0, -1, wide - 1], [1, 0, 0], [0, 0, 1]],
        2: [[-1, 0, wide - 1], [0, -1, high - 1], [0, 0, 1]],
        3: [[0, 1, 0], [-1, 0, high - 1], [0, 0, 1]],
    }
    return np.array(maps[quarter], np.float64)


def _upright(page: Grey, reference: Reference) -> list[tuple[float, Doubles]]:
    """Places on a page that stands nearly upright, as scores and (2, 3) to its pixels."""
    shrink = _LONG_SIDE / page.shape[0]
    if shrink < 1:
        size = (max(1, round(page.shape[1] * shrink)), _LONG_SIDE)
        small = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        small, shrink = page, 1.0
    if min(small.shape) < 16:
        return []
    ink = ink_of(small, _STROKE)
    ink[_beside_paper(small)] = 0
    ink /= max(_FAINTEST, float(np.percentile(ink, 99)))
    lean = _lean(ink)
    straight, back = _straighten(ink, lean)
    width = _print_width(straight)
    if width < 16:
        return []
    usual = width / _PRINT_WIDTH  # pixels to the millimetre
    places = []
    for factor in _SCALES:
        per_mm = usual * factor
        score, x, y = _best_place(straight, per_mm, reference)
        turn = np.array([[per_mm, 0, x], [0, per_mm, y], [0, 0, 1]])
        places.append((score, np.asarray((back @ turn)[:2] / shrink, np.float64)))
    return places


def _beside_paper(page: Grey) -> NDArray[np.bool_]:
    """What is as dark as no paper, and the paper's edge along it: its blur looks like print, and
    would widen it."""
    side = np.ones((_WIDE, _WIDE), np.uint8)
    paper = np.asarray(cv2.morphologyEx(page, cv2.MORPH_CLOSE, side), np.uint8)
    dark = (paper < darkest_paper(paper)).astype(np.uint8)
    return np.asarray(cv2.dilate(dark, side), bool)


def _lean(ink: Floats) -> float:
    """Degrees by which lines of print fall to the right: where their profile is sharpest."""
    height, width = ink.shape
    best, sharpest = 0.0, -1.0
    for degrees in np.arange(-_LEAN, _LEAN + _LEAN_STEP / 2, _LEAN_STEP):
        slope = math.tan(math.radians(degrees))
        shear = np.array([[1, 0, 0], [slope, 1, -slope * width / 2]])
        level = cv2.warpAffine(ink, shear, (width, height), flags=cv2.WARP_INVERSE_MAP)
        sharpness = float((np.diff(level.sum(axis=1)) ** 2).sum())
        if sharpness > sharpest:
            best, sharpest = float(degrees), sharpness
    return best


def _straighten(ink: Floats, degrees: float) -> tuple[Floats, Doubles]:
    """The image turned upright, and the way back to it (3, 3)."""
    if not degrees:
        return ink, np.eye(3)
    height, width = ink.shape
    turn = _square(np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)))
    corners = turn @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = corners[:2].min(axis=1)
    turn = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ turn
    wide, high = np.ceil(corners[:2].max(axis=1) - (left, top)).astype(int)
    upright = cv2.warpAffine(ink, turn[:2], (int(wide), int(high)))
    return np.asarray(upright, np.float32), np.asarray(np.linalg.inv(turn), np.float64)


def _print_width(ink: Floats) -> float:
    """Pixels between the columns that hold nearly all ink."""
    share = np.cumsum(ink.sum(axis=0))
    if share[-1] <= 0:
        return 0.0
    share /= share[-1]
    return float(np.searchsorted(share, 1 - _EDGE) - np.searchsorted(share, _EDGE))


def _best_place(ink: Floats, per_mm: float, reference: Reference) -> tuple[float, float, float]:
    """Where the form's zero lies, at one scale: score, and x, y in pixels.

    As in `register`, but every block is looked for on the whole page: paper that is longer or
    shorter than its width says bends the path of blocks and costs little.
    """
    resize = ROUGH / per_mm
    size = (max(1, round(ink.shape[1] * resize)), max(1, round(ink.shape[0] * resize)))
    small = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
    blocks = reference.rough_blocks()
    pad = round(blocks[0].shape[1] * _ASIDE)
    window = cv2.copyMakeBorder(small, 0, 0, pad, pad, cv2.BORDER_CONSTANT, value=0)
    tallest = max(block.shape[0] for block in blocks)
    if window.shape[0] < tallest or window.shape[1] < blocks[0].shape[1]:
        return -1.0, 0.0, 0.0
    maps = [_likeness(np.asarray(window, np.float32), block) for block in blocks]
    above = reference.rough.shape[0]
    tops = np.cumsum([0] + [block.shape[0] for block in blocks[:-1]])
    scores = []
    for found, top in zip(maps, tops, strict=True):
        # Index d of a score: the form begins d - above pixels below the page's upper edge.
        line = np.zeros(above + size[1], np.float32)
        best = found.max(axis=1)
        first = above - top
        line[first : first + len(best)] = best[: len(line) - first]
        scores.append(line)
    path = smoothest(scores, reference)
    score = float(np.mean([line[d] for line, d in zip(scores, path, strict=True)]))
    middle = len(path) // 2
    rows = [d - above + top for d, top in zip(path, tops, strict=True)]
    aside = [
        found[row].argmax() for found, row in zip(maps, rows, strict=True) if 0 <= row < len(found)
    ]
    if not aside:
        return -1.0, 0.0, 0.0
    x, y = float(np.median(aside)) - pad, path[middle] - above - reference.edges[0] * ROUGH
    return score, x * per_mm / ROUGH, y * per_mm / ROUGH


def _likeness(window: Floats, pattern: Floats) -> Floats:
    """Correlation of a pattern at each place, where blank paper is like nothing at all."""
    products = cv2.matchTemplate(window, pattern, cv2.TM_CCOEFF)
    high, wide = pattern.shape
    sums, squares = cv2.integral2(window, sdepth=cv2.CV_64F, sqdepth=cv2.CV_64F)
    total, energy = (
        grid[high:, wide:] - grid[:-high, wide:] - grid[high:, :-wide] + grid[:-high, :-wide]
        for grid in (sums, squares)
    )
    norm = float(np.sqrt(((pattern - pattern.mean()) ** 2).sum()))
    spread = np.sqrt(np.maximum(energy - total**2 / pattern.size, (_BLANK * norm) ** 2))
    return np.asarray(products / (norm * spread), np.float32)


def _distinct(places: list[tuple[float, Doubles]]) -> list[Doubles]:
    """Drop the places that a better one says already."""
    kept: list[Doubles] = []
    for _, place in places:
        per_mm = math.hypot(place[0, 0], place[1, 0])
        probes = np.array([[40.0, 40.0], [0.0, 300.0], [1.0, 1.0]])
        here = place @ probes
        if all(np.abs(here - other @ probes).max() > _DISTINCT * per_mm for other in kept):
            kept.append(place)
    return kept
