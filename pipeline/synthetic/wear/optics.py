"""Damage by light and lens: blur, low resolution, coarse JPEG, shadows, a hand-held telephone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.wear.view import Floats, Rng, View, family, warped

_TABLE_TOP = 60


def _blur_gauss(view: View, sigma: float, rng: Rng) -> View:
    soft = cv2.GaussianBlur(view.image, (0, 0), sigma * view.scale)
    return view.noisy(soft.astype(np.float32), 2, rng)


def _blur_motion(view: View, length: float, rng: Rng) -> View:
    size = view.px(length) | 1
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1
    centre = (size / 2 - 0.5, size / 2 - 0.5)
    turn = cv2.getRotationMatrix2D(centre, float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (size, size)).astype(np.float32)
    moved = cv2.filter2D(view.image, -1, kernel / kernel.sum())
    return view.noisy(moved.astype(np.float32), 2, rng)


def _downscale(view: View, dpi: float, _rng: Rng) -> View:
    factor = dpi / 200 / view.scale
    image = cv2.resize(view.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return view.moved(image.astype(np.uint8, copy=False), lambda points: points * factor)


def _jpeg(view: View, quality: float, _rng: Rng) -> View:
    return view.with_image(_recoded(view, quality))


def _recoded(view: View, quality: float) -> NDArray[np.uint8]:
    _, encoded = cv2.imencode(".jpg", view.image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _shadow_gradient(view: View, darkest: float, rng: Rng) -> View:
    light = np.clip((_across_symbol(view, rng) + 1) / 2, 0, 1) * (1 - darkest) + darkest
    return view.noisy(np.asarray(view.image * light, dtype=np.float32), 3, rng)


def _shadow_edge(view: View, darkest: float, rng: Rng) -> View:
    across = np.clip(_across_symbol(view, rng), -5, 5)
    edge = 1 / (1 + np.exp(-across * 12 + np.float32(rng.uniform(-3, 3))))
    light = darkest + (1 - darkest) * edge
    return view.noisy(np.asarray(view.image * light, dtype=np.float32), 3, rng)


def _across_symbol(view: View, rng: Rng) -> Floats:
    """Distance from the symbol's middle in some direction, -1 to 1 over the symbol."""
    height, width = view.image.shape
    x0, y0, x1, y1 = view.box
    angle = float(rng.uniform(0, 2 * np.pi))
    x = (np.arange(width, dtype=np.float32) - (x0 + x1) / 2) * np.cos(angle)
    y = (np.arange(height, dtype=np.float32) - (y0 + y1) / 2) * np.sin(angle)
    return np.asarray((y[:, None] + x[None, :]) / (view.side / 2), dtype=np.float32)


def _tilted(view: View, jitter: float, rng: Rng) -> View:
    """Each corner of the image moved by up to `jitter` of its width: a strip must not shear."""
    height, width = view.image.shape
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    reach = (width, min(width, height))
    moved = (outline + rng.uniform(-jitter, jitter, (4, 2)) * reach).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(outline, moved)
    return warped(
        view, np.asarray(matrix, dtype=np.float64), background=_TABLE_TOP, margin=view.px(60)
    )


def _perspective(view: View, jitter: float, rng: Rng) -> View:
    tilted = _tilted(view, jitter, rng)
    return tilted.noisy(tilted.image.astype(np.float32), 3, rng)


def _phone(view: View, setting: tuple[float, float, int], rng: Rng) -> View:
    """Tilt, uneven light, a soft lens, sensor noise and the telephone's own JPEG."""
    jitter, blur, quality = setting
    tilted = _tilted(view, jitter, rng)
    light = np.clip(0.75 + 0.25 * _across_symbol(tilted, rng), 0.3, 1)
    soft = cv2.GaussianBlur(tilted.image * light, (0, 0), blur * view.scale)
    shot = tilted.noisy(soft.astype(np.float32), 5, rng)
    return shot.with_image(_recoded(shot, quality))


FAMILIES = (
    family(
        "blur_gauss",
        "The scan is out of focus.",
        _blur_gauss,
        {"light": 1.0, "s2": 2.0, "s3": 3.0, "s4": 4.0, "s5": 5.0},
    ),
    family(
        "blur_motion",
        "The paper or the camera moved.",
        _blur_motion,
        {"light": 5.0, "L7": 7.0, "L13": 13.0, "L19": 19.0},
    ),
    family(
        "downscale",
        "The scan was made or saved at a low resolution.",
        _downscale,
        {"150dpi": 150.0, "100dpi": 100.0, "75dpi": 75.0, "50dpi": 50.0, "40dpi": 40.0},
    ),
    family(
        "jpeg",
        "The file was compressed once more, coarsely.",
        _jpeg,
        {"q30": 30.0, "q20": 20.0, "q10": 10.0, "q5": 5.0},
    ),
    family(
        "shadow_gradient",
        "The light falls off across the sheet.",
        _shadow_gradient,
        {"light": 0.7, "0.5": 0.5, "0.25": 0.25, "0.12": 0.12},
    ),
    family(
        "shadow_edge",
        "Something throws a shadow with an edge across the symbol.",
        _shadow_edge,
        {"light": 0.7, "0.5": 0.5, "0.25": 0.25, "0.12": 0.12},
    ),
    family(
        "perspective",
        "The sheet was photographed at an angle.",
        _perspective,
        {"light": 0.02, "0.06": 0.06, "0.12": 0.12, "0.18": 0.18},
    ),
    family(
        "phone",
        "A telephone's photograph: tilted, unevenly lit, soft and compressed.",
        _phone,
        {
            "light": (0.02, 0.8, 70),
            "0": (0.05, 1.2, 50),
            "1": (0.08, 2.0, 40),
            "2": (0.08, 3.0, 28),
        },
    ),
)
