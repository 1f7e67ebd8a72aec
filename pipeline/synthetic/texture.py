"""Paper and noise: tiles made once a process, of which every sheet takes its own cut.

Making noise for four million pixels costs more than drawing the sheet; a random cut of a tile
costs nothing and looks the same. The tiles come from fixed seeds, so a sheet depends on its own
random generator alone.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layout import Font
from pipeline.lettering import strip

NOISE_MEAN = 6
_NOISE_SIGMA = 1.5
_SPARE = 256  # rows and columns by which a tile is larger than the cut
_BACK_PRINT = "PAPEL INVENTADO"
_BACK_FONT = Font("bold", 2.6)
_SHADE_STEP = 16


def paper_texture(height: int, width: int, dpi: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A cut of the roll's own pattern: diagonal bands at the edges, what shows from the back."""
    tile = _roll(_at_least(height, 2048), _at_least(width, 64), dpi)
    y, x = int(rng.integers(tile.shape[0] - height)), (tile.shape[1] - width) // 2
    return tile[y : y + height, x : x + width]


def sensor_noise(height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A cut of noise around NOISE_MEAN."""
    tile = _noise(_at_least(height, 2048), _at_least(width, 256))
    y = int(rng.integers(tile.shape[0] - height))
    x = int(rng.integers(tile.shape[1] - width))
    return tile[y : y + height, x : x + width]


def shading(height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The light on waving paper with a few folds across: smooth, 205-255."""
    rows, columns = height // _SHADE_STEP + 2, width // 64 + 2
    y = np.arange(rows)[:, None]
    waves = sum(
        rng.uniform(0, 4) * np.sin(y / rng.uniform(4, 40) + rng.uniform(0, 6)) for _ in range(4)
    )
    light = 250 + waves + rng.normal(0, 1.5, (rows, columns))
    for fold in rng.uniform(0, rows, int(rng.integers(3, 9))):
        away = y - fold
        depth, reach = rng.uniform(5, 30), rng.uniform(1.5, 6)
        light -= depth * np.exp(-np.abs(away) / reach) * (away > 0 if rng.random() < 0.6 else 1)
    small = np.clip(light, 205, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _at_least(length: int, step: int) -> int:
    """Round up to a multiple: a handful of tiles serves sheets of every size."""
    return -(-length // step) * step


@lru_cache(maxsize=4)
def _noise(height: int, width: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(7)
    shape = (height + _SPARE, width + _SPARE)
    grain = rng.standard_normal(shape, np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * np.float32(_NOISE_SIGMA / 0.36)
    return np.asarray(np.clip(grain + NOISE_MEAN, 0, 40), np.uint8)


@lru_cache(maxsize=8)
def _roll(height: int, width: int, dpi: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(11)
    unit = dpi / 200
    y, x = np.mgrid[0 : height + _SPARE : 4, 0:width:4].astype(np.float32)
    wave = np.sin((y * 0.7 + x) / (17 * unit)) + 0.4 * np.sin((y - 0.5 * x) / (61 * unit))
    edge = np.clip(np.abs(x - width / 2) / (width / 2) * 2.2 - 1.1, 0.12, 1)
    grey = 249 - 9 * edge * (wave + 0.4)
    grey += cv2.GaussianBlur(rng.standard_normal(grey.shape, np.float32), (0, 0), 4 * unit) * 40
    full = cv2.resize(grey.astype(np.float32), (width, height + _SPARE))
    full -= 2.0 * (rng.random(width) < 0.03).astype(np.float32)
    _show_back_print(full, dpi)
    return np.asarray(np.clip(full, 0, 255), np.uint8)


def _show_back_print(paper: NDArray[np.float32], dpi: int) -> None:
    """Let the text on the paper's back shine through: mirrored, blurred, faint."""
    word = strip(_BACK_PRINT, _BACK_FONT, 0.133, dpi).grey[:, ::-1]
    soft = cv2.GaussianBlur(255.0 - word, (0, 0), 1.5 * dpi / 200) * (9 / 255)
    left = (paper.shape[1] - soft.shape[1]) // 3
    for top in range(dpi // 2, paper.shape[0] - soft.shape[0], round(1.65 * dpi)):
        paper[top : top + soft.shape[0], left : left + soft.shape[1]] -= soft
