"""File names like the published ones: a scanning station, a number, the sheet's running number.

Three quarters of 24,532 names follow `784821_007643_0134Acta0133.jpg`; most others carry a date,
a few are names that a telephone or a person gave.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

_SHEETS_A_STATION = 150


def unused_names(count: int, day: date, rng: np.random.Generator) -> list[str]:
    """So many different names, also where upper and lower case are the same."""
    names: list[str] = []
    taken: set[str] = set()
    station = _station(rng)
    while len(names) < count:
        if len(names) % min(_SHEETS_A_STATION, max(count // 4, 1)) == 0:
            station = _station(rng)
        name = _name(station, len(names) % 900 + 1, day + timedelta(days=1), rng)
        if name.lower() not in taken:
            taken.add(name.lower())
            names.append(name)
    return names


def _station(rng: np.random.Generator) -> str:
    draw, number = rng.random(), int(rng.integers(10**6))
    if draw < 0.8:
        return f"{number:06d}"
    return f"AG8A{number:06d}" if draw < 0.95 else f"A{number % 10**5:05d}"


def _name(station: str, running: int, day: date, rng: np.random.Generator) -> str:
    draw, number = rng.random(), int(rng.integers(10**6))
    if draw < 0.01:
        return f"IMG-{day:%Y%m%d}-WA{number % 10**4:04d}.jpg"
    if draw < 0.015:
        return f"{day:%Y-%m-%d}-{number % 10**4:04d}.jpg"
    if station.startswith("AG8A") or draw < 0.07:
        return f"{station}_{number:06d}_{day:%Y-%m-%d}-{running:04d}.jpg"
    return f"{station}_{number:06d}_{running + 1:04d}Acta{running:04d}.jpg"
