"""Ink in the members' boxes: whether there is any, never what it is.

Every box is cut out upright and compared with its own paper. Ink is what is clearly darker and
forms strokes; rules, printed labels and the boxes' sides are left out, and so are creases. A stamp
or a thumb counts as ink like a signature: this tells "ink present", not "signed".
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.read.members.block import Members
from pipeline.read.printed.form import Form, width_mm
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.upright import cut_pixels

_SCALE = 4.0  # pixels per millimetre of an upright box
_COARSE = 4  # pixels of a box that are one of its paper's
_SMUDGE = 13.0  # millimetres: over this length no smudge hides the paper
_DARKEST_PAPER = 20
_EDGE = 0.75  # millimetres beside rules and sides that tell nothing
_OF_PRINT, _OF_NOISE, _FAINT = 0.4, 4.5, 0.04  # how dark ink is: of the print, of noise, at least
_PRINT = 90  # percentile of the roles' letters that is the print's darkness
_CLEAR_PRINT = 0.8  # of the print, that must be darker than what is ink
_COARSEST = 2.4  # pixels per millimetre, 60 dpi: below that, strokes are no strokes
_SAMPLE = 8  # every eighth row tells the noise
_GRAIN = 1.8  # from the median difference to the mean of three neighbours, to noise
_STROKE = 1.2  # millimetres that a stroke is long
_FLAT = 6.0  # how much wider than high a crease is
_LEAST = 1.6  # square millimetres of strokes that are ink
_ON_SCAN = 0.6  # of a cell that must be seen


def ink_in_boxes(page: Grey, scale: float, members: Members, form: Form) -> tuple[bool | None, ...]:
    """Whether there is ink where one signs, in every box from the first to the last; None where
    the scan does not show it.

    Args:
        page: grey; `scale` of its pixels make one of the full-size scan (0.5 for a half-size page).
        scale: see `page`.
        members: the block, found on this scan.
        form: the form.
    """
    uprights = [_upright(page, scale, members, form, number) for number in range(members.boxes)]
    ink = _darkness(np.concatenate([upright.grey for upright in uprights]))
    parts = np.split(ink, len(uprights))
    least = _least(ink, parts, uprights, form)
    if least is None or members.pixels_per_mm < _COARSEST:
        return (None,) * members.boxes
    return tuple(
        _has_ink((part > least).astype(np.uint8), upright, form)
        for part, upright in zip(parts, uprights, strict=True)
    )


@dataclass(frozen=True)
class _Upright:
    """A box cut out upright: `rows` (K,) of its rules, from its first to that of the next box, and
    how much of each of its rows lies on the scan (rows,)."""

    grey: Grey
    rows: NDArray[np.int64]
    on_scan: Floats


def _upright(page: Grey, scale: float, members: Members, form: Form, number: int) -> _Upright:
    place = form.layout.members
    width = round((place.right - place.left) * _SCALE)
    height = round(place.box_pitch * _SCALE)
    top_left, top_right, low_right, low_left = members.quads[number] * scale
    across = (top_right - top_left + low_right - low_left) / 2 / width
    down = (low_left - top_left + low_right - top_right) / 2 / height
    start = members.quads[number].mean(axis=0) * scale - across * width / 2 - down * height / 2
    move = np.stack([across, down, start], axis=1)
    grey = cut_pixels(page, move, (width, height))
    per_box = (len(members.rules) - 1) // members.boxes
    middles = members.rules[number * per_box : (number + 1) * per_box + 1].mean(axis=1) * scale
    rows = np.linalg.solve(move[:, :2], (middles - start).T)[1]
    columns = np.linspace(0, width, 9)[:, None] * across
    points = start + columns + np.arange(height)[:, None, None] * down
    seen = ((points >= 0) & (points < page.shape[::-1])).all(axis=2).mean(axis=1)
    return _Upright(grey, np.rint(rows).astype(int), seen.astype(np.float32))


def _darkness(grey: Grey) -> Floats:
    """How much darker than its paper each pixel is, 0 to 1."""
    height, width = grey.shape
    size = (max(1, width // _COARSE), max(1, height // _COARSE))
    side = round(_SMUDGE * _SCALE / _COARSE)
    coarse = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    paper = cv2.resize(cv2.blur(paper, (5, 5)), (width, height), interpolation=cv2.INTER_LINEAR)
    light = cv2.divide(grey, np.maximum(paper, _DARKEST_PAPER), scale=255)
    return np.asarray(cv2.bitwise_not(light), np.float32) / np.float32(255)


def _least(ink: Floats, parts: list[Floats], uprights: list[_Upright], form: Form) -> float | None:
    """How dark ink is on this sheet: beside its print, and above its noise. None where not even
    the print stands out of that."""
    members, font = form.layout.members, form.layout.fonts.heading
    left = round((members.role_x - members.left) * _SCALE)
    letters = []
    for role, part, upright in zip(members.roles, parts, uprights, strict=True):
        right = left + round(width_mm(role, font, form.layout) * _SCALE)
        letters.append(np.percentile(part[_between(upright, 0), left:right], _PRINT))
    print_ = float(np.median(letters))
    some = np.ascontiguousarray(ink[::_SAMPLE])
    grain = float(np.median(np.abs(some - cv2.blur(some, (3, 1))))) * _GRAIN
    least = max(_OF_PRINT * print_, _OF_NOISE * grain, _FAINT)
    return least if least < _CLEAR_PRINT * print_ else None


def _between(upright: _Upright, rule: int) -> slice:
    """The rows between a rule and the next, clear of both; at least one."""
    edge = round(_EDGE * _SCALE)
    first = int(np.clip(upright.rows[rule] + edge, 0, len(upright.grey) - 1))
    return slice(first, max(first + 1, int(upright.rows[rule + 1]) - edge + 1))


def _has_ink(strokes: Grey, upright: _Upright, form: Form) -> bool | None:
    """Whether there are strokes, pixels of 1, in the space of a box where one signs; None where too
    little of it is on the scan."""
    edge = round(_EDGE * _SCALE)
    rows = _between(upright, len(form.layout.members.labels) + 1)
    if upright.on_scan[rows].mean() < _ON_SCAN:
        return None
    space = np.ascontiguousarray(strokes[rows, edge : strokes.shape[1] - edge])
    if cv2.countNonZero(space) < _LEAST * _SCALE**2:
        return False
    _, _, found, _ = cv2.connectedComponentsWithStats(space, connectivity=8)
    wide, high = found[1:, cv2.CC_STAT_WIDTH], found[1:, cv2.CC_STAT_HEIGHT]
    is_stroke = (np.maximum(wide, high) >= _STROKE * _SCALE) & (wide < _FLAT * high)
    return bool(found[1:, cv2.CC_STAT_AREA][is_stroke].sum() >= _LEAST * _SCALE**2)
