"""A cluster that a dask-gateway server starts for a run, and ends when the run ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jobs.places import GatewayPlace
from pipeline.errors import ClusterError

_closed: list[Any] = []
"""dask-gateway 2026.3 closes a client that is collected once more, and fails: see they are not."""


@contextmanager
def gateway_cluster(place: GatewayPlace) -> Iterator[tuple[Any, str]]:
    """A client of a new cluster, and the address of its dashboard.

    Raises:
        ClusterError: the package is missing, or the server does not answer or refuses.
    """
    try:
        from dask_gateway import Gateway, GatewayServerError
    except ImportError as error:
        raise ClusterError(
            "The package of the gateway's client is missing.", "pip install 'actas[gateway]'"
        ) from error
    # What these raise is not one family: refused logins are an HTTP library's errors.
    from aiohttp import ClientError

    try:
        gateway = Gateway(place.address, auth=place.auth)
        cluster = gateway.new_cluster(shutdown_on_close=True, **place.options)
    except (OSError, TimeoutError, ValueError, ClientError, GatewayServerError) as error:
        raise ClusterError(
            f"{place.address}: the gateway starts no cluster: {error}",
            "Is the address right? Its password is read from "
            "DASK_GATEWAY__AUTH__KWARGS__PASSWORD. The gateway's log says more.",
        ) from error
    _closed.extend((gateway, cluster))  # which has a client of its own
    with gateway, cluster:
        cluster.scale(place.workers)
        with cluster.get_client() as client:
            yield client, cluster.dashboard_link or ""
