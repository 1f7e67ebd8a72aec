"""The gateway for real: its server with the shipped configuration, on its local backend."""

from __future__ import annotations

import os
import socket
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.engine import environment
from tests.jobs.laptops import running
from tests.jobs.running import Ended, actas, assert_same, tally_args, wait_until

PROJECT = Path(__file__).parents[2]
CONFIG = PROJECT / "deploy" / "gateway" / "dask_gateway_config.py"
PASSWORD = "not-a-real-one"
LOCAL = "dask_gateway_server.backends.local.UnsafeLocalBackend"
"""Starts clusters as the user of the server, where the shipped backend would change to another."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a running server, and its log."""
    pytest.importorskip("dask_gateway_server", reason="no wheel of it for this system")
    folder = tmp_path_factory.mktemp("gateway")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = folder / "gateway.log"
    command = (
        sys.executable, "-m", "dask_gateway_server", "-f", str(CONFIG),
        f"--DaskGateway.backend_class={LOCAL}", f"--Proxy.address=127.0.0.1:{port}",
    )  # fmt: skip
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {"ACTAS_GATEWAY_PASSWORD": PASSWORD, "PATH": path}
    with running(log, *command, env=env):
        wait_until(lambda: "server started" in log.read_text(), "no gateway server")
        yield f"http://127.0.0.1:{port}", log


def write_place(folder: Path, address: str) -> Path:
    path = folder / "gateway.yaml"
    text = f"kind: gateway\naddress: {address}\nworkers: 2\nwait: 60\nsend: true\n"
    path.write_text(text + "options:\n  worker_cores: 1\n", encoding="utf-8")
    return path


def with_password(*args: str, password: str = PASSWORD) -> Ended:
    return actas(*args, env={"DASK_GATEWAY__AUTH__KWARGS__PASSWORD": password})


@pytest.mark.slow
def test_a_count_through_a_gateway_gives_the_same_bytes_and_ends_its_cluster(
    gateway: tuple[str, Path], tmp_path: Path, town: Path, island_folder: Path,
    undisturbed: dict[str, bytes],
) -> None:  # fmt: skip
    address, log = gateway
    place = write_place(tmp_path, address)
    out = tmp_path / "results"
    run = with_password(*tally_args(town, out, island_folder, "--cluster", place))
    assert run.code == 3, run.err
    assert "166 scans, 2 workers" in run.err
    assert "Traceback" not in run.err, run.err
    assert "Unclosed" not in run.err
    assert_same(out, undisturbed)
    said = log.read_text()
    assert said.count("Created cluster") == 1
    wait_until(lambda: " stopped\n" in log.read_text(), "the cluster does not end")


@pytest.mark.slow
def test_a_gateway_that_refuses_or_is_not_there_is_a_sentence(
    gateway: tuple[str, Path], tmp_path: Path
) -> None:
    address, _ = gateway
    place = str(write_place(tmp_path, address))
    refused = with_password("doctor", "--cluster", place, password="wrong")
    assert refused.code == 2, refused.err
    assert "the gateway starts no cluster" in refused.err
    assert "PASSWORD" in refused.err
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    absent = str(write_place(tmp_path, f"http://127.0.0.1:{port}"))
    missing = with_password("doctor", "--cluster", absent)
    assert missing.code == 2, missing.err
    assert "the gateway starts no cluster" in missing.err
    assert "Traceback" not in refused.err + missing.err


def _shipped(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    pytest.importorskip("dask_gateway_server", reason="no wheel of it for this system")
    from traitlets.config import Config

    monkeypatch.setenv("ACTAS_GATEWAY_PASSWORD", PASSWORD)
    config = Config()
    exec(compile(CONFIG.read_text(encoding="utf-8"), CONFIG, "exec"), {"c": config})
    return types.SimpleNamespace(**config)


def test_the_shipped_configuration_names_commands_that_exist_and_the_measured_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = _shipped(monkeypatch)
    assert config.ClusterConfig.scheduler_cmd == ["dask", "scheduler"]
    assert config.ClusterConfig.worker_cmd == ["dask", "worker"]
    assert config.ClusterConfig.environment == environment(encrypted=False)


def test_the_shipped_configuration_shows_nothing_to_the_network_without_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = _shipped(monkeypatch)
    if Path("/etc/dask-gateway/tls").is_dir():
        pytest.skip("this machine has certificates for a gateway")
    assert config.Proxy.address.startswith("127.0.0.1:")
    assert PASSWORD not in CONFIG.read_text(encoding="utf-8")
