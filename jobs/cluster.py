"""Where a run computes: a cluster on this machine, or a scheduler that is already there.

On one machine the workers are threads of the driver's process and each owns a reading process
(`jobs.isolate`), which does nearly all the work: no further processes to start, nothing to copy.
They talk within the process; only the dashboard listens, on loopback.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import dask
from distributed import Client, LocalCluster, wait
from distributed.comm.core import CommClosedError

from jobs.batch import Receipt, batch_id, read_batch
from jobs.clock import Clock
from jobs.settings import BatchSettings
from pipeline.errors import InputError, InterruptedRunError
from pipeline.read.scans import ScanFile

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
}
# Workers within this process cannot be lost. A clock that jumps by minutes, as after a laptop's
# sleep, would make the scheduler think so, send them home, and wait for ever.
LOCAL_SETTINGS = {"distributed.scheduler.worker-ttl": None}
LOOPBACK = "127.0.0.1"
WINDOW = 2
"""Batches in hand for each worker: one being read, one waiting."""
GRACE_SECONDS = 10.0
"""How long the batches in hand may take when the run was asked to stop."""
RECEIPT_SECONDS = 10.0
"""A receipt has some hundred bytes; one that does not come is on a worker that is gone."""


class Stopping(Protocol):
    """Whether, and when by the monotonic clock, the user asked the run to stop; 0 if not."""

    asked: float


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
    # What goes wrong on the cluster comes back to the driver, which says it in a sentence.
    for name in ("asyncio", "distributed", "distributed.client", "distributed.worker"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS):
        if address:
            with _connect(address) as client:
                yield _in_use(client, client.dashboard_link or "")
            return
        with (
            dask.config.set(LOCAL_SETTINGS),
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
        return Client(address, timeout="15s")
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


def run_batches(
    cluster: Cluster,
    batches: Iterator[tuple[ScanFile, ...]],
    settings: BatchSettings,
    stop: Stopping,
) -> Iterator[Receipt]:
    """Receipts as they come, through a sliding window; each future is released once consumed.

    Raises:
        OSError: a worker could not write its part.
        InterruptedRunError: a batch failed, or the cluster is gone.
    """
    running: set[Any] = set()
    exhausted = False
    clock = Clock()
    while running or not exhausted:
        clock.check()
        while not (exhausted or stop.asked) and len(running) < WINDOW * cluster.threads:
            batch = next(batches, None)
            if batch is None:
                exhausted = True
            else:
                running.add(_submit(cluster, batch, settings))
        if stop.asked:
            exhausted = True
            if _given_up(cluster, stop):
                return
        if running:
            for future in _ended(running):
                running.discard(future)
                yield _receipt(future)


def _submit(cluster: Cluster, batch: tuple[ScanFile, ...], settings: BatchSettings) -> Any:
    key = f"batch-{batch_id(batch, settings)}"
    return cluster.client.submit(read_batch, batch, settings, key=key, retries=2)


def _given_up(cluster: Cluster, stop: Stopping) -> bool:
    """Asked to stop, whether to wait no longer for the batches in hand."""
    waited = time.monotonic() - stop.asked
    return waited > GRACE_SECONDS or not cluster.client.scheduler_info()["workers"]


def _ended(running: set[Any]) -> list[Any]:
    """The futures that have ended, after waiting a little for one.

    A `lost` one has not: its worker died, and another computes it again.
    """
    try:
        wait(running, timeout=1, return_when="FIRST_COMPLETED")
    except TimeoutError:
        pass
    except CancelledError as error:
        raise _lost() from error
    return [future for future in running if future.status in ("finished", "error", "cancelled")]


def _receipt(future: Any) -> Receipt:
    """A future's receipt, or the reason why the run cannot go on."""
    if future.status == "error":
        error = future.exception()
        if isinstance(error, OSError):
            raise error
        raise InterruptedRunError(
            f"A batch failed on its worker: {type(error).__name__}: {error}",
            "What was read is kept. Run the same command again to go on.",
        )
    # A scheduler that is gone marks its futures 'cancelled' without raising anything.
    if future.status == "cancelled":
        raise _lost()
    try:
        receipt: Receipt = future.result(timeout=RECEIPT_SECONDS)
    except (CommClosedError, TimeoutError, CancelledError) as error:
        raise _lost() from error
    future.release()
    return receipt


def _lost() -> InterruptedRunError:
    return InterruptedRunError(
        "The connection to the cluster was lost.",
        "What was read is kept. Start the cluster and run the same command again to go on.",
    )
