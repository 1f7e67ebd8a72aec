"""How much mesas differ between states, between municipalities of a state, ... and within a centre.

The variance components of the nested classification: y = mean + state + municipality + parish +
centre + mesa, each part drawn independently with a variance of its own. Estimated by analysis of
variance (Henderson's method 1; S. R. Searle, G. Casella and C. E. McCulloch, Variance Components,
1992): with T(l) the sum over the groups of level l of (sum of y)^2 / size,

    E T(l) = N mean^2 + sum over levels k of c(l,k) variance(k)
    c(l,k) = N where level k is l or above, else the sum over the groups g of l of
             (sum over the groups j of k within g of size(j)^2) / size(g)

and differences of neighbouring T give one equation for each level, solved from the mesas upward.
What comes out below zero is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analyse.frame import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nesting:
    """Observations in nested groups; `groups` has an array of group numbers for each level."""

    groups: tuple[Ints, ...]
    sizes: tuple[Floats, ...]
    equations: Floats
    """(levels + 1, levels + 1), upper triangular: the differences of the c(l,k)."""

    def components(self, values: Floats) -> Floats:
        """The variances, the highest level first and the single mesas last; none is negative."""
        sums = [
            np.bincount(group, values, len(size))
            for group, size in zip(self.groups, self.sizes, strict=True)
        ]
        squares = [
            float((total**2 / np.maximum(size, 1)).sum())
            for total, size in zip(sums, self.sizes, strict=True)
        ]
        mean = float(values.sum()) ** 2 / len(values)
        left = np.diff([mean, *squares, float((values**2).sum())])
        found = np.zeros(len(left))
        for level in range(len(left) - 1, -1, -1):
            divisor = self.equations[level, level]
            if divisor > 1e-9 * len(values):
                rest = left[level] - (self.equations[level] * found).sum()
                found[level] = max(0.0, rest / divisor)
        return found


def nest(groups: Sequence[Ints], numbers: Sequence[int]) -> Nesting:
    """Prepare the equations; `numbers` tells how many groups each level has.

    The groups must be nested: who shares a group shares all groups of higher levels.
    """
    sizes = tuple(
        np.bincount(group, minlength=number).astype(np.float64)
        for group, number in zip(groups, numbers, strict=True)
    )
    total = len(groups[0])
    rows = [_row(groups, sizes, level, total) for level in range(-1, len(groups))]
    rows.append(np.full(len(groups) + 1, float(total)))
    return Nesting(tuple(groups), sizes, np.diff(np.stack(rows), axis=0))


def _row(groups: Sequence[Ints], sizes: Sequence[Floats], level: int, total: int) -> Floats:
    """The c(l,k) of one level; level -1 is the whole."""
    own = float((sizes[level] > 0).sum()) if level >= 0 else 1.0
    finer = [
        _within(groups, sizes, level, k) if k > level else float(total) for k in range(len(groups))
    ]
    return np.array([*finer, own])


def _within(groups: Sequence[Ints], sizes: Sequence[Floats], level: int, finer: int) -> float:
    # Each observation stands for its finer group: the sum over j of size(j)^2 / size(g) is the sum
    # over observations of size(j) / size(g).
    upper = sizes[level][groups[level]] if level >= 0 else float(len(groups[0]))
    return float((sizes[finer][groups[finer]] / upper).sum())
