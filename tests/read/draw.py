"""Invented image files: hostile headers, turned pages, PDF and TIFF of several pages."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.election import Election
from pipeline.read.image import Limits
from pipeline.read.record import PageReading
from pipeline.read.sheet import read_scan
from tests.invent import page

Grey = NDArray[np.uint8]

TURNS: dict[int, Image.Transpose | None] = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""By EXIF orientation: how an upright image is stored so that a viewer shows it upright."""


def read(content: bytes, election: Election, limits: Limits | None = None) -> list[PageReading]:
    """All readings of a file."""
    return list(read_scan(content, election.rules, limits or Limits()))


def save(image: Image.Image | Grey, kind: str, **options: Any) -> bytes:
    """The image as a file of Pillow's making."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def many_pages(kind: str, texts: Sequence[str], **options: Any) -> bytes:
    """A TIFF or PDF with a page for each text; '' makes an empty page."""
    pages = [Image.fromarray(page(*([text] if text else []))) for text in texts]
    return save(pages[0], kind, save_all=True, append_images=pages[1:], **options)


def oriented(text: str, orientation: int, kind: str = "JPEG") -> bytes:
    """An upright page, stored turned, with the EXIF orientation that turns it back."""
    image = Image.fromarray(page(text, height=900))
    turn = TURNS[orientation]
    stored = image.transpose(turn) if turn is not None else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save(stored, kind, exif=exif.tobytes())


def png(width: int, height: int, bits: int = 1, rows: bytes | None = None) -> bytes:
    """A PNG of these dimensions, all black, whatever its size; `rows` replaces its pixel data."""
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    if rows is None:
        row = b"\0" * (1 + (width * bits + 7) // 8)
        packer = zlib.compressobj(9)
        rows = b"".join([packer.compress(row) for _ in range(height)]) + packer.flush()
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def png_with_chunk_claiming(size: int) -> bytes:
    """A PNG of 85 bytes whose pixel data claims to be `size` bytes long."""
    content = bytearray(png(200, 200))
    at = content.index(b"IDAT") - 4
    content[at : at + 4] = struct.pack(">I", size)
    return bytes(content)


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header claims other dimensions."""
    content = bytearray(save(np.full((64, 64), 255, np.uint8), "JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def tiff_claiming(width: int, height: int) -> bytes:
    """A TIFF of a few hundred bytes whose header claims these dimensions."""
    strip = zlib.compress(b"\0" * 1000)
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 200),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, len(strip)),
    ]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries) + b"\0\0\0\0"
    content = b"II*\0" + struct.pack("<I", 8) + directory
    return content.ljust(200, b"\0") + strip
