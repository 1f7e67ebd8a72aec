"""The command line: what users get wrong is a sentence and a code, what they ask is answered."""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jobs.tally
from pipeline.count.place import Place
from tests.jobs import island
from tests.jobs.running import ACTAS, Ended, actas, tally_args

COMMANDS = (
    "tally", "watch", "log", "diff", "plan", "status", "explain", "report", "publish", "synth",
    "bench", "analyse", "compare",
)  # fmt: skip
Cli = Callable[..., Ended]


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {f"{mesa}.jpg": island.scan(island.payload(mesa=mesa)) for mesa in range(1, 6)}
    files["other.jpg"] = island.scan(island.payload(mesa=5, votes=(1, 1, 1, 1, 1)))
    files["blank.jpg"] = island.scan()
    files["notes.txt"] = b"not a scan"
    return island.write_files(tmp_path_factory.mktemp("cli") / "scans", files)


@pytest.fixture(scope="module")
def results(scans: Path, island_folder: Path) -> Path:
    """Finished results. Nobody writes there."""
    out = scans.parent / "results"
    run = actas(*tally_args(scans, out, island_folder))
    assert run.code == 3, run.err
    return out


def test_every_user_mistake_is_a_sentence_with_code_2(
    cli: Cli, tmp_path: Path, scans: Path, results: Path, island_folder: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "notes.txt").write_text("no scan", encoding="utf-8")
    (tmp_path / "list.txt").write_text("\n\n", encoding="utf-8")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "summary.json").write_text("{", encoding="utf-8")
    broken = island.write_definition(tmp_path / "broken")
    (broken / "election.yaml").write_text("slug: [", encoding="utf-8")
    keyless = island.write_definition(tmp_path / "keyless")
    (keyless / "ballot.csv").unlink()
    out = tmp_path / "out"
    number = itertools.count()

    def fresh() -> tuple[Any, ...]:
        """A run that would be right, into a folder of its own."""
        folder = tmp_path / f"out{next(number)}"
        return ("tally", scans, "--out", folder, "-e", island_folder, "--workers", 1)

    tally = ("tally", scans, "--out", out, "--election")
    mistakes: dict[tuple[Any, ...], str] = {
        ("tally", empty, "--out", out, "-e", island_folder): "No scans",
        ("tally", tmp_path / "text", "--out", out, "-e", island_folder): "1 other file",
        ("tally", tmp_path / "list.txt", "--out", out, "-e", island_folder): "No scans",
        ("tally", tmp_path / "none", "--out", out, "-e", island_folder): "No such file",
        ("tally", scans): "--out",
        ("tally", "--out", out): "SCANS",
        (*tally, tmp_path / "none"): "election.yaml",
        (*tally, "venezuela-1998"): "election.yaml",
        (*tally, broken): "not valid YAML",
        (*tally, keyless): "ballot.csv",
        ("tally", scans, "--out", out, "--workers", "0"): "--workers",
        ("tally", scans, "--out", out, "--workers", "many"): "--workers",
        (*fresh(), "--batch", "-1"): "--batch",
        (*fresh(), "--deadline", "nan"): "--deadline",
        (*fresh(), "--deadline", "inf"): "--deadline",
        (*fresh(), "--memory", "99999999999"): "--memory",
        (*fresh(), "--max-bytes", str(2**62)): "--max-bytes",
        (*fresh(), "--cluster", "nonsense"): "nonsense",
        (*fresh(), "--retry", "everything"): "--retry",
        ("watch", tmp_path / "none", "--out", out, "-e", island_folder): "No such file",
        ("watch", tmp_path / "none", "--out", out, "-e", island_folder, "--once"): "No such file",
        ("watch", scans, "--out", out, "--every", "soon"): "no duration",
        ("watch", scans, "--out", out, "--every", "0s"): "no duration",
        ("plan", tmp_path / "none", "--out", out, "-e", island_folder): "No such file",
        ("plan", empty, "--out", out, "-e", island_folder): "No scans",
        ("status", tmp_path / "none"): "no results here",
        ("status", scans / "1.jpg"): "no results here",
        ("status", tmp_path / "half"): "no results here",
        ("explain", results, "9999-001"): "neither expected nor found",
        ("explain", results, "999-1001"): "neither expected nor found",
        ("explain", results, "nothing.jpg"): "neither a mesa",
        ("explain", results, ""): "neither a mesa",
        ("explain", results): "WHAT",
        ("report", tmp_path / "none"): "no results here",
        ("log", tmp_path / "none"): "no results here",
        ("diff", tmp_path / "none"): "no such pair",
        ("diff", results, "--from", "1", "--to", "1"): "no such pair",
        ("diff", results, "--from", "0", "--to", "99"): "no such pair",
        ("recount",): "recount",
    }
    runs = {args: cli(*args) for args in mistakes}
    wrong = {
        " ".join(map(str, args)): (run.code, run.err)
        for args, run in runs.items()
        if run.code != 2 or mistakes[args].lower() not in run.err.lower() or run.out
    }
    assert wrong == {}
    assert [args for args, run in runs.items() if "Traceback" in run.err] == []


def test_a_summary_that_is_damaged_is_named(cli: Cli, tmp_path: Path, results: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    for content in ("{", "[]", "{}", "\udcff"):
        (copy / "summary.json").write_text(content, encoding="utf-8", errors="surrogateescape")
        run = cli("status", copy)
        assert run.code == 2, (content, run.err)
        assert "summary.json" in run.err


def test_a_ledger_that_is_damaged_is_named(cli: Cli, tmp_path: Path, results: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    for log in (copy / "scans" / "_delta_log").glob("*.json"):
        log.write_text("{", encoding="utf-8")
    for command in (("status", copy), ("explain", copy, "001-1001"), ("report", copy)):
        run = cli(*command)
        assert run.code == 2, (command, run.err)
        assert "scans" in run.err
    part_gone = tmp_path / "part-gone"
    shutil.copytree(results, part_gone)
    next(iter((part_gone / "scans").glob("part-*.parquet"))).unlink()
    run = cli("status", part_gone)
    assert run.code == 2, run.err
    assert "part-" in run.err


def test_a_mesa_is_explained_with_the_scans_that_speak_of_it(cli: Cli, results: Path) -> None:
    told = cli("explain", results, "1001-001")
    assert told.code == 0, told.err
    assert told.out == cli("explain", results, "001-1001").out, "its acta code is the other way"
    assert "Mesa 1001-001: counted" in told.out
    assert "1.jpg: counted" in told.out
    assert "ANA 54, BEA 3, CAI 3; null 1, empty 0" in told.out
    disputed = cli("explain", results, "1001-005", "--json")
    answer = json.loads(disputed.out)
    assert answer["status"] == "quarantined"
    assert {s["uri"].rpartition("/")[2] for s in answer["scans"]} == {"5.jpg", "other.jpg"}
    assert all("sheets-disagree" in [f["code"] for f in s["findings"]] for s in answer["scans"])
    missing = cli("explain", results, "040-2002")
    assert "Mesa 2002-040: missing" in missing.out
    assert "No scan of it was read." in missing.out


@pytest.mark.parametrize("name", ["blank.jpg", "scans/blank.jpg", "{scans}/blank.jpg"])
def test_a_scan_is_explained_by_any_name_of_it(
    cli: Cli, results: Path, scans: Path, name: str
) -> None:
    told = cli("explain", results, name.format(scans=scans))
    assert told.code == 0, told.err
    assert "blank.jpg: unreadable" in told.out
    assert "No QR symbol was found" in told.out


def test_status_after_the_end_tells_totals_and_accounts(cli: Cli, results: Path) -> None:
    told = cli("status", results)
    assert told.code == 0, told.err
    for words in ("ANA", "216", "quarantined", "unreadable", "the sum of the above"):
        assert words in told.out
    answer = json.loads(cli("status", results, "--json").out)
    assert answer["running"] is False
    assert answer["read"] == 7
    assert answer["summary"] == json.loads((results / "summary.json").read_text(encoding="utf-8"))


def test_status_does_not_stand_in_the_way_of_a_run(
    cli: Cli, results: Path, scans: Path, island_folder: Path
) -> None:
    """Whoever looks at a run every second must not make the next one fail."""
    from jobs.lock import is_locked, locked

    place = Place.of(results)
    before = (results / ".lock").read_bytes()
    assert not is_locked(place)
    assert (results / ".lock").read_bytes() == before
    with locked(place, lambda _: None):
        assert is_locked(place)
    assert not is_locked(place)


def test_plan_tells_numbers_and_reads_nothing(
    cli: Cli, tmp_path: Path, scans: Path, results: Path, island_folder: Path
) -> None:
    fresh = json.loads(
        cli("plan", scans, "--out", tmp_path / "r", "-e", island_folder, "--json").out
    )
    size = sum(path.stat().st_size for path in scans.glob("*.jpg"))
    assert fresh == {
        "found": 7,
        "known": 0,
        "to_read": 7,
        "why": {"new": 7},
        "gone": 0,
        "given_up": 0,
        "bytes": size,
        "ignored": [str(scans / "notes.txt")],
    }
    assert not (tmp_path / "r").exists()
    known = json.loads(cli("plan", scans, "--out", results, "--json").out)
    assert (known["found"], known["known"], known["to_read"], known["bytes"]) == (7, 7, 0, 0)
    told = cli("plan", scans, "--out", results).out
    assert "7 scans found" in told
    assert "7 are known and unchanged" in told
    assert "0 would be read" in told
    other = json.loads(cli("plan", scans, "--out", results, "--no-print-check", "--json").out)
    assert other["to_read"] == 7, "to read without the print is another reading"
    again = json.loads(cli("plan", scans, "--out", results, "--retry", "all", "--json").out)
    assert 0 < again["to_read"] < 7


def test_tally_in_words_ends_with_where_to_look(
    cli: Cli, results: Path, scans: Path, island_folder: Path
) -> None:
    told = cli("tally", scans, "--out", results)
    assert told.code == 3, told.err
    assert f"Results: {results}" in told.out
    assert "index.html" in told.out


def test_the_report_is_written_anew(cli: Cli, results: Path) -> None:
    page = results / "site" / "index.html"
    before = page.read_bytes()
    page.unlink()
    assert cli("report", results).code == 0
    assert page.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(cli: Cli, command: str) -> None:
    told = cli(command, "--help")
    assert told.code == 0
    assert "Example" in told.out
    assert f"actas {command}" in told.out
    assert "Usage: actas " in told.out or "Usage:" in told.out


def test_help_tells_the_exit_codes_and_every_command(cli: Cli) -> None:
    told = cli("--help")
    assert told.code == 0
    for code in ("0 all well", "2 bad arguments", "3 finished", "4 interrupted"):
        assert code in " ".join(told.out.split())
    assert [c for c in COMMANDS if f"\n  {c} " not in told.out] == []


@pytest.mark.parametrize("signal_time", ["while it lists", "while it writes"])
def test_ctrl_c_outside_of_reading_is_code_4(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, scans: Path, tmp_path: Path, island_folder: Path,
    signal_time: str,
) -> None:  # fmt: skip
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    name = {"while it lists": "make_plan", "while it writes": "finish"}[signal_time]
    monkeypatch.setattr(jobs.tally, name, interrupted)
    run = cli("tally", scans, "--out", tmp_path / "r", "-e", island_folder, "--workers", 1)
    assert run.code == 4, run.err
    assert "again" in run.err


def test_the_command_line_is_loaded_in_half_a_second_of_cpu() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import jobs.cli"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < 0.5


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, jobs.cli\n"
        "heavy = {'cv2', 'numpy', 'pyarrow', 'distributed', 'dask', 'deltalake', 'zxingcpp'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert loaded.stderr.decode().strip() == ""


def test_a_reader_that_wants_one_line_gets_one_line(results: Path) -> None:
    """`actas status R | head -1`"""
    read, write = os.pipe()
    with subprocess.Popen(
        [*ACTAS, "status", str(results)], stdout=write, stderr=subprocess.PIPE
    ) as process:
        os.close(write)
        os.close(read)
        assert process.stderr
        err = process.stderr.read().decode()
    assert "Traceback" not in err
    assert "Exception" not in err
    assert process.returncode in (0, 1)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_knows_few_characters_gets_an_answer(results: Path, encoding: str) -> None:
    run = actas("status", str(results), env={"PYTHONIOENCODING": encoding})
    assert run.code == 0, run.err
    shipped = actas("--help", env={"PYTHONIOENCODING": encoding})
    assert shipped.code == 0, shipped.err
