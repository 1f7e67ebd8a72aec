"""Damage to the paper and its print: folds, torn corners, heat and age on thermal paper."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.wear.view import (
    MODULES,
    PAPER,
    Floats,
    Image,
    Rng,
    View,
    family,
    smooth_field,
    to_grey,
)

_BEHIND_PAPER = 15


def _fade_contrast(view: View, contrast: float, rng: Rng) -> View:
    faded = PAPER - (PAPER - view.image.astype(np.float32)) * np.float32(contrast)
    return view.noisy(faded, 3, rng)


def _fade_thermal(view: View, setting: tuple[int, float], rng: Rng) -> View:
    """Dead dots of the print head leave white lines down the roll; heat bleaches in patches."""
    lines, faintest = setting
    x0, _, x1, _ = view.box
    values = view.image.astype(np.float32)
    for _ in range(lines):
        x = int(rng.integers(int(x0), int(x1)))
        width = view.px(float(rng.uniform(2, 12)))
        values[:, x : x + width] = np.maximum(values[:, x : x + width], PAPER)
    height, across = view.image.shape
    cells = (max(7, round(5 * height / across)), 5)
    kept = np.maximum(smooth_field((height, across), cells, faintest, rng), 0.08)
    return view.noisy(PAPER - (PAPER - values) * kept, 3, rng)


def _fold(view: View, setting: tuple[int, float], rng: Rng) -> View:
    """So many creases through the symbol; none of them: one above it."""
    count, offset = setting
    if count == 0:
        return _crease(view, -1.2, offset, rng)
    for _ in range(count):
        through, level = float(rng.uniform(0.2, 0.8)), rng.random() < 0.7
        view = (_crease if level else _upright)(view, through, offset, rng)
    return view.noisy(view.image.astype(np.float32), 2, rng)


def _upright(view: View, through: float, offset: float, rng: Rng) -> View:
    """The same crease from top to bottom: turned over the diagonal, and back."""
    turned = view.moved(view.image.T.copy(), lambda points: points[:, ::-1])
    creased = _crease(turned, through, offset, rng)
    return creased.moved(creased.image.T.copy(), lambda points: points[:, ::-1])


def _crease(view: View, through: float, offset: float, rng: Rng) -> View:
    """A level crease at `through` of the symbol; what lies below it slips by `offset` modules."""
    height, width = view.image.shape
    x0, y0, _, _ = view.box
    slope = float(rng.uniform(-0.06, 0.06))
    slip = offset * view.side / MODULES * float(rng.choice([-1, 1]))
    x = np.arange(width, dtype=np.float32)
    line = (y0 + through * view.side + slope * (x - x0)).astype(np.float32)
    below = np.arange(height, dtype=np.float32)[:, None] - line[None, :]
    shift = np.array([[1, 0, -slip], [0, 1, -abs(slip) / 2]])
    slipped = cv2.warpAffine(view.image, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    image = np.where(below > 0, slipped, view.image).astype(np.uint8)

    def way(points: Floats) -> Floats:
        under = points[:, 1] > line[np.clip(points[:, 0].astype(int), 0, width - 1)]
        slip_by = np.array([-slip, -abs(slip) / 2], np.float32)
        return np.asarray(points + under[:, None] * slip_by, np.float32)

    top, bottom = int(max(line.min() - 60, 0)), int(min(line.max() + 60, height))
    if top < bottom:
        image[top:bottom] = _shaded(
            view, image[top:bottom].astype(np.float32), below[top:bottom], rng
        )
    return view.moved(image, way)


def _shaded(view: View, band: Floats, distance: Floats, rng: Rng) -> Image:
    """The crease's sharp line, broken where the coat held, and the soft shade beside it."""
    tone = float(rng.choice([90, 150, 250, 255]))
    half = view.px(float(rng.uniform(1.2, 3.2)))
    along = cv2.GaussianBlur(rng.uniform(-1, 1, (1, band.shape[1])), (0, 0), 6.0)
    strength = np.clip(0.8 + 2.0 * along, 0.25, 1).astype(np.float32)
    line = np.exp(-np.square(distance / half)) * strength
    shade = 1 - 0.16 * np.exp(-np.abs(distance) / view.px(14)) * (distance > 0)
    creased = band * shade * (1 - line) + tone * line
    return to_grey(creased)


def _corner_torn(view: View, setting: tuple[str, float], rng: Rng) -> View:
    """A bite out of the paper's edge; behind it lies the scanner's dark lid."""
    corner, reach = setting
    height, width = view.image.shape
    x0, y0, x1, y1 = view.box
    left, bottom = corner[1] == "L", corner[0] == "B"
    tip_x = x0 + reach * view.side if left else x1 - reach * view.side
    side_x = -2 if left else width + 2
    if bottom:
        from_y = y0 + reach * view.side if reach > 0 else y1 - reach * view.side
        outline = [(side_x, from_y), (tip_x, height + 2), (side_x, height + 2)]
    else:
        top, tip_y = y0 - 0.45 * view.side, y0 + 0.12 * view.side
        outline = [(side_x, top), (tip_x, tip_y), (side_x, y0 + 0.5 * view.side)]
    torn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(torn, [_ragged(outline, view.px(5), rng)], 255)
    fibre = cv2.dilate(torn, np.ones((view.px(5), view.px(5)), np.uint8))
    image = view.image.copy()
    image[fibre > 0] = 250
    image[torn > 0] = _BEHIND_PAPER
    return view.with_image(image)


def _ragged(outline: list[tuple[float, float]], jitter: float, rng: Rng) -> NDArray[np.int32]:
    """The polygon with its sides cut into short, uneven steps."""
    points = []
    for start, end in zip(outline, [*outline[1:], outline[0]], strict=True):
        steps = np.linspace(0, 1, 18, endpoint=False)[:, None]
        points.append(np.array(start) * (1 - steps) + np.array(end) * steps)
    jagged = np.concatenate(points)
    inner = jagged + rng.normal(0, jitter / 2, jagged.shape)
    return inner.round().astype(np.int32)


FAMILIES = (
    family(
        "fade_contrast",
        "The print is washed out all over.",
        _fade_contrast,
        {"light": 0.5, "c0.3": 0.3, "c0.15": 0.15, "c0.08": 0.08, "c0.05": 0.05},
    ),
    family(
        "fade_thermal",
        "The thermal print is bleached in patches and dead dots left white lines.",
        _fade_thermal,
        {"light": (1, 0.6), "lines2": (2, 0.12), "lines5": (5, 0.12), "lines9": (9, 0.12)},
    ),
    family(
        "fold",
        "The sheet was folded; a part of it slipped against the rest.",
        _fold,
        {
            "light": (0, 0.3),
            "n1off0.5": (1, 0.5),
            "n1off1.0": (1, 1.0),
            "n2off1.0": (2, 1.0),
            "n1off2.0": (1, 2.0),
        },
    ),
    family(
        "corner_torn",
        "A piece of the paper is torn out at a corner of the symbol.",
        _corner_torn,
        {
            "light": ("BL", -0.1),
            "TL": ("TL", 0.33),
            "TR": ("TR", 0.33),
            "BL": ("BL", 0.33),
            "BR": ("BR", 0.33),
        },
    ),
)
