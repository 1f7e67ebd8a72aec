"""The command `actas watch`. Heavy imports wait until it runs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from jobs.cluster_cli import Certs, ClusterName, Insecure, Send, place_of
from pipeline.count.place import Place
from pipeline.count.retry import Retry
from pipeline.errors import InputError

Try = Annotated[
    Retry, typer.Option(help="Known scans to try again: unreadable, failed, or all of them.")
]
PrintCheck = Annotated[bool, typer.Option(help="Hold the print against the QR on every sheet.")]
ReadHash = Annotated[
    bool, typer.Option(help="Read the hash line of every sheet, too: a third slower.")
]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 366 * UNITS["d"]


def seconds_of(text: str) -> float:
    """The seconds of `90s`, `15m`, `2h` or `1d`.

    Raises:
        InputError: it is nothing of that kind, or no time at all.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    seconds = float(match[1]) * UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= LONGEST:
        raise InputError(f"--every {text!r} is no duration.", "Give 90s, 15m, 2h or 1d.")
    return seconds


def watch(
    scans: Annotated[
        list[str], typer.Argument(help="Folders, lists of files (one a line), files or URLs.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")],
    every: Annotated[str, typer.Option(help="Such as 90s, 15m or 2h.")] = "15m",
    once: Annotated[
        bool, typer.Option("--once", help="One round, for a timer (systemd, cron, Kubernetes).")
    ] = False,
    settle: Annotated[
        float,
        typer.Option(
            min=0, max=3600, help="Seconds for which a file must not have changed to be read."
        ),
    ] = 10.0,
    retry: Try = Retry.NONE,
    election: Annotated[
        str | None, typer.Option("--election", "-e", help="As for `actas tally`.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="As for tally.")] = None,
    cluster: ClusterName = None,
    certs: Certs = None,
    insecure: Insecure = False,
    send: Send = False,
    batch: Annotated[int | None, typer.Option(min=1, max=4096, help="Scans a batch.")] = None,
    deadline: Annotated[float, typer.Option(min=0.1, max=3600, help="As for tally.")] = 20.0,
    memory: Annotated[int, typer.Option(min=512, max=2**20, help="As for tally.")] = 2048,
    print_check: PrintCheck = True,
    read_hash: ReadHash = False,
) -> None:
    """Count again and again while scans come in: what is new and changed, and nothing else.

    Scans that are still being written wait for the next round; moved and copied ones are known by
    their content; those that are gone stay on record. Ctrl-C or SIGTERM end it after what is in
    hand, asked twice at once.

    \b
    Examples:
      actas watch scans/ --out results --every 15m
      actas watch s3://bucket/scans --out s3://bucket/results --once
      actas watch scans/ --out results --once --retry unreadable
    """
    from jobs.definition import election_folder
    from jobs.progress import open_progress
    from jobs.tally import Options
    from jobs.watch import watch_for_ever, watch_once
    from pipeline.read.sheet import Way

    seconds = seconds_of(every)
    options = Options(
        sources=tuple(scans),
        out=Place.of(out),
        election=election_folder(election, out),
        workers=workers or os.cpu_count() or 1,
        cluster=place_of(cluster, certs, insecure=insecure, send=send),
        batch_size=batch,
        deadline=deadline,
        memory_bytes=memory * 2**20,
        way=Way(check_print=print_check, read_hash=read_hash),
        retry=retry,
        settle=settle,
    )
    with open_progress() as progress:
        if once:
            raise typer.Exit(watch_once(options, progress))
        raise typer.Exit(watch_for_ever(options, seconds, progress))
