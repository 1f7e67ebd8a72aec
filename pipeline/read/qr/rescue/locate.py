"""Finding a damaged symbol: what is left of its patterns, and the grids that explain it.

Finder and alignment patterns look the same turned by 90 degrees, so one search of the image finds
them in every orientation. Two of them, each taken for one of the symbol's, give a similarity;
those that many pairs agree on, and whose patterns lie where the image has some, are scored on all
function modules. No pattern in particular is needed: with a corner cut off, two others do. A
mirrored symbol has its function modules where an upright one has them: whoever reads a grid must
try both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.image import Grey
from pipeline.read.qr.rescue.model import ALIGNMENT, FINDER, Model, model
from pipeline.read.qr.rescue.patterns import SCALE, Complex, Peaks, find_patterns
from pipeline.read.qr.rescue.refine import project, refine, scored
from pipeline.read.qr.rescue.tone import Floats, darkness, sample_at

Indices = NDArray[np.intp]

PITCH_RANGE = (3.4, 4.7)
"""Modules of about 15% less or more than the pitch that was looked for are found as well."""
TILT = np.radians(16)
PARTLY_SCORED, ONE_IN, FULLY_SCORED = 640, 7, 60
"""How many similarities are scored on one in so many function modules, and how many on all."""
KEPT = 3
WORTH_FITTING = 50.0
"""Score of a similarity below which no symbol is there. Of 602 damaged symbols that were read, the
least had 86; half of what is no symbol has less than 50."""


@dataclass(frozen=True)
class Grid:
    """Where a symbol may lie. `transform` (3 x 3) maps module to pixel coordinates."""

    score: float
    version: int
    transform: NDArray[np.float64]
    inverted: bool = False
    """Light on dark."""

    @property
    def model(self) -> Model:
        """What is known of its version."""
        return model(self.version)

    @property
    def mirrored(self) -> Grid:
        """The same modules, rows and columns exchanged: how a mirrored symbol lies."""
        return replace(self, transform=self.transform[:, [1, 0, 2]])

    def moved(self, factor: float, x: float, y: float) -> Grid:
        """The grid in an image scaled by `factor` and shifted by x, y pixels."""
        half = (factor - 1) / 2  # pixel centres are at whole numbers
        to = np.array([[factor, 0, x + half], [0, factor, y + half], [0, 0, 1]])
        return replace(self, transform=to @ self.transform)

    @property
    def corners(self) -> NDArray[np.float64]:
        """The outer corners: top left, top right, bottom right, bottom left; 4 x 2 pixels."""
        side = float(self.model.size)
        square = np.array([[0, 0], [side, 0], [side, side], [0, side]])
        return project(self.transform, square)

    @property
    def pitch(self) -> float:
        """Pixels a module, on average over the four sides."""
        ends = self.corners
        sides = np.linalg.norm(ends - np.roll(ends, 1, axis=0), axis=1)
        return float(sides.mean() / self.model.size)


def locate(grey: Grey, pitch: float, versions: Sequence[int]) -> Iterator[Grid]:
    """Grids of symbols whose modules are about `pitch` pixels wide, the likeliest first."""
    factor = SCALE / pitch
    if min(grey.shape) * factor < 15 * SCALE:
        return
    small = _resized(grey, factor)
    soft = darkness(cv2.GaussianBlur(small, (0, 0), 1.0).astype(np.float32), 11 * SCALE)
    peaks, inverted = find_patterns(soft)
    if len(peaks.place) < 2:
        return
    soft = -soft if inverted else soft
    rough = [
        (score, version, transform)
        for version in versions
        for score, transform in _hypotheses(peaks, soft, model(version))
    ]
    rough.sort(key=lambda entry: -entry[0])
    for hope, version, transform in rough[:KEPT]:
        if hope < WORTH_FITTING:
            return
        fitted, score = refine(soft, transform, model(version), peaks.place, peaks.kind)
        yield Grid(score, version, _to_full(factor) @ fitted, inverted)


def _resized(grey: Grey, factor: float) -> Grey:
    """The image at `factor` of its size. Means over areas are fast for halves alone."""
    if factor > 1:
        return _scaled(grey, factor, cv2.INTER_CUBIC)
    while factor <= 0.5:
        grey, factor = _scaled(grey, 0.5, cv2.INTER_AREA), 2 * factor
    return _scaled(grey, factor, cv2.INTER_LINEAR)


def _scaled(grey: Grey, factor: float, method: int) -> Grey:
    # Told the factor and no size, OpenCV scales by it exactly and drops what is left over.
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def _to_full(factor: float) -> NDArray[np.float64]:
    """From pixels of the searched image to those of the full one; centres are at whole numbers."""
    shift = 0.5 / factor - 0.5
    return np.array([[1 / factor, 0, shift], [0, 1 / factor, shift], [0, 0, 1]])


def _hypotheses(
    peaks: Peaks, soft: Floats, known: Model
) -> list[tuple[float, NDArray[np.float64]]]:
    """Similarities that the peaks suggest, with their score on all function modules."""
    turns, shifts = _similarities(peaks, known)
    if not len(turns):
        return []
    found = _scored(turns, shifts, soft, known)
    kept: list[tuple[float, NDArray[np.float64]]] = []
    middle = np.array([[known.size / 2, known.size / 2], [0.0, 0.0]])
    for score, transform in found:
        places = project(transform, middle)
        if all(np.abs(places - project(other, middle)).max() > 6 for _, other in kept):
            kept.append((score, transform))
        if len(kept) == KEPT:
            break
    return kept


def _similarities(peaks: Peaks, known: Model) -> tuple[Complex, Complex]:
    """Turns and shifts (p = turn * q + shift) that map two of the model's patterns onto peaks."""
    anchors = _anchor_places(known)
    labels = known.anchors[:, 2]
    turns, shifts = [], []
    for one in (FINDER, ALIGNMENT):
        for other in (FINDER, ALIGNMENT):
            a, b = _pairs(labels == one, labels == other)
            i, j = _pairs(peaks.kind == one, peaks.kind == other)
            seen, real = peaks.place[j] - peaks.place[i], anchors[b] - anchors[a]
            size = np.abs(seen)[:, None] / np.abs(real)
            rows, columns = np.nonzero((size > PITCH_RANGE[0]) & (size < PITCH_RANGE[1]))
            found = seen[rows] / real[columns]
            angle = np.angle(found)
            upright = np.abs(angle - np.round(angle / (np.pi / 2)) * (np.pi / 2)) < TILT
            turns.append(found[upright])
            shifts.append((peaks.place[i[rows]] - found * anchors[a[columns]])[upright])
    return _distinct(np.concatenate(turns), np.concatenate(shifts), anchors)


def _pairs(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """All pairs of two different places, the one marked in `first`, the other in `second`."""
    together = first[:, None] & second[None]
    np.fill_diagonal(together, False)
    one, other = np.nonzero(together)
    return one, other


def _distinct(turns: Complex, shifts: Complex, anchors: Complex) -> tuple[Complex, Complex]:
    """One of each cluster of like similarities, those that many pairs agree on first."""
    if not len(turns):
        return turns, shifts
    centre = turns * anchors.mean() + shifts
    key = np.stack(
        [centre.real / 3, centre.imag / 3, np.abs(turns) * 20, np.angle(turns) * 20], axis=1
    )
    # As one number each, in the same order, they are sorted much faster.
    number = np.round(key).astype(np.int64) @ np.array([2**40, 2**20, 2**10, 1])
    _, index, count = np.unique(number, return_index=True, return_counts=True)
    order = np.argsort(-count, kind="stable")[:4000]
    return turns[index[order]], shifts[index[order]]


def _scored(
    turns: Complex, shifts: Complex, soft: Floats, known: Model
) -> list[tuple[float, NDArray[np.float64]]]:
    """The best similarities: by the patterns' centres, by some function modules, and by all."""
    anchors = _anchor_places(known)
    places = turns[:, None] * anchors[None] + shifts[:, None]
    rough = sample_at(soft, places.real, places.imag).sum(axis=1)
    best = np.argsort(-rough, kind="stable")[:PARTLY_SCORED]
    transforms = _matrices(turns[best], shifts[best])
    some = scored(soft, transforms, known, every=ONE_IN)
    transforms = transforms[np.argsort(-some, kind="stable")[:FULLY_SCORED]]
    scores = scored(soft, transforms, known)
    order = np.argsort(-scores, kind="stable")[: 4 * KEPT]
    return [(float(scores[i]), transforms[i]) for i in order]


def _anchor_places(known: Model) -> Complex:
    return np.asarray(known.anchors[:, 0] + 1j * known.anchors[:, 1], np.complex128)


def _matrices(turns: Complex, shifts: Complex) -> NDArray[np.float64]:
    """The similarities as matrices, m x 3 x 3."""
    zero, one = np.zeros(len(turns)), np.ones(len(turns))
    rows = [turns.real, -turns.imag, shifts.real, turns.imag, turns.real, shifts.imag, zero, zero]
    return np.stack([*rows, one], axis=1).reshape(-1, 3, 3)
