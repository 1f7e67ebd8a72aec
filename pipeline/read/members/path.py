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
    widest = max(steps, default=0)
    padded = np.full(len(states) + 2 * widest, -np.inf)
    around = {step: _around(step, len(states), widest, cost) for step in set(steps)}
    total, back = np.asarray(scores[0] - start, np.float64), []
    for score, step in zip(scores[1:], steps, strict=True):
        padded[widest : widest + len(states)] = total
        near, bends = around[step]
        options = padded[near] - bends
        came = options.argmax(axis=0)
        back.append(states + came - step)
        total = options[came, states] + score
    path = [int((total - end).argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])


def _around(step: int, states: int, margin: int, cost: float) -> tuple[NDArray[np.int64], Doubles]:
    """Where the states within a step of each one stand (2 step + 1, S), and what it costs to come
    from there (2 step + 1, 1)."""
    moves = np.arange(-step, step + 1)[:, None]
    return margin + moves + np.arange(states), np.abs(moves) * cost
