"""Images on which nothing was tuned: two kinds of damage, and images without a valid symbol.

The families were written after the reader and their levels by what happens to paper, not by what
the reader stands. **Nobody looks at them while the reader is changed**: then they would tell
nothing any more; write new ones instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from pipeline.election import Election
from pipeline.layout import load_layout
from pipeline.synthetic.strangers import other_image
from pipeline.synthetic.symbol import MASKS, print_symbol, symbol_modules
from pipeline.synthetic.wear import FAMILIES
from pipeline.synthetic.wear.view import (
    MODULES,
    PAPER,
    Floats,
    Image,
    Rng,
    View,
    family,
    grain,
    to_grey,
)

MILLIMETRE = 200 / 25.4
"""Pixels at 200 dpi."""


def _crumple(view: View, setting: tuple[float, int], rng: Rng) -> View:
    """Crushed and smoothed out: every point off by up to so many modules, creases with shade."""
    reach, creases = setting
    height, width = view.image.shape
    pixels = reach * view.side / MODULES
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    x0, y0, x1, y1 = view.box
    light = np.ones((height, width), np.float32)
    broken = np.zeros((height, width), np.float32)
    for _ in range(creases):
        angle = float(rng.uniform(0, np.pi))
        x, y = float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1))
        away = (across - x) * np.float32(np.cos(angle)) + (down - y) * np.float32(np.sin(angle))
        side = np.tanh(away / view.px(4)) * np.exp(-np.abs(away) / view.px(30))
        light *= 1 + np.float32(rng.uniform(-0.25, 0.25)) * side
        worn = np.exp(-np.square(away / view.px(1.5))) * (_waves(view, 20, rng) > 0)
        broken = np.maximum(broken, 0.8 * worn)
    x_from = across + pixels * _waves(view, MODULES / 8, rng)
    y_from = down + pixels * _waves(view, MODULES / 8, rng)
    moved = cv2.remap(view.image, x_from, y_from, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    values = moved * (1 - broken) + 250 * broken
    return view.noisy((values * light).astype(np.float32), 2, rng)


def _tape(view: View, setting: tuple[int, float, float], rng: Rng) -> View:
    """Strips of sticky tape: the glue bleaches the print, the scanner's lamp glares along them."""
    strips, keep, glare = setting
    x0, y0, x1, y1 = view.box
    height, width = view.image.shape
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    values = view.image.astype(np.float32)
    for _ in range(strips):
        angle = np.pi / 2 * int(rng.integers(2)) + float(rng.uniform(-0.3, 0.3))
        x, y = float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1))
        away = np.abs((across - x) * np.cos(angle) + (down - y) * np.sin(angle))
        under = away < view.px(9.5 * MILLIMETRE)
        kept = keep + 0.15 * (1 - keep) * _waves(view, 6, rng)
        values = np.where(under, 0.94 * (PAPER - (PAPER - values) * kept), values)
        values[np.abs(away - view.px(9.5 * MILLIMETRE)) < view.px(1)] *= 0.6
        off = view.px(float(rng.uniform(0, 7)) * MILLIMETRE)
        shine = np.exp(-np.square((away - off) / view.px(glare * MILLIMETRE / 2)))
        values = np.where(under, values + (255 - values) * np.minimum(1.3 * shine, 1), values)
    return view.noisy(values.astype(np.float32), 2, rng)


def _waves(view: View, cells: float, rng: Rng) -> Floats:
    """A smooth field from -1 to 1 with so many swells along the symbol's side."""
    height, width = view.image.shape
    size = (max(3, round(height / view.side * cells)), max(3, round(width / view.side * cells)))
    coarse = rng.uniform(-1, 1, size).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


UNSEEN = {
    found.name: found
    for found in (
        family(
            "crumple",
            "The sheet was crumpled and smoothed out.",
            _crumple,
            {"1": (0.4, 4), "2": (0.8, 8), "3": (1.3, 14), "4": (2.0, 24)},
        ),
        family(
            "tape",
            "Sticky tape was put over the symbol.",
            _tape,
            {"1": (1, 0.8, 2.0), "2": (1, 0.4, 4.0), "3": (2, 0.3, 4.0), "4": (3, 0.12, 6.0)},
        ),
    )
}


def make_negative(kind: str, sheet: View, truth: str, election: Election, rng: Rng) -> Image:
    """An image in which no payload of this election may be read."""
    return NEGATIVES[kind](sheet, truth, election, rng)


def _blank(_sheet: View, _truth: str, _election: Election, rng: Rng) -> Image:
    shape = (int(rng.integers(300, 1200)), int(rng.integers(300, 900)))
    return to_grey(np.float32(rng.uniform(150, 250)) + grain(shape, float(rng.uniform(0, 12)), rng))


def _noise(_sheet: View, _truth: str, _election: Election, rng: Rng) -> Image:
    """Noise in cells from a pixel to more than a real module, black and white or grey."""
    cell = int(rng.integers(1, 13))
    shape = (int(rng.integers(400, 900)), int(rng.integers(400, 700)))
    coarse = rng.integers(0, 256, (shape[0] // cell, shape[1] // cell)).astype(np.uint8)
    if rng.random() < 0.5:
        coarse = np.where(coarse > rng.integers(60, 200), 235, 40).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _cut_off(sheet: View, _truth: str, _election: Election, rng: Rng) -> Image:
    """At most 0.35 of the symbol is left: its error correction can never bridge that."""
    x0, y0, x1, y1 = (round(value) for value in sheet.box)
    left = round(float(rng.uniform(0, 0.35)) * sheet.side)
    top = max(0, round(y0 - sheet.side))
    image = sheet.image
    parts = (image[top : y0 + left], image[y1 - left :], image[top:, : x0 + left])
    part = (*parts, image[top:, x1 - left :])[int(rng.integers(4))]
    return np.ascontiguousarray(part) if min(part.shape) > 40 else image[top:y0].copy()


def _painted_over(sheet: View, _truth: str, _election: Election, rng: Rng) -> Image:
    """White, black, coarse squares, or all but the three finder patterns."""
    near = _foot(sheet)
    x0, y0, x1, y1 = (round(value) for value in near.box)
    image, patch = near.image.copy(), near.image[y0:y1, x0:x1].copy()
    way = int(rng.integers(4))
    if way == 2:
        few = cv2.resize(patch, (12, 12), interpolation=cv2.INTER_AREA)
        image[y0:y1, x0:x1] = cv2.resize(few, patch.shape[::-1], interpolation=cv2.INTER_NEAREST)
        return image
    image[y0:y1, x0:x1] = to_grey((235, 40, 0, 235)[way] + grain(patch.shape, 3, rng))
    if way == 3:
        eye = round(8.5 * near.side / MODULES)
        for rows in (slice(0, eye), slice(-eye, None)):
            for columns in (slice(0, eye), slice(-eye, None)):
                if rows.start == 0 or columns.start == 0:
                    image[y0:y1, x0:x1][rows, columns] = patch[rows, columns]
    return image


def _text(sheet: View, _truth: str, _election: Election, rng: Rng) -> Image:
    """A part of the print above the symbol, at some size and turn."""
    height = int(rng.integers(300, 1000))
    top = int(rng.integers(0, max(1, int(sheet.box[1]) - height)))
    scale = float(rng.uniform(0.4, 1.8))
    part = cv2.resize(sheet.image[top : top + height], None, fx=scale, fy=scale)
    if rng.random() < 0.5:
        return np.ascontiguousarray(np.rot90(part, int(rng.integers(4))))
    size = (part.shape[1], part.shape[0])
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), float(rng.uniform(0, 360)), 1)
    return np.asarray(cv2.warpAffine(part, turn, size, borderValue=(235,)), np.uint8)


def _photo(_sheet: View, _truth: str, _election: Election, rng: Rng) -> Image:
    return other_image("photo" if rng.random() < 0.7 else "web-poster", rng)


def _symbol_of(text: Callable[[list[str], Election, Rng], str]) -> Negative:
    """A sheet's foot with another text in its symbol; two of three are worn, so that the rescue
    sees them, which knows this election's alphabet and might see too much."""

    def make(sheet: View, truth: str, election: Election, rng: Rng) -> Image:
        near = _foot(sheet)
        assert election.layout_file is not None  # noqa: S101  the sheet was drawn with it
        place = load_layout(election.layout_file).symbol
        mask = MASKS[int(rng.integers(len(MASKS)))]
        modules = symbol_modules(text(truth.split("!"), election, rng), place, mask)
        x, y, size = round(near.box[0]), round(near.box[1]), round(near.side)
        image = near.image.copy()
        image[max(0, y - 6) : y + size + 6, max(0, x - 6) : x + size + 6] = PAPER
        printed = 45 + print_symbol(modules, size).astype(np.float32) * np.float32(
            (PAPER - 45) / 255
        )
        room = image[y : y + size, x : x + size]
        room[:] = to_grey(printed + grain(printed.shape, 3, rng))[: room.shape[0], : room.shape[1]]
        if rng.random() < 1 / 3:
            return image
        worn = list(FAMILIES.values())[int(rng.integers(len(FAMILIES)))]
        level = worn.levels[int(rng.integers(len(worn.levels)))]
        return worn.wear(near.with_image(image), level, rng).image

    return make


def _address(_fields: list[str], _election: Election, rng: Rng) -> str:
    return f"https://www.example.org/cartelera/{rng.bytes(int(rng.integers(8, 36))).hex()}"


def _other_length(fields: list[str], _election: Election, rng: Rng) -> str:
    """One value too few or one too many."""
    votes = fields[1].split(",")
    changed = votes[1:] if rng.random() < 0.5 else [*votes, str(int(rng.integers(300)))]
    return "!".join([fields[0], ",".join(changed), *fields[2:]])


def _other_country(fields: list[str], election: Election, _rng: Rng) -> str:
    digits = election.levels[0].digits
    codes = (f"{number:0{digits}d}" for number in range(10**digits - 1, -1, -1))
    foreign = next(code for code in codes if code not in election.rules.top_units)
    return "!".join([foreign + fields[0][digits:], *fields[1:]])


def _other_grammar(fields: list[str], _election: Election, rng: Rng) -> str:
    """All digits and separators of the alphabet, but a zero before a number or a field too many."""
    votes = fields[1].split(",")
    where = int(rng.integers(len(votes)))
    votes[where] = f"0{votes[where]}"
    ways = (["!".join(fields), "0"], [fields[0], ",".join(votes), *fields[2:]], fields[:3])
    return "!".join(ways[int(rng.integers(3))])


def _foot(sheet: View) -> View:
    """The last part of a sheet, from a little above its symbol."""
    top = max(0, round(sheet.box[1] - 0.3 * sheet.side))
    corners = (sheet.corners - np.array([0, top])).astype(np.float32)
    return View(sheet.image[top:].copy(), corners)


Negative = Callable[[View, str, Election, Rng], Image]
NEGATIVES: Mapping[str, Negative] = {
    "blank paper": _blank,
    "noise": _noise,
    "symbol cut off": _cut_off,
    "symbol painted over": _painted_over,
    "text": _text,
    "photograph or poster": _photo,
    "symbol of a web address": _symbol_of(_address),
    "symbol of 37 or 39 values": _symbol_of(_other_length),
    "symbol of another country": _symbol_of(_other_country),
    "symbol of another grammar": _symbol_of(_other_grammar),
}
