"""`actas report`: the site of finished results, on request with the images of the sheets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jobs.report import Loaded

EXIT_LOST = 3


def report(
    results: Annotated[Path, typer.Argument(help="A results folder, as `actas tally` made it.")],
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Show the image of each counted or quarantined sheet, masked. About 0.15 s of CPU "
            "and 90 kB a sheet; a second time only what is new.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="A folder for site/ (and evidence/). Default: RESULTS itself."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Masking processes. Default: one a core."),
    ] = None,
) -> None:
    """Write the report of a results folder anew.

    \b
    Examples:
      actas report results
      actas report results --evidence
      actas report s3://bucket/results --evidence --out published

    Exit code 3: scans are gone or changed since they were read, and could not be shown.
    """
    from jobs.report import ALBUM, load_results, write_report
    from jobs.stage import staged
    from pipeline.count.place import Place
    from pipeline.errors import InputError, InterruptedRunError, ResultsError

    place = Place.of(out or results)
    if evidence and place.is_remote:
        # Images are added one by one and linked into the site, which stores cannot do.
        raise InputError(
            f"{place}: images are written to a disk.", "Give --out FOLDER and copy it from there."
        )
    loaded = load_results(results)
    if loaded.summary is None:
        raise ResultsError(f"{results}: no run has finished yet.", "Run `actas tally` again.")
    lost = 0
    with staged(place) as folder:
        try:
            if evidence:
                lost = _make(folder / ALBUM, loaded, workers or os.cpu_count() or 1)
            write_report(folder, loaded.election, loaded.resolution, loaded.totals, loaded.summary)
        except OSError as error:
            raise InterruptedRunError(
                f"{folder}: cannot be written: {error.strerror}",
                "Make room and run the same command again: images that were made are kept.",
            ) from error
    typer.echo(f"Report: {place}/site/index.html")
    if lost:
        raise typer.Exit(EXIT_LOST)


def _make(folder: Path, loaded: Loaded, workers: int) -> int:
    """Make the images that are lacking; gives back how many scans could not be had."""
    from jobs.evidence import make_album
    from jobs.progress import open_progress
    from pipeline.publish.evidence.withheld import WITHHELD

    with open_progress() as progress:
        evidence = make_album(folder, loaded.election, loaded.resolution, workers, progress)
    counts = evidence.counts
    shown = counts.get("shown", 0)
    typer.echo(f"Images: {shown} shown, {sum(counts.values()) - shown} withheld")
    for code, sentence in WITHHELD.items():
        if code in counts:
            typer.echo(f"  {counts[code]:>6} {sentence}")
    return sum(counts.get(code, 0) for code in ("vanished", "changed", "refused"))
