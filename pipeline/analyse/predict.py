"""Predicting the sheets that are not counted: the weights of those that are, and the error.

A mesa that is not counted is predicted by the mean of counted ones that are like it, which are the
counted ones of the first of these groups that has any:

    its parish, centres of its size; its state, parishes and centres of its size; its parish;
    its state, parishes of its size; its state; the nation

(parish: the level above the centre; state: the highest). Large centres in large parishes vote
otherwise than small ones, and it is whole places that are missing: without the sizes, hiding a
fifth of 24,043 sheets by whole stations left intervals that held the truth in 63 rounds of 100, by
whole centres in 86; with them in 97 and 99. Where every group has counted mesas that is the
stratified expansion estimator (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapter 5). A
counted mesa stands for itself and for k others: the sum over its groups of the mesas that the group
predicts, by the group's counted ones.

The error is that of predicting a finite population (R. M. Royall, Biometrika 57, 1970; R. Valliant,
A. H. Dorfman and R. M. Royall, Finite Population Sampling and Inference, 2000) under the nested
model of `components`: with M(g) the mesas of a group that are not counted and K(g) the sum of its
k,

    variance = sum over levels of variance(level) x sum over its groups of (M(g) - K(g))^2
             + variance(mesa) x (M + sum of k^2)

Without differences between places that is Cochran's N^2 (1 - n/N) s^2 / n, summed over the strata:
nothing is left to err about once all sheets are there. With them, sheets that are missing by whole
centres or parishes make the interval as wide as they should.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np

from pipeline.analyse.components import Floats, Nesting, nest
from pipeline.analyse.frame import Flags, Frame

LEVEL = 0.95
"""Of the intervals: so often they should hold the truth."""
QUANTILE = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True)
class Prediction:
    """Who stands for whom. `counted` has a flag for each row of the frame."""

    frame: Frame
    counted: Flags

    @cached_property
    def nesting(self) -> Nesting:
        """The counted mesas in their places."""
        frame = self.frame
        groups = [place[self.counted] for place in frame.places]
        return nest(groups, [len(codes) for codes in frame.codes])

    @cached_property
    def _served(self) -> tuple[Floats, Floats]:
        """Weights within the highest units by row, and by highest unit those left over."""
        weights = np.zeros(self.frame.rows)
        waiting = ~self.counted
        for group, number in self.frame.ladder:
            there = np.bincount(group[self.counted], minlength=number).astype(np.float64)
            asked = np.bincount(group[waiting], minlength=number)
            weights += np.divide(asked, there, out=np.zeros(number), where=there > 0)[group]
            waiting = waiting & (there[group] == 0)
        top, tops = self.frame.places[0], len(self.frame.codes[0])
        return weights, np.bincount(top[waiting], minlength=tops).astype(np.float64)

    @cached_property
    def home(self) -> Floats:
        """For each counted row, how many mesas of its own highest unit it stands for."""
        return self._served[0][self.counted]

    @property
    def orphans(self) -> Floats:
        """By highest unit: mesas that only the nation's mean can predict."""
        return self._served[1]

    @cached_property
    def all(self) -> Floats:
        """For each counted row, how many mesas it stands for altogether."""
        return self.home + float(self.orphans.sum()) / len(self.home)

    def variance(self, values: Floats) -> float:
        """Of the error of the nation's predicted total; `values` by counted row."""
        sizes = self.nesting.components(values)
        outside = ~self.counted
        total = 0.0
        for level in range(len(self.frame.places)):
            gap = self._gap(level, self.all, outside)
            total += float(sizes[level]) * float((gap**2).sum())
        return total + float(sizes[-1]) * float(outside.sum() + (self.all**2).sum())

    def variances(self, values: Floats) -> Floats:
        """The same for each highest unit on its own."""
        sizes = self.nesting.components(values)
        top, outside = self.frame.places[0], ~self.counted
        number = len(self.frame.codes[0])
        single = np.bincount(top[outside], minlength=number).astype(np.float64)
        single += np.bincount(top[self.counted], self.home**2, number)
        total: Floats = sizes[-1] * single
        for level, place in enumerate(self.frame.places):
            gap = self._gap(level, self.home, outside)
            above = np.zeros(len(gap), np.int64)
            above[place] = top
            total += sizes[level] * np.bincount(above, gap**2, number)
        # What all counted mesas predict errs by their mean too.
        mean = sum(
            sizes[level] * float((size**2).sum()) for level, size in enumerate(self.nesting.sizes)
        )
        count = len(self.home)
        total += self.orphans**2 * (mean + sizes[-1] * count) / count**2
        return total

    def _gap(self, level: int, weights: Floats, outside: Flags) -> Floats:
        """M(g) - K(g) of each group of a level."""
        place, number = self.frame.places[level], len(self.frame.codes[level])
        held = np.bincount(place[self.counted], weights, number)
        return np.bincount(place[outside], minlength=number).astype(np.float64) - held
