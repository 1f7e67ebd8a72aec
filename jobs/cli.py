"""The command line. Heavy imports wait until a command needs them, so that --help is instant."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.analyse import analyse, compare
from jobs.bench.cli import app as bench_app
from jobs.cluster_cli import Certs, ClusterName, Insecure, Send, doctor, place_of
from jobs.cluster_cli import app as cluster_app
from jobs.definition import election_folder
from jobs.history import diff, log
from jobs.mask import mask
from jobs.publish import publish
from jobs.report_cli import report
from jobs.watch_cli import PrintCheck, ReadHash, Try, watch
from pipeline.count.place import Place
from pipeline.count.retry import Retry
from pipeline.errors import ActasError

EXAMPLES = """
Counts scanned tally sheets into totals that add up.

\b
Examples:
  actas synth demo --sheets 300 --seed 1             invent a small election
  actas tally demo/scans --out demo/results --election demo/election
  actas tally scans/ --out results                   count a folder; run again to go on
  actas watch scans/ --out results --every 15m       count what comes, until stopped
  actas plan scans/ --out results                    what would be read
  actas status results                               totals and accounting
  actas log results                                  its versions; `diff` compares two
  actas explain results 240111020.01                 why a mesa has its status
  actas report results                               write results/site, down to each mesa
  actas report results --evidence                    the same, with the masked image of each sheet
  actas publish results                              write results/open-data
  actas mask scans/*.jpg --out masked                images without the members' boxes
  actas analyse results                              what is missing, and what it could change
  actas compare results published.csv                mesa by mesa against another table
  actas doctor --cluster my-lan.yaml scans/ --out results
                                                     is a cluster fit to count on?

\b
Exit codes: 0 all well; 2 bad arguments, configuration or results folder;
3 finished, with scans that need a person; 4 interrupted: run again to go on;
1 a fault of the program itself.
"""

app = typer.Typer(
    help=EXAMPLES, add_completion=False, no_args_is_help=True, rich_markup_mode=None,
    pretty_exceptions_enable=False,
)  # fmt: skip

app.add_typer(bench_app, name="bench")
app.command()(publish)
app.add_typer(cluster_app, name="cluster")
app.command()(doctor)

Scans = Annotated[
    list[str], typer.Argument(help="Folders, lists of files (one a line), files or URLs.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
Results = Annotated[Path, typer.Argument(help="A results folder, as `actas tally --out` made it.")]
ElectionName = Annotated[
    str | None,
    typer.Option(
        "--election", "-e",
        help="A definition: a folder with election.yaml, or a name such as venezuela-2024. "
        "Default: that of the results, else venezuela-2024.",
    ),
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
EXIT_INTERRUPTED = 4


@app.command()
def tally(
    scans: Scans,
    out: Out,
    election: ElectionName = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Workers on this machine. Default: a core each."),
    ] = None,
    cluster: ClusterName = None,
    certs: Certs = None,
    insecure: Insecure = False,
    send: Send = False,
    batch: Annotated[int | None, typer.Option(min=1, max=4096, help="Scans a batch.")] = None,
    deadline: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds that one page may take.")
    ] = 20.0,
    memory: Annotated[
        int, typer.Option(min=512, max=2**20, help="MiB of address space for each reading process.")
    ] = 2048,
    max_pixels: Annotated[
        int, typer.Option(min=1, max=2**31, help="Refuse larger images.")
    ] = 120_000_000,
    max_bytes: Annotated[int, typer.Option(min=1, max=2**33, help="Refuse larger files.")] = 64
    * 2**20,
    print_check: PrintCheck = True,
    read_hash: ReadHash = False,
    retry: Try = Retry.NONE,
    as_json: Json = False,
) -> None:
    """Count scans into totals. The same command goes on where an earlier one stopped.

    \b
    Examples:
      actas tally scans/ --out results
      actas tally scans/ more-scans/ list.txt --out results --workers 4
      actas tally scans/ --out results --cluster tls://192.168.1.10:8786 --certs certs/ --send
      actas tally scans/ --out results --json > summary.json
    """
    from jobs.progress import open_progress
    from jobs.tally import Options, exit_code, run_tally
    from pipeline.read.image import Limits
    from pipeline.read.sheet import Way

    options = Options(
        sources=tuple(scans),
        out=Place.of(out),
        election=election_folder(election, out),
        workers=workers or os.cpu_count() or 1,
        cluster=place_of(cluster, certs, insecure=insecure, send=send),
        batch_size=batch,
        limits=Limits(max_bytes=max_bytes, max_pixels=max_pixels),
        deadline=deadline,
        memory_bytes=memory * 2**20,
        way=Way(check_print=print_check, read_hash=read_hash),
        retry=retry,
    )
    with open_progress() as progress:
        outcome = run_tally(options, progress)
    _tell(outcome.summary, outcome.election, as_json=as_json)
    if not as_json:
        _say(f"Results: {options.out}")
        _say(f"Report:  {outcome.page}")
    raise typer.Exit(exit_code(outcome.summary))


@app.command()
def plan(
    scans: Scans,
    out: Out,
    election: ElectionName = None,
    print_check: PrintCheck = True,
    read_hash: ReadHash = False,
    retry: Try = Retry.NONE,
    as_json: Json = False,
) -> None:
    """Say what `actas tally` with the same options would read, and read nothing.

    \b
    Examples:
      actas plan scans/ --out results
      actas plan scans/ --out results --retry unreadable
    """
    from jobs.show import show_plan
    from jobs.tally import Options, make_plan
    from pipeline.count.store import Ledger
    from pipeline.election import load_election
    from pipeline.read.scans import list_scans
    from pipeline.read.sheet import Way

    definition = load_election(election_folder(election, out))
    place = Place.of(out)
    exists = bool(place.sub("scans").names())
    ledger = Ledger.open(place.sub("scans"), definition.slug) if exists else None
    way = Way(check_print=print_check, read_hash=read_hash)
    options = Options(tuple(scans), place, definition.folder, workers=1, way=way, retry=retry)
    listing = list_scans(options.sources, exclude=place.root)
    made = make_plan(listing, options, definition, ledger)
    if as_json:
        _print_json(
            {
                "found": made.found,
                "known": made.found - len(made.todo),
                "to_read": len(made.todo),
                "why": {reason.value: count for reason, count in made.known.why.items()},
                "gone": len(made.known.gone),
                "given_up": made.known.given_up,
                "bytes": sum(file.size for file in made.todo),
                "ignored": list(made.ignored),
            }
        )
    else:
        show_plan(_console(), made)


@app.command()
def status(results: Results, as_json: Json = False) -> None:
    """Show totals and accounting of a results folder, and whether a run is on.

    \b
    Example:
      actas status results
    """
    from jobs.lock import is_locked
    from jobs.report import load_results

    loaded = load_results(results)
    running = is_locked(Place.of(results))
    if as_json:
        _print_json({"summary": loaded.summary, "running": running, "read": loaded.read})
        return
    if running:
        _say(f"A run is on; {loaded.read:,} scans are read so far.")
    if loaded.summary is None:
        _say(
            f"{loaded.read:,} scans are read, but no run has finished: no totals yet. "
            "Run `actas tally` again to go on."
        )
        return
    _tell(loaded.summary, loaded.election, as_json=False)


@app.command()
def explain(
    results: Results,
    what: Annotated[str, typer.Argument(help="A mesa (240111020.01), an acta code or a file.")],
    as_json: Json = False,
) -> None:
    """Explain a mesa or a scan: what was read, what was found, why it has its status.

    \b
    Examples:
      actas explain results 240111020.01
      actas explain results 784821_007643_0134Acta0133.jpg
    """
    from jobs.report import explain_json, find_subject, load_results
    from jobs.show import show_mesa, show_scan

    loaded = load_results(results)
    subject = find_subject(loaded, what)
    if as_json:
        _print_json(explain_json(subject))
    elif subject.mesa:
        show_mesa(_console(), subject.mesa, subject.scans, loaded.election)
    else:
        for scan in subject.scans:
            show_scan(_console(), scan, loaded.election)


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    sheets: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Files in all; with --from: rows used.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    table: Annotated[
        Path | None, typer.Option("--from", help="A published table: one sheet for each row.")
    ] = None,
    election: ElectionName = None,
    clean: Annotated[bool, typer.Option("--clean", help="No wear, copies, or strangers.")] = False,
    print_faults: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.5,
            help="Share of sheets that are tampered with, carry no symbol, or are cut off.",
        ),
    ] = 0.0,
    workers: Annotated[int | None, typer.Option(min=1, max=256)] = None,
    as_json: Json = False,
) -> None:
    """Invent an election: sheets that look like real ones, and the truth beside them.

    \b
    Examples:
      actas synth demo --sheets 300 --seed 1
      actas synth full --from RESULTADOS_2024_CSV_V1.csv --seed 7
      actas synth forged --sheets 300 --print-faults 0.3
    """
    from jobs.progress import open_progress
    from jobs.synth import synthesise
    from pipeline.election import load_election

    definition = load_election(election_folder(election))
    with open_progress() as progress:
        invented = synthesise(
            definition,
            out,
            sheets=sheets,
            seed=seed,
            table=table,
            clean=clean,
            print_faults=print_faults,
            workers=workers or os.cpu_count() or 1,
            progress=progress,
        )
    if as_json:
        _print_json({"files": invented.files, "kinds": invented.kinds})
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in invented.kinds.items())
    _say(f"{invented.files} scans in {out / 'scans'}: {kinds}")
    _say(f"Count them: actas tally {out}/scans --out {out}/results --election {out}/election")


app.command()(analyse)
app.command()(compare)
app.command()(report)
app.command()(mask)
app.command()(watch)
app.command()(log)
app.command()(diff)


def _tell(summary: dict[str, Any], election: Any, *, as_json: bool) -> None:
    if as_json:
        _print_json(summary)
        return
    from jobs.show import show_summary

    show_summary(_console(), summary, {c.code: c.name for c in election.candidates})


def _console() -> Any:
    from rich.console import Console

    return Console(soft_wrap=True)


def _say(text: str) -> None:
    typer.echo(text)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


class _Stopped(BaseException):
    """Ctrl-C, where no run is on that would finish its batches first."""


def _stop(_number: int, _frame: object) -> None:
    raise _Stopped


def main() -> None:
    """Run the command line; a user's mistake is a sentence and an exit code, never a traceback."""
    # The command line library would turn an interrupt into an exit code of its own.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        app()
    except ActasError as error:
        sys.stderr.write(f"actas: {error}\n")
        sys.exit(error.exit_code)
    except _Stopped:
        sys.stderr.write("actas: stopped. Run the same command again to go on.\n")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # `actas status | head` is no fault.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)


if __name__ == "__main__":
    main()
