"""`actas tally` as a process: repeated, interrupted, killed, without room; with the same bytes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from pipeline.count.store import Ledger
from tests.jobs import island
from tests.jobs.faults import faulty
from tests.jobs.running import (
    actas,
    assert_same,
    ended,
    hold_in_the_middle,
    is_alive,
    let_go,
    parts,
    products,
    readers_of,
    started,
    tally_args,
    wait_until,
)

FEW = {f"{n:03d}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 9)}


def ledger(out: Path) -> Ledger:
    return Ledger.open(out / "scans", "island-2030")


def runs_by_name(out: Path) -> dict[str, int]:
    """The run that read each file last."""
    rows = ledger(out).rows(["source", "run"]).to_pylist()
    return {row["source"].rpartition("/")[2]: row["run"] for row in rows}


@pytest.mark.slow
def test_only_what_is_new_or_changed_is_read(tmp_path: Path, island_folder: Path) -> None:
    scans, out = island.write_files(tmp_path / "scans", FEW), tmp_path / "results"
    args = tally_args(scans, out, island_folder)

    fresh = actas(*args)
    assert fresh.code == 0, fresh.err
    assert fresh.summary["votes"] == {"ANA": 8 * 54, "BEA": 8 * 3, "CAI": 8 * 3}
    first = products(out)

    begin = time.monotonic()
    again = actas(*args)
    assert time.monotonic() - begin < 5
    assert again.code == 0, again.err
    assert fresh.summary | {"seconds": 0} == again.summary | {"seconds": 0}
    assert_same(out, first)

    (scans / "new.jpg").write_bytes(island.scan(island.payload(mesa=20)))
    (scans / "001.jpg").write_bytes(island.scan(island.payload(mesa=1, votes=(60, 4, 3, 2, 1))))
    os.utime(scans / "002.jpg", ns=(1, 1))
    third = actas(*args)
    assert third.code == 0, third.err
    news = {name: run for name, run in runs_by_name(out).items() if run > 1}
    assert news == {"new.jpg": 2, "001.jpg": 2, "002.jpg": 2}
    assert third.summary["scans"]["found"] == 9
    assert third.summary["votes"]["ANA"] == 9 * 54 + 10
    assert third.summary["table_version"] > again.summary["table_version"]


@pytest.mark.slow
def test_interrupted_in_the_middle_the_same_command_finishes_with_the_same_bytes(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder)
    with started(*args) as process:
        readers = hold_in_the_middle(process, out)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        let_go(readers)
        stopped = ended(process)
    assert stopped.code == 4, stopped.err
    assert "Run the same command again" in stopped.err
    assert "Traceback" not in stopped.err
    assert not (out / "summary.json").exists()
    kept = ledger(out).rows(["uri"]).num_rows
    assert 0 < kept < 166
    assert not any(is_alive(reader) for reader in readers)

    status = actas("status", str(out))
    assert status.code == 0, status.err
    assert f"{kept} scans are read" in status.out
    assert json.loads(actas("status", str(out), "--json").out) == {
        "summary": None,
        "running": False,
        "read": kept,
    }

    finished = actas(*args)
    assert finished.code == 3, finished.err
    assert sorted(runs_by_name(out).values()) == [1] * kept + [2] * (166 - kept)
    assert_same(out, undisturbed)


@pytest.mark.slow
def test_ctrl_c_twice_ends_at_once_with_the_same_code(
    tmp_path: Path, town: Path, island_folder: Path, faults: dict[str, str]
) -> None:
    """A terminal sends the signal to the reading processes, too."""
    flag, out = tmp_path / "begun", tmp_path / "results"
    content = faulty(FEW["001.jpg"], "hang-first", times=1, flag=str(flag))
    scans = island.write_files(tmp_path / "scans", {"1.jpg": content})
    args = tally_args(scans, out, island_folder, "--deadline", "300")
    with started(*args, env=faults, start_new_session=True) as process:
        wait_until(Path(f"{flag}0").exists, "the reader never came to the scan")
        (reader,) = readers_of(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        assert is_alive(reader)
        os.killpg(process.pid, signal.SIGINT)
        stopped = ended(process, 20)
    assert stopped.code == 4, stopped.err
    assert "Traceback" not in stopped.err
    wait_until(lambda: not is_alive(reader), "an orphan", 5)


@pytest.mark.slow
def test_a_killed_driver_leaves_nothing_that_a_rerun_does_not_mend(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder)
    with started(*args) as process:
        readers = hold_in_the_middle(process, out)
        process.kill()
        process.wait()
    wait_until(lambda: not any(map(is_alive, readers)), "a reading process outlived its driver", 5)
    assert parts(out)
    (out / "scans" / "part-torn.parquet").write_bytes(b"PAR1 and no more")
    (out / "scans" / ".part-torn.parquet.99.tmp").write_bytes(b"half")
    (out / ".summary.json.tmp").write_bytes(b"half")

    finished = actas(*args)
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)
    named = {uri.rpartition("/")[2] for uri in DeltaTable(out / "scans").file_uris()}
    assert {path.name for path in (out / "scans").iterdir() if path.is_file()} == named


@pytest.mark.slow
def test_reading_processes_killed_during_a_run_cost_nothing(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    killed = 0
    with started(*tally_args(town, out, island_folder, "--workers", 2)) as process:
        for wanted in (2, 12, 24):
            wait_until(
                lambda count=wanted: process.poll() is not None or len(parts(out)) >= count,  # type: ignore[misc]
                "the run does not go on",
            )
            for reader in readers_of(process.pid):
                os.kill(reader, signal.SIGKILL)
                killed += 1
        finished = ended(process)
    assert killed >= 4
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)


@pytest.mark.slow
def test_a_second_run_on_the_same_results_is_refused_and_says_by_whom(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder)
    with started(*args) as process:
        readers = hold_in_the_middle(process, out)
        second = actas(*args)
        status = json.loads(actas("status", str(out), "--json").out)
        let_go(readers)
        first = ended(process)
    assert second.code == 2
    assert f"process {process.pid}" in second.err
    assert "Traceback" not in second.err
    assert status["running"] is True
    assert 0 <= status["read"] < 166
    assert first.code == 3, first.err
    assert_same(out, undisturbed)
    assert json.loads(actas("status", str(out), "--json").out)["running"] is False


def test_results_of_another_election_are_refused_and_left_alone(
    tmp_path: Path, island_folder: Path
) -> None:
    scans, out = island.write_files(tmp_path / "scans", FEW), tmp_path / "results"
    assert actas(*tally_args(scans, out, island_folder)).code == 0
    before = products(out)
    other = island.write_definition(tmp_path / "other", slug="atlantis-2031")
    refused = actas(*tally_args(scans, out, other))
    assert refused.code == 2
    assert "'island-2030'" in refused.err
    assert "'atlantis-2031'" in refused.err
    assert_same(out, before)
    resumed = actas("tally", str(scans), "--out", str(out), "--json")
    assert resumed.code == 0, "the results know their own election"
    assert_same(out, before)


def test_a_mistake_in_the_scans_leaves_no_results_of_the_wrong_election(
    tmp_path: Path, island_folder: Path
) -> None:
    """First the folder is mistyped, and the election forgotten; then both are right."""
    scans, out = island.write_files(tmp_path / "scans", FEW), tmp_path / "results"
    mistaken = actas("tally", str(tmp_path / "scams"), "--out", str(out))
    assert mistaken.code == 2
    right = actas(*tally_args(scans, out, island_folder))
    assert right.code == 0, right.err


def test_larger_limits_read_what_smaller_ones_refused(tmp_path: Path, island_folder: Path) -> None:
    """The finding names the limit; whoever raises it wants the scan read."""
    scans, out = island.write_files(tmp_path / "scans", FEW), tmp_path / "results"
    refused = actas(*tally_args(scans, out, island_folder, "--max-pixels", 1000))
    assert refused.summary["scans"]["failed"] == 8
    read = actas(*tally_args(scans, out, island_folder))
    assert read.code == 0, read.err
    assert read.summary["scans"]["counted"] == 8


@pytest.mark.parametrize("where", ["file/results", "file"])
def test_results_that_cannot_be_written_are_a_sentence(
    tmp_path: Path, island_folder: Path, where: str
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    scans = island.write_files(tmp_path / "scans", FEW)
    run = actas(*tally_args(scans, tmp_path / where, island_folder))
    assert run.code == 2
    assert "cannot write results there" in run.err
    assert "Traceback" not in run.err
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


@pytest.mark.slow
def test_a_file_that_may_not_grow_stops_the_run_and_room_ends_it(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    """RLIMIT_FSIZE answers as a full disk does."""
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder, "--batch", 64)
    stopped = actas(
        *args, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))
    )
    assert stopped.code == 4, stopped.err
    assert "full" in stopped.err
    assert "run the same command again" in stopped.err
    assert "Traceback" not in stopped.err
    assert not (out / "summary.json").exists()
    finished = actas(*args)
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"may not mount a small disk: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("free", [0, 8, 120])
def test_a_full_disk_stops_the_run_and_room_ends_it(
    small_disk: Path,
    town: Path,
    island_folder: Path,
    undisturbed: dict[str, bytes],
    free: int,
) -> None:
    """With so many KiB free the lock, the ledger or a part has no room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes((400 - free) * 1024))
    out = small_disk / "results"
    args = tally_args(town, out, island_folder, "--batch", 64)
    stopped = actas(*args)
    assert stopped.code == 4, stopped.err
    assert "full" in stopped.err
    assert "Traceback" not in stopped.err
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    finished = actas(*args)
    assert finished.code == 3, finished.err
    assert_same(out, undisturbed)


def test_the_tables_hold_what_the_summary_says(
    tmp_path: Path, town: Path, island_folder: Path
) -> None:
    out = tmp_path / "results"
    run = actas(*tally_args(town, out, island_folder, "--batch", 64))
    summary, actas_table = run.summary, pq.read_table(out / "actas.parquet")
    counted = [row for row in actas_table.to_pylist() if row["status"] == "counted"]
    assert actas_table.num_rows == summary["mesas"]["expected"] == 160
    assert sum(row["valid_votes"] for row in counted) == summary["valid_votes"]
    assert sum(sum(row["votes"]) for row in counted) == sum(summary["votes"].values())
    for level in ("nation", "coast", "centre"):
        table = pq.read_table(out / "totals" / f"{level}.parquet")
        assert sum(table["valid_votes"].to_pylist()) == summary["valid_votes"]
    assert sum(summary["mesas"][s] for s in ("counted", "quarantined", "missing")) == 160


def _peak(scans: Path, out: Path, election: Path) -> int:
    """The driver's largest resident set, in KiB, of a whole run."""
    code = (
        "import resource, sys; from jobs.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    sys.stderr.write(f'PEAK {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\\n')\n"
    )
    import sys

    args = tally_args(scans, out, election, "--batch", 64)
    run = actas(*args, command=(sys.executable, "-c", code))
    assert run.code in (0, 3), run.err
    return int(run.err.rpartition("PEAK ")[2])


@pytest.mark.slow
def test_the_driver_does_not_grow_with_the_scans(tmp_path: Path, island_folder: Path) -> None:
    """Ten times the scans, and not a tenth more memory: no image passes through its hands twice."""
    content = {n: island.scan(island.payload(mesa=n)) for n in range(1, 41)}
    few = {f"{n:04d}.jpg": content[1 + n % 40] for n in range(150)}
    many = {f"{n:04d}.jpg": content[1 + n % 40] for n in range(1500)}
    small = _peak(island.write_files(tmp_path / "few", few), tmp_path / "r1", island_folder)
    large = _peak(island.write_files(tmp_path / "many", many), tmp_path / "r2", island_folder)
    assert large < small + 30_000, f"{small} KiB, then {large} KiB"
