"""What must be found on a page before any of it may be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.election import SheetRules
from pipeline.publish.evidence.withheld import WithheldError
from pipeline.read.image import Grey, Page
from pipeline.read.members import Members, find_members, handwriting_places, mask
from pipeline.read.printed.form import Form
from pipeline.read.printed.header_place import find_upper
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Doubles, Placement
from pipeline.read.printed.reader import place_by_symbol, read_print
from pipeline.read.qr.payload import Payload
from pipeline.read.qr.reader import Symbol, search_symbols
from pipeline.read.sheet import model_for


@dataclass(frozen=True)
class Found:
    """A page with everything found on it. `header_top` is where the header begins, in millimetres
    of the form, None where it was not seen; `symbol` (4, 2) are the QR symbol's corners, in pixels
    of the full size, None where the sheet was read from its print."""

    full: Grey
    form: Form
    placement: Placement
    members: Members
    header_top: float | None
    symbol: Doubles | None

    def masked(self, *, remarks: bool) -> Grey:
        """The page, full-size, the members' block painted over; on request remarks and margins too.

        Raises:
            WithheldError: remarks and margins cannot be told from the tables.
        """
        also = handwriting_places(self.form, self.placement, self.members) if remarks else []
        if also is None:
            raise WithheldError("remarks")
        return mask(self.full, self.members, also)


def find(page: Page, rules: SheetRules) -> Found:
    """Find tables, members' boxes and symbol.

    Raises:
        WithheldError: something of it was not found for sure.
    """
    model = model_for(rules)
    if model is None:
        raise WithheldError("layout")
    symbols = [s for s in search_symbols(page, rules).symbols if isinstance(s.content, Payload)]
    if len(symbols) > 1:
        # The block of one sheet would be painted over, that of the other shown.
        raise WithheldError("several")
    full, half = page.full, page.half
    if full is None or half is None:
        raise WithheldError("image")
    symbol = symbols[0] if symbols else None
    placement = _place(page, symbol, model)
    square = np.array(symbol.corners, np.float64).reshape(4, 2) if symbol else None
    if placement is None:
        raise WithheldError("tables")
    members = find_members(half, 0.5, placement, model.form, square)
    if members is None:
        raise WithheldError("block")
    upper = find_upper(full, placement, model.header)
    return Found(full, model.form, placement, members, upper.top if upper else None, square)


def _place(page: Page, symbol: Symbol | None, model: PrintModel) -> Placement | None:
    if symbol:
        return place_by_symbol(page, symbol.corners, symbol.version, model)
    found = read_print(page, model)
    return found.placement if found else None
