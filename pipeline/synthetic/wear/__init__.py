"""Damage to scans, in named families with levels: pure, and deterministic by the generator given.

`apply` works on whole images and on crops around the symbol, `wear_sheet` on drawn sheets. Levels
carry the names of the experiments that measured decoders on them; `light`, where there is one,
leaves the symbol easy.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import InputError
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.wear import cut, ink, optics, paper, scanner
from pipeline.synthetic.wear.view import Family, Floats, Image, Rng, View, guess_corners

__all__ = ["FAMILIES", "Family", "apply", "wear_sheet"]

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
    given = guess_corners(image) if corners is None else corners
    worn = _wear(View(image, given), family, level, rng)
    return worn.image, None if corners is None else worn.corners


def wear_sheet(sheet: DrawnSheet, family: str, level: str, rng: Rng) -> DrawnSheet:
    """The sheet worn; all its places have moved with the paper.

    Raises:
        InputError: no such family or level.
    """
    corners = sheet.symbol_corners
    given = guess_corners(sheet.image) if corners is None else corners
    worn = _wear(View(sheet.image, given, sheet.points()), family, level, rng)
    return sheet.placed(worn.image, worn.others)


def _wear(view: View, name: str, level: str, rng: Rng) -> View:
    found = FAMILIES.get(name)
    if found is None:
        raise InputError(f"no such wear: {name!r}", f"There are: {', '.join(FAMILIES)}.")
    if level not in found.levels:
        raise InputError(
            f"{name} has no level {level!r}", f"Its levels are: {', '.join(found.levels)}."
        )
    return found.wear(view, level, rng)
