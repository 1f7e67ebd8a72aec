"""Images of sheets that may be shown: without the members' boxes, and without any metadata."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.election import SheetRules
from pipeline.findings import Finding
from pipeline.read.image import Limits, open_pages
from pipeline.read.members import MaskError, find_members, handwriting_places, mask
from pipeline.read.printed.reader import place_by_symbol, read_print
from pipeline.read.qr.reader import search_symbols
from pipeline.read.sheet import model_for

_HINT = "Mask this one by hand, or do not publish it."


def masked_png(content: bytes, rules: SheetRules, *, remarks: bool = False) -> bytes:
    """The first page of a scan as a grey PNG with the members' block painted over.

    Args:
        content: the file's bytes.
        rules: the election's.
        remarks: paint the space for remarks and the margins over too.

    Raises:
        MaskError: no image, no sheet of the election, or its block was not found for sure.
    """
    page = next(open_pages(content, Limits()))
    model = model_for(rules)
    if isinstance(page, Finding):
        raise MaskError(page.sentence, _HINT)
    search = search_symbols(page, rules)
    full, half = page.full, page.half
    if model is None or full is None or half is None:
        raise MaskError("The image cannot be decoded, or the election has no layout.", _HINT)
    symbol = next((s for s in search.symbols if s.content in search.payloads), None)
    if symbol:
        placement = place_by_symbol(page, symbol.corners, symbol.version, model)
        square = np.array(symbol.corners, np.float64).reshape(4, 2)
    else:
        found = read_print(page, model)
        placement, square = (found.placement if found else None), None
    if placement is None:
        raise MaskError("The printed tables were not found.", _HINT)
    members = find_members(half, 0.5, placement, model.form, square)
    if members is None:
        raise MaskError("The members' boxes were not found for sure.", _HINT)
    also = handwriting_places(model.form, placement, members) if remarks else []
    if also is None:
        raise MaskError("Remarks and margins cannot be told from the tables.", _HINT)
    ok, encoded = cv2.imencode(".png", mask(full, members, also))
    if not ok:
        raise MaskError("The image cannot be written.", _HINT)
    return encoded.tobytes()
