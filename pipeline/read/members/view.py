"""The upright strip in which the block should lie, and what is seen in it: rules and sides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.read.members.block import rule_heights
from pipeline.read.members.frame import Frame, find_frame
from pipeline.read.members.rules import CELL, Comb, find_comb, ridges
from pipeline.read.members.span import SCALE, Span, Strip, cut_strip
from pipeline.read.printed.form import Form
from pipeline.read.printed.ink import Floats, Grey
from pipeline.read.printed.place import Doubles

_BESIDE = 8.0  # millimetres of the strip left and right of the paper
_NEAR, _FAR = 8.0, 16.0  # how far an end may lie from where it is known, or reckoned, to be
_INSET = 6.0  # millimetres off the frame, where rules are looked for: it may lie beside its place
_TILTS = np.linspace(-0.048, 0.048, 9)  # of rules against the strip, as on photographs
_EVEN = 0.15  # the share of its length that a rule may lack


@dataclass(frozen=True)
class View:
    """A part of a page, seen along a span; `ridge` (rows, columns) in columns of CELL."""

    page: Grey
    scale: float
    form: Form
    span: Span
    strip: Strip
    ridge: Floats

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the full-size scan, to a pixel or two."""
        height, width = self.page.shape
        return round(width / self.scale), round(height / self.scale)

    @cached_property
    def centres(self) -> Doubles:
        """The x of the middles of the ridge's columns."""
        middles = self.strip.left + (np.arange(self.ridge.shape[1]) + 0.5) * CELL
        return np.asarray(middles, np.float64)

    @property
    def between(self) -> tuple[float, float]:
        """The x between which rules are looked for."""
        members = self.form.layout.members
        return members.left + _INSET, members.right - _INSET

    @property
    def middle(self) -> float:
        """The x of the block's middle."""
        return sum(self.between) / 2

    def height(self, rows: NDArray[Any]) -> Doubles:
        """The y of rows of the strip."""
        return np.asarray(self.strip.top + rows / SCALE, np.float64)

    def columns(self, left: float, right: float) -> NDArray[np.int64]:
        """The ridge's columns between two x."""
        return np.flatnonzero((self.centres > left) & (self.centres < right))

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """What of the ridge lies on the scan."""
        step = round(CELL * SCALE)
        heights = self.height(np.arange(step // 2, len(self.ridge) + step // 2, step))
        return self.on_scan(self.centres, heights).repeat(step, axis=0)[: len(self.ridge)]

    def on_scan(self, xs: Doubles, ys: Doubles) -> NDArray[np.bool_]:
        """Which points of a grid (Y, X) lie on the scan."""
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        points = self.span.to_scan(grid)
        inside = ((points >= 0) & (points < self.size)).all(axis=-1)
        return np.asarray(inside.reshape(len(ys), len(xs)), bool)

    @cached_property
    def _sums(self) -> tuple[Floats, NDArray[np.int64]]:
        """The sums of the ridge, and of the columns on the scan, left of each column."""
        dark = np.zeros((len(self.ridge), len(self.centres) + 1), np.float32)
        np.cumsum(self.ridge * self.inside, axis=1, out=dark[:, 1:])
        seen = np.zeros(dark.shape, np.int64)
        np.cumsum(self.inside, axis=1, out=seen[:, 1:])
        return dark, seen

    def profile(self, left: float, right: float) -> Floats:
        """The mean ridge (rows,) between two x."""
        first, last = np.searchsorted(self.centres, (left, right))
        dark, seen = self._sums
        count = np.maximum(seen[:, last] - seen[:, first], max(1, (last - first) / 4))
        return np.asarray((dark[:, last] - dark[:, first]) / count, np.float32)

    def _sharpness(self, tilt: float) -> Floats:
        """The squares (rows,) of the profile along lines that fall to the right by `tilt`."""
        columns = self.columns(*self.between)
        lower = np.rint(tilt * (self.centres[columns] - self.middle) * SCALE).astype(int)
        turned = [np.roll(self.ridge[:, c], -n) for c, n in zip(columns, lower, strict=True)]
        return np.asarray(np.square(np.mean(turned, axis=0)), np.float32)

    def even(self, left: float, right: float) -> Floats:
        """The ridge (rows,) that nearly all columns between two x have: that of a rule, not of
        words. Columns that lie beside the scan do not count."""
        columns = self.columns(left, right)
        columns = columns[self.inside[:, columns].mean(axis=0) > 0.5]
        lacking = int(_EVEN * len(columns))
        if not columns.size:
            return np.zeros(len(self.ridge), np.float32)
        return np.asarray(np.partition(self.ridge[:, columns], lacking, axis=1)[:, lacking])

    @cached_property
    def comb(self) -> Comb:
        """All rules of the block."""
        heights = rule_heights(self.form)
        seen = self.on_scan(np.linspace(*self.between, 5), heights)
        visible: NDArray[np.bool_] = np.asarray(seen.any(axis=1), bool)
        rows = (heights - self.strip.top) * SCALE
        known = (self.span.from_above, self.span.from_below)
        return find_comb(self.profile(*self.between), rows, visible, known)

    @property
    def tops(self) -> NDArray[np.int64]:
        """The rows of the boxes' first rules, and of the last rule."""
        return self.comb.rows[:: (len(self.comb.rows) - 1) // len(self.form.layout.members.roles)]

    @cached_property
    def frame(self) -> Frame:
        """The sides of the boxes, in columns of the strip."""
        members = self.form.layout.members
        left, right = ((x - self.strip.left) * SCALE for x in (members.left, members.right))
        heights = self.height(self.tops)
        xs = self.strip.left + np.arange(self.strip.grey.shape[1]) / SCALE
        inside = self.on_scan(xs, (heights[1:] + heights[:-1]) / 2)
        return find_frame(self.strip.grey, self.comb, inside, left, right)

    @property
    def sides(self) -> Doubles:
        """The x (B, 2) of each box's sides."""
        return np.asarray(self.strip.left + self.frame.columns / SCALE, np.float64)

    @property
    def gap(self) -> float:
        """The millimetres between the last rule and the span's lower line."""
        return float(self.form.symbol_top - self.height(self.comb.rows[-1:])[0])

    def straightened(self) -> View:
        """The same along a span that is tilted as the first and the last rules are: where they are
        sharpest."""
        half = len(self.ridge) // 2
        energy = np.array([self._sharpness(tilt) for tilt in _TILTS])
        halves = energy[:, :half], energy[:, half:]
        upper, lower = (float(_TILTS[part.sum(axis=1).argmax()]) for part in halves)
        # Halves tell of their middles; the span's lines lie half a half farther out.
        span = self.span.tilted(1.5 * upper - 0.5 * lower, 1.5 * lower - 0.5 * upper)
        return view_block(self.page, self.scale, span, self.form)

    def elsewhere(self, top: float, end: float) -> View:
        """The same between other heights."""
        return _view(self.page, self.scale, self.span, self.form, top, end)


def view_block(page: Grey, scale: float, span: Span, form: Form) -> View:
    """The strip with all of the block, and as much more as it may lie off its place."""
    reach = _NEAR if span.from_below else _FAR
    return _view(page, scale, span, form, form.members_top - reach, form.members_end + reach)


def _view(page: Grey, scale: float, span: Span, form: Form, top: float, end: float) -> View:
    window = (-_BESIDE, top, form.layout.paper.width + _BESIDE, end)
    strip = cut_strip(page, scale, span, window, form.layout.members.box_pitch)
    return View(page, scale, form, span, strip, ridges(strip))
