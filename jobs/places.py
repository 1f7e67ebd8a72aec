"""Where a run computes: what `--cluster` names, checked before anything is connected to.

`--cluster` takes a scheduler's address, a YAML file, or the name of one in configs/clusters. Such a
file says where to run and never what to compute: the results are the same bytes wherever it was.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pipeline.election.strict import read_checked
from pipeline.errors import ClusterError, InputError

SHIPPED = Path(__file__).resolve().parent.parent / "configs" / "clusters"
RISK = (
    "Whoever reaches a scheduler without TLS runs any code on it and on its workers, and can read "
    "and change what they say to each other."
)
Count = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LocalPlace(_Place):
    """Workers in this very process."""

    kind: Literal["local"]
    workers: Count | None = None
    """A core each, where not given."""


class _Remote(_Place):
    insecure: bool = Field(default=False, strict=True)
    """The risk of plain connections is known and taken."""
    send: bool = Field(default=False, strict=True)
    """The workers see none of this machine's folders: scans travel to them, records come back."""
    workers: Count = 1
    """Begin once so many workers are there."""
    wait: Seconds = 10.0
    """Seconds to wait for them."""


class SchedulerPlace(_Remote):
    """A scheduler that is already running."""

    kind: Literal["scheduler"]
    address: Annotated[str, Field(pattern=r"^(tls|tcp)://(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):\d+$")]
    certs: Path | None = None
    """Folder with this client's certificates; Dask's own configuration where not given."""


class GatewayPlace(_Remote):
    """A dask-gateway server, which starts a cluster for this run and ends it afterwards."""

    kind: Literal["gateway"]
    address: Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
    auth: Literal["basic", "kerberos", "jupyterhub"] = "basic"
    """A password is read from DASK_GATEWAY__AUTH__KWARGS__PASSWORD, never from a file."""
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Cluster options, as the server offers them."""


ClusterPlace = LocalPlace | SchedulerPlace | GatewayPlace
RemotePlace = SchedulerPlace | GatewayPlace
_ADAPTER: TypeAdapter[ClusterPlace] = TypeAdapter(
    Annotated[ClusterPlace, Field(discriminator="kind")]
)


def find_place(
    text: str, *, certs: Path | None = None, insecure: bool = False, send: bool = False
) -> ClusterPlace:
    """What `--cluster TEXT` and the options beside it mean.

    Raises:
        ConfigError: a key of the file is wrong; says which.
        InputError: no such file, name or kind of address, or options that do not fit it.
        ClusterError: connections would be plain ones to another machine, and nobody said so.
    """
    place = _named(text)
    if isinstance(place, LocalPlace):
        if certs or insecure or send:
            raise InputError(
                f"--cluster {text} computes on this machine.",
                "--certs, --insecure and --send are for clusters of several.",
            )
        return place
    changed: dict[str, object] = {
        "insecure": insecure or place.insecure,
        "send": send or place.send,
    }
    if certs:
        if isinstance(place, GatewayPlace):
            raise InputError("A gateway makes its own certificates: leave --certs out.")
        changed["certs"] = certs
    place = place.model_copy(update=changed)
    check_safe(place.address, insecure=place.insecure)
    return place


def _named(text: str) -> ClusterPlace:
    if "://" in text:
        try:
            return SchedulerPlace(kind="scheduler", address=text)
        except ValueError as error:
            raise InputError(
                f"--cluster {text}: not the address of a scheduler.",
                "Give one such as tls://192.168.1.10:8786, or a YAML file as in configs/clusters.",
            ) from error
    return _from_file(text)


def _from_file(text: str) -> ClusterPlace:
    path = Path(text)
    if not path.suffix and "/" not in text:
        path = SHIPPED / f"{text}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise InputError(
            f"--cluster {text}: no such file or name.",
            f"Give an address such as tls://192.168.1.10:8786, a YAML file, or one of: {names}.",
        )
    place = read_checked(path, _ADAPTER, "Give a file as in configs/clusters.")
    if isinstance(place, SchedulerPlace) and place.certs:
        # Relative to the file, wherever the command was started.
        place = place.model_copy(update={"certs": path.parent / place.certs.expanduser()})
    return place


def check_safe(address: str, *, insecure: bool) -> None:
    """Refuse a plain connection to another machine unless the risk was taken knowingly.

    Raises:
        ClusterError: it is one.
    """
    parts = urlsplit(address)
    if parts.scheme in ("tls", "https") or insecure or is_loopback(parts.hostname or ""):
        return
    raise ClusterError(
        f"{address} is a plain connection to another machine. {RISK}",
        "Make certificates with `actas cluster certs` and use tls://, or accept the risk with "
        "--insecure (a network of your own, on which you trust every machine).",
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, so that nothing crosses a network."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
