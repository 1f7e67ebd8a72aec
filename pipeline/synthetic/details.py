"""What a sheet carries beside its votes: hash, UUID, time, places, address. Invented."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

import numpy as np

from pipeline.election import Election
from pipeline.synthetic.content import SheetData
from pipeline.synthetic.votes import MesaVotes, acta_code_text, payload_text

_LABELS = {"state": "Estado", "municipality": "Municipio", "parish": "Parroquia"}


def sheet_data(mesa: MesaVotes, election: Election, rng: np.random.Generator) -> SheetData:
    """All that the sheet of a mesa says; `rng` invents what the mesa's votes leave open."""
    return SheetData(
        acta_code=acta_code_text(election.rules, mesa),
        centre_code=mesa.centre,
        votes=mesa.votes,
        null_votes=mesa.null_votes,
        empty_votes=mesa.empty_votes,
        registered_voters=mesa.registered,
        voters_book=_book(mesa, rng),
        payload=payload_text(election.rules, mesa),
        uuid=str(UUID(bytes=rng.bytes(16), version=4)),
        printed_at=_printed_at(election, rng),
        places=_places(mesa, election),
        centre_lines=_centre_lines(mesa, rng),
        hash_hex=rng.bytes(32).hex().upper(),
    )


def _book(mesa: MesaVotes, rng: np.random.Generator) -> int:
    """Signatures in the paper book: those of the voters, now and then one missed or added."""
    slip = int(rng.choice([-1, 1])) if rng.random() < 0.03 else 0
    return max(0, mesa.total + slip)


def _printed_at(election: Election, rng: np.random.Generator) -> str:
    """Some time in the evening of election day."""
    closed = datetime.combine(election.date, time(18, 0))
    return f"{closed + timedelta(seconds=int(rng.integers(5 * 3600))):%d/%m/%Y %I:%M:%S %p}"


def _places(mesa: MesaVotes, election: Election) -> tuple[str, ...]:
    upper = zip(election.levels, mesa.place_names, strict=False)
    named = (f"{_LABELS.get(level.name, level.name.title())} {name}" for level, name in upper)
    return (f"País {election.country.upper()}", *named)


def _centre_lines(mesa: MesaVotes, rng: np.random.Generator) -> tuple[str, ...]:
    """The centre's name and an invented address of up to three lines."""
    street, corner, house = (int(n) for n in rng.integers(1, 90, 3))
    address = (f"CALLE {street} ENTRE CARRERAS {corner} Y {corner + 1}", f"SECTOR {house}", "CASA")
    return (mesa.centre_name, "", *address[: int(rng.integers(1, 4))])
