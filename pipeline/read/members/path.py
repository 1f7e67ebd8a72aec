"""The path through a row of scores that gains most and bends least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.read.printed.ink import Floats
from pipeline.read.printed.place import Doubles


def smoothest(
    scores: Floats,
    steps: Sequence[int],
    cost: float,
    start: Doubles | float = 0.0,
    end: Doubles | float = 0.0,
) -> NDArray[np.int64]:
    """The states (N,) of the best path.

    Args:
        scores: (N, S), what each state is worth at each place.
        steps: (N - 1,), the most states that the path may move from place to place.
        cost: what each of them costs.
        start: (S,) what it costs to begin in a state.
        end: (S,) what it costs to end in one.
    """
    states = np.arange(scores.shape[1])
    total, back = scores[0] - start, []
    for score, step in zip(scores[1:], steps, strict=True):
        bends = np.abs(np.arange(-step, step + 1)) * cost
        padded = np.pad(total, step, constant_values=-np.inf)
        options = np.lib.stride_tricks.sliding_window_view(padded, len(bends)) - bends
        came = options.argmax(axis=1)
        back.append(states + came - step)
        total = options[states, came] + score
    path = [int((total - end).argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])
