"""What `actas analyse` prints for people: the nation and its highest units, part by part."""

from __future__ import annotations

from rich.console import Console

from jobs.tables import number, open_console, part, percent, safe, show_table, signed
from pipeline.analyse.analysis import Analysis
from pipeline.analyse.announced import VALID
from pipeline.analyse.bounds import FULL_NAMED, OBSERVED, UnitBounds
from pipeline.analyse.estimate import Estimate, Interval
from pipeline.analyse.independent import OtherCount
from pipeline.analyse.simulate import Check

MOST_ROWS = 10
HIDDEN = {
    "mesas": "single mesas",
    "centres": "whole centres",
    "stations": "whole scanning stations",
}


def show_analysis(analysis: Analysis) -> None:
    """Every part of an analysis."""
    console = open_console()
    parts = (_places, _stations, _shares, _bounds, _units, _estimate, _announced, _others, _sheets)
    for show in parts:
        show(console, analysis)


def _places(console: Console, analysis: Analysis) -> None:
    coverage = analysis.coverage
    level = next((name for name in coverage.places if name != "nation"), None)
    units = (*(coverage.places[level] if level else ()), coverage.nation)
    heads = (level or "", "expected", "counted", "%", "quarantined", "missing", "unread")
    rows = [
        (
            unit.name,
            number(unit.expected),
            number(unit.counted),
            part(unit.counted, unit.expected),
            number(unit.quarantined),
            number(unit.missing),
            number(unit.unread),
        )
        for unit in units
    ]
    show_table(console, "Mesas (polling tables); unread are part of the missing", heads, rows)
    console.print()


def _stations(console: Console, analysis: Analysis) -> None:
    stations = [s for s in analysis.coverage.stations if s.lost]
    worst = sorted(stations, key=lambda s: (-s.lost, s.station))[:MOST_ROWS]
    rows = [
        (
            s.station or "(no station in the name)",
            number(s.scans),
            number(s.statuses["counted"]),
            number(s.statuses["quarantined"]),
            number(s.statuses["unreadable"]),
            number(s.statuses["failed"]),
            part(s.lost, s.sheets),
        )
        for s in worst
    ]
    heads = ("station", "scans", "counted", "quarantined", "unreadable", "failed", "lost %")
    title = f"Scanning stations that lost most of {len(analysis.coverage.stations):,}"
    show_table(console, title, heads, rows)
    console.print()


def _shares(console: Console, analysis: Analysis) -> None:
    if not analysis.shares:
        console.print("No vote is counted, so there are no shares.\n")
        return
    names = [candidate.code for candidate in analysis.candidates]
    raw = analysis.shares[0].shares
    rows = [
        (name, *(percent(weighted.shares[name]) for weighted in analysis.shares))
        for name in sorted(names, key=lambda name: -raw[name])
    ]
    rows.append(("groups left out", *(number(weighted.left_out) for weighted in analysis.shares)))
    heads = ("% of valid votes", *(weighted.scheme for weighted in analysis.shares))
    show_table(console, "Shares, raw and as if all groups were counted alike", heads, rows)
    console.print()


def _bounds(console: Console, analysis: Analysis) -> None:
    if not analysis.bounds.levels["nation"]:
        console.print("Nothing is counted, so there are no bounds.\n")
        return
    nation = analysis.bounds.nation
    title = (
        f"{nation.first} leads {nation.second} by {nation.lead:,}. What if the runner-up had every "
        f"vote of the {nation.outstanding:,} mesas that are not counted?"
    )
    rows = [
        (
            f"{bound.assumption.sentence}.\nSource: {bound.assumption.source} "
            f"({bound.basis or bound.why_not}).",
            number(bound.votes),
            signed(bound.lead),
        )
        for bound in nation.bounds
    ]
    show_table(console, title, ("assumption", "their votes", "lead left"), rows)
    if nation.sheet_votes is not None:
        console.print(
            f"To make up the lead, each of those mesas would need {nation.sheet_votes:,} votes, "
            f"all for {nation.second}."
        )
    console.print()


def _units(console: Console, analysis: Analysis) -> None:
    level = next((name for name in analysis.bounds.levels if name != "nation"), None)
    if level is None or not analysis.bounds.levels[level]:
        return
    keys = (OBSERVED.key, FULL_NAMED.key)
    rows = [
        (
            unit.name,
            f"{unit.first}/{unit.second}",
            signed(unit.lead),
            number(unit.outstanding),
            *(signed(_lead(unit, key)) for key in keys),
        )
        for unit in analysis.bounds.levels[level]
    ]
    heads = (level, "first two", "lead", "not counted", "observed", "full turnout")
    title = f"The same by {level}: the lead left at observed and at full turnout"
    show_table(console, title, heads, rows, texts=2)
    console.print()


def _lead(unit: UnitBounds, key: str) -> int | None:
    return next(bound.lead for bound in unit.bounds if bound.assumption.key == key)


def _estimate(console: Console, analysis: Analysis) -> None:
    estimate = analysis.estimate
    if estimate is None:
        console.print("Too few sheets are counted for an estimate of the whole.\n")
        return
    ranked = sorted(estimate.nation.candidates, key=lambda c: -c.votes.value)
    rows = [
        (
            c.candidate,
            *_interval(c.votes),
            percent(c.share),
            f"{percent(c.share_low)} - {percent(c.share_high)}",
        )
        for c in ranked
    ]
    rows.append(("valid votes", *_interval(estimate.nation.valid), "", ""))
    lead = f"lead of {estimate.first} over {estimate.second}"
    rows.append((lead, *_interval(estimate.nation.lead), "", ""))
    heads = ("candidate", "votes", "interval", "%", "interval")
    confidence = f"{percent(estimate.confidence, 0)}% intervals"
    title = f"Estimate of all {estimate.nation.expected:,} sheets, with {confidence}"
    show_table(console, title, heads, rows)
    _warn(console, analysis, estimate)


def _interval(interval: Interval) -> tuple[str, str]:
    return number(interval.value), f"{number(interval.low)} - {number(interval.high)}"


def _warn(console: Console, analysis: Analysis, estimate: Estimate) -> None:
    for warning in estimate.warnings:
        console.print(safe(f"Warning: {warning}"))
    sentence = analysis.coverage.registration.sentence
    if sentence:
        console.print(safe(sentence))
    for check in analysis.checks:
        console.print(safe(_check(check, estimate)))
    console.print()


def _check(check: Check, estimate: Estimate) -> str:
    return (
        f"Check: {percent(check.share_hidden, 0)}% of these sheets hidden as "
        f"{HIDDEN[check.hiding.value]}: the interval held the lead in {check.lead_held} and "
        f"{estimate.first}'s share in {check.share_held} of {check.rounds} rounds."
    )


def _announced(console: Console, analysis: Analysis) -> None:
    for requirement in analysis.required:
        console.print(safe(requirement.sentence))
        if requirement.contradiction:
            console.print(safe(requirement.contradiction))
        rows = [
            (need.name, number(need.announced), number(need.counted), signed(need.needed))
            for need in requirement.needs
        ]
        heads = ("", "announced", "counted", "the others would need")
        title = f"{requirement.source}, {requirement.date}"
        show_table(console, title, heads, rows)
        console.print()


def _others(console: Console, analysis: Analysis) -> None:
    if not analysis.independent or not analysis.shares:
        return
    shares = analysis.shares[0].shares
    pair = sorted(shares, key=lambda code: -shares[code])[:2]
    heads = ("counted by", "sheets", "valid votes", *(f"{code} %" for code in pair))
    rows = [
        (other.source, number(other.sheets_read), *_figures(other, pair))
        for other in analysis.independent
    ]
    valid = analysis.bounds.nation.counted
    here = [percent(shares[code]) for code in pair]
    total = sum(f.counted for f in analysis.independent[0].figures if f.code == VALID)
    rows.append(("here", number(valid), number(total or None), *here))
    show_table(console, "What others counted from the same sheets", heads, rows)
    console.print()


def _figures(other: OtherCount, pair: list[str]) -> tuple[str, ...]:
    found = {figure.code: figure for figure in other.figures}
    valid = found[VALID].votes if VALID in found else None
    return number(valid), *(percent(found[c].share if c in found else None) for c in pair)


def _sheets(console: Console, analysis: Analysis) -> None:
    integrity = analysis.integrity
    rows = [
        (f"{found.kind.sentence} [{found.kind.code}]", found.kind.gravity.value,
         number(found.scans), number(found.mesas))
        for found in integrity.findings
    ]  # fmt: skip
    show_table(console, "Findings", ("finding", "gravity", "scans", "mesas"), rows, texts=2)
    grades = ", ".join(f"{name} {count:,}" for name, count in integrity.grades.items())
    console.print(safe(f"Grades of the counted sheets: {grades}"))
    _ink(console, analysis)
    for hint in integrity.hints[:MOST_ROWS]:
        mesas = ", ".join(hint.mesas[:5]) + (" ..." if len(hint.mesas) > 5 else "")
        console.print(safe(f"Hint: {hint.kind.sentence} ({hint.valid_votes:,} valid): {mesas}"))
    if len(integrity.hints) > MOST_ROWS:
        console.print(f"and {len(integrity.hints) - MOST_ROWS:,} more hints")
    if integrity.hints:
        console.print("A hint is no reason to leave a sheet out.")
    console.print()


def _ink(console: Console, analysis: Analysis) -> None:
    ink = analysis.integrity.ink
    if ink is None:
        console.print("Ink in the boxes of members and witnesses was not looked at.")
        return
    known = ink.nation.all + ink.nation.some + ink.nation.none
    console.print(
        f"Ink in the boxes of members and witnesses, of {known:,} sheets: in all "
        f"{part(ink.nation.all, known)}%, in some {part(ink.nation.some, known)}%, in none "
        f"{part(ink.nation.none, known)}%; {ink.nation.unknown:,} sheets are not known."
    )
    for role in ink.roles:
        console.print(safe(f"  {role.role}: {part(role.filled, role.known)}%"))
