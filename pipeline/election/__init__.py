"""An election's definition: loaded and validated once, then frozen."""

from pipeline.election.codes import ActaCode, ActaCodeFormat, MesaKey
from pipeline.election.load import load_election
from pipeline.election.model import (
    NATION,
    Candidate,
    Election,
    Level,
    OfficialResult,
    PayloadFormat,
    Position,
    SheetRules,
    Symbol,
    Unit,
)

__all__ = [
    "NATION",
    "ActaCode",
    "ActaCodeFormat",
    "Candidate",
    "Election",
    "Level",
    "MesaKey",
    "OfficialResult",
    "PayloadFormat",
    "Position",
    "SheetRules",
    "Symbol",
    "Unit",
    "load_election",
]
