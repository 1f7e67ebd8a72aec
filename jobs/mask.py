"""`actas mask`: scans with the members' boxes painted over, or the reason why one is not given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXIT_REFUSED = 3


def mask(
    scans: Annotated[list[Path], typer.Argument(help="Images of sheets.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the masked images.")],
    remarks: Annotated[
        bool, typer.Option("--remarks", help="Paint remarks and margins over too.")
    ] = False,
    election: Annotated[str | None, typer.Option("--election", "-e")] = None,
) -> None:
    """Paint over the boxes that the members of a table sign; refuse where they are not found.

    \b
    Examples:
      actas mask sheet.jpg --out masked
      actas mask scans/*.jpg --out masked --remarks

    Exit code 3: some were refused; the reason stands beside each name.
    """
    from jobs.definition import election_folder
    from pipeline.election import load_election
    from pipeline.errors import ActasError, InputError
    from pipeline.publish.evidence.show import masked_png

    rules = load_election(election_folder(election)).rules
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{out}: cannot be made ({error.strerror})", "Give another --out."
        ) from error
    refused = 0
    for scan in scans:
        try:
            target = out / f"{scan.stem}.png"
            target.write_bytes(masked_png(scan.read_bytes(), rules, remarks=remarks))
            typer.echo(f"{scan.name}: {target}")
        except (ActasError, OSError) as error:
            refused += 1
            typer.echo(f"{scan.name}: refused: {str(error).splitlines()[0]}", err=True)
    if refused:
        raise typer.Exit(EXIT_REFUSED)
