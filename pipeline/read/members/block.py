"""The block of the members' boxes as found on a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed.form import Form
from pipeline.read.printed.place import Doubles


@dataclass(frozen=True)
class Members:
    """Where the block lies, in full-size pixels. One that exists was found for sure.

    `size` is the (width, height) of the full-size scan, to a few pixels. `rules` (N, 2, 2) are the
    left and right end of each rule, from the top of the first box to the bottom of the last;
    `seen` (N,) says which were seen and not only reckoned. `boxes` is how many boxes there are.
    `cut_above` and `cut_below`: the scan ends before the block does. `gap` are the pixels between
    the last rule and the QR symbol, None where no symbol was read.
    """

    size: tuple[int, int]
    rules: Doubles
    seen: NDArray[np.bool_]
    boxes: int
    cut_above: bool
    cut_below: bool
    pixels_per_mm: float
    gap: float | None

    @property
    def outline(self) -> Doubles:
        """The corners (4, 2): top left, top right, bottom right, bottom left."""
        first, last = self.rules[0], self.rules[-1]
        return np.stack([first[0], first[1], last[1], last[0]])

    @property
    def quads(self) -> Doubles:
        """The corners (B, 4, 2) of each box, in the order of `outline`."""
        tops = self.rules[:: (len(self.rules) - 1) // self.boxes]
        return np.stack([tops[:-1, 0], tops[:-1, 1], tops[1:, 1], tops[1:, 0]], axis=1)


def affine_below(members: Members, form: Form) -> Doubles:
    """The map (2, 3) of the form's millimetres to full-size pixels below the block, as its last two
    boxes have it."""
    place, last = form.layout.members, members.quads[-2:]
    rules = np.concatenate([last[:, :2].reshape(-1, 2), last[-1, [3, 2]]])
    heights = form.members_end - place.box_pitch * np.arange(len(last), -1, -1)
    points = np.array([(x, y, 1.0) for y in heights for x in (place.left, place.right)])
    return np.asarray(np.linalg.lstsq(points, rules, rcond=None)[0].T, np.float64)


def rule_heights(form: Form) -> Doubles:
    """The y (N,) in millimetres of the form of the rules of all boxes."""
    members = form.layout.members
    tops = form.members_top + members.box_pitch * np.arange(len(members.roles))
    lines = members.label_pitch * np.arange(len(members.labels) + 2)
    return np.append((tops[:, None] + lines).ravel(), form.members_end)
