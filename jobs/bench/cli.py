"""`actas bench`: each subcommand measures one thing and prints a Markdown table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jobs.bench.suite import Size

app = typer.Typer(
    help="""Measure this program on this machine.

    \b
    Example:
      actas bench cost --sheets 2400
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)
Work = Annotated[Path, typer.Option(help="Folder for sheets and results; reused if it is there.")]
DEFAULT_WORK = Path("build/bench")
SHIPPED = Path(__file__).resolve().parents[2] / "configs" / "venezuela-2024"


@app.command()
def cost(work: Work = DEFAULT_WORK, sheets: int = 2400, rounds: int = 3) -> None:
    """CPU of a whole tally over that of a bare loop, and one worker against two.

    \b
    Example:
      actas bench cost --sheets 2400 --rounds 3
    """
    from jobs.bench.spine import run_cost

    typer.echo(run_cost(work, sheets, rounds, _say))


@app.command()
def memory(work: Work = DEFAULT_WORK, sheets: int = 2400) -> None:
    """Peak memory at a tenth of the scans and at all of them.

    \b
    Example:
      actas bench memory --sheets 2400
    """
    from jobs.bench.spine import run_memory

    typer.echo(run_memory(work, sheets, _say))


@app.command()
def verify(
    synthetic: Annotated[Path, typer.Argument(help="A folder that `actas synth` made.")],
    results: Annotated[Path, typer.Argument(help="What `actas tally` made of it.")],
    table: Annotated[Path | None, typer.Option(help="The table it was made from.")] = None,
) -> None:
    """Hold the results of a synthetic election against its truth; exit code 1 if a figure is wrong.

    \b
    Example:
      actas bench verify full full/results --table RESULTADOS_2024_CSV_V1.csv
    """
    from jobs.bench.verify import verify as compare

    verdict = compare(synthetic, results, table)
    for line in verdict.lines:
        typer.echo(line)
    typer.echo(f"wrong: {verdict.wrong}")
    raise typer.Exit(1 if verdict.wrong else 0)


@app.command()
def qr(
    work: Annotated[Path, typer.Option(help="Folder for qr.json and qr.png.")] = DEFAULT_WORK,
    sheets: Annotated[int, typer.Option(min=0, help="Synthetic sheets to damage.")] = 18,
    real: Annotated[
        Path, typer.Option(help="Folder of real sheets with truth.csv; without it none are used.")
    ] = Path("../shared/real"),
    seed: Annotated[int, typer.Option(min=0)] = 20240728,
    peers: Annotated[bool, typer.Option(help="Ask other libraries than zxing-cpp too.")] = True,
    every: Annotated[int, typer.Option(min=1, help="They see one image in so many.")] = 5,
    count: Annotated[
        int | None, typer.Option(min=1, help="Damaged images. Default: every level once a sheet.")
    ] = None,
    negatives: Annotated[int, typer.Option(min=0, help="Images without a valid symbol.")] = 1000,
    workers: Annotated[int, typer.Option(min=1, max=256)] = 2,
) -> None:
    """Damaged symbols: how many are read, at what cost, and how many wrongly.

    \b
    Examples:
      actas bench qr --sheets 4 --negatives 100
      actas bench qr --count 20000 --every 10
    """
    from jobs.bench.qr import Plan, take_all
    from jobs.bench.qr_show import show
    from jobs.progress import open_progress

    others = every if peers else 0
    plan = Plan(str(SHIPPED), str(real), sheets, seed, count, negatives, others)
    with open_progress() as progress:
        taken, left_out = take_all(plan, workers, progress)
    typer.echo(show(plan, taken, left_out, work))


@app.command("print")
def print_(
    sheets: Annotated[int, typer.Option(min=0, help="Synthetic sheets to draw.")] = 300,
    real: Annotated[
        Path, typer.Option(help="Folder of real sheets with truth.csv; without it none are used.")
    ] = Path("../shared/real"),
    seed: Annotated[int, typer.Option(min=0)] = 20240728,
    peer_sheets: Annotated[
        int, typer.Option(min=0, help="Clean sheets whose rows other programs see too.")
    ] = 2,
    scans: Annotated[
        Path | None,
        typer.Option(help="Instead of drawing, read so many sheets of a folder of actas synth."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256)] = 2,
    out: Annotated[Path | None, typer.Option(help="Write the section there too.")] = None,
) -> None:
    """The print: what it proves without the QR, what it catches beside it, and what that costs.

    \b
    Examples:
      actas bench print --sheets 60
      actas bench print --sheets 20000 --out print.md
      actas bench print --scans /tmp/country --sheets 10000
    """
    from jobs.bench.printed import Plan, take_all
    from jobs.bench.printed_folder import show_folder, take_folder
    from jobs.bench.printed_show import show
    from jobs.progress import open_progress

    plan = Plan(str(SHIPPED), str(real), sheets, seed, peer_sheets)
    with open_progress() as progress:
        if scans:
            alone = take_folder(scans, sheets, seed, workers, progress)
            section = show_folder(f"{scans.name} --sheets {sheets} --seed {seed}", alone)
        else:
            section = show(plan, take_all(plan, workers, progress))
    if out:
        out.write_text(section, encoding="utf-8")
    typer.echo(section)


@app.command()
def estimate(
    source: Annotated[
        Path, typer.Argument(help="A results folder, or a published table of results by mesa.")
    ],
    election: Annotated[
        Path, typer.Option(help="The definition that a published table belongs to.")
    ] = SHIPPED,
    rounds: Annotated[int, typer.Option(min=1, max=100_000)] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 20240728,
) -> None:
    """How often the estimate's interval holds a result that is known: sheets of it are hidden.

    \b
    Examples:
      actas bench estimate results --rounds 200
      actas bench estimate RESULTADOS_2024_CSV_V1.csv
    """
    from jobs.bench.estimate import run_estimate

    typer.echo(run_estimate(source, election, rounds, seed))


@app.command()
def scale(
    work: Work = DEFAULT_WORK,
    scans: Annotated[list[int] | None, typer.Option(min=100, help="May be given often.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=256)] = 2,
) -> None:
    """Time and memory around reading, by the number of scans: the reader itself costs nothing here.

    \b
    Examples:
      actas bench scale
      actas bench scale --scans 10000 --scans 1000000
    """
    from jobs.bench.scale import run_scale

    typer.echo(run_scale(work, scans or [10_000, 100_000], workers, _say))


@app.command()
def store(
    work: Work = DEFAULT_WORK,
    sheets: int = 2400,
    rounds: int = 3,
    workers: int = 2,
    print_check: Annotated[
        bool, typer.Option(help="As in a real count; without it a store has less time to fetch.")
    ] = True,
) -> None:
    """Scans a second out of an object store, beside the disk.

    \b
    Examples:
      actas bench store --sheets 2400 --rounds 3
      actas bench store --no-print-check
    """
    from jobs.bench.store import run_store

    more = () if print_check else ("--no-print-check",)
    typer.echo(run_store(work, sheets, rounds, ("--workers", str(workers), *more), _say))


Only = Annotated[
    list[str] | None, typer.Option(help="A section: side, floor, dask, growth, scale, qr, print.")
]
Project = Annotated[Path, typer.Option(help="Where BENCHMARKS.md and BENCHMARKS.json are kept.")]
HERE = Path()


@app.command()
def quick(work: Work = DEFAULT_WORK, project: Project = HERE, only: Only = None) -> None:
    """The whole suite in about a quarter of an hour; exit code 1 if a figure got worse.

    \b
    Examples:
      actas bench quick
      actas bench quick --only side --only floor
    """
    from jobs.bench.suite import QUICK

    _suite(QUICK, work, project, only)


@app.command()
def full(work: Work = DEFAULT_WORK, project: Project = HERE, only: Only = None) -> None:
    """The whole suite at full size: hours; exit code 1 if a figure got worse.

    \b
    Example:
      actas bench full --only growth
    """
    from jobs.bench.suite import FULL

    _suite(FULL, work, project, only)


def _suite(size: Size, work: Path, project: Path, only: list[str] | None) -> None:
    from jobs.bench.suite import run_suite, sections

    names = frozenset(only or ())
    unknown = sorted(names - set(sections(size)))
    if unknown:
        raise typer.BadParameter(f"no section {', '.join(unknown)}", param_hint="--only")
    told = run_suite(size, work, project, names, _say)
    for sentence in told:
        typer.echo(f"worse: {sentence}")
    raise typer.Exit(1 if told else 0)


def _say(text: str) -> None:
    typer.echo(f"bench: {text}", err=True)
