"""The line for cron: five times, a user, and a command that exists."""

from __future__ import annotations

import shlex

from tests.deploy.documents import DEPLOY, parse_command


def test_the_line_runs_one_round_every_quarter_of_an_hour_as_nobody_special() -> None:
    text = (DEPLOY / "cron" / "actas").read_text(encoding="utf-8")
    assert text.endswith("\n"), "cron passes over a last line without an end"
    (line,) = (line for line in text.splitlines() if not line.startswith("#"))
    assert "%" not in line, "cron takes it for the end of a line"
    *when, user, command = line.split(maxsplit=6)
    assert when == ["*/15", "*", "*", "*", "*"]
    assert user not in ("", "root")
    program, *words = shlex.split(command.partition(">>")[0])
    assert program == "/opt/actas/bin/actas"
    assert parse_command(["actas", *words]) == "watch"
    assert "--once" in words
