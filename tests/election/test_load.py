"""A definition loads whole, or is refused with the mistake's file, line or key, and value."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from pipeline.election import Election, load_election
from pipeline.errors import ConfigError

PROJECT = Path(__file__).parents[2]
TINY = PROJECT / "tests" / "elections" / "tiny"
Change = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the invented election, to be spoiled."""
    return shutil.copytree(TINY, tmp_path / "election")


def _replace(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _append(name: str, text: str) -> Change:
    return lambda folder: _write(folder / name, (folder / name).read_text("utf-8") + text)


def _bytes(name: str, old: bytes, new: bytes) -> Change:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content.replace(old, new, 1))

    return change


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


# What loads.


def test_the_shipped_election_loads(venezuela: Election) -> None:
    assert venezuela.date == date(2024, 7, 28)
    assert len(venezuela.positions) == venezuela.rules.positions == 38
    assert venezuela.nation.expected == 30_026
    assert [level.name for level in venezuela.levels] == [
        "state",
        "municipality",
        "parish",
        "centre",
    ]
    assert len(venezuela.registered) == 24_564
    assert venezuela.rules.symbol.versions == (8, 9)
    assert {"NM", "EG"} <= {candidate.code for candidate in venezuela.candidates}
    assert sum(len(candidate.positions) for candidate in venezuela.candidates) == 38
    assert all(venezuela.sources.values())


def test_another_election_shares_nothing_and_loads_too(tiny: Election) -> None:
    assert [level.name for level in tiny.levels] == ["coast", "centre"]
    assert tiny.rules.acta_code.parts == (("mesa", 3), ("centre", 4))
    assert tiny.rules.payload.field_separator == ";"
    assert tiny.nation.expected == 12
    assert {c.code: c.positions for c in tiny.candidates} == {
        "ANA": (0, 1),
        "BEA": (2,),
        "CAI": (3, 4),
    }
    assert tiny.registered[tiny.rules.acta_code.mesa_key("1001", 2)] == 410
    assert (tiny.official, tiny.map_file) == ((), None)


def test_every_place_knows_what_it_lies_in(venezuela: Election, tiny: Election) -> None:
    assert venezuela.ancestors("240111020") == ("240111020", "240111", "2401", "24", "")
    assert [venezuela.parent_code(c) for c in ("240111020", "240111", "24", "")] == [
        "240111",
        "2401",
        "",
        "",
    ]
    assert tiny.ancestors("1001") == ("1001", "1", "")
    assert (tiny.level_of("1001"), tiny.level_of("1"), tiny.level_of("")) == (
        "centre",
        "coast",
        "nation",
    )
    assert (tiny.name_of("1002"), tiny.name_of("1999")) == ("Harbour", "1999")


def test_an_election_cannot_be_changed(tiny: Election) -> None:
    with pytest.raises(FrozenInstanceError):
        tiny.slug = "other"  # type: ignore[misc]


def test_files_with_a_byte_order_mark_and_windows_lines_load_the_same(folder: Path) -> None:
    before = load_election(folder)
    for name in ("ballot.csv", "expected.csv", "registered.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    after = load_election(folder)
    assert (after.positions, after.units) == (before.positions, before.units)
    assert after.registered == before.registered
    assert after.rules_sha256 == before.rules_sha256


def test_a_part_of_a_code_may_have_any_name_that_is_allowed(folder: Path) -> None:
    _replace(
        "election.yaml", "- {name: mesa,", "- {name: kind-of-roll, digits: 1}\n    - {name: mesa,"
    )(folder)
    election = load_election(folder)
    code = election.rules.acta_code.parse("7-002-1001")
    assert code is not None
    assert code.mesa == "1001-002"


# What is refused.

MISTAKES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "not YAML": (
        lambda folder: _write(folder / "election.yaml", "slug: [unclosed\n  : :"),
        ("election.yaml", "line"),
    ),
    "not UTF-8": (
        _bytes("election.yaml", b"tiny", b"\xff\xfe"),
        ("election.yaml",),
    ),
    "empty": (lambda folder: _write(folder / "election.yaml", ""), ("election.yaml",)),
    "a list": (lambda folder: _write(folder / "election.yaml", "- a\n"), ("election.yaml",)),
    "unknown key": (
        _append("election.yaml", "colour: blue\n"),
        ("election.yaml", "colour", "blue"),
    ),
    "unknown key within": (
        _replace("election.yaml", "max_digits: 3", "max_digits: 3\n  min_digits: 1"),
        ("election.yaml", "payload.min_digits", "1"),
    ),
    "missing key": (
        _replace("election.yaml", "country: Invented Island\n", ""),
        ("election.yaml", "country"),
    ),
    "wrong kind": (
        _replace("election.yaml", "max_digits: 3", "max_digits: many"),
        ("election.yaml", "payload.max_digits", "many"),
    ),
    "yes is no number": (
        _replace("election.yaml", "max_digits: 3", "max_digits: yes"),
        ("election.yaml", "payload.max_digits", "True"),
    ),
    "key twice": (
        _append("election.yaml", "slug: another\n"),
        ("election.yaml", "line 28", "slug"),
    ),
    "wrong date": (
        _replace("election.yaml", "2030-05-01", "1 May"),
        ("election.yaml", "date", "1 May"),
    ),
    "wrong slug": (
        _replace("election.yaml", "tiny-2030", "../../etc"),
        ("election.yaml", "slug", "../../etc"),
    ),
    "file elsewhere": (
        _replace("election.yaml", "ballot: ballot.csv", "ballot: ../ballot.csv"),
        ("election.yaml", "ballot", "../ballot.csv"),
    ),
    "correction level": (
        _replace("election.yaml", "error_correction: M", "error_correction: X"),
        ("election.yaml", "symbol.error_correction", "X"),
    ),
    "symbol version": (
        _replace("election.yaml", "[3, 4, 5]", "[3, 41]"),
        ("election.yaml", "symbol.versions", "41"),
    ),
    "equal separators": (
        _replace("election.yaml", 'value_separator: "/"', 'value_separator: ";"'),
        ("election.yaml", "separator"),
    ),
    "separator of two": (
        _replace("election.yaml", 'separator: "-"', 'separator: "--"'),
        ("election.yaml", "acta_code.separator", "--"),
    ),
    "a digit as separator": (
        _replace("election.yaml", 'separator: "-"', 'separator: "1"'),
        ("election.yaml", "acta_code.separator", "1"),
    ),
    "no mesa in the code": (
        _replace("election.yaml", "{name: mesa, digits: 3}", "{name: table, digits: 3}"),
        ("election.yaml", "mesa"),
    ),
    "levels that shrink": (
        _replace("election.yaml", "{name: coast, digits: 1}", "{name: coast, digits: 5}"),
        ("election.yaml", "levels"),
    ),
    "level named nation": (
        _replace("election.yaml", "{name: coast,", "{name: nation,"),
        ("election.yaml", "nation"),
    ),
    "last level is no centre": (
        _replace("election.yaml", "  - {name: centre, digits: 4}\npayload", "payload"),
        ("election.yaml", "levels", "1", "4"),
    ),
    "no such ballot": (lambda folder: (folder / "ballot.csv").unlink(), ("ballot.csv",)),
    "no such register": (lambda folder: (folder / "registered.csv").unlink(), ("registered.csv",)),
    "no such expected": (lambda folder: (folder / "expected.csv").unlink(), ("expected.csv",)),
    "ballot out of order": (
        _replace("ballot.csv", "2,BEA", "3,BEA"),
        ("ballot.csv", "line 4", "position", "'3'"),
    ),
    "ballot with a hole": (
        _replace("ballot.csv", "2,BEA,BEA INVENTADA,SOL,13\n", ""),
        ("ballot.csv", "line 4", "position", "'3'"),
    ),
    "ballot position padded": (
        _replace("ballot.csv", "2,BEA", "02,BEA"),
        ("ballot.csv", "line 4", "position", "'02'"),
    ),
    "party twice": (
        _replace("ballot.csv", "1,ANA,ANA INVENTADA,MAR", "1,ANA,ANA INVENTADA,SOL"),
        ("ballot.csv", "line 3", "party", "'SOL'"),
    ),
    "no candidate": (_replace("ballot.csv", "2,BEA", "2,"), ("ballot.csv", "line 4", "candidate")),
    "no position": (
        lambda folder: _write(
            folder / "ballot.csv", "position,candidate,candidate_name,party,party_code\n"
        ),
        ("ballot.csv",),
    ),
    "ballot without header": (
        _replace("ballot.csv", "position,candidate,candidate_name,party,party_code\n", ""),
        ("ballot.csv", "line 1", "position"),
    ),
    "empty ballot": (lambda folder: _write(folder / "ballot.csv", ""), ("ballot.csv", "line 1")),
    "column renamed": (
        _replace("expected.csv", "expected_mesas", "mesas"),
        ("expected.csv", "line 1", "expected_mesas"),
    ),
    "row too short": (
        _replace("expected.csv", "1002,Harbour,2", "1002,Harbour"),
        ("expected.csv", "line 6", "3", "4"),
    ),
    "row too long": (
        _replace("expected.csv", "Harbour,2", "Harbour, old,2"),
        ("expected.csv", "line 6", "5", "4"),
    ),
    "open quote": (
        _replace("expected.csv", "Harbour,2", '"Harbour,2'),
        ("expected.csv", "line"),
    ),
    "latin-1": (
        _bytes("expected.csv", b"Mill", b"Mil\xf1"),
        ("expected.csv", "UTF-8"),
    ),
    "unknown level": (
        _replace("expected.csv", "centre,1002", "village,1002"),
        ("expected.csv", "line 6", "level", "'village'"),
    ),
    "lost leading zero": (
        _replace("expected.csv", "centre,1002", "centre,102"),
        ("expected.csv", "line 6", "code", "'102'", "leading zero"),
    ),
    "lost leading zero in the register": (
        _replace("registered.csv", "1002,1,90", "102,1,90"),
        ("registered.csv", "line 4", "code", "'102'", "leading zero"),
    ),
    "Arabic code": (
        _replace("expected.csv", "centre,1002", "centre,١٠٠٢"),
        ("expected.csv", "line 6", "code", "'١٠٠٢'"),
    ),
    "Arabic number": (
        _replace("expected.csv", "Harbour,2", "Harbour,١٢"),
        ("expected.csv", "line 6", "expected_mesas", "'١٢'"),
    ),
    "Arabic voters": (
        _replace("registered.csv", "1002,1,90", "1002,1,١٢"),
        ("registered.csv", "line 4", "registered_voters", "'١٢'"),
    ),
    "superscript": (
        _replace("registered.csv", "1002,1,90", "1002,1,9²"),
        ("registered.csv", "line 4", "registered_voters", "'9²'"),
    ),
    "thousands": (
        _replace("registered.csv", "1002,1,90", "1002,1,9.000"),
        ("registered.csv", "line 4", "registered_voters", "'9.000'"),
    ),
    "negative": (
        _replace("registered.csv", "1002,1,90", "1002,1,-90"),
        ("registered.csv", "line 4", "registered_voters", "'-90'"),
    ),
    "nothing": (
        _replace("registered.csv", "1002,1,90", "1002,1,"),
        ("registered.csv", "line 4", "registered_voters", "''"),
    ),
    "place twice": (
        _append("expected.csv", "centre,1002,Again,1\n"),
        ("expected.csv", "line 8", "code", "'1002'"),
    ),
    "mesa twice": (
        _append("registered.csv", "1002,1,91\n"),
        ("registered.csv", "line 6", "1002-001"),
    ),
    "mesa twice, once padded": (
        _append("registered.csv", "1002,01,91\n"),
        ("registered.csv", "line 6", "1002-001"),
    ),
    "mesa 0": (
        _append("registered.csv", "1002,0,91\n"),
        ("registered.csv", "line 6", "mesa", "'0'"),
    ),
    "a mesa no code can write": (
        _append("registered.csv", "1002,1000,91\n"),
        ("registered.csv", "line 6", "mesa", "'1000'"),
    ),
    "more mesas than codes": (
        lambda folder: _write(
            folder / "expected.csv",
            "level,code,name,expected_mesas\nnation,,N,5000\ncoast,1,C,5000\ncentre,1001,L,1000\n",
        ),
        ("expected.csv", "line 4", "expected_mesas", "'1000'"),
    ),
    "a number beyond all reason": (
        _append("registered.csv", f"1002,2,{'9' * 5000}\n"),
        ("registered.csv", "line 6", "registered_voters"),
    ),
    "no nation": (
        _replace("expected.csv", "nation,,Invented Island,12\n", ""),
        ("expected.csv", "nation"),
    ),
    "orphan": (
        _append("expected.csv", "centre,3001,Reef,1\n"),
        ("expected.csv", "3001"),
    ),
    "centres over their coast": (
        _replace("expected.csv", "Harbour,2", "Harbour,5"),
        ("expected.csv", "coast", "'1'", "7", "8"),
    ),
    "coasts over the nation": (
        _replace("expected.csv", "Island,12", "Island,10"),
        ("expected.csv", "nation", "10", "11"),
    ),
}


@pytest.mark.parametrize(("spoil", "named"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_place_and_value(
    folder: Path, spoil: Change, named: tuple[str, ...]
) -> None:
    spoil(folder)
    with pytest.raises(ConfigError) as raised:
        load_election(folder)
    message = str(raised.value)
    assert [part for part in named if part not in message] == []
    assert raised.value.exit_code == 2
    assert len(message) < 1000


def test_a_folder_without_definition_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_election(tmp_path / "none")
    assert "election.yaml" in raised.value.what
    assert "venezuela-2024" in raised.value.hint


OFFICIAL = "source,date,scope_percent_of_mesas,candidate,votes,note\n"


def test_an_official_figure_of_nobody_is_refused(folder: Path) -> None:
    _append("election.yaml", "official_results:\n  file: o.csv\n  source: invented\n")(folder)
    _write(
        folder / "o.csv", OFFICIAL + "radio,2030-05-02,80,ANA,10,\nradio,2030-05-02,80,NULL,1,\n"
    )
    assert [result.votes for result in load_election(folder).official] == [10, 1]
    _write(folder / "o.csv", OFFICIAL + "radio,2030-05-02,80,ZOE,10,\n")
    with pytest.raises(ConfigError, match=r"o\.csv: line 2: candidate is 'ZOE'"):
        load_election(folder)


# Hashes.

HASHES = """
import sys
from pathlib import Path
from pipeline.election import load_election
election = load_election(Path(sys.argv[1]))
print(election.rules_sha256, election.config_sha256)
"""


def test_hashes_do_not_depend_on_the_process(venezuela: Election) -> None:
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", HASHES, "configs/venezuela-2024"],
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found.add(tuple(done.stdout.split()))
    assert found == {(venezuela.rules_sha256, venezuela.config_sha256)}


@pytest.mark.parametrize(
    "change",
    [
        _append("registered.csv", "2001,2,310\n"),
        _replace("registered.csv", "1002,1,90", "1002,1,95"),
        _replace("expected.csv", "Harbour,2", "Harbour,1"),
        _append("expected.csv", "centre,1003,Reef,1\n"),
        _replace("expected.csv", "Lighthouse", "Old lighthouse"),
        _replace("election.yaml", "Council of", "The council of"),
    ],
)
def test_a_better_register_forces_nobody_to_read_again(
    folder: Path, tiny: Election, change: Change
) -> None:
    assert load_election(folder).config_sha256 == tiny.config_sha256
    change(folder)
    changed = load_election(folder)
    assert changed.rules_sha256 == tiny.rules_sha256
    assert changed.config_sha256 != tiny.config_sha256


@pytest.mark.parametrize(
    "change",
    [
        _replace("election.yaml", 'field_separator: ";"', 'field_separator: "!"'),
        _replace("election.yaml", "max_digits: 3", "max_digits: 4"),
        _replace("election.yaml", "digits: 3}", "digits: 2}"),
        _replace("election.yaml", "[3, 4, 5]", "[3, 4]"),
        _append("ballot.csv", "5,CAI,CAI INVENTADO,ROM,16\n"),
        _append("expected.csv", "coast,3,East coast,1\n"),
    ],
)
def test_another_way_of_reading_is_another_reader(
    folder: Path, tiny: Election, change: Change
) -> None:
    change(folder)
    assert load_election(folder).rules_sha256 != tiny.rules_sha256


# The layout of a table that others published.


def _publish(folder: Path, columns: str, units: str = "") -> None:
    _append(
        "election.yaml",
        "published_table: {columns: columns.csv, units: units.csv, source: a rival}\n",
    )(folder)
    _write(folder / "columns.csv", f"column,holds\n{columns}")
    _write(folder / "units.csv", f"code,number,name\n{units}")


def test_a_published_layout_loads(folder: Path) -> None:
    _publish(folder, "PLACE,coast:name\nTABLE,mesa\nA,votes:ANA\n", "1,07,NORTH\n")
    election = load_election(folder)
    assert election.published_table is not None
    assert election.published_table.columns == (
        ("PLACE", "coast:name"),
        ("TABLE", "mesa"),
        ("A", "votes:ANA"),
    )
    assert election.published_table.units == {"1": ("7", "NORTH")}
    assert election.sources["published_table"] == "a rival"
    assert election.files[-2:] == ("columns.csv", "units.csv")


@pytest.mark.parametrize(
    ("columns", "units", "named"),
    [
        ("A,votes:ZOE\n", "", ("columns.csv", "line 2", "'votes:ZOE'")),
        ("A,coast:colour\n", "", ("columns.csv", "line 2", "'coast:colour'")),
        ("A,mesa\nA,scan\n", "", ("columns.csv", "line 3", "'A'")),
        (",mesa\n", "", ("columns.csv", "line 2", "column")),
        ("A,mesa\n", "1,x,NORTH\n", ("units.csv", "line 2", "'x'")),
        ("A,mesa\n", "12,1,NORTH\n", ("units.csv", "line 2", "'12'")),
        ("A,mesa\n", "1,1,N\n1,2,M\n", ("units.csv", "line 3", "'1'")),
    ],
)
def test_a_mistake_in_a_published_layout_is_named(
    folder: Path, columns: str, units: str, named: tuple[str, ...]
) -> None:
    _publish(folder, columns, units)
    with pytest.raises(ConfigError) as caught:
        load_election(folder)
    assert all(part in str(caught.value) for part in named), caught.value


# What analyses need beside the count.


def _told(folder: Path, text: str) -> Path:
    path = folder / "election.yaml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return folder


def test_the_shipped_definition_tells_what_analyses_need(venezuela: Election) -> None:
    assert venezuela.electorate == {"": 21_392_464}
    assert venezuela.independent[0].source == "Associated Press"
    reader = next(c for c in venezuela.independent if c.sheets_read == 23_223)
    assert reader.votes == {"EG": 6_720_398, "NM": 3_072_403}
    assert (reader.sheets_given, reader.valid_votes) == (25_066, 10_039_177)
    paper = next(c for c in venezuela.independent if c.source == "Washington Post")
    assert (paper.votes, paper.valid_votes, paper.sheets_given) == ({}, None, None)
    columns = venezuela.result_columns
    assert columns is not None
    assert (columns.centre, columns.mesa, columns.registered_voters) == ("CENTRO", "MESA", "RE")
    assert columns.votes.keys() == {candidate.code for candidate in venezuela.candidates}


def test_an_electorate_is_told_by_unit(folder: Path) -> None:
    text = "electorate: {registered_voters: {nation: 9000, '1': 5000}, source: a list}\n"
    election = load_election(_told(folder, text))
    assert election.electorate == {"": 9000, "1": 5000}
    assert election.sources["electorate"] == "a list"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("electorate: {registered_voters: {'7': 5}, source: x}", "electorate.registered_voters.7"),
        ("electorate: {registered_voters: {nation: -5}, source: x}", "registered_voters.nation"),
        ("electorate: {registered_voters: {nation: 5.5}, source: x}", "registered_voters.nation"),
        ("electorate: {registered_voters: {}, source: x}", "electorate.registered_voters"),
        ("electorate: {registered_voters: {nation: 5}}", "electorate.source"),
        ("result_columns: {centre: C, mesa: M, votes: {}}", "result_columns.votes"),
        ("result_columns: {centre: C, votes: {ANA: A}}", "either acta_code, or centre and mesa"),
        ("result_columns: {votes: {ANA: A}}", "either acta_code, or centre and mesa"),
        (
            "result_columns: {acta_code: X, centre: C, mesa: M, votes: {ANA: A}}",
            "either acta_code, or centre and mesa",
        ),
        ("result_columns: {acta_code: X, votes: {EVA: A}}", "votes.EVA"),
        ("result_columns: {acta_code: X, votes: {ANA: []}}", "result_columns.votes.ANA"),
        ("result_columns: {acta_code: X, votes: {ANA: A}, delimiter: x}", "delimiter"),
        ("result_columns: {acta_code: X, votes: {ANA: A}, other: x}", "result_columns.other"),
    ],
)
def test_a_mistake_in_them_names_its_key(folder: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_election(_told(folder, text + "\n"))
    assert words in str(caught.value)
    assert "election.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("source,date,sheets_read,sheets_given,EVA,valid,note\na,b,,,1,,", "EVA"),
        ("source,date,sheets_read,sheets_given,ANA,valid,note\na,b,x,,1,,", "sheets_read is 'x'"),
        ("source,date,sheets_read,sheets_given,ANA,valid,note\na,b,,,-1,,", "ANA is '-1'"),
        ("source,date,ANA,valid,note\na,b,1,,", "sheets_read, sheets_given"),
    ],
)
def test_a_mistake_in_the_counts_of_others_names_its_place(
    folder: Path, lines: str, words: str
) -> None:
    (folder / "others.csv").write_text(lines + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"others\.csv") as caught:
        load_election(_told(folder, "independent_counts: {file: others.csv, source: x}\n"))
    assert words in str(caught.value)


@pytest.mark.parametrize("scope", ["all", "101", "-1", "1e2", "nan", "96,87"])
def test_a_scope_that_is_no_percentage_is_refused(folder: Path, scope: str) -> None:
    cells = f'"{scope}"'
    (folder / "official.csv").write_text(
        "source,date,scope_percent_of_mesas,candidate,votes,note\n" + f"a,b,{cells},ANA,1,\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="scope_percent_of_mesas"):
        load_election(_told(folder, "official_results: {file: official.csv, source: x}\n"))
