"""Recognising the text of one line: RapidOCR's recogniser, whose model is part of its package.

Loaded at the first line and once per process: 0.9 s of CPU and 130 MB. It runs on one thread,
prints nothing, and never asks the network: its model is named, so nothing looks for a newer one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from pipeline.read.printed.ink import Grey, ink_of
from pipeline.read.printed.place import Doubles
from pipeline.read.printed.upright import Box, cut

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_HEIGHT = 48  # rows that the recogniser works on
_SCALE = 16.0  # pixels per millimetre: a line of 3 mm is cut at just this height
_WIDEST = 1200  # columns of a line; more would only cost memory
_BESIDE = 1.0  # millimetres left beside a line's ink
_STROKE = 1.2  # millimetres: the widest stroke that is ink
_INK = 0.4  # of a line's darkest strokes
_FAINTEST = 0.04


def read_line(page: Grey, affine: Doubles, line: Box) -> str:
    """Recognise the line whose middle runs along a box without height.

    `affine` (2, 3) maps the form's millimetres to the page's pixels.
    """
    half = _HEIGHT / _SCALE / 2
    grey = cut(page, affine, Box(line.left, line.top - half, line.right, line.top + half), _SCALE)
    ink = ink_of(grey, _STROKE * _SCALE)
    inner = ink[_HEIGHT // 6 : -_HEIGHT // 6]  # the neighbours' tails reach into the edges
    dark = max(_FAINTEST, _INK * float(np.quantile(inner, 0.98)))
    columns = np.flatnonzero((inner > dark).sum(axis=0) > 1)
    if not columns.size:
        return ""
    beside = round(_BESIDE * _SCALE)
    return recognise(grey[:, max(0, columns[0] - beside) : columns[-1] + beside + 1])


def recognise(line: Grey) -> str:
    """The text of an upright line, dark on light, without blanks; '' if it shows none."""
    height, width = line.shape
    if height < 4 or width < 4:
        return ""
    size = (min(_WIDEST, max(1, round(width * _HEIGHT / height))), _HEIGHT)
    if line.shape[::-1] != size:
        line = np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8)
    found = _engine().recognize_txt([cv2.cvtColor(line, cv2.COLOR_GRAY2BGR)])
    return "".join("".join(found.txts or ()).split())


@lru_cache(maxsize=1)
def _engine() -> RapidOCR:
    """Imported late: whoever reads only sound symbols never pays for it."""
    import rapidocr

    models = Path(rapidocr.__file__).with_name("models")
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_det": False,
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Rec.model_path": str(next(models.glob("*_rec_*.onnx"))),
            "Rec.rec_batch_num": 1,
        }
    )
