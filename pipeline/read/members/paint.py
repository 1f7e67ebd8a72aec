"""Painting over what people left on a sheet: the members' block, and on request their handwriting.

Only a block that was found for sure can be handed in. What is painted is generous: the paper's
whole width, for thumbs do not keep to frames, and above and below as far as the sheet's other parts
allow.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ActasError
from pipeline.read.members.block import Members
from pipeline.read.printed.form import Form
from pipeline.read.printed.place import Doubles, Placement

Image = NDArray[np.uint8]

PAINT = 200
"""The grey that hides: darker than paper, so that everybody sees that something was hidden."""
_ABOVE = 4.3  # millimetres above the first rule: the block's title, which goes too
_BELOW = 4.5  # millimetres below the last rule
_SYMBOL_ROOM = 1.5  # millimetres of white that the symbol keeps
_LOWEST_SCORE = 0.3  # of a placement by which tables are told from margins
_ASIDE = 2.0  # millimetres that the block may stand beside the tables above it
_RULE_ROOM = 0.5  # millimetres around a table that stay
_FAR = 300.0  # millimetres: beyond any scan's edge
_SUBPIXEL = 4  # bits
_SIZE_OFF = 4  # pixels: a reduced image does not tell the full size exactly


class MaskError(ActasError):
    """The image cannot be masked by what was found on it; nothing was painted."""

    exit_code = 3


def mask(image: Image, members: Members, also: Sequence[Doubles] = ()) -> Image:
    """The image with the block painted over.

    Args:
        image: (height, width) or (height, width, channels), full-size.
        members: the block, found on this very image.
        also: polygons (N, 2) in full-size pixels to paint over too, see `handwriting_places`.

    Raises:
        MaskError: the image is of another size than the one that the block was found on.
    """
    height, width = image.shape[:2]
    if np.abs(np.array(members.size) - (width, height)).max() > _SIZE_OFF:
        raise MaskError(
            f"The block was found on an image of {members.size[0]} x {members.size[1]} pixels, "
            f"this one has {width} x {height}.",
            "Give the full-size image, turned as it was when the block was looked for.",
        )
    painted = image.copy()
    colour = (PAINT,) * (1 if image.ndim == 2 else image.shape[2])
    for polygon in (_band(members, width, height), *also):
        points = np.rint(polygon * 2**_SUBPIXEL).astype(np.int32)
        cv2.fillPoly(painted, [points], colour, shift=_SUBPIXEL)
    return painted


def _band(members: Members, width: int, height: int) -> Doubles:
    """The polygon over the scan's whole width, from above the block to below it."""
    unit = members.pixels_per_mm
    band = np.array([(-1.0, -1.0), (width, -1.0), (width, height), (-1.0, height)])
    first, last = members.rules[0], members.rules[-1]
    if not members.cut_above:
        band = _beyond(band, first, _away(first, last), -_ABOVE * unit)
    if not members.cut_below:
        room = _BELOW * unit
        if members.gap is not None:
            room = min(room, members.gap - _SYMBOL_ROOM * unit)
        band = _beyond(band, last, _away(last, first), -room)
    return band


def _away(line: Doubles, other: Doubles) -> Doubles:
    """The unit vector (2,) at right angles to a line (2, 2) that points to another one."""
    along = (line[1] - line[0]) / np.hypot(*(line[1] - line[0]))
    across = np.array([-along[1], along[0]])
    return np.asarray(across * np.sign((other.mean(axis=0) - line.mean(axis=0)) @ across))


def _beyond(polygon: Doubles, line: Doubles, across: Doubles, least: float) -> Doubles:
    """The part of a convex polygon (N, 2) that lies at least so far beyond a line."""
    far = (polygon - line[0]) @ across - least
    kept: list[Doubles] = []
    for here, there, a, b in zip(
        polygon, np.roll(polygon, -1, axis=0), far, np.roll(far, -1), strict=True
    ):
        if a >= 0:
            kept.append(here)
        if (a >= 0) != (b >= 0):
            kept.append(here + (there - here) * a / (a - b))
    return np.array(kept).reshape(-1, 2)


def handwriting_places(form: Form, placement: Placement, members: Members) -> list[Doubles] | None:
    """Polygons (N, 2) of the space for remarks and of the margins beside the tables, full-size.

    None where the placement is too weak to tell them from the numbers, or contradicts the block.
    """
    if placement.score < _LOWEST_SCORE or _aside(form, placement, members) > _ASIDE:
        return None
    layout = form.layout
    tables = (layout.voters_table, layout.ballot_table, layout.summary_table, layout.remarks)
    left = min(table.left for table in tables) - _RULE_ROOM
    right = max(table.right for table in tables) + _RULE_ROOM
    inner = placement.heights[(placement.heights > 0) & (placement.heights < form.remarks_end)]
    heights = np.concatenate([[-_RULE_ROOM], inner, [form.members_top]])
    remarks = np.array([form.table_end + layout.remarks.gap - _RULE_ROOM, form.remarks_end + 1.0])
    return [
        _strip(placement, heights, -_FAR, left),
        _strip(placement, heights, right, right + _FAR),
        _strip(placement, remarks, -_FAR, right + _FAR),
    ]


def _aside(form: Form, placement: Placement, members: Members) -> float:
    """How many millimetres the block's corners stand beside where the placement has them."""
    place = form.layout.members
    corners = np.array([(place.left, form.members_top), (place.right, form.members_top)])
    off = np.hypot(*(placement.to_scan(corners) - members.rules[0]).T)
    return float(off.max() / members.pixels_per_mm)


def _strip(placement: Placement, heights: Doubles, left: float, right: float) -> Doubles:
    """The polygon between two x along these heights."""
    sides = [np.stack([np.full(len(heights), x), heights], axis=1) for x in (left, right)]
    return placement.to_scan(np.concatenate([sides[0], sides[1][::-1]]))
