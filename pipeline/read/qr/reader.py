"""The cascade that looks for a sheet's QR symbol, cheapest attempt first.

Measured (CPU, in units of one full grey decode): a half-size decode costs 0.5, the library 0.2 on
all of the half-size image and 1.1 on the full size. So nearly every sheet is read from the
half-size image, and the full one is only searched for what stays unread. Every attempt searches the
whole sheet: looking only at the bottom, where the symbol is, would save 0.15, but two sheets in one
scan would count as one. What the library cannot read goes to the rescue, which reads most of what
is left; preprocessing the image for the library first would gain a seventh of that at twice the
cost. Turned images are not tried: library and rescue find turned symbols anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.read.image import Grey, Page
from pipeline.read.qr.codec.tables import LEVELS, VERSIONS, blocks
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.qr.rescue.cascade import Rescued, rescue_page
from pipeline.read.qr.rescue.places import is_strip

BORDER = 0.05
"""Share of a symbol's size by which it may lie further out than the library says."""
RESCUE = "rescue"
"""Begins the name of an attempt that was no library's."""


@dataclass(frozen=True)
class Symbol:
    """A decoded symbol: its payload, or the finding why that is none of this election."""

    content: Payload | Finding
    corners: tuple[float, ...]
    """x, y of the top left, top right, bottom right and bottom left corner; full-size pixels."""
    level: str
    version: int
    spare: int | None = None
    """Parity codewords left over in the block that had the fewest: how sure the reading is."""
    seen: float | None = None
    """Share of the modules that were seen; None if the library did not say."""


@dataclass(frozen=True)
class Search:
    """What the cascade found, and the attempt that found it ('' if none did)."""

    symbols: tuple[Symbol, ...]
    attempt: str

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """The distinct valid payloads, in order of their text."""
        valid = {s.content.text: s.content for s in self.symbols if isinstance(s.content, Payload)}
        return tuple(valid[text] for text in sorted(valid))

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Why the other symbols were refused, each reason once."""
        found = {s.content: None for s in self.symbols if isinstance(s.content, Finding)}
        return tuple(found)


def search_symbols(page: Page, rules: SheetRules) -> Search:
    """Try the attempts in order until one reads a valid payload.

    A sheet whose own symbol was read, but says what no sheet of this election can, is done with.
    """
    seen: list[Symbol] = []
    for attempt, symbols in _attempts(page, rules, seen):
        seen.extend(symbols)
        if any(isinstance(symbol.content, Payload) for symbol in symbols):
            return Search(tuple(seen), attempt)
        if is_strip(*page.size) and any(_is_the_sheets(symbol, rules) for symbol in symbols):
            break
    return Search(tuple(seen), "")


def _is_the_sheets(symbol: Symbol, rules: SheetRules) -> bool:
    """Whether it is of the kind that this election's sheets carry, whatever it says."""
    kind = rules.symbol
    return symbol.version in kind.versions and symbol.level == kind.error_correction


def _attempts(
    page: Page, rules: SheetRules, seen: Sequence[Symbol]
) -> Iterator[tuple[str, list[Symbol]]]:
    """Each attempt's name and what it read; `seen` holds what those before it read."""
    half = page.half
    if half is None:
        return
    yield "half-fast", _decode(half, rules, 2, fast=True)
    yield "half", _decode(half, rules, 2, fast=False)
    full = page.full
    if full is None:
        return
    yield "full", _decode(full, rules, 1, fast=False)
    found = rescue_page(_painted_over(full, seen), rules)
    if found:
        yield f"{RESCUE}-{found.view}", [_rescued(found, rules)]


def _painted_over(image: Grey, symbols: Sequence[Symbol]) -> Grey:
    """The image without symbols that were read: what is left of it is all that may be another."""
    if not symbols:
        return image
    painted = image.copy()
    for symbol in symbols:
        corners = np.reshape(symbol.corners, (4, 2))
        grown = corners + BORDER * (corners - corners.mean(axis=0))
        outline = np.rint(grown).astype(np.int32)
        around = np.zeros_like(image)
        cv2.polylines(around, [outline], True, (1,))
        paper = np.median(image[around > 0]) if around.any() else 255.0
        cv2.fillConvexPoly(painted, outline, (float(paper),))
    return painted


def _rescued(found: Rescued, rules: SheetRules) -> Symbol:
    corners = tuple(float(value) for value in found.grid.corners.ravel())
    level = rules.symbol.error_correction
    decoded = found.decoded
    version = found.grid.version
    return Symbol(decoded.payload, corners, level, version, decoded.spare, decoded.seen)


def _decode(image: Grey, rules: SheetRules, scale: int, *, fast: bool) -> list[Symbol]:
    """All QR symbols that the library reads in the image."""
    if min(image.shape) < 21:
        return []
    barcodes = zxingcpp.read_barcodes(
        np.ascontiguousarray(image),
        formats=zxingcpp.BarcodeFormat.QRCode,
        try_rotate=not fast,
        try_downscale=not fast,
        try_invert=not fast,
    )
    return [_symbol(barcode, rules, scale) for barcode in barcodes]


def _symbol(barcode: zxingcpp.Barcode, rules: SheetRules, scale: int) -> Symbol:
    raw = bytes(barcode.bytes)
    if raw.isascii():
        content = parse_payload(raw.decode("ascii"), rules)
    else:
        content = Finding("payload-grammar", f"{len(raw)} bytes that are not ASCII")
    where = barcode.position
    points = (where.top_left, where.top_right, where.bottom_right, where.bottom_left)
    corners = tuple(float(scale * value) for point in points for value in (point.x, point.y))
    told = str(barcode.extra.get("Version", ""))
    version = int(told) if told.isdigit() else 0  # a Micro QR symbol has a version such as M1
    return Symbol(content, corners, barcode.ec_level, version, _spare(barcode, version))


def _spare(barcode: zxingcpp.Barcode, version: int) -> int | None:
    """The library tells the share of the error correction that it did not need."""
    unused = barcode.extra.get("UEC")
    if unused is None or barcode.ec_level not in LEVELS or version not in VERSIONS:
        return None
    return int(float(unused) * blocks(version, barcode.ec_level).parity)
