"""Other programs on the same rows: tesseract, and RapidOCR's recognition, where installed.

Each gets a row's number alone, cut out where it stands: finding it is a gift. What is read counts
as right where its figures, or its letters without accents, are the number's.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from resource import RUSAGE_CHILDREN, getrusage

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.tables import spell

Grey = NDArray[np.uint8]
NAMES = ("tesseract", "RapidOCR")
_LARGER = 2


@dataclass(frozen=True)
class Strip:
    """A number on the paper: its column, what it is, and its picture."""

    column: str
    number: int
    image: Grey


def read_strips(
    strips: Sequence[Strip], words: Sequence[str]
) -> dict[tuple[str, str], tuple[int, int, float]]:
    """By program and column: rows right, all rows, milliseconds of CPU."""
    found: dict[tuple[str, str], tuple[int, int, float]] = {}
    for name in NAMES:
        read = _opened(name)
        for strip in strips if read else ():
            assert read is not None  # noqa: S101  else there are no strips
            start = _cpu()
            text = read(_prepared(strip.image), strip.column)
            ms = (_cpu() - start) * 1000
            right, rows, before = found.get((name, strip.column), (0, 0, 0.0))
            right += _is(text, strip, words)
            found[name, strip.column] = right, rows + 1, before + ms
    return found


def absent() -> dict[str, str]:
    """The programs that cannot be asked here, and what each needs."""
    needs = {"tesseract": "tesseract-ocr with its Spanish or English data", "RapidOCR": "rapidocr"}
    return {name: needs[name] for name in NAMES if _opened(name) is None}


def _prepared(image: Grey) -> Grey:
    larger = cv2.resize(image, None, fx=_LARGER, fy=_LARGER, interpolation=cv2.INTER_CUBIC)
    padded = cv2.copyMakeBorder(larger, 12, 12, 12, 12, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)


def _is(text: str, strip: Strip, words: Sequence[str]) -> bool:
    if strip.column == "digits":
        return "".join(letter for letter in text if letter.isdigit()) == str(strip.number)
    return _letters(text) == _letters("".join(spell(strip.number, words)))


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in plain if letter.isalpha())


def _cpu() -> float:
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@lru_cache(maxsize=4)
def _opened(name: str) -> Callable[[Grey, str], str] | None:
    return {"tesseract": _open_tesseract, "RapidOCR": _open_rapidocr}[name]()


def _open_tesseract() -> Callable[[Grey, str], str] | None:
    program = shutil.which("tesseract")
    if program is None:
        return None
    listed = subprocess.run(  # noqa: S603  a program that was found, no shell
        [program, "--list-langs"], capture_output=True, text=True, check=False
    )
    known = listed.stdout.split()
    language = next((name for name in ("spa", "eng") if name in known), None)
    if language is None:
        return None

    def read(image: Grey, column: str) -> str:
        # A line of words may be two; figures are one word.
        mode = "8" if column == "digits" else "6"
        options = ["-c", "tessedit_char_whitelist=0123456789"] if column == "digits" else []
        done = subprocess.run(  # noqa: S603  as above
            [program, "stdin", "stdout", "-l", language, "--psm", mode, *options],
            input=cv2.imencode(".png", image)[1].tobytes(), capture_output=True, check=False,
        )  # fmt: skip
        return done.stdout.decode("utf-8", "replace")

    return read


def _open_rapidocr() -> Callable[[Grey, str], str] | None:
    try:
        import logging

        from rapidocr import RapidOCR
    except ImportError:
        return None
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    limits: Mapping[str, int | str] = {
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Global.log_level": "error",
    }
    engine = RapidOCR(params=dict(limits))

    def read(image: Grey, _column: str) -> str:
        colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        found = engine(colour, use_det=False, use_cls=False, use_rec=True)
        return " ".join(getattr(found, "txts", None) or ())

    return read
