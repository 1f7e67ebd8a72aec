"""What paper and scanner add to a clean print: shade, back-print, folds, stretch, skew, borders.

`scan_look` turns a `DrawnSheet` into another whose places have moved with the paper. The feeder
is a chain of shears that meet at horizontal lines, so every point of the sheet is warped once.
Measured on real scans: width 620-660 px at 200 dpi, rules skewed by 0.2 degrees, paper at 240-250,
ink at 35-60 in the symbol and 60-110 in the table; against the sheet that the layout was measured
on, six are up to 1% longer, one 2.4% and two 5%.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.texture import NOISE_MEAN, paper_texture, sensor_noise, shading

_BANDS = 10


@dataclass(frozen=True)
class _Feed:
    """The way from scan to print: x' = x + drift(y), y' = skew * x + along(y)."""

    skew: float
    scan_y: NDArray[np.float64]
    drift: NDArray[np.float64]
    along: NDArray[np.float64]

    def to_print(self, band: int) -> NDArray[np.float32]:
        """The affine map of a band, from scan to print, with y counted from the band's top."""
        run = self.scan_y[band + 1] - self.scan_y[band]
        return np.array(
            [
                [1, (self.drift[band + 1] - self.drift[band]) / run, self.drift[band]],
                [self.skew, (self.along[band + 1] - self.along[band]) / run, self.along[band]],
            ],
            np.float32,
        )

    def to_scan(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where points of the print come to lie on the scan."""
        x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
        scan_x = x
        for _ in range(4):  # skew and drift are small: each round adds two digits
            scan_y = np.interp(y - self.skew * scan_x, self.along, self.scan_y)
            scan_x = x - np.interp(scan_y, self.scan_y, self.drift)
        return np.stack([scan_x, scan_y], axis=1).astype(np.float32)


def scan_look(drawn: DrawnSheet, rng: np.random.Generator, *, dpi: int = 200) -> DrawnSheet:
    """The sheet as a scanner with a feeder sees it."""
    feed, width, height = _draw_feed(drawn.image.shape, rng, dpi)
    scan = _warp(drawn.image, feed, width, height)
    scan = np.asarray(cv2.LUT(scan, _darkness(rng)), np.uint8)
    cv2.multiply(scan, shading(height, width, rng), scan, 1 / 255)
    cv2.multiply(scan, paper_texture(height, width, dpi, rng), scan, 1 / 255)
    cv2.add(scan, sensor_noise(height, width, rng), scan)
    return drawn.moved(scan, feed.to_scan)


def _draw_feed(
    shape: tuple[int, ...], rng: np.random.Generator, dpi: int
) -> tuple[_Feed, int, int]:
    """Throw the dice for one pass through the feeder; also the size of the scan."""
    high, wide = shape
    # Scanners round the width up to 4 px at 200 dpi; at 300 dpi all scans are 929 wide.
    width = 4 * int(rng.integers(155, 166)) if dpi <= 200 else round(929 * dpi / 300)
    longest = 0.052 if dpi <= 200 else 0.025
    stretch = 1 + longest * float(rng.beta(0.9, 3)) + float(rng.normal(0, 0.002))
    height = int(high * stretch)
    pieces = stretch * (1 + rng.normal(0, 0.004, _BANDS))
    along = np.concatenate([[0.0], np.cumsum(1 / pieces)])
    along *= high / along[-1]
    centring = (wide - width) / 2 + rng.uniform(-5, 5)
    wander = rng.normal(0, 1.5 * dpi / 200, _BANDS + 1)
    drift = centring + np.linspace(-0.5, 0.5, _BANDS + 1) * rng.normal(0, 9) * dpi / 200 + wander
    scan_y = np.round(np.linspace(0, height, _BANDS + 1))
    skew = float(np.clip(rng.normal(0, 0.0025), -0.006, 0.006))
    along -= skew * width / 2
    return _Feed(skew, scan_y, drift, along), width, height


def _warp(image: NDArray[np.uint8], feed: _Feed, width: int, height: int) -> NDArray[np.uint8]:
    scan = np.empty((height, width), np.uint8)
    margin = 40  # rows of the print that skew may reach beyond a band
    for band in range(_BANDS):
        y0, y1 = int(feed.scan_y[band]), int(feed.scan_y[band + 1])
        matrix = feed.to_print(band)
        first = max(0, int(feed.along[band]) - margin)
        last = min(image.shape[0], int(feed.along[band + 1]) + margin)
        matrix[1, 2] -= first
        cv2.warpAffine(
            image[first:last],
            matrix,
            (width, y1 - y0),
            dst=scan[y0:y1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
    return scan


def _darkness(rng: np.random.Generator) -> NDArray[np.uint8]:
    """How dark this roll prints: no thermal black is black."""
    blackest = rng.uniform(36, 56)
    grey = np.arange(256, dtype=np.float64)
    table = np.asarray(blackest + (255 - blackest) * grey / 255 - NOISE_MEAN / 2, np.uint8)
    table[0] = 0  # no paper: the scanner's own black
    return table
