"""The commands `actas log` and `actas diff`: what the runs of some results have changed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

Results = Annotated[str, typer.Argument(help="A results folder, as `actas tally --out` made it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SHOWN = 40
"""Mesas that `diff` names unless it is asked for all."""


def log(
    results: Results,
    last: Annotated[int | None, typer.Option("-n", min=1, help="Only the last so many.")] = None,
    as_json: Json = False,
) -> None:
    """List the versions of results: every run that changed something is one.

    \b
    Examples:
      actas log results
      actas log results -n 10 --json
    """
    from jobs.report import election_of
    from pipeline.count.place import Place
    from pipeline.count.versions import versions

    place = Place.of(results)
    election_of(place)
    found = versions(place)[-(last or 0) :]
    if as_json:
        typer.echo(json.dumps([asdict(version) for version in found], indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo("No version yet: no run has finished.")
    for version in reversed(found):
        mesas = version.summary["mesas"]
        typer.echo(
            f"version {version.number}  {version.time}  "
            f"{mesas['counted']:,} of {mesas['expected']:,} mesas counted, "
            f"{version.mesas:,} changed; scans: {_words(version.news)}"
        )


def diff(
    results: Results,
    first: Annotated[
        int | None, typer.Option("--from", min=0, help="A version; 0 is before the first.")
    ] = None,
    second: Annotated[
        int | None, typer.Option("--to", min=1, help="A later version. Default: the last.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Name every mesa.")] = False,
    as_json: Json = False,
) -> None:
    """Say what changed between two versions: mesas, why, and what moved in the totals.

    \b
    Examples:
      actas diff results
      actas diff results --from 3 --to 5
      actas diff results --from 3 --to 5 --json
    """
    from pipeline.errors import InputError

    found = compare(results, first, second)
    if found is None:
        raise InputError(
            f"{results}: there is no such pair of versions.", "`actas log` lists them."
        )
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _show(found, len(found["mesas"]) if everything else SHOWN)


def compare(results: str, first: int | None, second: int | None) -> dict[str, Any] | None:
    """The difference of two versions as plain data; None where there are none of that number."""
    from jobs.report import election_of
    from pipeline.count.differences import mesa_changes, moved_votes
    from pipeline.count.place import Place
    from pipeline.count.versions import state, versions

    place = Place.of(results)
    known = versions(place)
    to = len(known) if second is None else second
    since = to - 1 if first is None else first
    if not 0 <= since < to <= len(known):
        return None
    election = election_of(place)
    changed = mesa_changes(state(place, since), state(place, to))
    news: Counter[str] = Counter()
    for version in known[since:to]:
        news.update(version.news)
    before = known[since - 1].summary if since else {}
    after = known[to - 1].summary
    return {
        "from": since,
        "to": to,
        "time": known[to - 1].time,
        "scans": dict(news),
        "causes": _causes(before, after),
        "votes": {
            code: {"from": before.get("votes", {}).get(code, 0), "to": number}
            for code, number in after["votes"].items()
        },
        "moved": moved_votes(changed, election),
        "mesas": [
            {"mesa": c.mesa, "change": c.kind.value, "why": c.why, **_told(c.before, c.after)}
            for c in changed
        ],
    }


def _causes(before: dict[str, Any] | Any, after: Any) -> list[str]:
    """What beside the scans is other than it was."""
    names = {"config_sha256": "the definition", "reader_version": "the reader"}
    return [word for name, word in names.items() if before and before[name] != after[name]]


def _told(before: Any, after: Any) -> dict[str, Any]:
    names = ("status", "votes", "null_votes", "empty_votes", "scan", "sha256")
    return {
        when: row and {name: row[name] for name in names}
        for when, row in (("before", before), ("after", after))
    }


def _show(found: dict[str, Any], most: int) -> None:
    typer.echo(f"From version {found['from']} to {found['to']} ({found['time']})")
    typer.echo(f"Scans: {_words(found['scans'])}")
    if found["causes"]:
        typer.echo(f"Also other: {' and '.join(found['causes'])}")
    typer.echo("\nVotes")
    for code, votes in found["votes"].items():
        typer.echo(f"  {code:<8} {votes['from']:>13,} -> {votes['to']:>13,}  {_signed(votes)}")
    if found["moved"]:
        typer.echo("\nMoved, by unit")
        for unit, votes in found["moved"].items():
            words = ", ".join(f"{code} {number:+,}" for code, number in votes.items() if number)
            typer.echo(f"  {unit}  {words}")
    kinds = Counter(mesa["change"] for mesa in found["mesas"])
    typer.echo(f"\nMesas: {_words(kinds)}")
    for mesa in found["mesas"][:most]:
        typer.echo(f"  {mesa['mesa']}  {mesa['change']}: {mesa['why'] or 'no reason told'}")
    if len(found["mesas"]) > most:
        typer.echo(f"  and {len(found['mesas']) - most:,} more (--all names them)")


def _signed(votes: dict[str, int]) -> str:
    return f"{votes['to'] - votes['from']:+,}"


def _words(counts: Any) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items()) or "none"
