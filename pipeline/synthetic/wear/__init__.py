"""Damage to scans, in named families with levels: pure, and deterministic by the generator given.

`apply` works on whole sheets and on crops around the symbol. Levels carry the names of the
experiments that measured decoders on them; `light`, where there is one, leaves the symbol easy.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import InputError
from pipeline.synthetic.wear import cut, ink, optics, paper, scanner
from pipeline.synthetic.wear.view import Family, Floats, Image, Rng, View, guess_corners

__all__ = ["FAMILIES", "Family", "apply"]

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for module in (optics, paper, ink, cut, scanner)
        for family in module.FAMILIES
    }
)


def apply(
    image: Image, corners: Floats | None, family: str, level: str, rng: Rng
) -> tuple[Image, Floats | None]:
    """The grey image worn, and where its symbol's corners went.

    Without corners the symbol is taken to stand where a sheet has it, and none are returned.

    Raises:
        InputError: no such family or level.
    """
    found = FAMILIES.get(family)
    if found is None:
        raise InputError(f"no such wear: {family!r}", f"There are: {', '.join(FAMILIES)}.")
    if level not in found.levels:
        raise InputError(
            f"{family} has no level {level!r}", f"Its levels are: {', '.join(found.levels)}."
        )
    given = guess_corners(image) if corners is None else corners
    worn = found.wear(View(image, given), level, rng)
    return worn.image, None if corners is None else worn.corners
