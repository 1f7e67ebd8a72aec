"""`actas cluster ...` and `actas doctor`: making a cluster, and finding out what ails it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.count.place import Place
from pipeline.errors import InputError, ResultsError

SHIPPED_ELECTION = Path(__file__).resolve().parent.parent / "configs" / "venezuela-2024"
"""The doctor starts reading processes; by which election's rules makes no difference."""

app = typer.Typer(
    help="""Make certificates for a cluster; start its scheduler and its workers.

Whoever reaches a scheduler without TLS runs any code on it and on its workers. So plain connections
are refused, but within one machine; --insecure accepts them, for a network of your own on which you
trust every machine.""",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Certs = Annotated[
    Path | None,
    typer.Option("--certs", help="Folder that `actas cluster certs` made, or a copy of a part."),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Accept plain connections: see `actas cluster --help`.")
]
ClusterName = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Where to compute: a scheduler's address such as tls://192.168.1.10:8786, a YAML file "
        "as in configs/clusters, or the name of one of those. Default: this machine.",
    ),
]
Send = Annotated[
    bool,
    typer.Option(
        "--send", help="The workers see none of this machine's folders: send them the scans."
    ),
]
Host = Annotated[
    str | None,
    typer.Option(help="Address of this machine to listen on, where Dask chooses the wrong one."),
]


def place_of(cluster: str | None, certs: Path | None, *, insecure: bool, send: bool) -> Any:
    """The place that the options name; None for this machine."""
    from jobs.places import find_place

    if cluster:
        return find_place(cluster, certs=certs, insecure=insecure, send=send)
    if certs or insecure or send:
        raise InputError(
            "--certs, --insecure and --send are about a cluster.", "Say which: --cluster ..."
        )
    return None


@app.command()
def certs(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    days: Annotated[int, typer.Option(min=1, max=825, help="Valid for so many days.")] = 180,
) -> None:
    """Make the certificates of ONE cluster.

    \b
    Example:
      actas cluster certs certs/
    """
    from jobs.certs import make_certificates, utc_now

    until = make_certificates(folder, days, utc_now())
    typer.echo(
        f"""Made three certificates, valid until {until:%Y-%m-%d}:

  {folder / "scheduler"}    for the machine that runs `actas cluster scheduler`
  {folder / "worker"}       for every machine that runs `actas cluster worker`
  {folder / "client"}       for the machine that runs `actas tally`

Copy to each machine the folder that it needs and no other (with scp or a USB stick, never by
mail or chat), and keep it readable for its owner alone. Whoever holds any of these keys can run
code on every machine of the cluster.

These certificates are for one cluster: Dask asks who signed a certificate, not whose it is. The
signing key is gone already. If a key is lost or stolen, make a new folder and replace them all."""
    )


@app.command()
def scheduler(
    certs: Certs = None,
    insecure: Insecure = False,
    host: Host = None,
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8786,
    dashboard: Annotated[
        str, typer.Option(help="Where to show the dashboard, which asks for no password.")
    ] = "127.0.0.1:8787",
) -> None:
    """Start the cluster's scheduler; it runs until it is stopped.

    \b
    Examples:
      actas cluster scheduler --certs certs/
      actas cluster scheduler --host 127.0.0.1
    """
    from jobs.engine import scheduler_command

    found = _certificates(certs, "scheduler", f"tcp://{host or '*'}:{port}", insecure)
    _become(scheduler_command(host=host, port=port, dashboard=dashboard, certs=found), bool(found))


@app.command()
def worker(
    address: Annotated[str, typer.Argument(help="The scheduler's, such as tls://host:8786.")],
    certs: Certs = None,
    insecure: Insecure = False,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Scans read at once. Default: a core each.")
    ] = None,
    host: Host = None,
    port: Annotated[
        int, typer.Option(min=0, max=65534, help="Listen on this port and the next; 0: any two.")
    ] = 0,
    name: Annotated[str | None, typer.Option(help="A name that no other worker has.")] = None,
    health: Annotated[str, typer.Option(help="Where to answer GET /health.")] = "127.0.0.1:0",
) -> None:
    """Start a worker; it runs until its scheduler ends.

    \b
    Examples:
      actas cluster worker tls://192.168.1.10:8786 --certs certs/
      actas cluster worker tls://192.168.1.10:8786 --certs worker/ --threads 4 --port 8790
    """
    from jobs.engine import worker_command

    found = _certificates(certs, "worker", address, insecure)
    command = worker_command(
        address,
        threads=threads or os.cpu_count() or 1,
        certs=found,
        host=host,
        port=port,
        name=name,
        health=health,
    )
    _become(command, bool(found))


def doctor(
    scans: Annotated[
        list[str] | None, typer.Argument(help="Scans that every worker should be able to read.")
    ] = None,
    cluster: ClusterName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder that every worker should be able to write to."),
    ] = None,
    certs: Certs = None,
    insecure: Insecure = False,
    send: Send = False,
    patience: Annotated[
        float, typer.Option(min=1, max=3600, help="Seconds to wait for a worker's answer.")
    ] = 60.0,
) -> None:
    """Examine a cluster: the same versions, the same code, files, clocks, room on the disks.

    `actas tally --cluster` does the same before it begins.

    \b
    Examples:
      actas doctor --cluster tls://192.168.1.10:8786 --certs certs/
      actas doctor --cluster my-lan.yaml scans/ --out results
    """
    from jobs.cluster import open_cluster
    from jobs.doctor import Task, require_fitness
    from jobs.settings import ReaderSettings
    from pipeline.election import load_election
    from pipeline.read.scans import list_scans

    place = place_of(cluster, certs, insecure=insecure, send=send)
    if place is None or place.kind == "local":
        raise InputError("The doctor examines clusters.", "Say which: --cluster ...")
    files = list_scans(tuple(scans), exclude=out and Place.of(out).root).files if scans else ()
    rules = load_election(SHIPPED_ELECTION).rules
    with _trial_folder(out) as folder, open_cluster(1, place) as opened:
        task = Task(files, folder, ReaderSettings(rules), send=opened.send)
        examined = require_fitness(opened.client, task, patience)
    typer.echo(f"All fit: {', '.join(examined.workers)}.")


@contextmanager
def _trial_folder(out: Path | None) -> Iterator[Place | None]:
    """Where parts will lie; what is made for the trial is taken away again."""
    if out is None:
        yield None
        return
    place = Place.of(out).absolute().sub("scans")
    if place.is_remote:
        yield place
        return
    folder = place.path
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"{out}: cannot write results there ({error.strerror}).") from error
    try:
        yield place
    finally:
        for path in missing:
            with suppress(OSError):
                path.rmdir()


def _certificates(folder: Path | None, role: str, address: str, insecure: bool) -> Any:
    """The role's certificates; None where the connections will be plain, and may be."""
    from jobs.certs import Role, find_certificates, utc_now
    from jobs.places import check_safe

    if folder:
        if address.startswith("tcp://") and role == "worker":
            raise InputError(f"{address}: with certificates the address begins with tls://.")
        return find_certificates(folder, Role(role), utc_now())
    if address.startswith("tls://"):
        raise InputError(
            f"{address}: its certificates are needed.",
            "Give --certs FOLDER, the one that `actas cluster certs` made or a copy of a part.",
        )
    check_safe(address, insecure=insecure)
    return None


def _become(command: list[str], encrypted: bool) -> None:
    """Turn into the Dask process, so that signals and the exit code are its own."""
    from jobs.engine import environment

    os.execve(command[0], command, os.environ | environment(encrypted=encrypted))  # noqa: S606
