"""Faults for the reading process: a scan whose last bytes name one makes the real reader have it.

`switch_on` makes a folder for PYTHONPATH. A Python that starts as `-m jobs.child` with it reads
scans as always, except those made with `faulty`. Everything else of the process is the real thing.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.election import SheetRules
from pipeline.read.image import Limits
from pipeline.read.record import PageReading

PROJECT = Path(__file__).parents[2]
MARK = b"\nFAULT "
LONG = 600.0
"""Seconds; longer than any test lasts."""


def faulty(content: bytes, fault: str, **details: object) -> bytes:
    """A scan that is as it was for every decoder, and that carries a fault for `install`."""
    return content + MARK + json.dumps({"fault": fault, **details}).encode()


def switch_on(folder: Path) -> str:
    """The value of PYTHONPATH under which reading processes have the faults."""
    folder.mkdir(parents=True, exist_ok=True)
    code = "import sys\nif 'jobs.child' in sys.orig_argv:\n"
    code += "    from tests.jobs.faults import install\n    install()\n"
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    return os.pathsep.join([str(folder), str(PROJECT), os.environ.get("PYTHONPATH", "")])


def install() -> None:
    """Put the faults in front of the real `read_scan`. Runs in the reading process alone."""
    from pipeline.read import sheet

    real = sheet.read_scan

    def read_scan(
        content: bytes, rules: SheetRules, limits: Limits, way: sheet.Way
    ) -> Iterator[PageReading]:
        _, mark, text = content.rpartition(MARK)
        details = json.loads(text) if mark else {}
        honest = list(real(content, rules, limits, way))
        for number in range(1, details.get("pages_before", 0) + 1):
            yield replace(honest[0], page=number)
        if mark:
            yield from FAULTS[details["fault"]](details, honest)
        else:
            yield from honest

    sheet.read_scan = read_scan  # type: ignore[assignment]


class _Said:
    """Stands in for a reading and says what it was told to."""

    def __init__(self, plain: object) -> None:
        self._plain = plain

    def to_plain(self) -> object:
        return self._plain


Details = dict[str, Any]
Readings = Iterator[Any]


def _segfault(_details: Details, _honest: list[PageReading]) -> Readings:
    ctypes.string_at(0)
    yield from ()


def _exit(_details: Details, _honest: list[PageReading]) -> Readings:
    os._exit(0)
    yield from ()


def _hang(_details: Details, _honest: list[PageReading]) -> Readings:
    time.sleep(LONG)
    yield from ()


def _hang_first(details: Details, honest: list[PageReading]) -> Readings:
    """Hang, but only in the first `times` processes that come here; leave a file for each."""
    for number in range(details["times"]):
        flag = Path(f"{details['flag']}{number}")
        if not flag.exists():
            flag.touch()
            time.sleep(LONG)
    yield from honest


def _hoard(_details: Details, _honest: list[PageReading]) -> Readings:
    hoard = []
    while True:
        hoard.append(np.empty(64 << 20, np.uint8))
    yield from ()


def _noise(_details: Details, honest: list[PageReading]) -> Readings:
    """What native libraries do: write warnings to descriptor 1, past all buffers of Python."""
    os.write(1, b"libpng warning: iCCP: known incorrect sRGB profile\n" * 500)
    libc = ctypes.CDLL(None)
    libc.puts(b"\0\0\0\0\0\0\0\x02[]")
    libc.fflush(None)
    sys.stdout.write("a forgotten print\n")
    sys.stdout.flush()
    yield from honest


def _say(details: Details, _honest: list[PageReading]) -> Readings:
    yield _Said(details["plain"])


def _say_too_much(_details: Details, _honest: list[PageReading]) -> Readings:
    yield _Said("x" * (2 << 20))


def _say_nothing(_details: Details, _honest: list[PageReading]) -> Readings:
    yield from ()


def _slow_pages(details: Details, honest: list[PageReading]) -> Readings:
    for number in range(1, details["pages"] + 1):
        time.sleep(details["seconds"])
        yield replace(honest[0], page=number)


FAULTS: dict[str, Callable[[Details, list[PageReading]], Readings]] = {
    "segfault": _segfault,
    "exit": _exit,
    "hang": _hang,
    "hang-first": _hang_first,
    "hoard": _hoard,
    "noise": _noise,
    "say": _say,
    "say-too-much": _say_too_much,
    "say-nothing": _say_nothing,
    "slow-pages": _slow_pages,
}
