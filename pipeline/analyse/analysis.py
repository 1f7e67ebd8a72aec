"""Everything that is asked of a count, answered at once."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.analyse.announced import Announcement, announced
from pipeline.analyse.bounds import Bounds, find_bounds
from pipeline.analyse.coverage import Coverage, cover
from pipeline.analyse.estimate import Estimate, estimate
from pipeline.analyse.frame import Frame, frame_of
from pipeline.analyse.independent import OtherCount, independent
from pipeline.analyse.ink import Ink
from pipeline.analyse.integrity import Integrity, examine
from pipeline.analyse.needed import Requirement, required
from pipeline.analyse.reweight import WeightedShares, reweight
from pipeline.analyse.simulate import Check, Hiding, check
from pipeline.analyse.voters import Voters, known_voters
from pipeline.count.resolve import Resolution
from pipeline.count.totals import Totals
from pipeline.election import Candidate, Election

ROUNDS = 100
"""Of each way of hiding sheets."""
SEED = 20240728
MOST_HIDDEN = 0.5


@dataclass(frozen=True)
class Analysis:
    """All answers. `estimate` is None where too little is counted for one."""

    election: str
    title: str
    config_sha256: str
    candidates: tuple[Candidate, ...]
    coverage: Coverage
    shares: tuple[WeightedShares, ...]
    bounds: Bounds
    estimate: Estimate | None
    checks: tuple[Check, ...]
    """How the estimate's interval did on these very sheets; see `simulate`."""
    announced: tuple[Announcement, ...]
    required: tuple[Requirement, ...]
    independent: tuple[OtherCount, ...]
    integrity: Integrity


def analyse(
    resolution: Resolution,
    totals: Totals,
    election: Election,
    ink: Ink,
    rounds: int = ROUNDS,
    seed: int = SEED,
) -> Analysis:
    """Analyse a count. `rounds` of hiding sheets check the estimate; 0 leaves that out."""
    voters = known_voters(resolution, election)
    frame = frame_of(resolution, election)
    coverage = cover(resolution, totals, voters, election)
    announcements = announced(election, totals)
    nation = voters.get("", Voters())
    needs = (required(a, frame, totals.nation, nation) for a in announcements)
    return Analysis(
        election=election.slug,
        title=election.title,
        config_sha256=election.config_sha256,
        candidates=election.candidates,
        coverage=coverage,
        shares=reweight(coverage, totals, election),
        bounds=find_bounds(totals, voters, election),
        estimate=estimate(frame, totals, election),
        checks=_checks(frame, rounds, seed),
        announced=announcements,
        required=tuple(need for need in needs if need),
        independent=independent(election, totals),
        integrity=examine(resolution, totals, election, ink),
    )


def _checks(frame: Frame, rounds: int, seed: int) -> tuple[Check, ...]:
    """As many of the counted sheets hidden as are missing of all, by each way of hiding."""
    missing = 1 - float(frame.counted.mean()) if frame.rows else 0.0
    if not rounds or not missing:
        return ()
    share = min(missing, MOST_HIDDEN)
    found = (check(frame, hiding, share, rounds, seed) for hiding in Hiding)
    return tuple(done for done in found if done)
