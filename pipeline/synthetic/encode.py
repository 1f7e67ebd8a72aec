"""JPEG files like the published ones: their quantization tables, components and densities.

Read off real files: grey scans carry either libjpeg's table for quality 5 or one near quality 28
with roundings of its own; a colour scan at 200 dpi quality 94; one at 300 dpi quality 80 with the
tables transposed (it was turned without loss). Colour is subsampled 4:2:0 in both.
"""

from __future__ import annotations

from io import BytesIO
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

JpegStyle = Literal["grey-200", "grey-200-fine", "grey-200-coarse", "colour-200", "colour-300"]
STYLES: tuple[JpegStyle, ...] = get_args(JpegStyle)

_COARSE_QUALITY = 5
_COARSE_SHARE = 0.6
_COLOUR_200_QUALITY = 94
_COLOUR_300_QUALITY = 80
# fmt: off
_FINE_TABLE = [
    29, 19, 18, 29, 43, 72, 92, 110,
    21, 21, 25, 34, 47, 105, 108, 99,
    25, 23, 29, 43, 72, 103, 125, 101,
    25, 30, 39, 52, 92, 157, 145, 112,
    32, 39, 67, 101, 123, 197, 186, 139,
    43, 63, 99, 116, 146, 188, 204, 166,
    88, 116, 141, 157, 186, 219, 217, 183,
    130, 166, 172, 177, 203, 181, 186, 179,
]
# fmt: on


def encode_jpeg(image: NDArray[np.uint8], style: JpegStyle, rng: np.random.Generator) -> bytes:
    """Encode a grey sheet; `grey-200` lets `rng` choose between the coarse and the fine table."""
    if style not in STYLES:
        raise ValueError(f"unknown JPEG style {style!r}, known are {', '.join(STYLES)}")
    if style == "grey-200":
        style = "grey-200-coarse" if rng.random() < _COARSE_SHARE else "grey-200-fine"
    if style == "grey-200-coarse":
        return _save(Image.fromarray(image), 200, quality=_COARSE_QUALITY)
    if style == "grey-200-fine":
        return _save(Image.fromarray(image), 200, qtables=[_FINE_TABLE])
    colour = Image.fromarray(_tinted(image, style, rng))
    if style == "colour-200":
        return _save(colour, 200, quality=_COLOUR_200_QUALITY, subsampling="4:2:0")
    return _save(colour, 300, qtables=_transposed_tables(), subsampling="4:2:0")


def _save(image: Image.Image, dpi: int, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", dpi=(dpi, dpi), **options)
    return file.getvalue()


def _levels(style: JpegStyle) -> tuple[float, float, float]:
    """The greys that become black and white, and how far the three colours differ in them.

    The 300 dpi scans are nearly bilevel: bold letters, coloured fringes, specks in the shade.
    """
    return (172.0, 216.0, 13.0) if style == "colour-300" else (0.0, 255.0, 3.0)


def _tinted(
    image: NDArray[np.uint8], style: JpegStyle, rng: np.random.Generator
) -> NDArray[np.uint8]:
    black, white, spread = _levels(style)
    shifted = np.arange(256, dtype=np.float64)[:, None] + rng.uniform(-spread, spread, 3)
    table = np.clip((shifted - black) * 255 / (white - black), 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), table), np.uint8)


def _transposed_tables() -> list[list[int]]:
    blank = BytesIO()
    Image.new("RGB", (8, 8)).save(blank, "JPEG", quality=_COLOUR_300_QUALITY)
    with Image.open(blank) as image:
        tables: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined]
    return [np.reshape(table, (8, 8)).T.ravel().tolist() for _, table in sorted(tables.items())]
