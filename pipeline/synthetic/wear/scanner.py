"""What the scanner did: skew, wrong way up, mirrored, negative, thresholded, black borders."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.synthetic.wear.view import Floats, Rng, View, family, grain, warped

_LID = 40
_BLACK = 12
_QUARTERS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def _skew(view: View, degrees: float, rng: Rng) -> View:
    height, width = view.image.shape
    angle = degrees * float(rng.choice([-1, 1]))
    matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1), [0, 0, 1]])
    return warped(view, matrix, background=_LID, margin=view.px(10))


def _turned(view: View, degrees: int, _rng: Rng) -> View:
    height, width = view.image.shape
    image = cv2.rotate(view.image, _QUARTERS[degrees]).astype(np.uint8, copy=False)

    def way(points: Floats) -> Floats:
        x, y = points[:, 0], points[:, 1]
        there = {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}
        return np.stack(there[degrees], axis=1)

    return view.moved(image, way)


def _mirrored(view: View, _setting: None, _rng: Rng) -> View:
    width = view.image.shape[1]
    return view.moved(
        view.image[:, ::-1].copy(), lambda points: points * (-1, 1) + np.array([width, 0])
    )


def _inverted(view: View, _setting: None, _rng: Rng) -> View:
    return view.with_image(255 - view.image)


def _bilevel_noise(view: View, setting: tuple[float, float], rng: Rng) -> View:
    """Thresholded to black and white, with specks."""
    sigma, specks = setting
    shape = view.image.shape
    black = view.image + grain(shape, sigma, rng) <= rng.uniform(90, 170)
    chance = np.resize(rng.random((min(shape[0], 509), shape[1])), shape)
    black = (black | (chance < specks / 2)) & (chance < 1 - specks / 2)
    return view.with_image(np.where(black, 0, 255).astype(np.uint8))


def _scanner_border(view: View, setting: tuple[float, float, float], rng: Rng) -> View:
    """Black beside the paper: so much of the width left and right, and a wedge over the paper."""
    left, right, wedge = setting
    height, width = view.image.shape
    before, after = round(left * width), round(right * width)
    end = round(0.01 * height)
    image = cv2.copyMakeBorder(
        view.image, 0, end, before, after, cv2.BORDER_CONSTANT, value=(_BLACK,)
    ).astype(np.uint8, copy=False)
    over = before + _edge(height, wedge * width, rng)
    outside = np.arange(image.shape[1], dtype=np.float32)[None, :] < over[:, None]
    image[:height][outside] = _BLACK
    return view.moved(image, lambda points: points + np.array([before, 0]))


def _edge(height: int, wedge: float, rng: Rng) -> Floats:
    """How far black reaches over the paper, row by row: a slope with a little waviness."""
    slope = np.linspace(0, wedge, height) if rng.random() < 0.5 else np.linspace(wedge, 0, height)
    wave = 2 * np.sin(np.linspace(0, float(rng.uniform(10, 30)), height))
    return np.asarray(slope + wave, dtype=np.float32)


FAMILIES = (
    family(
        "skew",
        "The sheet went through the scanner at an angle.",
        _skew,
        {"light": 1.0, "3deg": 3.0, "6deg": 6.0, "10deg": 10.0},
    ),
    family(
        "turned",
        "The image lies on its side or upside down.",
        _turned,
        {"180": 180, "90": 90, "270": 270},
    ),
    family("mirrored", "The image is a mirror image.", _mirrored, {"whole": None}),
    family("inverted", "The image is a negative.", _inverted, {"whole": None}),
    family(
        "bilevel_noise",
        "The scan was thresholded to black and white, with specks.",
        _bilevel_noise,
        {
            "light": (3.0, 0.004),
            "s10p0.02": (10.0, 0.02),
            "s25p0.05": (25.0, 0.05),
            "s45p0.1": (45.0, 0.1),
            "s60p0.15": (60.0, 0.15),
        },
    ),
    family(
        "scanner_border",
        "Black borders stand beside the paper or run over its edge.",
        _scanner_border,
        {"light": (0.03, 0.03, 0.0), "wide": (0.25, 0.12, 0.01), "uneven": (0.02, 0.2, 0.09)},
    ),
)
