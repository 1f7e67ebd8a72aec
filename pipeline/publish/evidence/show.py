"""One page of a scan as the image that is shown: masked, cut to the sheet, small, with its marks.

Measured on synthetic sheets like the published ones: 500 x 5,400 grey pixels in 80 kB, in 0.13 s of
CPU, half of which is WebP; JPEG takes 4 ms for it and half as many bytes again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.publish.evidence.crop import View, view_sheet
from pipeline.publish.evidence.find import Found, find
from pipeline.publish.evidence.withheld import WithheldError
from pipeline.read.image import Grey, Limits, Page, open_pages
from pipeline.read.printed.form import Row
from pipeline.read.printed.place import Doubles

MAKER = "1"
"""Raise it whenever the same bytes may be shown otherwise: images are then made anew."""
MOST_BYTES = 200_000
_TRIES = ((30, 1.0), (12, 1.0), (4, 1.0), (4, 0.7))
"""Quality and scale, until an image has no more than so many bytes: noise weighs most."""
_METHOD = 2  # of WebP's encoder: half the time of 4 for 4% more bytes
_AROUND = 0.7  # millimetres of a row's mark above and below its digits


@dataclass(frozen=True)
class Shown:
    """An image that may be shown, and where in it the symbol (if it was read), the members' block
    and each row of the form stand: 8 numbers, x and y of four corners from the top left clockwise.
    """

    width: int
    height: int
    symbol: tuple[int, ...]
    block: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    image: bytes


def masked_png(content: bytes, rules: SheetRules, *, remarks: bool = False) -> bytes:
    """The first page of a file, full-size, as a grey PNG with the members' block painted over.

    Args:
        content: the file's bytes.
        rules: the election's.
        remarks: paint the space for remarks and the margins over too.

    Raises:
        WithheldError: no image, no sheet of the election, or something was not found for sure.
    """
    page = next(open_pages(content, Limits()))
    if isinstance(page, Finding):
        raise WithheldError("image")
    ok, encoded = cv2.imencode(".png", find(page, rules).masked(remarks=remarks))
    if not ok:
        raise WithheldError("image")
    return encoded.tobytes()


def show(page: Page, rules: SheetRules) -> Shown:
    """The image of a page for the site: members' block, remarks and margins are painted over.

    Raises:
        WithheldError: something was not found for sure, or it cannot be made small enough.
    """
    found = find(page, rules)
    masked = found.masked(remarks=True)
    view = view_sheet(found)
    cut = view.cut(masked)
    for quality, smaller in _TRIES:
        scale = view.scale * smaller
        small = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        content = _webp(np.asarray(small, np.uint8), quality)
        if len(content) <= MOST_BYTES:
            rows = [_corners(found, row) for row in found.form.rows]
            return Shown(
                width=small.shape[1],
                height=small.shape[0],
                symbol=_mark(found.symbol, view, smaller),
                block=_mark(found.members.outline, view, smaller),
                rows=tuple(_mark(corners, view, smaller) for corners in rows),
                image=content,
            )
    raise WithheldError("size")


def _webp(image: Grey, quality: int) -> bytes:
    """The pixels and nothing else: no name, no place, no time, no camera."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "WEBP", quality=quality, method=_METHOD)
    return stream.getvalue()


def is_plain_webp(content: bytes) -> bool:
    """Whether this is a lossy WebP without any chunk beside its pixels', such as EXIF."""
    size = int.from_bytes(content[4:8], "little")
    pixels = int.from_bytes(content[16:20], "little")
    return (
        content[:4] == b"RIFF"
        and content[8:16] == b"WEBPVP8 "
        and len(content) == size + 8 == pixels + pixels % 2 + 20
    )


def _corners(found: Found, row: Row) -> Doubles:
    """The corners (4, 2) of a row, over the whole table, in full-size pixels."""
    layout = found.form.layout
    table = layout.ballot_table if row.counts == "votes" else layout.summary_table
    high = row.height / 2 + _AROUND
    top, bottom = row.y - high, row.y + high
    sides = ((table.left, top), (table.right, top), (table.right, bottom), (table.left, bottom))
    return found.placement.to_scan(np.array(sides))


def _mark(corners: Doubles | None, view: View, smaller: float) -> tuple[int, ...]:
    if corners is None:
        return ()
    shown = view.to_shown(corners) * smaller
    return tuple(int(value) for value in np.rint(shown).ravel())
