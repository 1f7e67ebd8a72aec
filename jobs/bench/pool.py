"""What a user would write instead: a pool of processes over one library, or over our own reader.

`python -m jobs.bench.pool PROGRAM WORKERS FOLDER ELECTION` reads every file of a folder, hashes it,
and prints JSON: each file's texts, the CPU seconds of the work alone (imports and start left out)
and its wall seconds. No isolation, no ledger, nothing kept: the least that a pool can do.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np

from jobs.bench.peers import PEERS

Read = Callable[[bytes], list[str]]
OURS_QR, OURS_PRINT, FLOOR = "actas reader, QR only", "actas reader, print too", "floor"
CHUNK = 8


def main() -> None:
    """Run one program over one folder."""
    program, workers, folder, election = sys.argv[1:5]
    paths = [str(path) for path in sorted(Path(folder).iterdir())]
    with ProcessPoolExecutor(
        int(workers), initializer=_start, initargs=(program, election)
    ) as pool:
        list(pool.map(_warm, range(4 * int(workers))))
        start = time.monotonic()
        found = list(pool.map(partial(_read, program, election), paths, chunksize=CHUNK))
    wall = time.monotonic() - start
    texts = {Path(path).name: said for path, (said, _) in zip(paths, found, strict=True)}
    cpu = sum(seconds for _, seconds in found)
    sys.stdout.write(json.dumps({"texts": texts, "cpu": cpu, "wall": wall}))


def _start(program: str, election: str) -> None:
    cv2.setNumThreads(1)
    opened(program, election)


def _warm(_: int) -> None:
    """A task for every worker to be up before the clock starts."""
    time.sleep(0.05)


def _read(program: str, election: str, path: str) -> tuple[list[str], float]:
    start = time.process_time()
    content = Path(path).read_bytes()
    hashlib.sha256(content).hexdigest()
    try:
        texts = opened(program, election)(content)
    except (cv2.error, UnicodeDecodeError):
        texts = []  # OpenCV's detectors fail assertions of their own on some images
    return texts, time.process_time() - start


@lru_cache(maxsize=4)
def opened(program: str, election: str) -> Read:
    """A reader, opened once for a process."""
    if program == FLOOR:
        return _floor
    if program in (OURS_QR, OURS_PRINT):
        return _ours(Path(election), check_print=program == OURS_PRINT)
    decode = PEERS[program].open()

    def read(content: bytes) -> list[str]:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        return [] if image is None else decode(np.asarray(image, np.uint8))

    return read


def _floor(content: bytes) -> list[str]:
    """Only what no reader can do without: half of the pixels."""
    cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return []


def _ours(election: Path, *, check_print: bool) -> Read:
    from pipeline.election import load_election
    from pipeline.findings import Finding
    from pipeline.read.image import Limits, open_pages
    from pipeline.read.qr.reader import search_symbols
    from pipeline.read.sheet import prepare, read_scan

    rules, limits = load_election(election).rules, Limits()
    if check_print:
        prepare(rules)

    def read(content: bytes) -> list[str]:
        """The whole reader: where there is no symbol, it reads the print instead."""
        return [page.payload for page in read_scan(content, rules, limits) if page.payload]

    def read_symbols(content: bytes) -> list[str]:
        """Symbols alone, damaged ones too, as the other programs do."""
        pages = [page for page in open_pages(content, limits) if not isinstance(page, Finding)]
        return [found.text for page in pages for found in search_symbols(page, rules).payloads]

    return read if check_print else read_symbols


if __name__ == "__main__":
    main()
