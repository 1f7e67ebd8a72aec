"""Fitting a grid to everything that is known of a symbol beforehand: its function modules."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.qr.rescue.model import Model
from pipeline.read.qr.rescue.tone import Floats, sample_at

Matrix = NDArray[np.float64]
STEPS = (0.5, 0.25, 0.12, 0.06)
"""Modules."""
ROUNDS = 8
LEAST_GAIN = 1e-3


def project(transform: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (k x 2) through a homography, or through each of m homographies (m x k x 2)."""
    known = np.vstack([points.T, np.ones(len(points))])
    mapped = (transform.reshape(-1, 3) @ known).reshape(*transform.shape[:-1], -1)
    return np.moveaxis(mapped[..., :2, :] / mapped[..., 2:, :], -2, -1)


def scored(soft: Floats, transforms: Matrix, known: Model, every: int = 1) -> NDArray[np.float64]:
    """Agreement of each homography (m x 3 x 3) with the function modules, or with one in so many;
    unseen ones count 0."""
    points = project(transforms, known.centres[::every])
    values = sample_at(soft, points[..., 0], points[..., 1])
    return np.asarray(values @ known.signs[::every], np.float64)


def refine(
    soft: Floats,
    transform: Matrix,
    known: Model,
    places: NDArray[np.complex128],
    kinds: NDArray[np.int64],
) -> tuple[Matrix, float]:
    """The homography near `transform` that agrees best, and its score."""
    best, score = transform, float(scored(soft, transform[None], known)[0])
    for reach in (7.0, 4.0):
        for candidate in _through_peaks(best, known, places, kinds, reach):
            value = float(scored(soft, candidate[None], known)[0])
            if value > score:
                best, score = candidate, value
    return climb(soft, best, score, known)


def climb(soft: Floats, transform: Matrix, score: float, known: Model) -> tuple[Matrix, float]:
    """Shift, stretch, shear and tilt in ever smaller steps while that helps."""
    for step in STEPS:
        moves = _moves(known.size, step)
        for _ in range(ROUNDS):
            tried = transform @ moves
            scores = scored(soft, tried, known)
            winner = int(scores.argmax())
            if scores[winner] <= score + LEAST_GAIN:
                break
            score, transform = float(scores[winner]), tried[winner]
    return transform, score


@cache
def _moves(size: int, step: float) -> Matrix:
    """Sixteen small homographies of the module plane that move its corners by `step` modules."""
    half = size / 2
    to_unit = np.array([[1 / half, 0, -1], [0, 1 / half, -1], [0, 0, 1]])
    small = step / half
    moves = []
    for row, column in ((0, 2), (1, 2), (0, 0), (1, 1), (0, 1), (1, 0), (2, 0), (2, 1)):
        for sign in (1, -1):
            move = np.eye(3)
            move[row, column] += sign * small
            moves.append(np.linalg.inv(to_unit) @ move @ to_unit)
    return np.array(moves)


def _through_peaks(
    transform: Matrix,
    known: Model,
    places: NDArray[np.complex128],
    kinds: NDArray[np.int64],
    reach: float,
) -> list[Matrix]:
    """Affine map and homography through the peaks that lie near the model's patterns."""
    expected = project(transform, known.anchors[:, :2])
    source, target = [], []
    for anchor, place in zip(known.anchors, expected, strict=True):
        distance = np.abs(places - (place[0] + 1j * place[1]))
        distance[kinds != int(anchor[2])] = np.inf
        nearest = int(distance.argmin())
        if distance[nearest] < reach:
            source.append(anchor[:2])
            target.append([places[nearest].real, places[nearest].imag])
    found: list[Matrix] = []
    a, b = np.array(source, np.float32), np.array(target, np.float32)
    if len(source) >= 3:
        affine, _ = cv2.estimateAffine2D(a, b, method=cv2.RANSAC, ransacReprojThreshold=2.5)
        if affine is not None:
            found.append(np.vstack([affine, [0, 0, 1]]))
    if len(source) >= 5:
        homography, _ = cv2.findHomography(a, b, cv2.RANSAC, 2.5)
        if homography is not None:
            found.append(np.asarray(homography, np.float64))
    # Degenerate places (three in a line) give maps that are no numbers.
    return [transform for transform in found if np.isfinite(transform).all()]
