"""Where a run computes: a cluster on this machine, or a scheduler that is already there.

On one machine the workers are threads of the driver's process and each owns a reading process
(`jobs.isolate`), which does nearly all the work: no further processes to start, nothing to copy.
They talk within the process; only the dashboard listens, on loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dask
from distributed import Client, LocalCluster

from pipeline.errors import InputError

# Measured on faulty clusters: a worker that dies must not take others along, and no worker may
# hoard batches that another could run.
SETTINGS = {
    "distributed.scheduler.allowed-failures": 3,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": "15s",
    # The reading processes limit their own memory; the driver's is not the workers' to judge.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.worker.profile.enabled": False,
    # A batch's failure comes back to the driver, which says it in a sentence.
    "logging.distributed": "critical",
}
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Cluster:
    """A cluster in use."""

    client: Any
    threads: int
    dashboard: str


@contextmanager
def open_cluster(workers: int, address: str | None = None) -> Iterator[Cluster]:
    """A local cluster of `workers` workers, or the one at `address`.

    Raises:
        InputError: nobody answers at the address.
    """
    with dask.config.set(SETTINGS):
        if address:
            with _connect(address) as client:
                yield _in_use(client, client.dashboard_link or "")
            return
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=False,
                dashboard_address=f"{LOOPBACK}:0",
                worker_dashboard_address=f"{LOOPBACK}:0",
                silence_logs="CRITICAL",
            ) as cluster,
            Client(cluster) as client,
        ):
            port = cluster.scheduler.services["dashboard"].port
            yield _in_use(client, f"http://{LOOPBACK}:{port}/status")


def _connect(address: str) -> Any:
    try:
        return Client(address, timeout="15s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"No scheduler answers at {address}: {error}",
            "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
        ) from error


def _in_use(client: Any, dashboard: str) -> Cluster:
    threads = sum(client.nthreads().values())
    if not threads:
        raise InputError(
            "The scheduler has no workers.", "Start some with `dask worker ADDRESS --nthreads 1`."
        )
    return Cluster(client, threads, dashboard)
