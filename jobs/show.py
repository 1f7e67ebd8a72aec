"""What the commands print for people: results, plans, explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.plan import Plan, told
from pipeline.count.resolve import ResolvedMesa, ResolvedScan, Scan
from pipeline.election import Election

SCAN_WORDS = {
    "counted": "carry the totals",
    "duplicate": "repeat a sheet that is counted or waits",
    "quarantined": "wait for a person: they disagree or break a rule",
    "unreadable": "no symbol could be read",
    "rejected": "not a sheet of this election",
    "failed": "the file could not be opened",
}
MESA_WORDS = {
    "counted": "in the totals",
    "quarantined": "have sheets, but a person must look",
    "missing": "no sheet could be counted",
}


def show_summary(console: Console, summary: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Totals and accounting."""
    votes: Mapping[str, int] = summary["votes"]
    valid = summary["valid_votes"]
    mesas = summary["mesas"]
    title = f"Votes on the sheets of {mesas['counted']:,} of {mesas['expected']:,} mesas"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column("candidate")
    table.add_column("votes", justify="right")
    table.add_column("share", justify="right")
    for code, number in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        name = Text(f"{code}  {names.get(code, '')}")
        table.add_row(name, f"{number:,}", f"{100 * number / valid:.2f}%" if valid else "-")
    table.add_section()
    table.add_row("valid votes", f"{valid:,}", "")
    table.add_row("null votes", f"{summary['null_votes']:,}", "")
    table.add_row("empty votes", f"{summary['empty_votes']:,}", "")
    console.print(table)
    console.print()
    _show_account(console, "Scans", "found", summary["scans"], SCAN_WORDS)
    _show_account(console, "Mesas (polling tables)", "expected", summary["mesas"], MESA_WORDS)


def _show_account(
    console: Console, title: str, whole: str, numbers: Mapping[str, int], words: Mapping[str, str]
) -> None:
    """Parts that add up to a whole."""
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for status, meaning in words.items():
        table.add_row(f"{numbers[status]:,}", status, meaning)
    table.add_section()
    table.add_row(f"{numbers[whole]:,}", whole, "the sum of the above")
    console.print(table)
    console.print()


def show_plan(console: Console, plan: Plan) -> None:
    """What a run would read."""
    todo, ignored = plan.todo, plan.ignored
    size = sum(file.size for file in todo)
    console.print(f"{plan.found:,} scans found", highlight=False)
    console.print(f"{plan.found - len(todo):,} are known and unchanged", highlight=False)
    console.print(f"{len(todo):,} would be read ({size / 1e6:,.1f} MB)", highlight=False)
    for reason, count in plan.known.why.items():
        console.print(f"  {count:,} {reason.value}", highlight=False)
    for line in told(plan):
        console.print(Text(line))
    faults = [file for file in todo if file.fault]
    for file in faults[:20]:
        console.print(Text(f"  cannot be read: {file.uri}: {file.fault and file.fault.sentence}"))
    if ignored:
        console.print(f"{len(ignored):,} files are no images and are passed over:")
        for name in ignored[:10]:
            console.print(Text(f"  {name}"))
        if len(ignored) > 10:
            console.print(f"  and {len(ignored) - 10:,} more")


def show_mesa(
    console: Console, mesa: ResolvedMesa, scans: Sequence[ResolvedScan], election: Election
) -> None:
    """Everything that is known of one mesa."""
    places = [election.name_of(code) for code in reversed(election.ancestors(mesa.centre)[:-1])]
    console.print(Text(f"Mesa {mesa.mesa}: {mesa.status.value}", style="bold"))
    console.print(Text("  " + " > ".join(places)))
    console.print(Text(f"  registered voters: {mesa.registered_voters or 'not known'}"))
    if mesa.status.value == "missing":
        console.print("  No scan of it was read.")
    for item in scans:
        console.print()
        show_scan(console, item, election)


def show_scan(console: Console, item: ResolvedScan, election: Election) -> None:
    """What was read from one scan, what was found, and why it has its status."""
    scan = item.scan
    console.print(Text(f"{scan.uri.rpartition('/')[2]}: {item.status.value}", style="bold"))
    console.print(Text(f"  file     {scan.uri}"))
    console.print(Text(f"  sha256   {scan.sha256 or 'none'}"))
    if scan.payload:
        console.print(Text(f"  read     {scan.payload.text}"))
        console.print(Text(f"  grade    {scan.grade}: {GRADE_WORDS.get(scan.grade or '', '')}"))
        console.print(Text(f"  how      {how_read(scan)}"))
        votes = scan.payload.votes
        by_candidate = [
            f"{c.code} {sum(votes[i] for i in c.positions)}" for c in election.candidates
        ]
        rest = f"null {scan.payload.null_votes}, empty {scan.payload.empty_votes}"
        console.print(Text(f"  votes    {', '.join(by_candidate)}; {rest}"))
    if scan.print_check:
        console.print(Text(f"  print    {scan.print_check}"))
    if scan.printed and not scan.payload:
        console.print(Text(f"  likely   {scan.printed}: waits for a person"))
    for rival in scan.rivals:
        console.print(Text(f"  shows    {rival.text}"))
    for finding in item.findings:
        console.print(
            Text(f"  {finding.kind.gravity.value:<8} {finding.sentence} [{finding.code}]")
        )
    console.print(Text(f"  why      {_why(item)}"))


def how_read(scan: Scan) -> str:
    """Which attempt read a scan, and how much of the symbol's redundancy that left."""
    if scan.grade == "print":
        return "digits, words and totals of the print"
    spare = "" if scan.spare is None else f", {scan.spare} parity codewords to spare at the worst"
    return f"{scan.attempt or 'not told'}{spare}"


GRADE_WORDS = {
    "proven": "QR and print agree",
    "qr": "read from the QR; the print is unclear, or was not checked",
    "print": "read from the print, proven by its own redundancy",
}


def _why(item: ResolvedScan) -> str:
    if item.status.value == "counted":
        return "its numbers are valid, and no other sheet of the mesa contradicts them"
    if item.status.value == "duplicate":
        return f"it repeats {item.stands_for}"
    return item.why
