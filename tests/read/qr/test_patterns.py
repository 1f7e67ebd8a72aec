"""Finder and alignment patterns: likeness is correlation, and peaks are the patterns' centres."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.read.qr.codec.encode import encode
from pipeline.read.qr.rescue import patterns
from pipeline.read.qr.rescue.patterns import (
    ALIGNMENT_RINGS,
    FINDER_RINGS,
    SCALE,
    Rings,
    Sums,
    find_patterns,
    likeness,
)
from pipeline.read.qr.rescue.tone import Floats
from tests.invent import venezuelan

MARGIN = 12


def _symbol() -> Floats:
    """A version 8 symbol as darkness, a little soft, on paper."""
    modules = encode(venezuelan().encode(), 8, "Q", 2)
    dark = np.kron(np.pad(modules * 2.0 - 1, MARGIN, constant_values=-1), np.ones((SCALE, SCALE)))
    return np.asarray(cv2.GaussianBlur(dark.astype(np.float32), (0, 0), 1.0), np.float32)


def _drawn(rings: Rings) -> Floats:
    side = 2 * len(rings.values) - 1
    pattern = np.zeros((side, side))
    for inset, value in enumerate(rings.values):
        pattern[inset : side - inset, inset : side - inset] = value
    return np.kron(pattern, np.ones((SCALE, SCALE))).astype(np.float32)


@pytest.mark.parametrize("rings", [FINDER_RINGS, ALIGNMENT_RINGS])
def test_likeness_is_the_correlation_with_the_drawn_pattern(rings: Rings) -> None:
    soft = _symbol() + np.random.default_rng(3).normal(0, 0.1, _symbol().shape).astype(np.float32)
    expected = cv2.matchTemplate(soft, _drawn(rings), cv2.TM_CCOEFF_NORMED)
    half = rings.sides[0] // 2
    height, width = expected.shape
    found = likeness(Sums(soft), rings)[half : half + height, half : half + width]
    assert np.abs(found - expected).max() < 1e-3


@pytest.mark.parametrize("sign", [1, -1])
def test_the_peaks_are_the_centres_of_the_patterns(sign: int) -> None:
    peaks, inverted = find_patterns(sign * _symbol())
    assert inverted == (sign < 0)
    finders = peaks.place[peaks.kind == 0] / SCALE - (1 + 1j) * MARGIN
    places = {(round(place.real, 1), round(place.imag, 1)) for place in finders.tolist()}
    # Centres are at 3.5 modules from the corner; pixel centres are at whole numbers.
    centre, far = 3.5 - 0.5 / SCALE, 45.5 - 0.5 / SCALE
    expected = {(centre, centre), (far, centre), (centre, far)}
    assert {(round(x, 1), round(y, 1)) for x, y in expected} <= places


def test_a_finder_is_found_though_the_edge_cuts_off_more_than_half() -> None:
    past = 4 + MARGIN  # half a module more than to the left finders' centres
    peaks, _ = find_patterns(np.ascontiguousarray(_symbol()[:, past * SCALE :]))
    finders = peaks.place[peaks.kind == 0]
    left = finders[np.abs(finders.real + SCALE / 2 + 0.5) <= 2]
    rows = sorted(round(y / SCALE - MARGIN) for y in left.imag.tolist())
    assert rows == [3, 45]


@pytest.mark.parametrize("band", [5, 100, 1000])
def test_bands_change_nothing(band: int, monkeypatch: pytest.MonkeyPatch) -> None:
    soft = _symbol() + np.random.default_rng(3).normal(0, 0.3, _symbol().shape).astype(np.float32)
    monkeypatch.setattr(patterns, "BAND", len(soft))
    whole, _ = find_patterns(soft)
    monkeypatch.setattr(patterns, "BAND", band)
    banded, _ = find_patterns(soft)
    assert len(whole.place) > 3
    assert np.array_equal(banded.place, whole.place)
    assert np.array_equal(banded.kind, whole.kind)


def test_where_there_is_nothing_there_are_no_peaks() -> None:
    peaks, _ = find_patterns(np.zeros((300, 280), np.float32))
    assert len(peaks.place) == 0
