"""The readers that the benchmark holds against one another: our cascade and other libraries.

Every reader gets the same grey image, decoded already, and is charged its CPU time alone. A
library that is not installed is named as absent, with what it needs; none is dropped in silence.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import cv2
import zxingcpp

from pipeline.election import SheetRules
from pipeline.read.image import Grey, Page
from pipeline.read.qr.reader import search_symbols

OURS, ZXING = "ours", "zxing-cpp"
Verdict = Literal["read", "wrong", "nothing"]
Decode = Callable[[Grey], list[str]]


@dataclass(frozen=True)
class Shot:
    """One image of the set: all that is needed to make it again."""

    base: int
    family: str
    level: str
    repetition: int
    others: bool = False
    """Whether the other libraries see it too; they are slow."""


@dataclass(frozen=True)
class Reading:
    """What one reader made of an image, and in how many milliseconds of CPU."""

    verdict: Verdict
    ms: float
    attempt: str = ""


@dataclass(frozen=True)
class Taken:
    """An image and what every reader made of it; `kind` says what sheet it was made from."""

    shot: Shot
    kind: str
    readings: Mapping[str, Reading]


@dataclass(frozen=True)
class Peer:
    """Another library: how it is opened (ImportError if it is not there), and what it needs."""

    open: Callable[[], Decode]
    package: str
    needs: str


def read_ours(image: Grey, rules: SheetRules, truth: str | None) -> Reading:
    """Our cascade; wrong is any payload that parses and is not the truth."""
    page = Page(1, "png", image.shape[1], image.shape[0], b"", image)
    start = time.process_time()
    search = search_symbols(page, rules)
    ms = (time.process_time() - start) * 1000
    return Reading(_verdict([found.text for found in search.payloads], truth), ms, search.attempt)


def read_peer(name: str, image: Grey, truth: str) -> Reading:
    """Another library; wrong is any text that is not the truth."""
    decode = _opened(name)
    if decode is None:
        raise ValueError(f"{name} is not installed")
    start = time.process_time()
    try:
        texts, fault = decode(image), ""
    except cv2.error:
        # OpenCV's detectors fail assertions of their own on some images: nothing was read.
        texts, fault = [], "fault"
    except UnicodeDecodeError:
        # Its binding cannot hand over bytes that are no UTF-8: certainly not the truth.
        texts, fault = ["\N{REPLACEMENT CHARACTER}"], "fault"
    ms = (time.process_time() - start) * 1000
    return Reading(_verdict(texts, truth), ms, fault)


def present(names: Mapping[str, Peer] | None = None) -> tuple[str, ...]:
    """The peers that can be asked here."""
    return tuple(name for name in (names or PEERS) if _opened(name) is not None)


def absent() -> dict[str, str]:
    """The peers that cannot be asked here, and what each needs."""
    return {name: peer.needs for name, peer in PEERS.items() if _opened(name) is None}


def releases() -> dict[str, str]:
    """The exact release of each peer that is here."""
    return {name: _release(PEERS[name].package) for name in present()}


def _release(package: str) -> str:
    for name in package.split(" or "):
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return package


def _verdict(texts: list[str], truth: str | None) -> Verdict:
    if any(text != truth for text in texts):
        return "wrong"
    return "read" if texts else "nothing"


@lru_cache(maxsize=16)
def _opened(name: str) -> Decode | None:
    try:
        return PEERS[name].open()
    except (ImportError, AttributeError):
        return None


def _zxing() -> Decode:
    formats = zxingcpp.BarcodeFormat.QRCode
    return lambda image: [found.text for found in zxingcpp.read_barcodes(image, formats=formats)]


def _pyzbar() -> Decode:
    library: Any = importlib.import_module("pyzbar.pyzbar")
    symbols = [library.ZBarSymbol.QRCODE]
    return lambda image: [
        found.data.decode("utf-8", "replace") for found in library.decode(image, symbols=symbols)
    ]


def _opencv(detector: str) -> Callable[[], Decode]:
    def open_detector() -> Decode:
        found: Any = getattr(cv2, detector)()
        return lambda image: [text for text in (found.detectAndDecode(image)[0],) if text]

    return open_detector


def _wechat() -> Decode:
    # Its two networks are no part of the package: this is its search and its decoder without them.
    found: Any = cv2.wechat_qrcode_WeChatQRCode()  # type: ignore[attr-defined]
    return lambda image: [text for text in found.detectAndDecode(image)[0] if text]


_CV2 = "opencv-python-headless or opencv-contrib-python-headless"
PEERS: Mapping[str, Peer] = {
    ZXING: Peer(_zxing, "zxing-cpp", "zxing-cpp"),
    "pyzbar": Peer(_pyzbar, "pyzbar", "pyzbar, and Debian's libzbar0"),
    "cv2": Peer(_opencv("QRCodeDetector"), _CV2, "opencv-python-headless"),
    "cv2 Aruco": Peer(_opencv("QRCodeDetectorAruco"), _CV2, "opencv-python-headless"),
    "WeChat": Peer(
        _wechat,
        "opencv-contrib-python-headless",
        "opencv-contrib-python-headless, in the place of opencv-python-headless",
    ),
}
