"""`actas analyse` and `actas compare` as their users see them."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs import island
from tests.jobs.running import Ended, actas, tally_args

Cli = Callable[..., Ended]
COLUMNS = """
centre: CENTRE
mesa: MESA
votes: {ANA: A, BEA: B, CAI: [C1, C2]}
valid_votes: VALID
"""
MORE = """
electorate: {registered_voters: {nation: 70000}, source: a list}
official_results: {file: official.csv, source: a bulletin}
independent_counts: {file: others.csv, source: papers}
result_columns: {centre: CENTRE, mesa: MESA, votes: {ANA: A}}
"""


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The island with announced results and all else that an analysis uses."""
    folder = island.write_definition(tmp_path_factory.mktemp("told") / "election", "told-2030")
    path = folder / "election.yaml"
    path.write_text(path.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    (folder / "official.csv").write_text(
        "source,date,scope_percent_of_mesas,candidate,votes,note\n"
        "[red]Bulletin\x1b[31m,2030-05-02,97.00,BEA,9000,\n"
        "[red]Bulletin\x1b[31m,2030-05-02,97.00,ANA,100,\n",
        encoding="utf-8",
    )
    (folder / "others.csv").write_text(
        "source,date,sheets_read,sheets_given,ANA,BEA,valid,note\n"
        "A paper,2030-05-03,5,,30,10,50,\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, definition: Path) -> Path:
    """Finished results of 12 mesas, one of them disputed."""
    folder = tmp_path_factory.mktemp("analyse")
    files = {
        f"{station}_{centre}_{mesa}.jpg": island.scan(
            island.payload(centre, mesa, (40 + mesa, 4, 3, 2, mesa))
        )
        for station, centre in (("N1", "1001"), ("N1", "1002"), ("S1", "2001"))
        for mesa in range(1, 5)
    }
    files["S1_again.jpg"] = island.scan(island.payload("2001", 4, (1, 1, 1, 1, 1)))
    files["S1_blank.jpg"] = island.scan()
    scans = island.write_files(folder / "scans", files)
    run = actas(*tally_args(scans, folder / "results", definition))
    assert run.code == 3, run.err
    return folder / "results"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Another table: one mesa differs, one is only there."""
    lines = ["CENTRE,MESA,A,B,C1,C2,VALID"]
    for centre in ("1001", "1002"):
        lines += [f"{centre},{n},{44 + n},3,2,{n},{49 + 2 * n}" for n in range(1, 5)]
    lines[1] = "1001,1,54,3,2,1,60"
    lines += ["2002,9,1,1,1,1,4", "2002,x,1,1,1,1,4"]
    path = tmp_path / "other.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_analysis_is_printed_in_80_columns(cli: Cli, results: Path) -> None:
    told = cli("analyse", results, "--rounds", 5)
    assert told.code == 0, told.err
    assert [
        line for line in told.out.splitlines() if len(line.rstrip()) > 80 and "/" not in line
    ] == []
    for words in (
        "Mesas (polling tables)", "Scanning stations", "Shares, raw and as if",
        "ANA leads", "Source:", "70,000 registered voters", "Estimate of all 160 sheets",
        "not a random sample", "would have to hold", "it cannot be", "What others counted",
        "Findings", "Grades", "was not looked at",
    ):  # fmt: skip
        assert words in " ".join(told.out.split()), words
    assert "\x1b" not in told.out
    assert "[red]Bulletin?[31m" in told.out


def test_the_answer_is_a_file_and_the_same_every_time(cli: Cli, results: Path) -> None:
    printed = cli("analyse", results, "--rounds", 5, "--json")
    assert printed.code == 0, printed.err
    written = (results / "analysis.json").read_bytes()
    assert json.loads(printed.out) == json.loads(written)
    for seed, locale in (("1", "C"), ("2", "C.UTF-8")):
        run = actas(
            "analyse", str(results), "--rounds", "5",
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": "Asia/Kathmandu"},
        )  # fmt: skip
        assert run.code == 0, run.err
        assert (results / "analysis.json").read_bytes() == written


def test_figures_are_those_of_the_count(cli: Cli, results: Path) -> None:
    answer = json.loads(cli("analyse", results, "--rounds", 0, "--json").out)
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    (nation,) = answer["coverage"]["places"]["nation"]
    assert nation["counted"] == summary["mesas"]["counted"] == 11
    assert nation["quarantined"] == 1
    (bounds,) = answer["bounds"]["levels"]["nation"]
    assert bounds["lead"] == summary["votes"]["ANA"] - summary["votes"]["CAI"]
    rest = {bound["assumption"]: bound["votes"] for bound in bounds["bounds"]}["register-rest"]
    assert rest == 70_000 - summary["registered_voters_of_counted"]
    stations = {station["station"]: station["scans"] for station in answer["coverage"]["stations"]}
    assert stations == {"N1": 8, "S1": 6}


def test_a_table_is_compared_by_a_mapping(
    cli: Cli, results: Path, table: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "columns.yaml"
    mapping.write_text(COLUMNS, encoding="utf-8")
    told = cli("compare", results, table, "--mapping", mapping)
    assert told.code == 0, told.err
    for words in (
        "other.csv: 9 mesas (utf-8), 1 rows not taken", "Both have 8 mesas: 7 are equal, 1 differ",
        "Only here: 3. Only there: 1 (here: 1 missing)", "line 11: not taken: MESA is 'x'",
    ):  # fmt: skip
        assert words in told.out, words
    with (results / "differences.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    differing = [row for row in rows if row["kind"] == "differs"]
    assert [(r["mesa"], r["field"], r["here"], r["there"], r["difference"]) for r in differing] == [
        ("1001-001", "ANA", "45", "54", "-9"),
        ("1001-001", "VALID", "51", "60", "-9"),
    ]
    assert differing[0]["scan"].endswith("N1_1001_1.jpg")
    assert sorted(row["kind"] for row in rows if row["kind"] != "differs") == [
        "only-here", "only-here", "only-here", "only-there",
    ]  # fmt: skip
    answer = json.loads(cli("compare", results, table, "--mapping", mapping, "--json").out)
    assert answer == json.loads((results / "comparison.json").read_text(encoding="utf-8"))
    assert (answer["both"], answer["equal"], answer["differing"]) == (8, 7, 1)


def test_without_a_mapping_the_definitions_columns_are_taken(
    cli: Cli, results: Path, table: Path
) -> None:
    answer = json.loads(cli("compare", results, table, "--json").out)
    assert [sums["field"] for sums in answer["sums"]] == ["ANA"]


def test_user_mistakes_are_sentences_with_code_2(
    cli: Cli, results: Path, table: Path, tmp_path: Path
) -> None:
    def mapping(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    unfinished = tmp_path / "unfinished"
    shutil.copytree(results, unfinished)
    (unfinished / "summary.json").unlink()
    silent = tmp_path / "silent"
    shutil.copytree(results, silent)
    path = silent / "election" / "election.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(x for x in lines if "result_columns" not in x), encoding="utf-8")
    other = mapping("other", COLUMNS.replace("A,", "NOBODY,"))
    stranger = mapping("stranger", "acta_code: X\nvotes: {EVA: E}")
    mistakes = {
        ("analyse", tmp_path / "none"): "no results here",
        ("analyse", unfinished): "no run has finished",
        ("analyse", results, "--rounds", "-1"): "--rounds",
        ("compare", unfinished, table): "no run has finished",
        ("compare", results, tmp_path / "none.csv"): "cannot be read",
        ("compare", results, table, "--mapping", tmp_path / "none.yaml"): "none.yaml",
        ("compare", results, table, "--mapping", other): "no column NOBODY",
        ("compare", results, table, "--mapping", mapping("a", "centre: X")): "votes",
        ("compare", results, table, "--mapping", mapping("b", "votes: {ANA: A}")): "acta_code",
        ("compare", results, table, "--mapping", mapping("c", COLUMNS + "who: X")): "who",
        ("compare", results, table, "--mapping", stranger): "EVA",
        ("compare", results, table, "--mapping", mapping("e", "[")): "not valid YAML",
        ("compare", silent, table): "result_columns",
    }  # fmt: skip
    runs = {args: cli(*args) for args in mistakes}
    assert {
        " ".join(map(str, args)): (run.code, run.err)
        for args, run in runs.items()
        if run.code != 2 or mistakes[args] not in run.err or "Traceback" in run.err
    } == {}


def test_results_that_cannot_be_written_are_a_sentence(
    cli: Cli, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.count.outputs.write_bytes", full)
    run = cli("analyse", results, "--rounds", 0)
    assert (run.code, "analysis.json: cannot be written" in run.err) == (2, True)


def test_the_estimate_is_measured_on_results_and_on_tables(
    cli: Cli, results: Path, definition: Path, table: Path
) -> None:
    for args in ((results,), (table, "--election", definition)):
        told = cli("bench", "estimate", *args, "--rounds", 4)
        assert told.code == 0, told.err
        assert "| mesas | 20 | 4 |" in told.out
        assert "| centres | 50 |" in told.out
