"""Files that are no tally sheet: broken files, and images of something else."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import qrcode
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Rng = np.random.Generator

_HUGE = 65_535
_ADDRESS = "https://www.example.org/cartelera/"


def broken_bytes(variant: str, sheet: bytes, rng: Rng) -> bytes:
    """What lies under the name of a scan but cannot be opened as one; `sheet` is a sound JPEG."""
    if variant == "zero-bytes":
        return b""
    if variant == "text":
        return b"No se pudo guardar la imagen. Intente de nuevo.\n" * 20
    if variant == "truncated":
        return sheet[: int(len(sheet) * rng.uniform(0.1, 0.5))]
    if variant == "huge-png":
        return _huge_png()
    if variant == "random-bytes":
        return rng.bytes(40_000)
    raise ValueError(f"no such broken file: {variant!r}")


def other_image(variant: str, rng: Rng) -> Image:
    """A grey image that shows no sheet."""
    if variant == "web-poster":
        return _poster(rng)
    if variant == "photo":
        return _photo(rng)
    if variant == "blank":
        return rng.normal(240, 3, (6800, 628)).clip(0, 255).astype(np.uint8)
    raise ValueError(f"no such image: {variant!r}")


def _huge_png() -> bytes:
    """A sound header that promises 65,535 x 65,535 pixels, which would take 4 GB to decode."""
    header = struct.pack(">IIBBBBB", _HUGE, _HUGE, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    data = zlib.compress(bytes(1024))
    return start + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _poster(rng: Rng) -> Image:
    """A notice with a QR symbol that holds a web address."""
    symbol = qrcode.QRCode(border=0)
    symbol.add_data(f"{_ADDRESS}{int(rng.integers(10**6)):06d}")
    symbol.make()
    modules = np.where(np.array(symbol.get_matrix()), 20, 235).astype(np.uint8)
    size = len(modules) * 14
    poster = np.full((1400, 1000), 235, np.uint8)
    cv2.rectangle(poster, (0, 0), (1000, 260), (90,), -1)
    for line, text in enumerate(("CARTELERA", "INFORMATIVA")):
        at = (70, 120 + 100 * line)
        cv2.putText(poster, text, at, cv2.FONT_HERSHEY_DUPLEX, 2.8, (245,), 6)
    left, top = (1000 - size) // 2, 420
    large = cv2.resize(modules, (size, size), interpolation=cv2.INTER_NEAREST)
    poster[top : top + size, left : left + size] = large
    noise = rng.normal(0, 3, poster.shape)
    return np.asarray((poster + noise).clip(0, 255), dtype=np.uint8)


def _photo(rng: Rng) -> Image:
    """Soft shapes of many sizes under uneven light, as a snapshot of a room has."""
    height, width = 900, 1200
    scene = np.zeros((height, width), np.float32)
    for cells, weight in (((3, 4), 0.5), ((9, 12), 0.3), ((40, 55), 0.12)):
        coarse = rng.uniform(0, 255, cells).astype(np.float32)
        scene += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(25):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(rng.integers(20, 200)), int(rng.integers(20, 200)))
        tone = float(rng.uniform(20, 230))
        cv2.ellipse(scene, centre, axes, float(rng.uniform(0, 180)), 0, 360, (tone,), -1)
    soft = cv2.GaussianBlur(scene, (0, 0), 2.5)
    return np.asarray((soft + rng.normal(0, 4, soft.shape)).clip(0, 255), dtype=np.uint8)
