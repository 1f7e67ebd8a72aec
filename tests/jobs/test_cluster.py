"""A run on a cluster of real processes: what is killed costs time, never a scan or a byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.jobs.faults import PROJECT
from tests.jobs.running import (
    Process,
    actas,
    assert_same,
    ended,
    hold_in_the_middle,
    is_alive,
    let_go,
    started,
    tally_args,
    wait_until,
)

LOOPBACK = "127.0.0.1"


@dataclass
class DaskCluster:
    """A scheduler and its workers, each a process of its own."""

    address: str
    scheduler: Process
    workers: list[Process] = field(default_factory=list)


@contextmanager
def dask_command(*args: str) -> Iterator[Process]:
    """`dask ...`, killed at the end."""
    path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """A cluster on loopback; each worker reads on one thread and has no nanny to revive it."""
    file = folder / "scheduler.json"
    local = ("--host", LOOPBACK)
    with ExitStack() as stack:
        scheduler = stack.enter_context(
            dask_command(
                "scheduler", *local, "--port", "0", "--dashboard-address", f"{LOOPBACK}:0",
                "--scheduler-file", str(file),
            )
        )  # fmt: skip
        joined = [
            stack.enter_context(
                dask_command(
                    "worker", "--scheduler-file", str(file), *local, "--nthreads", "1",
                    "--no-nanny", "--no-dashboard", "--local-directory", str(folder / f"w{number}"),
                    "--death-timeout", "60",
                )
            )
            for number in range(workers)
        ]  # fmt: skip
        wait_until(lambda: file.exists() and file.read_text(), "the scheduler does not start")
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        _wait_for_workers(address, workers)
        yield DaskCluster(address, scheduler, joined)


def _wait_for_workers(address: str, workers: int) -> None:
    if not workers:
        return
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


@pytest.mark.slow
def test_a_killed_worker_costs_neither_a_scan_nor_a_byte(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    with dask_cluster(tmp_path, 2) as cluster:
        args = tally_args(town, out, island_folder, "--cluster", cluster.address)
        with started(*args) as process:
            victim = cluster.workers[0]
            readers = hold_in_the_middle(process, out, victim.pid)
            victim.kill()
            let_go(readers)  # one that had not even started its libraries ends by itself
            run = ended(process)
        assert run.code == 3, run.err
        assert "Traceback" not in run.err
        assert_same(out, undisturbed)
        wait_until(lambda: not any(map(is_alive, readers)), "an orphan of the killed worker", 5)


@pytest.mark.slow
def test_a_killed_scheduler_is_a_sentence_and_a_rerun_elsewhere_finishes(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    with dask_cluster(tmp_path, 1) as cluster:
        args = tally_args(town, out, island_folder, "--cluster", cluster.address)
        with started(*args) as process:
            readers = hold_in_the_middle(process, out, cluster.workers[0].pid)
            cluster.scheduler.kill()
            time.sleep(0.2)
            let_go(readers)
            lost = ended(process)
    assert lost.code == 4, lost.err
    assert "cluster was lost" in lost.err
    assert "same command again" in lost.err
    assert "Traceback" not in lost.err
    finished = actas(*tally_args(town, out, island_folder))
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)


@pytest.mark.slow
def test_a_run_whose_workers_are_all_gone_can_be_interrupted(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    with dask_cluster(tmp_path, 1) as cluster:
        args = tally_args(town, out, island_folder, "--cluster", cluster.address)
        with started(*args) as process:
            hold_in_the_middle(process, out, cluster.workers[0].pid)
            cluster.workers[0].kill()
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            stopped = ended(process, 20)
    assert stopped.code == 4, stopped.err
    assert "Traceback" not in stopped.err
    finished = actas(*tally_args(town, out, island_folder))
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)


@pytest.mark.slow
def test_a_cluster_without_workers_is_refused_with_what_to_do(
    tmp_path: Path, town: Path, island_folder: Path
) -> None:
    with dask_cluster(tmp_path, 0) as cluster:
        place = tmp_path / "cluster.yaml"
        place.write_text(
            f"{{kind: scheduler, address: '{cluster.address}', wait: 1}}", encoding="utf-8"
        )
        refused = actas(*tally_args(town, tmp_path / "r", island_folder, "--cluster", place))
    assert refused.code == 2, refused.err
    assert "no workers" in refused.err
    assert "actas cluster worker ADDRESS" in refused.err
    assert "Traceback" not in refused.err
