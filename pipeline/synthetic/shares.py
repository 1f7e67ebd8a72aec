"""What share of the votes each ballot position may expect, from the election's own small table.

The table (`party_shares` in `election.yaml`) is optional: without it every candidate gets
half the share of the one before, and shares a candidate's votes evenly over the parties.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.election import Election
from pipeline.errors import ConfigError

_COLUMNS = ["candidate", "party", "share"]


def position_shares(election: Election) -> NDArray[np.float64]:
    """Expected share of the valid votes by ballot position; sums to 1.

    Raises:
        ConfigError: the table names an unknown position, misses one, or holds no number.
    """
    path = election.shares_file
    if path is None:
        return _even(election)
    found = _read(path, {(position.candidate, position.party) for position in election.positions})
    missing = [p for p in election.positions if (p.candidate, p.party) not in found]
    if missing:
        raise ConfigError(f"{path}: no row for {missing[0].candidate}, {missing[0].party}")
    shares = np.array([found[(p.candidate, p.party)] for p in election.positions])
    for candidate in election.candidates:
        if shares[list(candidate.positions)].sum() <= 0:
            raise ConfigError(f"{path}: the shares of candidate {candidate.code} sum to 0")
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _even(election: Election) -> NDArray[np.float64]:
    """A stand-in for an election without a table: halving shares, equal parties."""
    shares = np.zeros(len(election.positions))
    for rank, candidate in enumerate(election.candidates):
        shares[list(candidate.positions)] = 0.5 ** min(rank, 20) / len(candidate.positions)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _read(path: Path, known: set[tuple[str, str]]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            if next(reader, []) != _COLUMNS:
                raise ConfigError(f"{path}: line 1: expected the columns {', '.join(_COLUMNS)}")
            for cells in reader:
                where = f"{path}: line {reader.line_num}"
                if len(cells) != len(_COLUMNS):
                    raise ConfigError(f"{where}: {len(cells)} cells, expected {len(_COLUMNS)}")
                key = (cells[0], cells[1])
                if key not in known or key in found:
                    why = "stands twice" if key in found else "is not on the ballot"
                    raise ConfigError(f"{where}: {cells[0]}, {cells[1]} {why}")
                found[key] = _share(where, cells[2])
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: not a UTF-8 CSV file: {error}") from error
    return found


def _share(where: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise ConfigError(f"{where}: share is {text!r}: expected a number from 0 to 1")
    return share
