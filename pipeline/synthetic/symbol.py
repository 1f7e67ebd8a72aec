"""The QR symbol of a sheet, as this printer prints it.

Modules come from the library `qrcode`: it takes 1 ms with the mask given, as long as zxing-cpp's
writer, but encodes the whole payload in byte mode as real symbols do, and is independent of the
library that reads.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import qrcode
from numpy.typing import NDArray
from qrcode.constants import (
    ERROR_CORRECT_H,
    ERROR_CORRECT_L,
    ERROR_CORRECT_M,
    ERROR_CORRECT_Q,
)
from qrcode.exceptions import DataOverflowError
from qrcode.util import MODE_8BIT_BYTE, QRData

from pipeline.layout import SymbolPlace

# The masks seen on real sheets. Naming one spares the library the evaluation of all eight.
MASKS = (0, 2, 7)
_LEVELS = {
    "L": ERROR_CORRECT_L,
    "M": ERROR_CORRECT_M,
    "Q": ERROR_CORRECT_Q,
    "H": ERROR_CORRECT_H,
}
_LATTICE = 8  # fine pixels per printed blob, before the symbol is scaled to the scan
_CORE = 7  # erosion of the filled core, fine pixels


def symbol_modules(payload: str, place: SymbolPlace, mask: int) -> NDArray[np.bool_]:
    """The modules (True is dark) in the smallest version that holds the payload.

    Raises ValueError where no version does.
    """
    for version in sorted(place.versions):
        code = qrcode.QRCode(
            version=version,
            error_correction=_LEVELS[place.error_correction],
            border=0,
            mask_pattern=mask,
        )
        code.add_data(QRData(payload.encode("utf-8"), mode=MODE_8BIT_BYTE))
        try:
            code.make(fit=False)
        except DataOverflowError:
            continue
        return np.array(code.modules, dtype=np.bool_)
    raise ValueError(
        f"a payload of {len(payload)} characters fits no QR version of {list(place.versions)}"
        f" at level {place.error_correction}"
    )


@lru_cache(maxsize=1)
def _blob() -> NDArray[np.uint8]:
    reach = np.arange(-_LATTICE // 2, _LATTICE // 2 + 1)
    return (np.hypot(*np.meshgrid(reach, reach)) <= 0.53 * _LATTICE).astype(np.uint8)


def print_symbol(modules: NDArray[np.bool_], size: int) -> NDArray[np.uint8]:
    """Grey of the printed symbol, `size` pixels wide.

    Each module is 2 x 2 round blobs on a filled core: solid inside, while the edges of real
    symbols show the blobs as teeth.
    """
    blobs = np.kron(modules, np.ones((2, 2), np.uint8))
    side = len(blobs) * _LATTICE
    fine = np.zeros((side, side), np.uint8)
    fine[_LATTICE // 2 :: _LATTICE, _LATTICE // 2 :: _LATTICE] = blobs * np.uint8(254)
    teeth = cv2.dilate(fine, _blob())
    solid = cv2.resize(blobs * np.uint8(254), (side, side), interpolation=cv2.INTER_NEAREST)
    core = cv2.erode(
        solid, np.ones((_CORE, _CORE), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    inked = cv2.max(teeth, core)
    scaled = cv2.resize(inked, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.bitwise_not(scaled), np.uint8)
