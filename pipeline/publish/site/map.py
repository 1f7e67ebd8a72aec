"""The map: the outlines of the highest units as paths of an SVG, from the definition's GeoJSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.election import Election

WIDTH = 600
Ring = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Shape:
    """A unit's outline, as the `d` of a path: digits and letters only."""

    code: str
    path: str


@dataclass(frozen=True)
class Map:
    """Shapes within `width` x `height`."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


def draw_map(election: Election) -> Map | None:
    """The map, or None where the definition has none that can be drawn."""
    if election.map_file is None:
        return None
    try:
        features = json.loads(election.map_file.read_text(encoding="utf-8"))["features"]
        rings = {_code(f, election): list(_rings(f["geometry"])) for f in features}
        points = [(float(p[0]), float(p[1])) for found in rings.values() for r in found for p in r]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None  # the map is an ornament: its figures stand in the table
    if not points or not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
        return None
    west, north = min(x for x, _ in points), max(y for _, y in points)
    east, south = max(x for x, _ in points), min(y for _, y in points)
    if east <= west or north <= south:
        return None
    narrow = math.cos(math.radians((north + south) / 2))  # degrees of longitude are shorter
    scale = WIDTH / ((east - west) * narrow)

    def place(point: Sequence[float]) -> tuple[int, int]:
        return round((point[0] - west) * narrow * scale), round((north - point[1]) * scale)

    shapes = (
        Shape(code, "".join(_path([place(p) for p in ring]) for ring in rings[code]))
        for code in sorted(rings)
    )
    return Map(WIDTH, math.ceil((north - south) * scale), tuple(s for s in shapes if s.path))


def _code(feature: dict[str, Any], election: Election) -> str:
    return str(feature["properties"][election.map_key]).zfill(election.levels[0].digits)


def _rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    parts = geometry["coordinates"]
    for part in parts if geometry["type"] == "MultiPolygon" else [parts]:
        yield from part


def _path(points: Sequence[tuple[int, int]]) -> str:
    """A closed path without points that fall together; '' for what is smaller than a pixel."""
    kept = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
    if len(set(kept)) < 3:
        return ""
    first, *others = kept
    steps = zip([first, *others], others, strict=False)
    moves = "".join(f"l{b[0] - a[0]} {b[1] - a[1]}" for a, b in steps)
    return f"M{first[0]} {first[1]}{moves}z"
