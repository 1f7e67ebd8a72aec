"""Holding the results of a synthetic election against its truth and the table it is from."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from jobs.report import Loaded, load_results
from pipeline.count.resolve import ResolvedScan
from pipeline.election import Election
from pipeline.errors import InputError
from pipeline.synthetic.published import read_published

EITHER_OF_A_SHEET = {"counted", "duplicate"}
"""Of two scans of one sheet the counter chooses which it counts."""


@dataclass(frozen=True)
class Verdict:
    """What was compared, and what differed."""

    lines: tuple[str, ...]
    wrong: int


def verify(synthetic: Path, results: Path, table: Path | None) -> Verdict:
    """Compare statuses, payloads and totals.

    Raises:
        InputError: the truth does not name the scans that were counted.
    """
    loaded = load_results(results)
    truth, scans = _read_truth(synthetic), _by_name(loaded)
    if set(truth) != set(scans):
        raise InputError(f"{len(set(truth) ^ set(scans))} files are in only one of the two.")
    payloads = _misread(scans, truth)
    statuses = Counter(
        f"{truth[name]['kind']} {truth[name]['family']} {truth[name]['level']}".strip()
        for name, item in scans.items()
        if not _as_expected(item, truth[name]["expected_status"])
    )
    lines = [
        f"{len(scans):,} scans, each in one status; wrong payloads: {len(payloads)}",
        *(f"not read though it should be: {count} {kind}" for kind, count in statuses.items()),
    ]
    wrong = len(payloads)
    if table:
        more, differing = _against_table(loaded, table)
        lines += more
        wrong += differing
    return Verdict(tuple(lines), wrong)


def misread(synthetic: Path, results: Path) -> tuple[str, ...]:
    """The names of scans, perhaps of a part of the folder, that were read as what they are not."""
    return tuple(_misread(_by_name(load_results(results)), _read_truth(synthetic)))


def _read_truth(synthetic: Path) -> dict[str, dict[str, str]]:
    with (synthetic / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def _by_name(loaded: Loaded) -> dict[str, ResolvedScan]:
    return {item.scan.uri.rpartition("/")[2]: item for item in loaded.resolution.scans}


def _misread(scans: dict[str, ResolvedScan], truth: dict[str, dict[str, str]]) -> list[str]:
    read = {name: item.scan.payload for name, item in scans.items()}
    return [
        name for name, payload in read.items() if payload and payload.text != truth[name]["payload"]
    ]


def _as_expected(item: ResolvedScan, expected: str) -> bool:
    if expected in EITHER_OF_A_SHEET:
        return item.status.value in EITHER_OF_A_SHEET
    return expected in ("", item.status.value)


def _against_table(loaded: Loaded, table: Path) -> tuple[list[str], int]:
    """Each candidate's total, and the published table's over the very mesas that were counted."""
    ours = loaded.totals.nation.candidate_votes(loaded.election)
    theirs = _table_sums(loaded, table, loaded.election)
    lines = [f"{'candidate':<10} {'counted':>12} {'table':>12}"]
    lines += [f"{code:<10} {votes:>12,} {theirs[code]:>12,}" for code, votes in ours.items()]
    return lines, sum(votes != theirs[code] for code, votes in ours.items())


def _table_sums(loaded: Loaded, table: Path, election: Election) -> dict[str, int]:
    counted = {mesa.mesa for mesa in loaded.resolution.mesas if mesa.status.value == "counted"}
    sums: dict[str, int] = defaultdict(int)
    for row in read_published(table, election):
        if election.rules.acta_code.mesa_key(row.centre, row.number) in counted:
            for candidate, votes in zip(election.candidates, row.votes, strict=True):
                sums[candidate.code] += votes
    return sums
