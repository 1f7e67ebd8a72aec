"""A count on several machines, as its users run it: with certificates, with and without a share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.certs import make_certificates, utc_now
from tests.jobs import island
from tests.jobs.laptops import (
    Laptop,
    Laptops,
    in_a_room_of_its_own,
    joined,
    laptops,
    other_code,
    worker_of,
)
from tests.jobs.running import (
    actas,
    assert_same,
    ended,
    hold_in_the_middle,
    let_go,
    parts,
    started,
    tally_args,
)


@pytest.fixture(scope="module")
def two(
    tmp_path_factory: pytest.TempPathFactory, cluster_certs: Path, town: Path
) -> Iterator[Laptops]:
    """Two laptops that see nothing of this one: neither its scans nor any folder for results."""
    folder = tmp_path_factory.mktemp("two")
    blind = in_a_room_of_its_own(f"-t tmpfs none {town.parent}")
    machines = [Laptop(name, before=blind) for name in ("ana", "bea")]
    with laptops(folder, *machines, certs=cluster_certs) as cluster:
        yield cluster


@pytest.mark.slow
def test_two_laptops_that_share_a_folder_give_the_same_bytes(
    tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    out = tmp_path / "results"
    with laptops(tmp_path, Laptop("ana"), Laptop("bea"), certs=cluster_certs) as cluster:
        assert cluster.address.startswith("tls://127.0.0.1:")
        args = ("--cluster", cluster.address, "--certs", cluster_certs)
        run = actas(*tally_args(town, out, island_folder, *args))
        logs = [(tmp_path / f"{name}.log").read_text() for name in ("ana", "bea")]
    assert run.code == 3, run.err
    assert_same(out, undisturbed)
    assert "166 scans, 2 workers" in run.err
    assert "Traceback" not in run.err + "".join(logs)


@pytest.mark.slow
def test_scans_are_sent_to_laptops_that_see_no_folder(
    two: Laptops, tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    out = town.parent / "results-sent"  # where the laptops see nothing either
    args = ("--cluster", two.address, "--certs", cluster_certs)
    refused = actas(*tally_args(town, out, island_folder, *args))
    assert refused.code == 2
    for name in ("ana", "bea"):
        assert f"{name} (tls://" in refused.err
    assert "cannot read" in refused.err
    assert "cannot write" in refused.err
    assert "or use --send" in refused.err

    sent = actas(*tally_args(town, out, island_folder, *args, "--send"))
    assert sent.code == 3, sent.err
    assert_same(out, undisturbed)

    before = parts(out)
    again = actas(*tally_args(town, out, island_folder, *args, "--send"))
    assert again.code == 3, again.err
    assert parts(out) == before


@pytest.mark.slow
def test_a_yaml_file_says_it_all_as_well(
    two: Laptops, tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    place = tmp_path / "my-lan.yaml"
    text = f"kind: scheduler\naddress: {two.address}\ncerts: {cluster_certs}\n"
    place.write_text(text + "workers: 2\nsend: true\n", encoding="utf-8")
    out = tmp_path / "results"
    run = actas(*tally_args(town, out, island_folder, "--cluster", place))
    assert run.code == 3, run.err
    assert_same(out, undisturbed)


@pytest.mark.slow
def test_a_laptop_that_dies_costs_nothing_that_was_sent(
    tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    """Its nanny brings it back; the driver hands its batches out again."""
    out = tmp_path / "results"
    with laptops(tmp_path, Laptop("ana"), Laptop("bea"), certs=cluster_certs) as cluster:
        args = ("--cluster", cluster.address, "--certs", cluster_certs, "--send")
        with started(*tally_args(town, out, island_folder, *args)) as process:
            worker = worker_of(cluster.workers[0])
            readers = hold_in_the_middle(process, out, worker)
            os.kill(worker, signal.SIGKILL)
            let_go(readers)
            run = ended(process)
    assert run.code == 3, run.err
    assert_same(out, undisturbed)


@pytest.mark.slow
def test_who_has_no_certificate_of_this_cluster_is_not_let_in(
    two: Laptops, tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path
) -> None:
    other = tmp_path / "other"
    make_certificates(other, 30, utc_now())
    for address, more, said in (
        (two.address, ("--certs", other), "No scheduler answers"),
        (two.address, (), "its certificates are needed"),
        (two.address.replace("tls://", "tcp://"), (), "No scheduler answers"),
        ("tcp://10.255.255.1:8786", (), "runs any code on it"),
    ):
        args = tally_args(town, tmp_path / "r", island_folder, "--cluster", address, *more)
        refused = actas(*args)
        assert refused.code == 2, refused.err
        assert said in refused.err
        assert "Traceback" not in refused.err
    assert parts(tmp_path / "r") == []


def test_plain_connections_are_for_one_machine_only() -> None:
    for command in (
        ("scheduler",),
        ("scheduler", "--host", "192.168.1.10"),
        ("worker", "tcp://192.168.1.10:8786"),
    ):
        refused = actas("cluster", *command)
        assert refused.code == 2, refused.err
        assert "runs any code on it" in refused.err
        assert "--insecure" in refused.err
    missing = actas("cluster", "worker", "tls://192.168.1.10:8786")
    assert missing.code == 2
    assert "Give --certs FOLDER" in missing.err


@pytest.mark.slow
def test_a_laptop_that_joins_later_with_another_version_reads_nothing(
    tmp_path: Path, town: Path, island_folder: Path, cluster_certs: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    """Nobody has examined it; its own check keeps it from adding what others would read."""
    out = tmp_path / "results"
    certs = ("--certs", str(cluster_certs))
    newer = other_code(tmp_path / "newer")
    with laptops(tmp_path, Laptop("ana"), certs=cluster_certs) as cluster:
        more = ("--cluster", cluster.address, *certs, "--deadline", "300")
        args = tally_args(town, out, island_folder, *more)
        with started(*args) as process:
            readers = hold_in_the_middle(process, out, worker_of(cluster.workers[0]))
            with joined(tmp_path, cluster, Laptop("late", newer), cluster_certs):
                refused = ended(process)
            let_go(readers)
        assert refused.code == 2, refused.err
        assert "its actas is another version than the driver's" in refused.err
        finished = actas(*args)
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)


def _peaks(cluster: Laptops, args: tuple[str, ...]) -> tuple[int, int]:
    """The largest resident sets so far, in KiB, of this run's driver and of the scheduler."""
    code = (
        "import resource, sys; from jobs.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    sys.stderr.write(f'PEAK {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\\n')\n"
    )
    run = actas(*args, command=(sys.executable, "-c", code))
    status = Path(f"/proc/{cluster.scheduler.pid}/status").read_text()
    assert run.code in (0, 3), run.err
    scheduler = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(run.err.rpartition("PEAK ")[2]), int(scheduler.split()[1])


@pytest.mark.slow
def test_what_is_sent_does_not_pile_up(
    tmp_path: Path, island_folder: Path, cluster_certs: Path
) -> None:
    """120 MB of scans pass through a driver and a scheduler that never hold more than a window."""
    content = {n: island.scan(island.payload(mesa=n)) for n in range(1, 41)}
    padded = {n: content[n] + b"\0" * (1 << 20) for n in content}
    peaks = []
    with laptops(tmp_path, Laptop("ana"), certs=cluster_certs) as cluster:
        more = ("--cluster", cluster.address, "--certs", cluster_certs, "--send", "--batch", 64)
        for count in (20, 120):
            files = {f"{n:03d}.jpg": padded[1 + n % 40] for n in range(count)}
            scans = island.write_files(tmp_path / f"scans{count}", files)
            args = tally_args(scans, tmp_path / f"results{count}", island_folder, *more)
            peaks.append(_peaks(cluster, args))
    grown = [after - before for before, after in zip(*peaks, strict=True)]
    assert max(grown) < 50_000, f"driver and scheduler, KiB: {peaks}"


def _scheduler_rules(dask_scheduler: Any) -> tuple[object, ...]:
    import dask

    return (
        dask_scheduler.allowed_failures,
        dask_scheduler.WORKER_SATURATION,
        dask_scheduler.worker_ttl,
        "stealing" in dask_scheduler.extensions,
        dask.config.get("distributed.comm.timeouts.tcp"),
    )


def _worker_rules() -> tuple[object, ...]:
    import dask

    get = dask.config.get
    return (
        get("distributed.comm.timeouts.tcp"),
        get("distributed.comm.require-encryption"),
        get("distributed.worker.memory.terminate"),
    )


@pytest.mark.slow
def test_scheduler_and_workers_live_by_the_measured_settings(
    two: Laptops, cluster_certs: Path
) -> None:
    from distributed import Client, Security

    own = cluster_certs / "client"
    security = Security(
        require_encryption=True,
        tls_ca_file=str(own / "ca.pem"),
        tls_client_cert=str(own / "cert.pem"),
        tls_client_key=str(own / "key.pem"),
    )
    with Client(two.address, security=security, set_as_default=False) as client:
        rules = client.run_on_scheduler(_scheduler_rules)
        workers = client.run(_worker_rules)
    assert tuple(rules) == (0, 1.0, 30, False, "12s")
    assert list(workers.values()) == [("12s", True, False)] * 2
