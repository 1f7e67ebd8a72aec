"""What is known beforehand of the symbols of one version, as arrays for fitting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.read.qr.codec.matrix import layout

FINDER, ALIGNMENT = 0, 1


@dataclass(frozen=True, eq=False)
class Model:
    """A version's patterns. Points are x, y in module units; module (0, 0) spans 0 to 1."""

    size: int
    anchors: NDArray[np.float64]
    """k x 3: centre of every finder and alignment pattern, and its kind."""
    function: NDArray[np.int8]
    """n x n: 1 dark, 0 light, negative where the value is not known beforehand."""
    centres: NDArray[np.float64]
    """m x 2: centres of the modules whose value is known beforehand."""
    signs: NDArray[np.float32]
    """m: 1 for those that are dark, -1 for light."""


@cache
def model(version: int) -> Model:
    """The model of a version, built once."""
    plan = layout(version)
    kinds = {"finder": FINDER, "alignment": ALIGNMENT}
    anchors = np.array([[a.x, a.y, kinds[a.kind]] for a in plan.anchors])
    rows, columns = np.nonzero(plan.function >= 0)
    signs = plan.function[rows, columns].astype(np.float32) * 2 - 1
    centres = np.stack([columns + 0.5, rows + 0.5], axis=1)
    return Model(plan.size, anchors, plan.function, centres, signs)
