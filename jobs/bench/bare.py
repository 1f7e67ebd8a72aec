"""The cheapest loop anybody would write over the same files: what the product is held against.

Read, sha256, reduced grey decode, zxing-cpp for QR symbols alone. No isolation, no grammar, no
ledger, no second look. With an election's folder as second argument the same loop calls this
product's own reader instead. Prints how many scans it read.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import zxingcpp


def main() -> None:
    """Read every file of the folder named on the command line."""
    cv2.setNumThreads(1)
    read = own_reader(Path(sys.argv[2])) if len(sys.argv) > 2 else library
    count = 0
    for path in sorted(Path(sys.argv[1]).iterdir()):
        content = path.read_bytes()
        hashlib.sha256(content).hexdigest()
        count += read(content)
    sys.stdout.write(f"{count}\n")


def library(content: bytes) -> bool:
    """Whether the library alone reads it."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return bool(zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode))


def own_reader(election: Path) -> Callable[[bytes], bool]:
    """Whether `read_scan` reads it."""
    from pipeline.election import load_election
    from pipeline.read.image import Limits
    from pipeline.read.sheet import read_scan

    rules, limits = load_election(election).rules, Limits()
    return lambda content: any(page.payload for page in read_scan(content, rules, limits))


if __name__ == "__main__":
    main()
