"""What was put on top of the print: ink blots, thumbprints, stamps, watermarks, white-out."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.synthetic.wear.view import MODULES, PAPER, Floats, Rng, View, family, grain, to_grey

_BLOT = 25
_THUMB = 35
_RIDGE_PITCH = 5.5
_ADVERTISING = "papel termico 80 mm  www.rollos.example"
_AREAS = {"light": 0.02, "0.05": 0.05, "0.1": 0.1, "0.15": 0.15, "0.2": 0.2, "0.3": 0.3}


def _blot_opaque(view: View, area: float, rng: Rng) -> View:
    mask, _, _ = _oval(view, area, rng)
    return _inked(view, mask, _BLOT)


def _thumbprint(view: View, area: float, rng: Rng) -> View:
    """Ridges that bend round a core, pressed unevenly; between them some ink stays too."""
    mask, u, v = _oval(view, area, rng)
    core = 0.2 * view.side * np.sqrt(area)
    bend = np.hypot(0.9 * u, v + core) / view.scale
    phase = bend + 3 * np.sin(u / view.px(31)) + 2 * np.sin(v / view.px(23) + 1)
    ridges = np.clip(0.55 + 0.9 * np.sin(2 * np.pi * phase / _RIDGE_PITCH), 0.25, 1)
    cells = (6, 6)
    pressure = cv2.resize(rng.uniform(0.5, 1, cells), mask.shape[::-1]).astype(np.float32)
    return _inked(view, (mask * ridges * pressure * 0.85).astype(np.float32), _THUMB)


def _oval(view: View, area: float, rng: Rng) -> tuple[Floats, Floats, Floats]:
    """A soft-edged oval over this share of the symbol, and coordinates from its middle."""
    height, width = view.image.shape
    x0, y0, x1, y1 = view.box
    surface, ratio = area * view.side**2, float(rng.uniform(0.6, 1.6))
    a = np.sqrt(surface * ratio / np.pi)
    b = surface / np.pi / a
    centre = (_between(x0 + a * 0.6, x1 - a * 0.6, rng), _between(y0 + b * 0.6, y1 - b * 0.6, rng))
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (centre, (2 * a, 2 * b), float(rng.uniform(0, 180))), (255,), -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 3 * view.scale).astype(np.float32) / 255
    u = np.arange(width, dtype=np.float32)[None, :] - np.float32(centre[0])
    v = np.arange(height, dtype=np.float32)[:, None] - np.float32(centre[1])
    return np.asarray(soft, dtype=np.float32), u, v


def _between(low: float, high: float, rng: Rng) -> float:
    return float(rng.uniform(min(low, high), max(low, high)))


def _inked(view: View, cover: Floats, tone: int) -> View:
    values = view.image.astype(np.float32)
    return view.with_image(to_grey(values * (1 - cover) + tone * cover))


def _watermark(view: View, setting: tuple[int, float], rng: Rng) -> View:
    """The paper maker's line, slanting, three times across the symbol."""
    tone, cover = setting
    height, width = view.image.shape
    x0, y0, x1, y1 = view.box
    text = np.zeros((height, width), np.uint8)
    for line in range(3):
        at = (int(rng.integers(0, view.px(60))), int(y0 + view.side * (0.25 + 0.3 * line)))
        size, stroke = 1.3 * view.scale, view.px(6)
        cv2.putText(text, _ADVERTISING, at, cv2.FONT_HERSHEY_SIMPLEX, size, (255,), stroke)
    turn = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), 20, 1)
    printed = cv2.warpAffine(text, turn, (width, height)).astype(np.float32) / 255
    under = np.minimum(view.image, tone) if cover == 1 else tone
    values = view.image * (1 - cover * printed) + under * cover * printed
    return view.with_image(to_grey(values.astype(np.float32)))


def _stamp(view: View, setting: tuple[float, int, float], rng: Rng) -> View:
    """An office's round stamp; `drop` says how far above the symbol's middle it sits."""
    drop, tone, cover = setting
    height, width = view.image.shape
    x0, y0, x1, y1 = view.box
    centre = (int((x0 + x1) / 2 + rng.normal(0, 0.12) * view.side), 0)
    centre = (centre[0], int((y0 + y1) / 2 - drop * view.side))
    ring = np.zeros((height, width), np.uint8)
    for radius, stroke in ((0.27, 5), (0.24, 2), (0.14, 2)):
        cv2.circle(ring, centre, int(radius * view.side), (255,), view.px(stroke))
    for word, dy in (("MESA", -0.02), ("COPIA FIEL", 0.06)):
        place = (centre[0] - int(0.12 * view.side), centre[1] + int(dy * view.side))
        size, stroke = 0.62 * view.scale, view.px(2)
        cv2.putText(ring, word, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255,), stroke)
    turn = cv2.getRotationMatrix2D(centre, float(rng.uniform(-25, 25)), 1)
    pressed = cv2.warpAffine(ring, turn, (width, height)).astype(np.float32) / 255
    patchy = cv2.GaussianBlur(grain((height, width), 1, rng), (0, 0), 4 * view.scale)
    patchy = np.clip(0.8 + 4 * patchy, 0.2, 1)
    return _inked(view, (pressed * patchy * cover).astype(np.float32), tone)


def _finder_gone(view: View, corner: str, rng: Rng) -> View:
    """A finder pattern painted or pasted over in paper white."""
    x0, y0, x1, y1 = view.box
    reach = 9 * view.side / MODULES
    left = x0 - view.px(5) if corner[1] == "L" else x1 - reach
    top = y0 - view.px(5) if corner[0] == "T" else y1 - reach
    right, bottom = left + reach + view.px(8), top + reach + view.px(8)
    patch = (slice(max(0, int(top)), int(bottom)), slice(max(0, int(left)), int(right)))
    image = view.image.copy()
    white = PAPER + grain(image[patch].shape, 3, rng)
    image[patch] = to_grey(white)
    return view.with_image(image)


FAMILIES = (
    family("blot_opaque", "Ink or dirt hides a part of the symbol.", _blot_opaque, _AREAS),
    family("thumbprint", "A thumbprint lies on the symbol.", _thumbprint, _AREAS),
    family(
        "watermark",
        "Advertising of the paper roll is printed across the symbol.",
        _watermark,
        {"light": (150, 0.5), "mid": (100, 1.0), "dark": (40, 1.0)},
    ),
    family(
        "stamp",
        "An office's round stamp sits above the symbol, or on it.",
        _stamp,
        {"light": (1.0, 90, 0.7), "mid": (0.45, 90, 0.7), "dark": (0.0, 50, 0.9)},
    ),
    family(
        "finder_gone",
        "One of the symbol's three finder patterns is painted over.",
        _finder_gone,
        {"TL": "TL", "TR": "TR", "BL": "BL"},
    ),
)
