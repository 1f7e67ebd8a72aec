"""The image and the compose file. No engine is needed: what containers run is run as processes."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from jobs.certs import make_certificates, utc_now
from tests.deploy.documents import (
    DEPLOY,
    PROJECT,
    Stage,
    documents,
    faults,
    load_schema,
    parse_command,
    read_dockerfile,
)
from tests.jobs.laptops import running
from tests.jobs.running import ACTAS, wait_until

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
COMPOSE = DEPLOY / "docker" / "compose.yaml"
STAGES = read_dockerfile(DOCKERFILE)
ROLES = ("scheduler", "worker", "job")
SECRET = re.compile(
    r"(?i)(password|passwd|secret|token|api_?key)['\"]?\s*[=:]\s*['\"\w]|PRIVATE KEY"
)
HARMLESS = ("os.environ[", "automountServiceAccountToken: false")


def test_there_is_an_image_for_each_role() -> None:
    assert {"build", "base", *ROLES} == set(STAGES)


@pytest.mark.parametrize("role", ROLES)
def test_an_image_is_slim_pinned_and_not_root(role: str) -> None:
    stage = STAGES[role]
    name, _, tag = stage.base.partition(":")
    assert name == "python"
    assert re.fullmatch(r"3\.1[1-3](\.\d+)?-slim-[a-z]+", tag), tag
    user, group = stage.last("USER").split(":")
    assert int(user) >= 10000
    assert int(group) >= 10000
    assert not any(word in ("ADD", "ONBUILD", "VOLUME") for word, _ in stage.lines)
    kept = [rest for word, rest in stage.lines if word == "COPY"]
    assert kept == ["--from=build /opt/actas /opt/actas"]


def test_the_build_installs_what_the_tests_ran_on() -> None:
    (install,) = (r for word, r in STAGES["build"].lines if word == "RUN" and " install " in r)
    assert "--constraint constraints.txt" in install
    assert "--no-cache-dir" in install
    assert "--editable" not in install
    for word, rest in STAGES["build"].lines:
        if word == "COPY":
            *sources, _ = rest.split()
            for source in sources:
                assert (PROJECT / source).exists(), source


def test_nothing_but_the_program_gets_into_the_build() -> None:
    lines = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source
        for word, rest in STAGES["build"].lines
        if word == "COPY"
        for source in rest.split()[:-1]
    }
    assert allowed == copied


@pytest.mark.parametrize("path", sorted(p for p in DEPLOY.rglob("*") if p.is_file()), ids=str)
def test_no_secret_lies_in_a_file_of_deploy(path: Path) -> None:
    assert SECRET.search("password = 'hunter2'")
    found = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if SECRET.search(line) and not any(word in line for word in HARMLESS)
    ]
    assert found == []


@pytest.mark.parametrize("role", ROLES)
def test_an_image_runs_a_command_that_exists(role: str) -> None:
    stage = STAGES[role]
    if role == "job":
        assert stage.words("ENTRYPOINT") == ["actas"]
        assert stage.last("HEALTHCHECK") == "NONE"
    else:
        assert parse_command(stage.words("ENTRYPOINT") + stage.words("CMD")) == role
        assert " CMD [" in stage.last("HEALTHCHECK")


def test_hadolint_finds_nothing_wrong() -> None:
    if not shutil.which("hadolint"):
        pytest.skip("no hadolint here")
    run = subprocess.run(["hadolint", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert run.stdout == ""
    assert run.returncode == 0, run.stderr


def test_the_compose_file_is_valid_by_the_specification() -> None:
    (compose,) = documents(COMPOSE)
    schema = load_schema("compose")
    assert faults(compose, schema) == []
    compose["services"]["worker"]["restrat"] = "always"
    assert faults(compose, schema) != []


@pytest.mark.parametrize("role", ROLES)
def test_a_service_runs_its_image_with_little_power(role: str) -> None:
    service = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"][role]
    assert service["build"]["target"] == role
    assert (COMPOSE.parent / service["build"]["context"]).resolve() == PROJECT
    assert (PROJECT / service["build"]["dockerfile"]).is_file()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "ports" not in service, "nothing is shown to the network outside"
    assert service["user"] not in ("root", "0", "0:0")
    words = STAGES[role].words("ENTRYPOINT") + service.get("command", STAGES[role].words("CMD"))
    assert parse_command(words) == ("tally" if role == "job" else role)
    mounts = [volume.rsplit(":", 2) for volume in service["volumes"]]
    certs = "client" if role == "job" else role
    assert any(m[-1] == "ro" and m[0].endswith(f"/{certs}") for m in mounts if len(m) == 3)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def _here(words: Sequence[str], ports: dict[str, int], certs: Path) -> list[str]:
    """A container's words for this machine: its ports, its names, its folder of keys."""
    changed = []
    for word in words:
        for port, own in ports.items():
            word = word.replace(port, str(own))
        word = word.replace("/etc/actas/certs", str(certs)).replace("//scheduler:", "//127.0.0.1:")
        changed.append(word)
    return changed


def _command(stage: Stage, ports: dict[str, int], certs: Path) -> list[str]:
    words = stage.words("ENTRYPOINT") + stage.words("CMD")
    return [*ACTAS, *_here(words[1:], ports, certs), "--host", "127.0.0.1"]


def _healthy(stage: Stage, ports: dict[str, int]) -> bool:
    check = json.loads(stage.last("HEALTHCHECK").partition(" CMD ")[2])
    program, *words = _here(check, ports, Path())
    assert program == "python"
    return (
        subprocess.run([sys.executable, *words], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.slow
def test_what_the_images_run_is_healthy_when_it_runs_and_not_when_it_does_not(
    tmp_path: Path,
) -> None:
    certs = tmp_path / "certs"
    make_certificates(certs, 1, utc_now())
    ports = dict(zip(("8786", "8787", "8789"), _free_ports(3), strict=True))
    scheduler, worker = STAGES["scheduler"], STAGES["worker"]
    command = [*_command(scheduler, ports, certs), "--port", str(ports["8786"])]
    command += ["--dashboard", f"127.0.0.1:{ports['8787']}"]
    assert not _healthy(scheduler, ports)
    with running(tmp_path / "scheduler.log", *command):
        wait_until(lambda: _healthy(scheduler, ports), "the scheduler is not healthy")
        assert not _healthy(worker, ports)
        with running(tmp_path / "worker.log", *_command(worker, ports, certs)):
            wait_until(lambda: _healthy(worker, ports), "the worker is not healthy", 60)
        assert not _healthy(worker, ports)
