"""An election's definition: loaded and validated once, then frozen.

Loading is imported only when it is asked for: the processes that read scans need the frozen types
alone, and start much faster without pydantic and YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.election.codes import ActaCode, ActaCodeFormat, MesaKey
from pipeline.election.model import (
    NATION,
    Candidate,
    Election,
    IndependentCount,
    Level,
    OfficialResult,
    PayloadFormat,
    Position,
    PublishedTable,
    ResultColumns,
    SheetRules,
    Symbol,
    Unit,
)

if TYPE_CHECKING:
    from pipeline.election.load import load_election

__all__ = [
    "NATION",
    "ActaCode",
    "ActaCodeFormat",
    "Candidate",
    "Election",
    "IndependentCount",
    "Level",
    "MesaKey",
    "OfficialResult",
    "PayloadFormat",
    "Position",
    "PublishedTable",
    "ResultColumns",
    "SheetRules",
    "Symbol",
    "Unit",
    "load_election",
]


def __getattr__(name: str) -> Any:
    """`load_election`, imported on first use."""
    if name == "load_election":
        from pipeline.election import load

        return load.load_election
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
