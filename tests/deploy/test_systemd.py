"""The systemd units: valid by systemd itself, and they run what exists."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.documents import DEPLOY, parse_command

UNITS = DEPLOY / "systemd"


def read(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((UNITS / name).read_text(encoding="utf-8"))
    return parser


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here (the package systemd has it)")
    program = tmp_path / "actas"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace("/opt/actas/bin/actas", str(program))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / path.name) for path in UNITS.iterdir()]
    command = ["systemd-analyze", "--man=no", "verify", *units]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    about_ours = [line for line in run.stderr.splitlines() if "actas" in line]
    assert about_ours == []
    assert run.returncode == 0, run.stderr

    broken = tmp_path / "actas-tally.timer"
    broken.write_text(broken.read_text().replace("OnCalendar=*:0/15", "OnCalendar=often"))
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "often" in run.stderr


def test_the_service_runs_a_command_that_exists_and_takes_3_for_success() -> None:
    service = read("actas-tally.service")["Service"]
    program, *rest = shlex.split(service["ExecStart"])
    assert Path(program).is_absolute()
    assert parse_command(["actas", *rest]) == "watch"
    assert "--once" in rest
    assert service["Type"] == "oneshot"
    assert service["SuccessExitStatus"] == "3"


def test_the_service_is_nobody_and_writes_results_alone() -> None:
    service = read("actas-tally.service")["Service"]
    assert service["User"] not in ("", "root")
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    words = shlex.split(service["ExecStart"])
    assert service["ReadWritePaths"] == words[words.index("--out") + 1]
    assert service["ReadOnlyPaths"] == words[2]


def test_the_timer_starts_the_service_every_quarter_of_an_hour() -> None:
    timer = read("actas-tally.timer")
    assert timer["Timer"]["OnCalendar"] == "*:0/15"
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert (UNITS / "actas-tally.service").is_file()
