"""`actas publish`: the open data of finished results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def publish(
    results: Annotated[Path, typer.Argument(help="A results folder, as `actas tally` made it.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="A folder, also for results in a store. Default: RESULTS/open-data."
        ),
    ] = None,
    issuer: Annotated[str, typer.Option(help="Who publishes, to stand in the data.")] = "",
    file_names: Annotated[
        bool,
        typer.Option(
            "--file-names/--no-file-names",
            help="Publish the scans' file names, or their sha256 alone: names can name people.",
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Write the open data: every mesa, every total, every scan's hash, and a script to check them.

    \b
    Examples:
      actas publish results --issuer "The Daily"
      python3 results/open-data/verify.py
    """
    from jobs.report import load_results, write_report
    from pipeline.count.place import Place
    from pipeline.errors import InputError, ResultsError
    from pipeline.publish.opendata.scans import Naming
    from pipeline.publish.opendata.write import Publication, write_open_data

    place = Place.of(out) if out else Place.of(results).sub("open-data")
    if place.is_remote:
        # It is replaced as a whole, which stores cannot do.
        raise InputError(
            f"{place}: open data is written to a disk.", "Give --out FOLDER and copy it from there."
        )
    loaded = load_results(results)
    summary = loaded.summary
    if summary is None or summary["scans"] != dict(loaded.totals.scans):
        raise ResultsError(
            f"{results}: not every scan that was read is in the results yet.",
            "Run `actas tally` again, then publish.",
        )
    folder = place.path
    publication = Publication(
        loaded.election, loaded.resolution, loaded.totals, summary, issuer, Naming(file_names)
    )
    try:
        manifest = write_open_data(folder, publication)
        if out is None and (results / "site" / "index.html").is_file():
            # The site links to open data of the same results, and now there are some.
            write_report(results, loaded.election, loaded.resolution, loaded.totals, summary)
    except OSError as error:
        hint = "Make room or give another --out; what was there before is still there."
        raise ResultsError(f"{folder}: cannot be written: {error.strerror}", hint) from error
    if as_json:
        told = {"folder": str(folder), "root": manifest.root}
        typer.echo(json.dumps(told | {"files": manifest.files, "scans": manifest.scans}, indent=2))
        return
    typer.echo(f"Open data: {folder} ({manifest.files} files, hashes of {manifest.scans} scans)")
    typer.echo(f"Merkle root: {manifest.root}")
    typer.echo(f"Check: python3 {folder}/verify.py")
