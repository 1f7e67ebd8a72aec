"""Against the limit: where the CPU of a sheet goes, and what no reader can do without.

Each sheet takes every step in turn, several times; a step's cost is its least, a sheet's steps are
compared with one another. The entropy decoding of a JPEG is told by decoding it to an eighth of its
size, which leaves nearly nothing else to do.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jobs.bench.plot import Bars
from jobs.bench.record import Figure, Section, table
from jobs.bench.side import SEED

Say = Callable[[str], None]
REPEATS = 3


def run_floor(work: Path, sheets: int, say: Say) -> Section:
    """The steps of clean sheets at 200 dpi, in this very process."""
    from jobs.bench.spine import prepare

    folder = prepare(work, sheets, say)
    taken = [_steps(path, folder / "election") for path in _grey_200(folder)]
    taken = [steps for steps in taken if steps]
    say(f"{len(taken)} sheets taken apart")
    floor = _median(taken, "floor")
    rows = [
        (name, f"{_median(taken, key):.2f}", f"{_ratio(taken, key):.2f}") for key, name in _NAMES
    ]
    own, whole = _rounds(taken, "qr only"), _rounds(taken, "with print")
    figures = [
        Figure.of("QR only over the floor", own, more=False),
        Figure.of("with the print check over the floor", whole, more=False),
    ]
    notes = [
        f"{len(taken)} clean grey sheets at 200 dpi (seed {SEED}), the least of {REPEATS} turns of "
        f"each step. The floor is half-size decode and sha256: {floor:.2f} ms."
    ]
    head = ("step", "CPU ms, median", "over the floor")
    values = {name: _median(taken, key) for key, name in _NAMES}
    plot = Bars("CPU ms a sheet, median", values, [name for _, name in _NAMES[-2:]])
    return Section("Against the limit", table(head, rows), notes, figures, plot)


_NAMES = (
    ("sha256", "sha256 of the file"),
    ("entropy", "JPEG entropy decoding (decode to an eighth)"),
    ("half", "JPEG decode to half size"),
    ("full", "JPEG decode in full"),
    ("floor", "floor: half-size decode and sha256"),
    ("library", "zxing-cpp on the full-size page, decode included"),
    ("qr only", "this reader, QR only, decode and sha256 included"),
    ("with print", "this reader with print check, decode and sha256 included"),
)


def _grey_200(folder: Path) -> list[Path]:
    """Grey sheets of 200 dpi, told by their size on the disk: colour and 300 dpi are far larger."""
    paths = sorted((folder / "scans").iterdir())
    return [path for path in paths if path.stat().st_size < 300_000]


def _steps(path: Path, election: Path) -> dict[str, float]:
    import cv2
    import zxingcpp

    from jobs.bench.pool import OURS_PRINT, OURS_QR, opened

    cv2.setNumThreads(1)
    content = path.read_bytes()
    raw = np.frombuffer(content, np.uint8)
    formats = zxingcpp.BarcodeFormat.QRCode

    def library() -> Any:
        image = np.asarray(cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE))
        return zxingcpp.read_barcodes(image, formats=formats)

    acts: dict[str, Callable[[], Any]] = {
        "sha256": lambda: hashlib.sha256(content).hexdigest(),
        "entropy": lambda: cv2.imdecode(raw, cv2.IMREAD_REDUCED_GRAYSCALE_8),
        "half": lambda: cv2.imdecode(raw, cv2.IMREAD_REDUCED_GRAYSCALE_2),
        "full": lambda: cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE),
        "library": library,
        "qr": lambda: opened(OURS_QR, str(election))(content),
        "print": lambda: opened(OURS_PRINT, str(election))(content),
    }
    if not acts["print"]():
        return {}
    least = {name: float("inf") for name in acts}
    for _ in range(REPEATS):
        for name, act in acts.items():
            start = time.process_time()
            act()
            least[name] = min(least[name], 1000 * (time.process_time() - start))
    hashed = least["sha256"]
    return least | {
        "floor": least["half"] + hashed,
        "qr only": least["qr"] + hashed,
        "with print": least["print"] + hashed,
    }


def _median(taken: list[dict[str, float]], key: str) -> float:
    return float(np.median([steps[key] for steps in taken]))


def _ratio(taken: list[dict[str, float]], key: str) -> float:
    return float(np.median([steps[key] / steps["floor"] for steps in taken]))


def _rounds(taken: list[dict[str, float]], key: str) -> list[float]:
    """The ratio in three parts of the sheets: how far they lie apart is its noise."""
    return [_ratio(taken[part::3], key) for part in range(min(3, len(taken)))]
