"""kill -9 of whatever takes part, at any moment: time is lost, never a scan, never a byte."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.harness import (
    assert_no_orphans,
    descendants,
    finish,
    kill,
    note,
    only_in_make_faults,
    rounds,
    when_parts_are,
)
from tests.jobs.faults import PROJECT
from tests.jobs.running import (
    Process,
    actas,
    children,
    command_of,
    ended,
    hold_in_the_middle,
    readers_of,
    started,
    tally_args,
    wait_until,
)
from tests.jobs.test_cluster import LOOPBACK, dask_command

ALONE = ("driver", "reader")
TOGETHER = ("driver", "reader", "worker", "nanny", "scheduler")
BATCHES = 42


@dataclass(frozen=True)
class Nannies:
    """A scheduler and workers that are started again when they die."""

    address: str
    scheduler: Process
    nannies: list[Process]

    @property
    def workers(self) -> list[int]:
        """The workers as they are now, without what the system has their nannies keep beside."""
        found = [child for nanny in self.nannies for child in children(nanny.pid)]
        return [child for child in found if b"spawn_main" in command_of(child)]


@contextmanager
def cluster_with_nannies(folder: Path, workers: int = 2) -> Iterator[Nannies]:
    file = folder / "scheduler.json"
    local = ("--host", LOOPBACK)
    with ExitStack() as stack:
        scheduler = stack.enter_context(
            dask_command(
                "scheduler", *local, "--port", "0", "--no-dashboard", "--scheduler-file", str(file)
            )
        )
        nannies = [
            stack.enter_context(
                dask_command(
                    "worker", "--scheduler-file", str(file), *local, "--nthreads", "1",
                    "--no-dashboard", "--local-directory", str(folder / f"w{number}"),
                    "--death-timeout", "10",
                )
            )
            for number in range(workers)
        ]  # fmt: skip
        wait_until(lambda: file.exists() and file.read_text(), "the scheduler does not start")
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        yield Nannies(address, scheduler, nannies)
        left = [pid for nanny in nannies for pid in descendants(nanny.pid)]
    for process in left:
        kill(process)


def victim_of(
    name: str, driver: Process, cluster: Nannies | None, dice: random.Random
) -> int | None:
    """A living process of that role."""
    found: list[int] = []
    if name == "driver":
        found = [driver.pid]
    elif cluster is None:
        found = readers_of(driver.pid)
    elif name == "scheduler":
        found = [cluster.scheduler.pid]
    elif name == "nanny":
        found = [nanny.pid for nanny in cluster.nannies]
    elif name == "worker":
        found = cluster.workers
    else:
        found = [pid for worker in cluster.workers for pid in descendants(worker)]
    return dice.choice(found) if found else None


@pytest.mark.slow
@pytest.mark.parametrize("seed", rounds(few=(8,), many=50))
def test_kill_anything_at_any_moment(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes], seed: int
) -> None:
    dice = random.Random(seed)
    together = seed % 3 != 0
    roles = TOGETHER if together else ALONE
    # Every role has its turn, however few the rounds; a second blow falls in half of them.
    plan = [(roles[seed // (2 if together else 3) % len(roles)], dice.randrange(0, BATCHES))]
    if dice.random() < 0.5:
        plan.append((dice.choice(roles), dice.randrange(plan[0][1], BATCHES)))
    out = tmp_path / "results"
    alone = tally_args(town, out, island_folder)
    seen: list[int] = []
    with ExitStack() as stack:
        cluster = stack.enter_context(cluster_with_nannies(tmp_path)) if together else None
        args = (*alone, "--cluster", cluster.address) if cluster else alone
        if cluster:
            wait_until(lambda: len(cluster.workers) == 2, "the workers do not start")
        driver = stack.enter_context(started(*args))
        for role, count in plan:

            def strike(role: str = role) -> None:
                time.sleep(dice.random() * 0.05)
                victim = victim_of(role, driver, cluster, dice)
                seen.extend(descendants(driver.pid))
                if victim is not None:
                    kill(victim)

            when_parts_are(out, count, driver, strike)
        disturbed = ended(driver)
    note("plan", plan)
    assert disturbed.code in (0, 2, 3, 4, -signal.SIGKILL), (plan, disturbed)
    assert "Traceback" not in disturbed.err, disturbed.err
    if disturbed.code == 2:  # it came to a cluster that was broken before it began
        assert "no workers" in disturbed.err or "not fit" in disturbed.err, disturbed.err
    assert_no_orphans([pid for pid in seen if pid != os.getpid()])
    finish(alone, out, undisturbed)


COUNTED = """
import os, sys
if "spawn_main" in " ".join(sys.orig_argv):
    import jobs.batch
    real = jobs.batch.read_batch
    def read_batch(files, settings):
        with open({file!r}, "a") as stream:
            stream.write(files[0].uri + "\\n")
        return real(files, settings)
    jobs.batch.read_batch = read_batch
"""


@pytest.mark.slow
@only_in_make_faults
@pytest.mark.parametrize("late", [6, 15, 30])
def test_a_workers_death_costs_no_more_than_the_batches_it_held(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch, late: int,
) -> None:  # fmt: skip
    log, switch = tmp_path / "begun", tmp_path / "switch"
    switch.mkdir()
    (switch / "sitecustomize.py").write_text(COUNTED.format(file=str(log)), encoding="utf-8")
    path = os.pathsep.join([str(switch), str(PROJECT)])
    monkeypatch.setenv("PYTHONPATH", path)
    out = tmp_path / "results"
    with cluster_with_nannies(tmp_path) as cluster:
        wait_until(lambda: len(cluster.workers) == 2, "the workers do not start")
        args = tally_args(town, out, island_folder, "--cluster", cluster.address)
        with started(*args) as process:
            victim = cluster.workers[0]
            wait_until(
                lambda: log.exists() and len(log.read_text().splitlines()) >= late, "no batch"
            )
            kill(victim)
            run = ended(process)
    assert run.code == 3, run.err
    begun = log.read_text(encoding="utf-8").splitlines()
    assert len(set(begun)) == BATCHES
    note("batches read again", len(begun) - BATCHES)
    # One in hand, and at most one whose receipt had not been fetched.
    assert len(begun) - BATCHES <= 2, begun
    finish(args, out, undisturbed)


@pytest.mark.slow
def test_of_two_drivers_that_start_together_one_counts_and_one_is_told(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder)
    with started(*args) as one, started(*args) as other:
        runs = [ended(one), ended(other)]
    codes = sorted(run.code for run in runs)
    assert codes in ([2, 3], [3, 3]), [run.err for run in runs]
    if codes == [2, 3]:
        (refused,) = [run for run in runs if run.code == 2]
        assert "another run is writing there (process " in refused.err
    finish(args, out, undisturbed)


@pytest.mark.slow
def test_a_run_that_was_asleep_while_others_wanted_on_goes_on(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    """A laptop whose lid was closed: on a disk the lock stays, and nobody gets in between."""
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder)
    with started(*args) as process:
        for reader in hold_in_the_middle(process, out):
            with suppress(ProcessLookupError):
                os.kill(reader, signal.SIGCONT)
        process.send_signal(signal.SIGSTOP)
        refused = actas(*args)
        process.send_signal(signal.SIGCONT)
        run = ended(process)
    assert refused.code == 2, refused.err
    assert f"process {process.pid}" in refused.err
    assert run.code == 3, run.err
    finish(args, out, undisturbed)
