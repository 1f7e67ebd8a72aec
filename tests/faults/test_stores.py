"""A store that dies and returns, is busy, cuts connections, loses answers or falls silent."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.bench.proxy import Proxy, proxied
from jobs.bench.weed import BUCKET, KEYS, Weed
from jobs.stage import local_copy
from pipeline.count.place import Place
from tests.faults.harness import finish, only_in_make_faults, rounds
from tests.jobs.running import (
    Process,
    actas,
    ended,
    products,
    started,
    tally_args,
    wait_until,
)


@pytest.fixture(scope="session")
def store_town(server: Weed, town: Path) -> Place:
    """The town's scans, in the store."""
    place = Place.of(f"s3://{BUCKET}/town")
    for path in sorted(town.iterdir()):
        place.write(path.name, path.read_bytes())
    return place


@pytest.fixture(scope="session")
def store_undisturbed(store_town: Place, island_folder: Path) -> dict[str, bytes]:
    """What a run leaves that reads from the store and writes to it, if nothing happens."""
    out = Place.of(f"s3://{BUCKET}/undisturbed")
    run = actas(*args_for(store_town, out, island_folder))
    assert run.code == 3, run.err
    return products(local_copy(out))


@pytest.fixture
def proxy(server: Weed) -> Iterator[Proxy]:
    with proxied(server.port) as way:
        yield way


def args_for(scans: Place, out: Place, election: Path) -> tuple[str, ...]:
    return tally_args(scans, out, election, "--workers", 2)  # type: ignore[arg-type]


def through(proxy: Proxy) -> dict[str, str]:
    """The environment of a command that takes the bad way."""
    return KEYS | {"AWS_ENDPOINT_URL": proxy.endpoint}


def wait_for_parts(out: Place, process: Process, count: int) -> None:
    wait_until(
        lambda: (
            process.poll() is not None
            or len([name for name in out.sub("scans").names() if name.startswith("part-")]) >= count
        ),
        "no part was written",
        60,
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", rounds(few=(1,), many=8))
def test_a_bad_way_to_the_store_costs_time_alone(
    bucket: Place, proxy: Proxy, store_town: Place, island_folder: Path,
    store_undisturbed: dict[str, bytes], seed: int,
) -> None:  # fmt: skip
    """One request in twelve: busy, failed, cut, or done with its answer lost."""
    proxy._random.seed(seed)
    proxy.fault_rate = 1 / 12
    args = args_for(store_town, bucket, island_folder)
    disturbed = actas(*args, env=through(proxy), patience=300)
    assert proxy.stopped > 20
    assert disturbed.code in (3, 4), disturbed.err
    assert "Traceback" not in disturbed.err, disturbed.err
    finish(args, bucket, store_undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", rounds(few=(0,), many=3))
def test_a_store_that_dies_and_returns_is_waited_for(
    bucket: Place, server: Weed, store_town: Place, island_folder: Path,
    store_undisturbed: dict[str, bytes], seed: int,
) -> None:  # fmt: skip
    args = args_for(store_town, bucket, island_folder)
    with started(*args) as process:
        wait_for_parts(bucket, process, 2 + 12 * seed)
        server.kill()
        time.sleep(2)
        server.start()
        disturbed = ended(process, 240)
    assert disturbed.code in (3, 4), disturbed.err
    assert "Traceback" not in disturbed.err, disturbed.err
    finish(args, bucket, store_undisturbed)


@pytest.mark.slow
@only_in_make_faults
def test_a_store_that_stays_away_ends_the_run_with_a_sentence(
    bucket: Place, server: Weed, store_town: Place, island_folder: Path,
    store_undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    args = args_for(store_town, bucket, island_folder)
    with started(*args) as process:
        wait_for_parts(bucket, process, 3)
        server.kill()
        begin = time.monotonic()
        try:
            disturbed = ended(process, 900)
        finally:
            server.start()
    assert disturbed.code == 4, disturbed.err
    assert "run the same command again" in disturbed.err.lower()
    assert "Traceback" not in disturbed.err, disturbed.err
    assert time.monotonic() - begin > 30, "it was not waited for"
    finish(args, bucket, store_undisturbed)


@pytest.mark.slow
@only_in_make_faults
def test_a_store_that_falls_silent_is_not_waited_for_for_ever(
    bucket: Place, proxy: Proxy, store_town: Place, island_folder: Path,
    store_undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    proxy.faults = ("silence",)
    proxy.fault_rate = 1 / 100
    args = args_for(store_town, bucket, island_folder)
    disturbed = actas(*args, env=through(proxy), patience=900)
    assert proxy.stopped
    assert disturbed.code in (3, 4), disturbed.err
    finish(args, bucket, store_undisturbed)


@pytest.mark.slow
def test_of_two_drivers_on_one_store_one_counts(
    bucket: Place, store_town: Place, island_folder: Path, store_undisturbed: dict[str, bytes]
) -> None:
    args = args_for(store_town, bucket, island_folder)
    runs = []

    def run() -> None:
        runs.append(actas(*args))

    together = [threading.Thread(target=run) for _ in range(2)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert sorted(run.code for run in runs) in ([2, 3], [3, 3]), [run.err for run in runs]
    finish(args, bucket, store_undisturbed)


@pytest.mark.slow
@only_in_make_faults
def test_a_driver_that_slept_through_its_lease_does_no_harm_when_it_wakes(
    bucket: Place, store_town: Place, island_folder: Path, store_undisturbed: dict[str, bytes]
) -> None:
    args = args_for(store_town, bucket, island_folder)
    with started(*args) as sleeper:
        wait_for_parts(bucket, sleeper, 3)
        sleeper.send_signal(signal.SIGSTOP)
        other = actas(*args, patience=240)
        assert other.code == 3, other.err
        assert f"process {sleeper.pid} on " in other.err
        assert "did not end by itself" in other.err
        sleeper.send_signal(signal.SIGCONT)
        woken = ended(sleeper, 120)
    assert woken.code == 4, woken.err
    assert "has taken over" in woken.err
    assert "Traceback" not in woken.err
    finish(args, bucket, store_undisturbed)
