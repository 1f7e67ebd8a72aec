"""From a grid on the image to a soft value for every module: 1 dark, -1 light, 0 not known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.image import Grey
from pipeline.read.qr.rescue.locate import Grid
from pipeline.read.qr.rescue.refine import project
from pipeline.read.qr.rescue.tone import Floats, sample_at

SPREAD = (-0.22, 0.0, 0.22)
"""Where within a module it is sampled, in modules from its centre."""
SHARPEN_REACH = 0.7
"""Modules: a blur of half a module mixes each with its neighbours."""
LEVEL_STEP = 3
"""Ink and paper levels change slowly: they are taken at every third module."""
FEWEST = 12
"""Modules in a window below which its levels say nothing."""
STAIN = 4
"""No 4 x 4 modules of a masked symbol are alike but by a chance of 1 in 32,000: that is a stain."""
STAIN_EVEN = 0.35
STREAK, STREAK_SHARE, STREAK_TRUST = 15, 0.18, 0.25

Shifts = tuple[NDArray[np.float64], NDArray[np.float64]]
"""How far each module lies from its place on the flat grid: x and y, n x n, in modules."""


@dataclass(frozen=True)
class View:
    """One way of looking at the modules; several views see what one does not."""

    name: str
    blur: float = 0.3
    """Gaussian blur before sampling, in modules."""
    window: int = 9
    """Modules around that give the levels of ink and paper."""
    threshold: float = 0.5
    """Between the levels of ink (0) and paper (1)."""
    sharpen: float = 0.0
    """How much of what a blur would take away is added, against blur in the image itself."""
    bend: str = "flat"
    """The paper: `flat`, `curled`, `folded`."""


def prepared(grey: Grey, grid: Grid, blur: float, sharpen: float = 0.0) -> Floats:
    """The image, blurred by so many modules, and sharpened."""
    sigma = max(0.3, blur * grid.pitch)
    image = cv2.GaussianBlur(grey, (0, 0), sigma).astype(np.float32)
    if sharpen:
        image += sharpen * (image - cv2.GaussianBlur(image, (0, 0), SHARPEN_REACH * grid.pitch))
    return np.asarray(image, np.float32)


def module_values(image: Floats, grid: Grid, shifts: Shifts | None = None) -> Floats:
    """Mean grey of every module (n x n); NaN where it is outside the image."""
    side = grid.model.size
    x, y = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
    if shifts is not None:
        x, y = x + shifts[0], y + shifts[1]
    centres = np.stack([x.ravel(), y.ravel()], axis=1)
    offsets = [np.array([dx, dy]) for dx in SPREAD for dy in SPREAD]
    points = project(grid.transform, np.concatenate([centres + offset for offset in offsets]))
    values = sample_at(image, points[:, 0], points[:, 1]).reshape(len(offsets), -1)
    height, width = image.shape
    inside = (
        (points[:, 0] >= 0)
        & (points[:, 0] <= width - 1)
        & (points[:, 1] >= 0)
        & (points[:, 1] <= height - 1)
    )
    seen = inside.reshape(len(offsets), -1).all(axis=0)
    mean = np.where(seen, values.mean(axis=0), np.nan)
    return mean.reshape(side, side).astype(np.float32)


def levels(values: Floats, window: int) -> tuple[Floats, Floats]:
    """Paper and ink level around every module (n x n each); NaN where too little is seen."""
    side, half = values.shape[0], window // 2
    padded = np.pad(values, half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    places = np.arange(0, side + LEVEL_STEP - 1, LEVEL_STEP).clip(max=side - 1)
    chosen = windows[np.ix_(places, places)].reshape(len(places) ** 2, -1)
    ordered = np.sort(chosen, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    row = np.arange(len(ordered))
    enough = count > FEWEST
    spread = []
    for share in (0.85, 0.15):
        picked = ordered[row, (share * (count - 1)).astype(int).clip(min=0)]
        coarse = np.where(enough, picked, np.nan).reshape(len(places), len(places))
        spread.append(_stretched(coarse.astype(np.float32), side))
    return spread[0], spread[1]


def _stretched(coarse: Floats, side: int) -> Floats:
    """Interpolate levels between the places where they were taken."""
    at = np.arange(side, dtype=np.float32) / LEVEL_STEP
    x, y = np.meshgrid(at, at)
    known = np.isfinite(coarse)
    filled = np.where(known, coarse, 0).astype(np.float32)
    weight = sample_at(known.astype(np.float32), x, y)
    value = sample_at(filled, x, y)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0.2, value / weight, np.nan).astype(np.float32)


def soften(values: Floats, view: View) -> Floats:
    """Soft values from grey: the place between the levels of ink and paper around the module."""
    paper, ink = levels(values, view.window)
    span = paper - ink
    if not np.isfinite(span).any():
        return np.zeros_like(values)
    least = (0.12 if view.threshold < 0.5 else 0.22) * float(np.nanmedian(span))
    middle = ink + view.threshold * span
    with np.errstate(invalid="ignore"):
        offset = (middle - values) / np.maximum(span, 1e-3)
        scale = np.where(offset > 0, max(view.threshold, 0.05), max(1 - view.threshold, 0.05))
        soft = np.clip(offset / scale, -1, 1)
        known = np.isfinite(soft) & (span >= least) & ~stains(values, paper, ink)
    return distrusted(np.where(known, soft, 0).astype(np.float32))


def distrusted(soft: Floats) -> Floats:
    """Weaken what agrees with a streak: dead dots of the print head, creases, strokes of a pen.

    Of any 15 modules in a line of a masked symbol about half are dark; where nearly all are alike,
    their likeness tells of the streak and not of the symbol.
    """
    trusted = soft.copy()
    for kernel in ((1, STREAK), (STREAK, 1)):
        dark = cv2.blur((soft > 0).astype(np.float32), kernel)
        light = cv2.blur((soft < 0).astype(np.float32), kernel)
        share = dark / np.maximum(dark + light, 1e-6)
        trusted[(share < STREAK_SHARE) & (soft < 0)] *= STREAK_TRUST
        trusted[(share > 1 - STREAK_SHARE) & (soft > 0)] *= STREAK_TRUST
    return trusted


def stains(values: Floats, paper: Floats, ink: Floats) -> NDArray[np.bool_]:
    """Modules that lie in an even patch of ink or of paper: they say nothing of the symbol.

    A blot is as black as the print, so its modules would count as dark with certainty.
    """
    with np.errstate(invalid="ignore"):
        place = (values - ink) / np.maximum(paper - ink, 1e-3)
        dark = (place < STAIN_EVEN).astype(np.uint8)
        light = (place > 1 - STAIN_EVEN).astype(np.uint8)
    kernel = np.ones((STAIN, STAIN), np.uint8)
    patches = [cv2.morphologyEx(one, cv2.MORPH_OPEN, kernel) for one in (dark, light)]
    return np.asarray(np.maximum(patches[0], patches[1]) > 0, np.bool_)
