"""Dask's settings, and the commands that start its processes on the machines of a cluster.

Some settings rule the driver, some the scheduler, some the workers; a Dask process reads them where
it starts. So `actas cluster scheduler` and `actas cluster worker` hand all of them to `dask
scheduler` and `dask worker`, as environment variables, and nobody has to write a configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

from jobs.certs import Certificates

SETTINGS: Mapping[str, int | float | str | bool] = MappingProxyType(
    {
        # Measured on faulty clusters: a worker that dies must not take others along (the driver
        # hands its batches out again), and no worker may hoard batches that another could run.
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.scheduler.work-stealing": False,
        # A cut link is noticed after 13 s instead of 55; under 11 s every connection breaks.
        "distributed.comm.timeouts.tcp": "12s",
        "distributed.comm.timeouts.connect": "15s",
        "distributed.scheduler.worker-ttl": "30s",
        # The reading processes limit their own memory; the driver's is not the workers' to judge.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
        "distributed.scheduler.active-memory-manager.start": False,
        "distributed.worker.profile.enabled": False,
        # Every 20 ms, each waiting process takes 2 to 2.7% of a core; every second, 0.3 to 0.7%.
        "distributed.admin.tick.interval": "1s",
    }
)
DASK = (sys.executable, "-P", "-m", "dask")
"""-P: a file dask.py in the folder where it is started must not be taken for the library."""
LOOPBACK = "127.0.0.1"


def environment(*, encrypted: bool) -> dict[str, str]:
    """The settings as Dask reads them from the environment."""
    settings = dict(SETTINGS)
    if encrypted:
        settings["distributed.comm.require-encryption"] = True
    return {_variable(key): str(value) for key, value in settings.items()}


def _variable(key: str) -> str:
    return "DASK_" + key.replace("-", "_").replace(".", "__").upper()


def scheduler_command(
    *, host: str | None, port: int, dashboard: str, certs: Certificates | None
) -> list[str]:
    """The command of a scheduler. Its dashboard asks nobody for a password: keep it on loopback."""
    command = [*DASK, "scheduler", "--port", str(port), "--dashboard-address", dashboard]
    command += ["--protocol", "tls" if certs else "tcp"]
    if host:
        command += ["--host", host]
    return command + _tls(certs)


def worker_command(
    address: str,
    *,
    threads: int,
    certs: Certificates | None,
    host: str | None = None,
    port: int = 0,
    name: str | None = None,
    health: str = f"{LOOPBACK}:0",
) -> list[str]:
    """The command of a worker: a thread reads with a process of its own, as `jobs.isolate` says.

    Its nanny starts it again when it dies, and listens on the port after the worker's. At
    `health` it answers only whether it lives, and figures of its work.
    """
    command = [*DASK, "worker", address, "--nthreads", str(threads), "--memory-limit", "0"]
    command += ["--no-dashboard", "--dashboard-address", health]
    if host:
        command += ["--host", host]
    if port:
        command += ["--worker-port", str(port), "--nanny-port", str(port + 1)]
    if name:
        command += ["--name", name]
    return command + _tls(certs)


def _tls(certs: Certificates | None) -> list[str]:
    if certs is None:
        return []
    files = {"--tls-ca-file": certs.ca, "--tls-cert": certs.cert, "--tls-key": certs.key}
    return [word for option, path in files.items() for word in (option, str(path.absolute()))]
