"""A network between hosts that is cut in the middle of a run. The hosts are network namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.engine import environment
from tests.faults.harness import finish, note, only_in_make_faults
from tests.jobs.faults import PROJECT
from tests.jobs.running import ACTAS, Process, ended, parts, started, tally_args, wait_until

MINE = os.getpid() % 100_000
"""In the names of what is made: another run of these tests may be on."""
BRIDGE = f"ac{MINE}-br"
STALL = 20.0
"""Seconds that a cut link may hold up a run."""
NOTICED_SOON = environment(encrypted=False)
"""What `actas cluster scheduler` and `worker` tell Dask."""


@dataclass(frozen=True)
class Host:
    """A network namespace with an address, and a link that can be cut."""

    name: str
    address: str

    def command(self, *words: str) -> list[str]:
        """A command that runs there."""
        return ["ip", "netns", "exec", self.name, *words]

    def cut(self) -> None:
        """Pull the plug: packets are lost, and nobody is told."""
        _ip("link", "set", f"{self.name}-b", "nomaster")

    def mend(self) -> None:
        """Put it in again."""
        _ip("link", "set", f"{self.name}-b", "master", BRIDGE)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    """Three hosts on one bridge: driver and scheduler, and two for workers."""
    if not shutil.which("ip") or os.geteuid():
        pytest.skip("no network namespaces here: it takes iproute2 and root")
    made = [Host(f"ac{MINE}-{n}", f"10.77.0.{n + 10}") for n in range(3)]
    with ExitStack() as stack:
        try:
            _ip("link", "add", BRIDGE, "type", "bridge")
            stack.callback(_ip, "link", "delete", BRIDGE)
            _ip("link", "set", BRIDGE, "up")
            for host in made:
                _ip("netns", "add", host.name)
                stack.callback(_ip, "netns", "delete", host.name)
                _ip("link", "add", f"{host.name}-b", "type", "veth",
                    "peer", "name", "eth0", "netns", host.name)  # fmt: skip
                # With its namespace it would go later than the next test begins.
                stack.callback(_ip, "link", "delete", f"{host.name}-b")
                _ip("link", "set", f"{host.name}-b", "master", BRIDGE, "up")
                for words in (
                    ("addr", "add", f"{host.address}/24", "dev", "eth0"),
                    ("link", "set", "eth0", "up"), ("link", "set", "lo", "up"),
                ):  # fmt: skip
                    _ip("-n", host.name, *words)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"may not make network namespaces: {error.stderr.decode().strip()}")
        yield made


@contextmanager
def dask_on(host: Host, *words: str) -> Iterator[Process]:
    process = subprocess.Popen(
        host.command(sys.executable, "-m", "dask", *words),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | NOTICED_SOON | {"PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def cluster_on(hosts: list[Host], folder: Path) -> Iterator[str]:
    """A scheduler on the first host and a worker on each other; yields its address."""
    first, *others = hosts
    file = folder / "scheduler.json"
    with ExitStack() as stack:
        stack.enter_context(
            dask_on(
                first, "scheduler", "--host", first.address, "--port", "0", "--no-dashboard",
                "--scheduler-file", str(file),
            )
        )  # fmt: skip
        wait_until(lambda: file.exists() and file.read_text(), "the scheduler does not start")
        for host in others:
            stack.enter_context(
                dask_on(
                    host, "worker", "--scheduler-file", str(file), "--host", host.address,
                    "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60",
                    "--local-directory", str(folder / host.name),
                )
            )  # fmt: skip
        yield str(file)


def address_of(file: str) -> str:
    import json

    return str(json.loads(Path(file).read_text(encoding="utf-8"))["address"])


@pytest.mark.slow
@only_in_make_faults
@pytest.mark.parametrize("mended", [False, True], ids=["for good", "for a while"])
def test_a_cut_link_holds_the_run_up_for_no_more_than_20_seconds(
    hosts: list[Host], tmp_path: Path, town: Path, island_folder: Path,
    undisturbed: dict[str, bytes], mended: bool,
) -> None:  # fmt: skip
    out = tmp_path / "results"
    with cluster_on(hosts, tmp_path) as file:
        alone = tally_args(town, out, island_folder, "--batch", 1)
        args = (*alone, "--cluster", address_of(file), "--insecure")
        time.sleep(4)  # both workers are there
        command = tuple(hosts[0].command(*ACTAS))
        with started(*args, command=command, env=NOTICED_SOON) as process:
            wait_until(lambda: len(parts(out)) >= 20, "no batch was written")
            hosts[1].cut()
            cut = time.monotonic()
            stall = longest_stall(process, out, mend=hosts[1] if mended else None)
            run = ended(process, 120)
        hosts[1].mend()
    assert run.code == 3, run.err
    assert "Traceback" not in run.err
    note("stall in s", round(stall, 1))
    assert stall < STALL, f"stood still for {stall:.1f} s; cut {time.monotonic() - cut:.0f} s ago"
    finish(alone, out, undisturbed)


def longest_stall(process: Process, out: Path, mend: Host | None) -> float:
    """The longest time without a new part until the run ends."""
    worst, last, count = 0.0, time.monotonic(), len(parts(out))
    begin = last
    while process.poll() is None and time.monotonic() - begin < 120:
        if len(parts(out)) != count or count == 0:
            count, last = len(parts(out)), time.monotonic()
        worst = max(worst, time.monotonic() - last)
        if mend and time.monotonic() - begin > 8:
            mend.mend()
            mend = None
        time.sleep(0.05)
    return worst


@pytest.mark.slow
@only_in_make_faults
def test_a_driver_that_is_cut_off_says_so_and_the_next_run_goes_on(
    hosts: list[Host], tmp_path: Path, town: Path, island_folder: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    """The scheduler stands elsewhere; the driver's own link is cut."""
    out = tmp_path / "results"
    driver, *others = hosts
    with cluster_on(others, tmp_path) as file:
        alone = tally_args(town, out, island_folder, "--batch", 1)
        args = (*alone, "--cluster", address_of(file), "--insecure")
        time.sleep(4)
        with started(*args, command=tuple(driver.command(*ACTAS)), env=NOTICED_SOON) as process:
            wait_until(lambda: len(parts(out)) >= 10, "no batch was written")
            driver.cut()
            cut = time.monotonic()
            run = ended(process, 120)
        took = time.monotonic() - cut
        driver.mend()
    assert run.code == 4, run.err
    assert "cluster was lost" in run.err
    assert "Traceback" not in run.err
    note("said after s", round(took, 1))
    assert took < 60
    finish(alone, out, undisturbed)
