"""Spelling a line whose letters have each their own width: which stand there, and how surely.

Letters lie side by side, so one that is taken for a wider one pushes all that follow. A dynamic
programme finds the spelling of a whole line that explains its ink best, and for each place and
letter the best spelling that has this letter there: what that lacks tells how sure the line is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.read.printed.glyphs import ROWS
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.letters import Letters
from pipeline.read.printed.place import Doubles

Numbers = NDArray[np.int64]

_UP_DOWN = 2  # pixels that a letter may stand off its line
_FAINTEST, _DARKEST = 0.7, 1.3  # of the line's gain: a letter that is fainter is none
_STEP = 1  # pixels that the printer's dots and the scanner may add to a letter's width, or take
_STEP_COST = 0.2  # of a letter's ink, for a pixel
_NEVER = -1e12
_NARROW = 40  # columns
_CAPITALS, _NEAR = 17, 4  # rows of a line of capitals, and how far its middle may be off


@dataclass(frozen=True)
class Written:
    """A line of print: the strokes `cell` (rows, columns) in which it stands, and the row `y` of
    its letters' middle. `left` and `right` are the columns between which the cell lies on the
    page."""

    cell: Floats
    y: int
    left: int
    right: int

    @cached_property
    def band(self) -> Floats:
        """The rows in which letters may stand."""
        high = ROWS // 2 + _UP_DOWN
        padded = np.pad(self.cell, ((high, high), (0, 0)))
        return np.asarray(padded[self.y : self.y + 2 * high + 1], np.float32)


@dataclass(frozen=True)
class Window:
    """Where the letters of a line may begin: `lows` (N,) are the first columns, and how many."""

    lows: Numbers
    columns: int


@dataclass(frozen=True)
class Spelling:
    """A line as spelled: `numbers` (N,) of its letters, `lacks` (N, C) what each letter lacks to
    the best one, 1 being what separates the two in this print; `xs` (N,) the columns where they
    begin; `fits` (N,) the ink that each explains, 1 being all that the letter has."""

    numbers: Numbers
    lacks: Doubles
    xs: Numbers
    fits: Doubles

    @property
    def margins(self) -> Doubles:
        """What the second best letter of each place lacks, (N,)."""
        return np.asarray(np.partition(self.lacks, 1, axis=1)[:, 1])


@dataclass(frozen=True)
class Chain:
    """The evidence place by place: `places` (N) of (C, columns of the window). `gain` is how
    strong the line is printed, 1 for as strong as its letters are drawn."""

    letters: Letters
    window: Window
    places: tuple[Floats, ...]
    gain: float

    @cached_property
    def groups(self) -> list[tuple[Numbers, list[tuple[int, float]]]]:
        """Letters of the same width, and by how many columns the next one may follow, at a cost."""
        widths = np.round(self.letters.widths, 3)
        dear = _STEP_COST * self.gain**2 * float(self.letters.energies.mean())
        found = []
        for width in np.unique(widths):
            whole = round(float(width))
            steps = range(max(1, whole - _STEP), whole + _STEP + 1)
            costs = [(step, dear * (step - float(width)) ** 2) for step in steps]
            found.append((np.flatnonzero(widths == width), costs))
        return found

    @property
    def room(self) -> int:
        """Columns that the chain may reach."""
        return int(self.window.lows.max()) + self.window.columns + int(self.letters.steps.max()) + 2

    @cached_property
    def forward(self) -> Doubles:
        """The best of all spellings of the first n places that end at a column: (N + 1, room)."""
        best = np.full((len(self.places) + 1, self.room), _NEVER)
        low, columns = int(self.window.lows[0]), self.window.columns
        best[0, low : low + columns] = 0
        for number, place in enumerate(self.places):
            low = int(self.window.lows[number])
            here = best[number, low : low + columns] + place
            after = best[number + 1]
            for group, steps in self.groups:
                most = here[group].max(axis=0)
                for step, cost in steps:
                    target = after[low + step : low + step + columns]
                    np.maximum(target, most - cost, out=target)
        return best

    def spell(self, count: int) -> Spelling:
        """The best spelling of the first `count` places."""
        totals, xs = self._settle(count)
        numbers = totals.argmax(axis=1)
        lacks = totals.max(axis=1)[:, None] - totals
        lacks /= self.gain**2 * self.letters.apart[numbers]
        chosen = zip(self.places, numbers, xs - self.window.lows[:count], strict=False)
        explained = np.array([place[number, x] for place, number, x in chosen], np.float64)
        fits = explained / (self.gain**2 * self.letters.energies[numbers])
        return Spelling(numbers, np.asarray(lacks), xs, np.asarray(fits))

    def _settle(self, count: int) -> tuple[Doubles, Numbers]:
        """Of each place and letter the best spelling of all with it there (count, C), and of the
        best letter the column where it begins (count,)."""
        after = np.zeros(self.room)
        columns = self.window.columns
        totals = np.full((count, len(self.letters.text)), _NEVER)
        xs = np.zeros(count, np.int64)
        for number in range(count - 1, -1, -1):
            low = int(self.window.lows[number])
            behind = np.empty(self.places[number].shape)
            for group, steps in self.groups:
                options = [after[low + s : low + s + columns] - cost for s, cost in steps]
                behind[group] = self.places[number][group] + np.max(options, axis=0)
            whole = self.forward[number, low : low + columns] + behind
            totals[number] = whole.max(axis=1)
            xs[number] = low + int(whole[totals[number].argmax()].argmax())
            after = np.full(self.room, _NEVER)
            after[low : low + columns] = behind.max(axis=0)
        return totals, xs


def line_middle(cell: Floats, row: int) -> int:
    """The row around which a line of capitals has most ink, near a row."""
    energy = np.convolve(np.square(cell).sum(axis=1), np.ones(_CAPITALS), "same")
    low = max(0, row - _NEAR)
    return low + int(energy[low : row + _NEAR + 1].argmax())


def link(
    line: Written, letters: Letters, window: Window, gain: float | None, allowed: Numbers | None
) -> Chain:
    """The chain of a line.

    Args:
        line: the line.
        letters: its alphabet.
        window: where its letters may begin.
        gain: how strong it is printed; None if each letter may have its own.
        allowed: (N, C), 0 for letters that cannot stand at a place; None if all may.
    """
    start = int(window.lows.min())
    reach = int(window.lows.max()) + window.columns + int(letters.steps.max())
    found = explained(line.band[:, start:reach], letters, gain)
    short = max(0, reach - start - found.shape[1])
    found = np.pad(found, ((0, 0), (0, short)), constant_values=_NEVER)
    places = [found[:, low - start : low - start + window.columns] for low in window.lows]
    if allowed is not None:
        barred = ((1 - allowed[: len(places)]) * np.float32(_NEVER)).astype(np.float32)
        places = [place + bar[:, None] for place, bar in zip(places, barred, strict=True)]
    return Chain(letters, window, tuple(places), 1.0 if gain is None else gain)


def explained(band: Floats, letters: Letters, gain: float | None) -> Floats:
    """How much ink each letter explains at each column, (C, columns).

    That is what the squares of strokes lose by taking the letter away, at the line's gain or near
    it; a letter where there is none explains less than nothing. Without a gain each has its own.
    """
    found = np.full((len(letters.drawn), band.shape[1]), _NEVER, np.float32)
    for number, (drawn, energy) in enumerate(zip(letters.drawn, letters.energies, strict=True)):
        if drawn.shape[1] > band.shape[1]:
            continue
        products = _products(band, drawn).max(axis=0)
        if gain is None:
            own = np.maximum(products / energy, 0)
        else:
            own = np.clip(products / energy, _FAINTEST * gain, _DARKEST * gain)
        found[number, : len(products)] = 2 * own * products - np.square(own) * energy
    return found


def _products(band: Floats, drawn: Floats) -> Floats:
    """The products of a letter with a band at each place."""
    if band.shape[1] > _NARROW:
        return np.asarray(cv2.matchTemplate(band, drawn, cv2.TM_CCORR), np.float32)
    windows = sliding_window_view(band, drawn.shape)
    # Spectra, as above, cost more here than they save.
    products = windows.reshape(-1, drawn.size) @ drawn.ravel()
    return np.asarray(products.reshape(windows.shape[:2]), np.float32)
