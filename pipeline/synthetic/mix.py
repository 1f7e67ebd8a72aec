"""How much of what a synthetic election consists of."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from pipeline.errors import InputError


@dataclass(frozen=True)
class Mix:
    """Shares of all files; the rest are clean sheets. The defaults make 300 files colourful, and
    leave the print of every sheet sound."""

    light: float = 0.13
    heavy: float = 0.045
    duplicate: float = 8 / 300
    rescan: float = 6 / 300
    conflicting: float = 5 / 300
    other_election: float = 6 / 300
    not_a_sheet: float = 6 / 300
    broken: float = 8 / 300
    colour_200: float = 0.10
    colour_300: float = 0.05
    tampered: float = 0.0
    no_symbol: float = 0.0
    cut_off: float = 0.0

    def __post_init__(self) -> None:
        for entry in fields(self):
            share = getattr(self, entry.name)
            if not 0 <= share <= 1:
                raise InputError(f"mix: {entry.name} is {share}: expected a share from 0 to 1")
        extras = self.duplicate + self.rescan + self.conflicting + self.other_election
        if extras + self.not_a_sheet + self.broken > 0.5:
            raise InputError("mix: more than half of the files would be no sheet of their own")
        spoilt = self.light + self.heavy + self.tampered + self.no_symbol + self.cut_off
        if spoilt + self.rescan + self.duplicate + self.conflicting > 1:
            raise InputError("mix: there are not enough sheets to wear, copy, contradict and spoil")
        if self.colour_200 + self.colour_300 > 1:
            raise InputError("mix: colour_200 and colour_300 sum to more than 1")

    def with_faults(self, share: float) -> Mix:
        """The same with this share of sheets whose print is faulty: most of them tampered with."""
        return replace(self, tampered=0.6 * share, no_symbol=0.2 * share, cut_off=0.2 * share)


DEFAULT_MIX = Mix()
CLEAN_MIX = Mix(light=0, heavy=0, duplicate=0, rescan=0, conflicting=0, other_election=0,
                not_a_sheet=0, broken=0)  # fmt: skip
