"""From the bytes of a file to bounded grey images.

A scan is hostile until checked: its format is told by its first bytes and not by its name, and its
size by its header before anything is decoded. What is refused is a finding, never an exception.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pipeline.findings import Finding

if TYPE_CHECKING:
    import pypdfium2

Grey = NDArray[np.uint8]

# Pillow parses headers here and decodes TIFF; what is too large is for `Limits` to say.
Image.MAX_IMAGE_PIXELS = None

SIGNATURES = (
    ("jpeg", b"\xff\xd8\xff"),
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0"),
    ("tiff", b"MM\0+"),
    ("pdf", b"%PDF-"),
)
SIGNATURE_BYTES = 8

# A rendered PDF page should be as sharp as a 200 dpi scan, which is about 7,000 px long,
# however small the page that the sheet was printed on.
PDF_LONG_SIDE = 7000
PDF_SCALE = (100 / 72, 600 / 72)


@dataclass(frozen=True)
class Limits:
    """What is refused before decoding."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 120_000_000
    """A 600 dpi sheet has 42 million, a large phone photo 108 million."""
    min_side: int = 21
    """Modules of the smallest QR symbol: no image below this can hold one."""
    max_pages: int = 500


@dataclass
class Page:
    """One image of a file, decoded at most once at each size that is asked for.

    Whoever needs both sizes asks for the full one first, and it is decoded once.
    """

    number: int
    format: str
    width: int
    height: int
    _content: bytes = field(repr=False)
    _ready: Grey | None = field(default=None, repr=False)
    truncated: bool = False

    @cached_property
    def full(self) -> Grey | None:
        """Grey image in full size, turned as its EXIF says; None if it cannot be decoded."""
        if self._ready is not None:
            return self._ready
        return self._decode(cv2.IMREAD_GRAYSCALE)

    def decode_in_full(self) -> None:
        """Make the full-size image now: the half-size one then comes from it."""
        _ = self.full

    @cached_property
    def half(self) -> Grey | None:
        """Half size: of the full image if there is one, else decoded as such from a JPEG (half the
        cost of a full decode)."""
        if self.format == "jpeg" and "full" not in self.__dict__:
            return self._decode(cv2.IMREAD_REDUCED_GRAYSCALE_2)
        full = self.full
        if full is None:
            return None
        size = (max(1, full.shape[1] // 2), max(1, full.shape[0] // 2))
        return np.asarray(cv2.resize(full, size, interpolation=cv2.INTER_AREA), np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image as it is seen: EXIF may have turned it by 90 degrees."""
        seen = self.half
        if seen is not None and (seen.shape[0] > seen.shape[1]) != (self.height > self.width):
            return self.height, self.width
        return self.width, self.height

    def _decode(self, mode: int) -> Grey | None:
        image = _imdecode(self._content, mode)
        if image is None and self.format == "jpeg":
            # OpenCV refuses a JPEG without its end marker; with one, libjpeg pads it with grey.
            image = _imdecode(self._content + b"\xff\xd9", mode)
            self.truncated = image is not None
        return image


def sniff(start: bytes) -> str | None:
    """The format that a file's first bytes tell: jpeg, png, tiff, pdf or None."""
    return next((name for name, magic in SIGNATURES if start.startswith(magic)), None)


def open_pages(content: bytes, limits: Limits) -> Iterator[Page | Finding]:
    """The pages of a file, each either an image or the finding that says why it is none."""
    refused = _refuse_file(content, limits)
    if refused:
        yield refused
        return
    kind = sniff(content)
    if kind == "pdf":
        yield from _pdf_pages(content, limits)
    elif kind == "tiff":
        yield from _tiff_pages(content, limits)
    elif kind:
        yield _single_page(content, kind, limits)


def _refuse_file(content: bytes, limits: Limits) -> Finding | None:
    if not content:
        return Finding("file-empty")
    if len(content) > limits.max_bytes:
        return Finding("file-too-large", f"{len(content)} bytes, limit {limits.max_bytes}")
    if sniff(content) is None:
        return Finding("file-format", "its first bytes are of none of JPEG, PNG, TIFF, PDF")
    return None


def _refuse_size(width: int, height: int, limits: Limits) -> Finding | None:
    if width * height > limits.max_pixels:
        return Finding("image-too-large", f"{width} x {height}, limit {limits.max_pixels} pixels")
    if min(width, height) < limits.min_side:
        return Finding("image-too-small", f"{width} x {height}")
    return None


def _open_header(content: bytes) -> Image.Image | None:
    """Pillow's lazy image: the header is parsed, no pixel is decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "TIFF", "MPO"))
        except (OSError, ValueError, SyntaxError, TypeError, KeyError):
            return None


def _single_page(content: bytes, kind: str, limits: Limits) -> Page | Finding:
    header = _open_header(content)
    if header is None:
        return Finding("image-corrupt", "its header")
    width, height = header.size
    refused = _refuse_size(width, height, limits)
    if refused:
        return refused
    if kind == "jpeg":
        return Page(1, kind, width, height, content)
    return _through_pillow(header, kind, 1)


def _tiff_pages(content: bytes, limits: Limits) -> Iterator[Page | Finding]:
    image = _open_header(content)
    if image is None:
        yield Finding("image-corrupt", "its header")
        return
    for number in range(1, limits.max_pages + 2):
        try:
            image.seek(number - 1)
        except EOFError:
            return
        except (OSError, ValueError, SyntaxError, TypeError, KeyError):
            yield Finding("image-corrupt", f"page {number}")
            return
        if number > limits.max_pages:
            yield Finding("pages-too-many", f"more than {limits.max_pages}")
            return
        width, height = image.size
        yield _refuse_size(width, height, limits) or _through_pillow(image, "tiff", number)


def _through_pillow(image: Image.Image, kind: str, number: int) -> Page | Finding:
    """Decode with Pillow, which believes no length that a file claims (OpenCV's PNG does)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            grey = _grey(ImageOps.exif_transpose(image))
    except (OSError, ValueError, SyntaxError, TypeError, KeyError):
        return Finding("image-corrupt", f"page {number}")
    return Page(number, kind, grey.shape[1], grey.shape[0], b"", grey)


def _grey(image: Image.Image) -> Grey:
    """Grey levels; what is transparent shows white paper."""
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)
    if image.has_transparency_data:
        shown = image.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        paper.alpha_composite(shown)
        image = paper
    return np.asarray(image.convert("L"))


def _pdf_pages(content: bytes, limits: Limits) -> Iterator[Page | Finding]:
    import pypdfium2  # few scans are PDF, and every reading process would wait for it

    try:
        document = pypdfium2.PdfDocument(content)
    except (pypdfium2.PdfiumError, ValueError):
        yield Finding("image-corrupt", "not a readable PDF, or locked with a password")
        return
    try:
        if len(document) > limits.max_pages:
            yield Finding("pages-too-many", f"{len(document)}, limit {limits.max_pages}")
            return
        for number in range(1, len(document) + 1):
            yield _pdf_page(document, number, limits)
    finally:
        document.close()


def _pdf_page(document: pypdfium2.PdfDocument, number: int, limits: Limits) -> Page | Finding:
    import pypdfium2

    try:
        page = document[number - 1]
        width, height = page.get_size()
        if width <= 0 or height <= 0:
            return Finding("image-too-small", f"page {number}")
        low, high = PDF_SCALE
        scale = min(max(PDF_LONG_SIDE / max(width, height), low), high)
        refused = _refuse_size(int(width * scale), int(height * scale), limits)
        if refused:
            return refused
        grey = page.render(scale=scale, grayscale=True).to_numpy()
    except (pypdfium2.PdfiumError, ValueError):
        return Finding("image-corrupt", f"page {number}")
    flat = np.ascontiguousarray(grey.reshape(grey.shape[0], grey.shape[1]), dtype=np.uint8)
    return Page(number, "pdf", flat.shape[1], flat.shape[0], b"", flat)


def _imdecode(content: bytes, mode: int) -> Grey | None:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        return None
    return None if image is None else np.asarray(image, np.uint8)
