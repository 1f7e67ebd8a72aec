"""Registered voters of counted and of outstanding mesas, by unit: what bounds rest on.

Outstanding is every expected mesa that is not counted: missing, unread and quarantined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.count.resolve import MesaStatus, Resolution
from pipeline.election import Election


@dataclass
class Voters:
    """Registered voters of one unit's mesas, as far as a register names them."""

    counted: int = 0
    """Of the counted mesas."""
    counted_mesas: int = 0
    """Counted mesas whose registered voters are known."""
    outstanding: int = 0
    outstanding_mesas: int = 0
    """Outstanding mesas whose registered voters are known."""


def known_voters(resolution: Resolution, election: Election) -> Mapping[str, Voters]:
    """Registered voters by the code of every unit, the nation's being ''."""
    centres: dict[str, Voters] = defaultdict(Voters)
    for mesa in resolution.mesas:
        if mesa.registered_voters is None:
            continue
        voters = centres[mesa.centre]
        if mesa.status is MesaStatus.COUNTED:
            voters.counted += mesa.registered_voters
            voters.counted_mesas += 1
        else:
            voters.outstanding += mesa.registered_voters
            voters.outstanding_mesas += 1
    units: dict[str, Voters] = defaultdict(Voters)
    for centre, part in centres.items():
        for code in election.ancestors(centre):
            unit = units[code]
            unit.counted += part.counted
            unit.counted_mesas += part.counted_mesas
            unit.outstanding += part.outstanding
            unit.outstanding_mesas += part.outstanding_mesas
    return dict(units)
