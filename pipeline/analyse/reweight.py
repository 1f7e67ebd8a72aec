"""Shares as they would be if every group of mesas were counted in the same proportion.

Post-stratification (D. Holt and T. M. F. Smith, Journal of the Royal Statistical Society A 142,
1979): with N(h) the expected mesas of group h and n(h) the counted ones, every counted sheet weighs
N(h) / n(h). Groups in which nothing is counted have no say; `left_out` tells how many mesas they
have. If the reweighted shares lie close to the raw ones, the uneven coverage of these groups does
not matter for the shares; whether sheets are missing for what they say is another question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.analyse.coverage import Coverage
from pipeline.count.resolve import ScanStatus
from pipeline.count.totals import Totals
from pipeline.election import Election


@dataclass(frozen=True)
class WeightedShares:
    """Shares of the valid votes by candidate, from 0 to 1.

    `scheme` is `raw`, the name of a level, `station` or `size`; `represented` and `left_out` are
    mesas (for stations, scans) whose group has counted ones, and whose group has none.
    """

    scheme: str
    represented: int
    left_out: int
    shares: Mapping[str, float]


@dataclass(frozen=True)
class _Group:
    expected: int
    counted: int
    votes: Mapping[str, int]


def reweight(coverage: Coverage, totals: Totals, election: Election) -> tuple[WeightedShares, ...]:
    """The raw shares, then those by each level above the centres, by station and by size."""
    nation = totals.nation
    if not nation.valid_votes:
        return ()
    schemes = {"raw": [_Group(nation.expected, nation.counted, nation.candidate_votes(election))]}
    for level in election.levels[:-1]:
        schemes[level.name] = [
            _Group(unit.expected, unit.counted, unit.candidate_votes(election))
            for unit in totals.levels[level.name]
        ]
    counted = ScanStatus.COUNTED.value
    schemes["station"] = [_Group(s.sheets, s.statuses[counted], s.votes) for s in coverage.stations]
    schemes["size"] = [_Group(s.expected, s.counted, s.votes) for s in coverage.sizes]
    return tuple(_weigh(scheme, groups) for scheme, groups in schemes.items())


def _weigh(scheme: str, groups: Iterable[_Group]) -> WeightedShares:
    found = list(groups)
    there = [group for group in found if group.counted]
    sums = {
        code: math.fsum(group.expected * group.votes[code] / group.counted for group in there)
        for code in there[0].votes
    }
    whole = math.fsum(sums.values())
    return WeightedShares(
        scheme,
        sum(group.expected for group in there),
        sum(group.expected for group in found if not group.counted),
        {code: total / whole for code, total in sums.items()},
    )
