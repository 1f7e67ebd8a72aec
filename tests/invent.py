"""Small invented inputs: payload texts and pages that carry them as a QR symbol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import qrcode
from numpy.typing import NDArray

from pipeline.election import Election

LEVELS = {
    "L": qrcode.constants.ERROR_CORRECT_L,
    "M": qrcode.constants.ERROR_CORRECT_M,
    "Q": qrcode.constants.ERROR_CORRECT_Q,
    "H": qrcode.constants.ERROR_CORRECT_H,
}


def payload_text(
    election: Election, code: str, votes: Sequence[int], null: int = 0, empty: int = 0
) -> str:
    """A payload in the election's own grammar; not checked."""
    grammar = election.rules.payload
    values = grammar.value_separator.join(map(str, votes))
    return grammar.field_separator.join([code, values, str(null), str(empty)])


def venezuelan(centre: str = "240111020", mesa: int = 1, first: int = 149) -> str:
    """A valid payload of the shipped election: `first` votes for the first line, 1 for the rest."""
    votes = ",".join(map(str, [first] + [1] * 37))
    return f"{centre}.{mesa:02d}.1.0001!{votes}!2!0"


def symbol(text: str, level: str = "Q", module: int = 6) -> NDArray[np.uint8]:
    """A QR symbol with its quiet zone, black on white."""
    code = qrcode.QRCode(error_correction=LEVELS[level], box_size=module, border=4)
    code.add_data(qrcode.util.QRData(text.encode(), mode=qrcode.util.MODE_8BIT_BYTE))
    code.make(fit=True)
    modules = np.array(code.get_matrix(), np.uint8)
    return np.kron(255 * (1 - modules), np.ones((module, module), np.uint8)).astype(np.uint8)


def page(*texts: str, level: str = "Q", height: int = 2400) -> NDArray[np.uint8]:
    """A strip of white paper with symbols stacked at its bottom, the first one lowest."""
    symbols = [symbol(text, level) for text in texts]
    width = max([420, *(s.shape[1] + 40 for s in symbols)])
    paper = np.full((height, width), 255, np.uint8)
    bottom = height - 30
    for drawn in symbols:
        side = drawn.shape[0]
        paper[bottom - side : bottom, 20 : 20 + side] = drawn
        bottom -= side + 20
    return paper


def encode(image: NDArray[np.uint8], suffix: str = ".jpg") -> bytes:
    """The image as a file's bytes."""
    ok, content = cv2.imencode(suffix, image)
    assert ok
    return content.tobytes()


def write_scan(path: Path, *texts: str, level: str = "Q") -> Path:
    """A scan file with these symbols."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(page(*texts, level=level)))
    return path
