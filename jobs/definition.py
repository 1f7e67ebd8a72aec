"""Which election a command is about."""

from __future__ import annotations

from pathlib import Path

from jobs.stage import local_copy
from pipeline.count.place import Place

DEFAULT_ELECTION = "venezuela-2024"


def election_folder(name: str | None, results: Path | Place | None = None) -> Path:
    """The definition's folder: as named, or as the results keep it, or the default."""
    configs = Path(__file__).resolve().parent.parent / "configs"
    if name is None:
        kept = Place.of(results).sub("election") if results else None
        if kept and kept.has("election.yaml"):
            return local_copy(kept)
        return configs / DEFAULT_ELECTION
    shipped = configs / name
    if "/" not in name and not Path(name).exists() and shipped.is_dir():
        return shipped
    return Path(name)
