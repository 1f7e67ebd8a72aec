"""Where a run computes: a cluster on this machine, or one of several.

On one machine the workers are threads of the driver's process and each owns a reading process
(`jobs.isolate`), which does nearly all the work: no further processes to start, nothing to copy.
They talk within the process; only the dashboard listens, on loopback.
"""

from __future__ import annotations

import errno
import logging
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import dask
from distributed import Client, KilledWorker, LocalCluster, Security, wait
from distributed.comm.core import CommClosedError

from jobs.batch import Receipt, batch_id, read_batch
from jobs.certs import Role, find_certificates, utc_now
from jobs.clock import Clock
from jobs.engine import LOOPBACK, SETTINGS
from jobs.gateway import gateway_cluster
from jobs.places import ClusterPlace, GatewayPlace, LocalPlace, RemotePlace, SchedulerPlace
from jobs.sending import SentReceipt, contents_of, keep, read_sent, within_bytes
from jobs.settings import BatchSettings
from pipeline.errors import ActasError, ClusterError, InterruptedRunError
from pipeline.read.scans import ScanFile

# Workers within this process cannot be lost. A clock that jumps by minutes, as after a laptop's
# sleep, would make the scheduler think so, send them home, and wait for ever.
LOCAL_SETTINGS = {"distributed.scheduler.worker-ttl": None}
WINDOW = 2
"""Batches in hand for each worker: one being read, one waiting."""
MOST_DEATHS = 3
"""So many workers may die while they hold a batch; scans cannot kill them, so others it is."""
COUNT_SECONDS = 5.0
"""How often workers are counted: on a cluster that grows, the window grows with it."""
GRACE_SECONDS = 10.0
"""How long the batches in hand may take when the run was asked to stop."""
RECEIPT_SECONDS = 10.0
"""A receipt has some hundred bytes; one that does not come is on a worker that is gone."""
LOOK_SECONDS = 1.0
"""How often it is asked meanwhile whether the scheduler knows that the worker is gone."""


class Stopping(Protocol):
    """Whether, and when by the monotonic clock, the user asked the run to stop; 0 if not."""

    asked: float


@dataclass
class Cluster:
    """A cluster in use."""

    client: Any
    threads: int
    dashboard: str
    place: ClusterPlace
    send: bool = False
    """The workers see none of this machine's folders."""
    _counted: float = field(default_factory=time.monotonic)

    @property
    def remote(self) -> bool:
        """Whether its workers are other processes than this one."""
        return not isinstance(self.place, LocalPlace)

    def count_threads(self) -> int:
        """How many scans are read at once, counted anew now and then."""
        if time.monotonic() - self._counted > COUNT_SECONDS:
            # A scheduler that is gone shows in its futures.
            with suppress(OSError, TimeoutError, CancelledError):
                self.threads = sum(self.client.nthreads().values()) or self.threads
            self._counted = time.monotonic()
        return self.threads


@contextmanager
def open_cluster(workers: int, place: ClusterPlace | None = None) -> Iterator[Cluster]:
    """A local cluster of `workers` workers, or the one at `place`.

    Raises:
        ClusterError: nobody answers there, or there are too few workers.
        InterruptedRunError: the cluster was there, and is gone.
    """
    # What goes wrong on the cluster comes back to the driver, which says it in a sentence.
    for name in ("asyncio", "distributed", "distributed.client", "distributed.worker"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(dict(SETTINGS)), warnings.catch_warnings(), _connected():
        # Differing versions are the doctor's to say; it names the machine and what to do.
        warnings.filterwarnings("ignore", module="distributed")
        if place is None or isinstance(place, LocalPlace):
            local = place or LocalPlace(kind="local")
            with _local(local.workers or workers) as (client, dashboard):
                yield _in_use(client, dashboard, local)
        elif isinstance(place, GatewayPlace):
            with gateway_cluster(place) as (client, dashboard):
                yield _with_workers(client, dashboard, place)
        else:
            with _connect(place) as client:
                yield _with_workers(client, client.dashboard_link or "", place)


@contextmanager
def _connected() -> Iterator[None]:
    """A connection that breaks is the cluster's loss.

    Dask says so with an OSError, as a disk does that is full; but only the system gives numbers.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise _lost() from error


@contextmanager
def _local(workers: int) -> Iterator[tuple[Any, str]]:
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
        yield client, f"http://{LOOPBACK}:{port}/status"


def _connect(place: SchedulerPlace) -> Any:
    try:
        return Client(place.address, timeout="15s", security=_security(place))
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"No scheduler answers at {place.address}: {error}",
            "Start one with `actas cluster scheduler`, and workers with `actas cluster worker "
            "ADDRESS`. Is the address right, the port open, are the certificates of one folder?",
        ) from error


def _security(place: SchedulerPlace) -> Security | None:
    """The client's certificates: those named, or those that Dask is configured with."""
    if not place.address.startswith("tls://"):
        return None
    if place.certs:
        found = find_certificates(place.certs, Role.CLIENT, utc_now())
        return Security(
            require_encryption=True,
            tls_ca_file=str(found.ca),
            tls_client_cert=str(found.cert),
            tls_client_key=str(found.key),
        )
    if not dask.config.get("distributed.comm.tls.ca-file"):
        raise ClusterError(
            f"{place.address}: its certificates are needed.",
            "Give --certs FOLDER, the one that `actas cluster certs` made or a copy of a part.",
        )
    return Security(require_encryption=True)


def _with_workers(client: Any, dashboard: str, place: RemotePlace) -> Cluster:
    """The cluster, once it has the workers that the place asks for."""
    try:
        client.wait_for_workers(place.workers, timeout=place.wait)
    except TimeoutError as error:
        there = len(client.nthreads()) or "no"
        raise ClusterError(
            f"The scheduler has {there} workers after {place.wait:g} s, not {place.workers}.",
            "Start some with `actas cluster worker ADDRESS`. Where they run already, they reach "
            "another scheduler or have other certificates: their log says which.",
        ) from error
    return _in_use(client, dashboard, place, send=place.send)


def _in_use(client: Any, dashboard: str, place: ClusterPlace, *, send: bool = False) -> Cluster:
    return Cluster(client, sum(client.nthreads().values()), dashboard, place, send)


@dataclass(frozen=True)
class _InHand:
    """A batch that a worker has, and how many workers were lost with it before."""

    files: tuple[ScanFile, ...]
    deaths: int = 0


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
    running: dict[Any, _InHand] = {}
    exhausted = False
    batches = within_bytes(batches) if cluster.send else batches
    clock = Clock()
    while running or not exhausted:
        clock.check()
        while not (exhausted or stop.asked) and len(running) < WINDOW * cluster.count_threads():
            batch = next(batches, None)
            if batch is None:
                exhausted = True
            else:
                _submit(cluster, _InHand(batch), settings, running)
        if stop.asked:
            exhausted = True
            if _given_up(cluster, stop):
                return
        for future in _ended(running):
            receipt = _receipt(future, running[future])
            if receipt is None and future.status not in ("finished", "error"):
                continue  # its worker died with the receipt, and the scheduler has it read again
            batch_in_hand = running.pop(future)
            if receipt is None:
                again = _InHand(batch_in_hand.files, batch_in_hand.deaths + 1)
                _submit(cluster, again, settings, running)
            else:
                yield receipt if isinstance(receipt, Receipt) else keep(receipt, settings.folder)


def _submit(
    cluster: Cluster, batch: _InHand, settings: BatchSettings, running: dict[Any, _InHand]
) -> None:
    """Hand a batch out. One that is handed out again needs a new key: the old one has failed."""
    key = f"batch-{batch_id(batch.files, settings)}-{batch.deaths}"
    task: tuple[Any, ...] = (read_batch, batch.files, settings)
    if cluster.send:
        task = (read_sent, batch.files, contents_of(batch.files, settings), settings)
    running[cluster.client.submit(*task, key=key, retries=2)] = batch


def _given_up(cluster: Cluster, stop: Stopping) -> bool:
    """Asked to stop, whether to wait no longer for the batches in hand."""
    waited = time.monotonic() - stop.asked
    return waited > GRACE_SECONDS or not cluster.client.scheduler_info()["workers"]


def _ended(running: dict[Any, _InHand]) -> list[Any]:
    """The futures that have ended, after waiting a little for one. A lost one has not."""
    if not running:
        return []
    try:
        wait(set(running), timeout=1, return_when="FIRST_COMPLETED")
    except TimeoutError:
        pass
    except CancelledError as error:
        raise _lost() from error
    return [future for future in running if future.status in ("finished", "error", "cancelled")]


def _receipt(future: Any, batch: _InHand) -> Receipt | SentReceipt | None:
    """A future's receipt; None if its worker is gone.

    Raises:
        OSError, ActasError: what the worker says must be mended.
        InterruptedRunError: any other reason why the run cannot go on.
    """
    # A scheduler that is gone marks its futures 'cancelled' without raising anything.
    if future.status == "cancelled":
        raise _lost()
    if future.status == "error":
        _judge(future.exception(), batch)
        return None
    end = time.monotonic() + RECEIPT_SECONDS
    while future.status == "finished":
        try:
            receipt: Receipt | SentReceipt = future.result(timeout=LOOK_SECONDS)
        except TimeoutError:
            if time.monotonic() < end:
                continue
            _allow_once_more(batch)
            return None
        except KilledWorker:
            _allow_once_more(batch)
            return None
        except (CommClosedError, CancelledError) as error:
            raise _lost() from error
        future.release()
        return receipt
    return None


def _judge(error: BaseException, batch: _InHand) -> None:
    """Raise why the run cannot go on; do nothing where only a worker died."""
    if isinstance(error, KilledWorker):
        _allow_once_more(batch)
        return
    if isinstance(error, OSError) and error.errno is None:
        raise OSError(errno.EIO, str(error)) from error  # the worker's disk, not the connection
    if isinstance(error, OSError | ActasError):
        raise error
    raise InterruptedRunError(
        f"A batch failed on its worker: {type(error).__name__}: {error}",
        "What was read is kept. Run the same command again to go on.",
    )


def _allow_once_more(batch: _InHand) -> None:
    """Raise if a batch has seen too many workers die."""
    if batch.deaths + 1 >= MOST_DEATHS:
        raise InterruptedRunError(
            f"{MOST_DEATHS} workers were lost while they read the scans {batch.files[0].uri} to "
            f"{batch.files[-1].uri}.",
            "What was read is kept. Have the workers enough memory? Their logs say why they "
            "ended. Then run the same command again to go on.",
        )


def _lost() -> InterruptedRunError:
    return InterruptedRunError(
        "The connection to the cluster was lost.",
        "What was read is kept. Start the cluster and run the same command again to go on.",
    )
