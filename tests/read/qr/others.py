"""Symbols drawn by other people's libraries, to hold the codec against."""

from __future__ import annotations

import numpy as np
import qrcode
import segno
from qrcode import constants
from qrcode.util import MODE_8BIT_BYTE, QRData

from pipeline.read.qr.codec.matrix import Modules
from pipeline.read.qr.codec.tables import Level

QRCODE_LEVELS: dict[Level, int] = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}


def by_qrcode(text: bytes, version: int, level: Level, pattern: int) -> Modules:
    """n x n, 1 dark: one segment in byte mode, whatever the text."""
    symbol = qrcode.QRCode(version, QRCODE_LEVELS[level], mask_pattern=pattern, border=0)
    symbol.add_data(QRData(text, mode=MODE_8BIT_BYTE), optimize=0)
    symbol.make(fit=False)
    return np.array(symbol.modules, np.int8)


def by_segno(text: bytes, version: int, level: Level, pattern: int) -> Modules:
    """The same by a library that pads differently: alike only where nothing is padded."""
    symbol = segno.make_qr(
        text, error=level, version=version, mode="byte", mask=pattern, boost_error=False
    )
    return np.array(symbol.matrix, np.int8)
