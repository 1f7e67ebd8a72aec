"""The pages: what each is made of. Every value is escaped and made visible here, in one place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.analyse.analysis import Analysis
from pipeline.analyse.bounds import UnitBounds
from pipeline.count.register import NOT_LISTED
from pipeline.count.resolve import MesaStatus, Resolution, ResolvedMesa
from pipeline.count.totals import Totals, UnitTotals
from pipeline.election import NATION, Candidate, Election
from pipeline.publish import text
from pipeline.publish.accounts import grade_account, mesa_account, scan_account
from pipeline.publish.attention import MOST_ROWS, list_waiting
from pipeline.publish.evidence.album import Evidence
from pipeline.publish.evidence.withheld import WITHHELD
from pipeline.publish.site.data import places_above
from pipeline.publish.site.map import draw_map
from pipeline.publish.site.methods import definitions, explanations
from pipeline.publish.site.pictures import SCALES, bound_bars, funnel, shade
from pipeline.publish.site.words import Words
from pipeline.publish.votes import Place, Places, place, places, ranked, result

TEMPLATES = Path(__file__).parent / "templates"
_INDENT = re.compile(r"\n\s+")
"""A fifth of the bytes of some thousand pages."""


@dataclass(frozen=True)
class Beside:
    """What there is beside the results: images of the sheets, and the root of the open data that
    was published of the same results ('' if none was)."""

    evidence: Evidence | None = None
    open_data: str = ""


NOTHING = Beside()


@dataclass(frozen=True)
class Contents:
    """What the site is about."""

    election: Election
    resolution: Resolution
    totals: Totals
    analysis: Analysis
    summary: Mapping[str, Any]
    beside: Beside = NOTHING

    @cached_property
    def pages(self) -> frozenset[str]:
        """Codes of the units above the centres that have a page: a sheet of them is known."""
        return frozenset(
            unit.code
            for level in self.page_levels
            for unit in self.totals.levels[level]
            if (unit.counted or unit.quarantined or unit.unread)
            and not unit.code.endswith(NOT_LISTED)
        )

    @cached_property
    def page_levels(self) -> tuple[str, ...]:
        """Names of the levels whose units have pages."""
        return tuple(level.name for level in self.election.levels[:-1])

    @cached_property
    def order(self) -> list[Candidate]:
        """The candidates as the nation ranks them."""
        return ranked(self.election, self.totals)

    @cached_property
    def children(self) -> Mapping[str, list[UnitTotals]]:
        """Units by the code of the unit above them."""
        found: dict[str, list[UnitTotals]] = defaultdict(list)
        for level in self.election.levels:
            for unit in self.totals.levels[level.name]:
                found[unit.parent].append(unit)
        return found

    @cached_property
    def mesas(self) -> Mapping[str, list[ResolvedMesa]]:
        """Mesas by centre."""
        found: dict[str, list[ResolvedMesa]] = defaultdict(list)
        for mesa in self.resolution.mesas:
            found[mesa.centre].append(mesa)
        return found

    @cached_property
    def bounds(self) -> Mapping[str, UnitBounds]:
        """Bounds by the unit's code."""
        return {u.code: u for units in self.analysis.bounds.levels.values() for u in units}


def render_pages(contents: Contents, words: Words) -> Iterator[tuple[str, str]]:
    """Every page of one language: its path below the language's folder, and its HTML."""
    environment = _environment(words)
    shared = _shared(contents, words)

    def render(template: str, path: str, **values: object) -> tuple[str, str]:
        values |= _paths(path, words.language) | shared
        html = environment.get_template(template).render(values)
        return path, _INDENT.sub("\n", html)

    yield render("front.html", "index.html", **_front(contents))
    yield render("problems.html", "problems.html", **_problems(contents))
    yield render("methods.html", "methods.html", **_methods(contents, words))
    yield render("centre.html", "centre.html")
    for level in contents.page_levels:
        for unit in contents.totals.levels[level]:
            if unit.code in contents.pages:
                yield render("place.html", f"places/{unit.code}.html", **_place(contents, unit))


def _paths(path: str, language: str) -> dict[str, object]:
    """Where the page's own language, all of the site, and the other language begin."""
    base = "../" * path.count("/")
    root = base if language == "en" else f"{base}../"
    return {"path": path, "base": base, "root": root,
            "other": f"{root}es/{path}" if language == "en" else f"{root}{path}"}  # fmt: skip


def _shared(contents: Contents, words: Words) -> dict[str, object]:
    election = contents.election
    return {
        "election": election,
        "lang": words.language,
        "nation": contents.totals.nation,
        "candidates": contents.order,
        "names": {candidate.code: candidate.name for candidate in election.candidates},
        "pages": contents.pages,
        "evidence": contents.beside.evidence,
        "open_data": contents.beside.open_data,
    }


def _front(contents: Contents) -> dict[str, object]:
    election, totals, analysis = contents.election, contents.totals, contents.analysis
    first = election.levels[0].name
    leader = contents.order[0].code
    votes = {u.code: u.candidate_votes(election)[leader] for u in totals.levels[first]}
    bounds = contents.bounds.get("")
    return {
        "result": result(election, contents.resolution, totals),
        "funnel": funnel(totals),
        "scans": scan_account(totals),
        "mesas": mesa_account(totals),
        "grades": grade_account(totals),
        "places": places(election, totals),
        "map": draw_map(election),
        "map_scales": SCALES,
        "units": {unit.code: unit for unit in totals.levels[first]},
        "leader": leader,
        "leader_votes": votes,
        "bounds": bounds,
        "bars": bound_bars(bounds) if bounds else (),
        "estimate": analysis.estimate,
        "shares": {weighted.scheme: weighted.shares for weighted in analysis.shares},
        "announced": analysis.announced,
        "required": {(need.source, need.date): need for need in analysis.required},
        "independent": analysis.independent,
    }


def _problems(contents: Contents) -> dict[str, object]:
    stations = contents.analysis.coverage.stations
    return {
        "scans": scan_account(contents.totals),
        "findings": contents.analysis.integrity.findings,
        "waiting": list_waiting(contents.resolution),
        "hints": contents.analysis.integrity.hints,
        "ink": contents.analysis.integrity.ink,
        "stations": sorted(stations, key=lambda s: (-s.lost, s.station))[:MOST_ROWS],
        "stations_number": len(stations),
        "images": _images(contents.beside.evidence),
    }


def _images(evidence: Evidence | None) -> list[tuple[str, int]]:
    """How many sheets are shown, and how many withheld for which reason, in the code's order."""
    if evidence is None:
        return []
    counts = evidence.counts
    return [(code, counts[code]) for code in ("shown", *WITHHELD) if counts.get(code)]


def _methods(contents: Contents, words: Words) -> dict[str, object]:
    return {
        "defined": definitions(words),
        "explained": explanations(),
        "sources": _sources(contents.election),
        "versions": _versions(contents.summary, words),
    }


def _place(contents: Contents, unit: UnitTotals) -> dict[str, object]:
    election = contents.election
    below = contents.children.get(unit.code, [])
    bounds = contents.bounds.get(unit.code)
    order = contents.order
    rows = tuple(place(part, election, order) for part in below)
    whole = place(unit, election, order)
    lowest = unit.level == contents.page_levels[-1]
    return {
        "unit": unit,
        "whole": whole,
        "above": _above(contents, unit),
        "places": Places(_level_below(election, unit.level), rows, whole),
        "lowest": lowest,
        "centres": _centres(contents, rows) if lowest else (),
        "bounds": bounds,
        "bars": bound_bars(bounds) if bounds else (),
    }


def _above(contents: Contents, unit: UnitTotals) -> list[tuple[str, str]]:
    election = contents.election
    return [(code, election.name_of(code)) for code in places_above(unit.code, election)[:-1]]


def _level_below(election: Election, level: str) -> str:
    names = [NATION, *(found.name for found in election.levels)]
    return names[names.index(level) + 1]


def _centres(contents: Contents, rows: tuple[Place, ...]) -> list[dict[str, object]]:
    """The centres of a unit with their mesas: (key, number, status)."""
    return [
        {
            "place": row,
            "mesas": [
                (m.mesa, m.number, _status(m)) for m in contents.mesas.get(row.unit.code, ())
            ],
        }
        for row in rows
    ]


def _status(mesa: ResolvedMesa) -> str:
    return "unread" if mesa.unread and mesa.status is MesaStatus.MISSING else mesa.status.value


def _sources(election: Election) -> list[tuple[str, str]]:
    """What each data file is, and where it comes from."""
    return [
        (key.replace("_", " ").capitalize(), source) for key, source in election.sources.items()
    ]


def _versions(summary: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """What one needs to get the same numbers again, and how long it took."""
    seconds = ", ".join(f"{name} {value:.3f}" for name, value in summary["seconds"].items())
    return [
        (words.say("version_election"), summary["election"]),
        (words.say("version_reader"), summary["reader_version"]),
        (words.say("version_table"), str(summary["table_version"])),
        (words.say("version_config"), summary["config_sha256"]),
        (words.say("version_seconds"), seconds),
    ]


def _environment(words: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        number=text.number, signed=text.signed, percent=text.percent, share=words.share,
        ratio=words.ratio, t=words.say, define=words.define, name=words.name, shade=shade,
    )  # fmt: skip
    return environment
