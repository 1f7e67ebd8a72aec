"""The tables: every mesa, total, scan and finding, the same in every format, and no folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.election import Election, load_election
from pipeline.errors import ConfigError
from pipeline.publish.opendata.published import published_table
from pipeline.publish.opendata.scans import Naming
from tests.publish.opendata import build

PROJECT = Path(__file__).parents[3]
STEMS = ("mesas", "totals/nation", "totals/state", "totals/district", "totals/centre")


def test_a_counted_mesa_has_its_numbers_and_its_scan(pristine: Path) -> None:
    rows = {row["mesa"]: row for row in build.read_csv(pristine / "mesas.csv")}
    assert len(rows) == 18
    row = rows["010101.01"]
    assert (row["status"], row["grade"], row["acta_code"]) == ("counted", "proven", "010101.01.1")
    assert (row["AA"], row["BB"], row["CC"]) == ("500", "700", "20")
    assert (row["AA:SUN"], row["AA:SEA"], row["BB:SUN"], row["CC:-MOON-"]) == (
        "300", "200", "700", "20",
    )  # fmt: skip
    assert (row["valid_votes"], row["null_votes"], row["empty_votes"]) == ("1220", "3", "1")
    assert (row["scan"], row["page"], row["registered_voters"]) == ("a.jpg", "1", "1500")
    assert (rows["010201.01"]["scan"], rows["010201.01"]["page"]) == ("album.pdf", "2")
    assert rows["020101.01"]["scan"] == "y.jpg"


def test_a_mesa_that_does_not_count_has_no_votes_and_says_why(pristine: Path) -> None:
    rows = {row["mesa"]: row for row in build.read_csv(pristine / "mesas.csv")}
    waiting, absent, nameless = rows["010102.02"], rows["020101.03"], rows["0101-/2"]
    assert (waiting["status"], waiting["findings"]) == ("quarantined", "sheets-disagree")
    assert (absent["status"], absent["unread"]) == ("missing", "true")
    assert (nameless["district"], nameless["centre"], nameless["listed"]) == ("0101", "", "false")
    for row in (waiting, absent, nameless):
        assert {row[name] for name in ("AA", "BB", "CC", "valid_votes", "scan", "sha256")} == {""}


def test_totals_are_those_of_the_count_at_every_level(pristine: Path, election: Election) -> None:
    _, totals, _ = build.count(election, build.make_scans(election))
    for level, units in totals.levels.items():
        rows = build.read_csv(pristine / "totals" / f"{level}.csv")
        assert [row["code"].lstrip("'") for row in rows] == [unit.code for unit in units]
        for row, unit in zip(rows, units, strict=True):
            votes = unit.candidate_votes(election)
            assert {code: int(row[code]) for code in votes} == votes
            assert int(row["valid_votes"]) == unit.valid_votes == sum(votes.values())
            for name in ("expected", "counted", "quarantined", "missing", "unread"):
                assert int(row[name]) == getattr(unit, name)
    assert totals.nation.valid_votes == 2320


@pytest.mark.parametrize("stem", STEMS)
def test_the_three_formats_hold_the_same(pristine: Path, stem: str) -> None:
    as_json = json.loads((pristine / f"{stem}.json").read_text(encoding="utf-8"))
    as_parquet = pq.read_table(pristine / f"{stem}.parquet").to_pylist()
    as_csv = build.read_csv(pristine / f"{stem}.csv")
    assert as_json == as_parquet
    assert list(as_json[0]) == list(as_csv[0])
    for typed, cells in zip(as_json, as_csv, strict=True):
        assert {name: _cell(value) for name, value in typed.items()} == cells


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    return "'" + text if text[:1] and text[0] in "=+-@" else text


def test_every_scan_has_a_status_a_hash_and_its_symbols_text(pristine: Path) -> None:
    rows = build.read_csv(pristine / "scans.csv")
    assert len(rows) == 16
    by_name = {(row["scan"], row["page"], row["status"]): row for row in rows}
    assert by_name["album.pdf", "2", "counted"]["payload"] == "010201.01.1!0,34,1,0!0!0"
    copy = by_name["a.jpg", "1", "duplicate"]
    assert copy["stands_for"] == copy["sha256"]
    assert by_name["f.jpg", "1", "quarantined"]["payload"] == "010102.02.1!1,2,3,5!0!0"
    assert by_name["'@print.png", "1", "counted"]["payload"] == ""
    assert by_name["k.jpg", "1", "failed"]["sha256"] == ""


def test_findings_name_scans_and_never_where_they_lay(pristine: Path) -> None:
    rows = build.read_csv(pristine / "findings.csv")
    sentences = {row["scan"]: row["sentence"] for row in rows}
    assert sentences['again, "2".jpg'] == "The same sheet again: =cmd|' c calc'!A0.jpg"
    assert sentences["e%0A.jpg"] == "Sheets of one mesa disagree: 2 versions of 010102.02"


def test_no_file_tells_a_folder_or_a_password(pristine: Path) -> None:
    everything = build.contents(pristine)
    parquet = [json.dumps(pq.read_table(path).to_pylist()) for path in pristine.rglob("*.parquet")]
    texts = [*everything.values(), *(text.encode() for text in parquet)]
    secrets = (b"reporter-7", b"secret folder", b"hunter2", b"store.example", b"copies/a")
    for secret in secrets:
        assert not any(secret in text for text in texts), secret


def test_no_cell_is_a_formula(pristine: Path) -> None:
    found = 0
    for path in pristine.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        found += sum(cell.startswith("'") for cell in cells)
    assert found == 19


def test_file_names_can_be_left_out(tmp_path: Path, election: Election) -> None:
    folder = tmp_path / "open-data"
    build.publish(folder, election, file_names=False)
    everything = b"".join(build.contents(folder).values())
    for name in (b"a.jpg", b"album", b"print.png", b"new centre", b"cmd|"):
        assert name not in everything
    assert build.check(folder)[0] == 0
    assert build.read_csv(folder / "findings.csv")[0]["scan"] == ""


def test_the_publishers_layout_is_copied_with_its_habits(pristine: Path) -> None:
    lines = (pristine / "published-layout.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == [
        "COD,STATE,COD_D,CENTRE,MESA,VALID,NULL,EMPTY,RE,BB,AA,URL",
        "1,NORD,77,10101,1,1220,3,1,1500,700,500,a.jpg",
        "1,NORD,77,10101,2,810,0,0,900,800,10,'=cmd|' c calc'!A0.jpg",
    ]
    assert lines[-1] == "2,South,1,20101,2,220,8,0,,50,110,'@print.png"
    assert len(lines) == 1 + 7


def test_without_such_a_layout_there_is_no_such_file(tmp_path: Path) -> None:
    election = build.make_election(tmp_path / "election", published=False)
    build.publish(tmp_path / "open-data", election)
    assert not (tmp_path / "open-data" / "published-layout.csv").exists()
    assert build.check(tmp_path / "open-data")[0] == 0


def test_a_candidate_named_like_a_column_is_refused(tmp_path: Path) -> None:
    folder = build.make_election(tmp_path / "election", published=False).folder
    ballot = folder / "ballot.csv"
    ballot.write_text(ballot.read_text("utf-8").replace(",CC,", ",scans,"), encoding="utf-8")
    with pytest.raises(ConfigError, match="would have the column 'scans' twice"):
        build.publish(tmp_path / "open-data", load_election(folder))


def test_nothing_counted_is_open_data_too(tmp_path: Path, election: Election) -> None:
    build.publish(tmp_path / "open-data", election, [])
    code, said = build.check(tmp_path / "open-data")
    assert code == 0, said
    assert "0 scans found = 0 counted" in said


def test_the_shipped_election_has_the_publishers_columns(venezuela: Election) -> None:
    votes = ",".join(["91", *["0"] * 34, "300", "0", "4"])
    scans = [build.scan("s.jpg", venezuela, f"090601001.01.1.0001!{votes}!2!1")]
    table = published_table(build.count(venezuela, scans)[0], venezuela, Naming())
    assert table is not None
    assert ",".join(column.name for column in table.columns) == (
        "COD_EDO,EDO,COD_MUN,MUN,COD_PAR,PAR,CENTRO,MESA,VOTOS_VALIDOS,VOTOS_NULOS,"
        "EG,NM,LM,JABE,JOBR,AE,CF,DC,EM,BERA,URL"
    )
    assert [",".join(map(str, row)) for row in table.rows()] == [
        "9,EDO. FALCON,6,MP. DEMOCRACIA,330,PQ. PEDREGAL,90601001,1,395,2,"
        "300,91,0,0,0,0,0,0,0,4,s.jpg"
    ]


def test_the_documentation_names_every_file_and_column(pristine: Path) -> None:
    told = (PROJECT / "docs" / "open-data.md").read_text(encoding="utf-8")
    package = json.loads((pristine / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        stem = resource["path"].partition(".")[0]
        assert f"`{'totals/LEVEL' if stem.startswith('totals/') else stem}" in told
        if resource["name"] in ("mesas-csv", "totals-state-csv", "scans-csv", "findings-csv"):
            own = {"AA", "BB", "CC", "state", "district", "centre"}
            names = {field["name"] for field in resource["schema"]["fields"]} - own
            missing = {name for name in names if ":" not in name and f"`{name}`" not in told}
            assert not missing
