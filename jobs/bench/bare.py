"""The cheapest loop anybody would write over the same files: what the product is held against.

Read, sha256, reduced grey decode, zxing-cpp for QR symbols alone. No isolation, no grammar, no
ledger, no second look. Prints how many it read.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import zxingcpp


def main() -> None:
    """Read every file of the folder named on the command line."""
    cv2.setNumThreads(1)
    read = 0
    for path in sorted(Path(sys.argv[1]).iterdir()):
        content = path.read_bytes()
        hashlib.sha256(content).hexdigest()
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        read += bool(found)
    sys.stdout.write(f"{read}\n")


if __name__ == "__main__":
    main()
