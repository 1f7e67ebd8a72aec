"""A placement maps the form onto the scan: exactly where nothing is bent, smoothly where it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.read.printed.place import COLUMNS, Doubles, Placement, similarity

HEIGHTS = np.linspace(10.0, 200.0, 11)
NOTHING = np.zeros((11, 2, 2))


def _turned(degrees: float, scale: float = 7.874) -> Doubles:
    c, s = (scale * f(math.radians(degrees)) for f in (math.cos, math.sin))
    return np.array([[c, -s, 31.5], [s, c, -12.25]])


def _placement(shifts: Doubles, degrees: float = 0.0) -> Placement:
    return Placement(_turned(degrees), HEIGHTS, shifts, np.ones(11))


@pytest.mark.parametrize("degrees", [0, 0.7, -8, 90, 180])
def test_a_plain_similarity_stays_exact_beyond_the_ends_too(degrees: float) -> None:
    points = np.array([(x, y) for x in (0, 22.5, 40, 80) for y in (-20.0, 5, 10, 63.2, 200, 320)])
    placement = _placement(NOTHING, degrees)
    expected = points @ placement.affine[:, :2].T + placement.affine[:, 2]
    assert np.allclose(placement.to_scan(points), expected, atol=1e-9)
    assert np.allclose(placement.local(77.0)[:2], placement.affine)
    assert placement.pixels_per_mm == pytest.approx(7.874)


def test_stretch_along_the_way_is_followed() -> None:
    shifts = NOTHING.copy()
    shifts[:, :, 1] = 0.05 * HEIGHTS[:, None]
    placement = _placement(shifts)
    points = np.array([(30.0, y) for y in (15.0, 100.0, 199.0)])
    stretched = points * (1, 1.05)
    expected = stretched @ placement.affine[:, :2].T + placement.affine[:, 2]
    assert np.allclose(placement.to_scan(points), expected, atol=1e-9)


def test_drift_moves_between_the_blocks_in_proportion() -> None:
    shifts = NOTHING.copy()
    shifts[5:, :, 0] = 2.0
    placement = _placement(shifts)
    between = (HEIGHTS[4] + HEIGHTS[5]) / 2
    moved = placement.to_scan(np.array([(30.0, HEIGHTS[3]), (30.0, between), (30.0, HEIGHTS[7])]))
    still = _placement(NOTHING).to_scan(
        np.array([(30.0, y) for y in (HEIGHTS[3], between, HEIGHTS[7])])
    )
    assert np.allclose((moved - still)[:, 0] / 7.874, [0, 1, 2], atol=1e-9)


def test_each_column_keeps_its_own_displacement() -> None:
    shifts = NOTHING.copy()
    shifts[:, 1] = (0.3, 0.9)
    points = np.array([(x, 120.0) for x in COLUMNS])
    off = (_placement(shifts).to_scan(points) - _placement(NOTHING).to_scan(points)) / 7.874
    assert np.allclose(off, [(0, 0), (0.3, 0.9)], atol=1e-9)


def test_the_best_similarity_is_found_again() -> None:
    rng = np.random.default_rng(5)
    source, true = rng.uniform(0, 200, (8, 2)), _turned(-173)
    target = source @ true[:, :2].T + true[:, 2]
    assert np.allclose(similarity(source, target), true)
    noisy = similarity(source, target + rng.normal(0, 0.5, target.shape))
    assert np.abs(noisy[:, :2] - true[:, :2]).max() < 0.02
