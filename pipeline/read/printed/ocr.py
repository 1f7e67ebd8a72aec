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

from pipeline.read.printed.ink import Grey

if TYPE_CHECKING:
    from rapidocr import RapidOCR

HEIGHT = 48
"""Rows that the recogniser works on; lines cut to this height are not resampled."""
_WIDEST = 1200  # columns of a line; more would only cost memory


def recognise(line: Grey) -> str:
    """The text of an upright line, dark on light, without blanks; '' if it shows none."""
    height, width = line.shape
    if height < 4 or width < 4:
        return ""
    columns = min(_WIDEST, max(1, round(width * HEIGHT / height)))
    if (height, width) != (HEIGHT, columns):
        smaller = cv2.resize(line, (columns, HEIGHT), interpolation=cv2.INTER_AREA)
        line = np.asarray(smaller, np.uint8)
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
