"""Published tables: both layouts of 2024, any other by a mapping, all that is wrong in them."""

from __future__ import annotations

import csv
import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analyse import published
from pipeline.analyse.compare import compare, difference_rows
from pipeline.analyse.published import PublishedTable, read_table
from pipeline.election import Election, ResultColumns
from pipeline.errors import InputError
from tests.analyse.build import EXAMPLE, Mesa, Votes, count, counted_mesas
from tests.count.build import payload, scan

STATES = Path(__file__).parent / "data" / "table_of_2_august_by_state.csv"
PUBLISHED = {
    # Sums from independent_counts.csv of the definition.
    "RESULTADOS_2024_CSV_V1.csv": (24_532, 7_156_462, 3_241_461, 10_659_128, "utf-8"),
    "RESULTADOS_2024_CSV_V2.csv": (25_073, 7_303_480, 3_316_142, 10_887_262, "latin-1"),
}

# The layouts of the two tables, with their flaws: byte order mark and CRLF; latin-1; lost zeros.
FIRST = (
    "\ufeffCOD_EDO,EDO,COD_MUN,MUN,COD_PAR,PAR,CENTRO,MESA,RE,VOTOS_VALIDOS,VOTOS_NULOS,"
    "EG,NM,LM,JABE,JOBR,AE,CF,DC,EM,BERA,URL\r\n"
    "1,DTTO. CAPITAL,1,M,13,PQ. EL RECREO,10113042,1,666,364,0,232,120,5,0,0,3,1,1,0,2,https://h/a.jpg\r\n"
    "24,EDO. LA GUAIRA,1,M,11,PQ. MAIQUETÍA,240111020,1,666,10,2,4,3,0,0,0,0,0,0,0,3,https://h/b.jpg\r\n"
).encode()
SECOND = (
    b"COD_EDO,EDO,COD_MUN,MUN,COD_PAR,PAR,CENTRO,MESA,VOTOS_VALIDOS,VOTOS_NULOS,"
    b"EG,NM,LM,JABE,JOBR,AE,CF,DC,EM,BERA,URL\n"
    b"11,EDO. LARA,6,M,472,PQ. MONTA\xd1A VERDE,110612003,1,3,0,1,1,0,0,0,0,0,0,0,1,https://h/c.jpg\n"
    b"1,DTTO. CAPITAL,1,M,1,PQ. ALTAGRACIA,10101001,1,449,0,323,114,3,1,0,1,1,2,0,4,https://h/d.jpg\n"
)
TINY = ResultColumns(
    acta_code=None,
    centre="centre",
    mesa="mesa",
    votes={"ANA": ("ana",), "BEA": ("bea",), "CAI": ("cai",)},
    valid_votes="valid",
    null_votes="null",
    registered_voters="voters",
)
HEAD = "centre,mesa,ana,bea,cai,valid,null,voters"


def _columns(election: Election) -> ResultColumns:
    assert election.result_columns is not None
    return election.result_columns


def _table(
    path: Path, election: Election, *lines: str, columns: ResultColumns = TINY
) -> PublishedTable:
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return read_table(path, election, columns)


# Reading.


def test_both_layouts_of_2024_are_read_as_they_are(tmp_path: Path, venezuela: Election) -> None:
    path = tmp_path / "first.csv"
    path.write_bytes(FIRST)
    first = read_table(path, venezuela, _columns(venezuela))
    assert first.problems == ()
    assert (first.encoding, first.padded) == ("utf-8", 1)
    assert first.sha256 == hashlib.sha256(FIRST).hexdigest()
    assert [row.mesa for row in first.rows] == ["010113042.01", "240111020.01"]
    assert first.rows[0].numbers["EG"] == 232
    assert first.rows[0].numbers["REGISTERED"] == 666
    assert first.rows[0].scan == "https://h/a.jpg"
    assert first.rows[1].line == 3
    path.write_bytes(SECOND)
    second = read_table(path, venezuela, _columns(venezuela))
    assert second.problems == ()
    assert (second.encoding, second.padded) == ("latin-1", 1)
    assert [row.mesa for row in second.rows] == ["010101001.01", "110612003.01"]
    assert "REGISTERED" not in second.fields
    assert "REGISTERED" in first.fields


@pytest.mark.parametrize(
    "mark",
    [
        b"\xef\xbb\xbf",
        b"\xc3\xaf\xc2\xbb\xc2\xbf",
        b"\xc3\x83\xc2\xaf\xc3\x82\xc2\xbb\xc3\x82\xc2\xbf",
        b"???",
        b"?",
    ],
)
@pytest.mark.parametrize("letter", [b"N", b"\xd1"], ids=["utf-8", "latin-1"])
def test_a_mangled_byte_order_mark_hides_no_column(
    tmp_path: Path, tiny: Election, mark: bytes, letter: bytes
) -> None:
    """As it is, taken for other characters once or twice, replaced."""
    path = tmp_path / "table.csv"
    path.write_bytes(
        mark + f"{HEAD},place\n".encode() + b"1001,1,1,2,3,6,0,400,PE" + letter + b"A\n"
    )
    table = read_table(path, tiny, TINY)
    assert [row.mesa for row in table.rows] == ["1001-001"]
    assert table.problems == ()


def test_any_table_is_read_by_a_mapping(tmp_path: Path, tiny: Election) -> None:
    """Acta codes instead of centre and mesa, parties that are summed, another separator."""
    columns = ResultColumns(
        acta_code="code", centre=None, mesa=None, delimiter=";",
        votes={"ANA": ("sol", "mar"), "CAI": ("luz",)}, scan="file",
    )  # fmt: skip
    path = tmp_path / "other.csv"
    path.write_text(
        "file;code;sol;mar;luz\nx.jpg;001-1001;10;5;1\ny.jpg;1001-002;1;2;9\n", encoding="utf-8"
    )
    table = read_table(path, tiny, columns)
    assert table.fields == ("ANA", "CAI")
    assert [dict(row.numbers) for row in table.rows] == [
        {"ANA": 15, "CAI": 1},
        {"ANA": 3, "CAI": 9},
    ]
    found = compare(count(tiny, EXAMPLE).resolution, table, tiny)
    assert (found.both, found.equal) == (2, 2)


def test_rows_that_cannot_be_understood_are_told_and_not_guessed(
    tmp_path: Path, tiny: Election
) -> None:
    table = _table(
        tmp_path / "bad.csv",
        tiny,
        "1001,1,1,2,3,6,0,400",
        "1001,1,1,2,3,6,0,400",
        "10015,1,1,2,3,6,0,400",
        "1O01,1,1,2,3,6,0,400",
        "1001,0,1,2,3,6,0,400",
        "1001,2,-1,2,3,6,0,400",
        "1001,2,1.5,2,3,6,0,400",
        "1001,2,,2,3,6,0,400",
        "1001,2,\u0661,2,3,6,0,400",
        "1001,2,9999999999,2,3,6,0,400",
        "1001,2,1",
        "",
        "1001,3,1,2,3,6,,",
    )
    assert [row.mesa for row in table.rows] == ["1001-001", "1001-003"]
    assert set(table.rows[1].numbers) == {"ANA", "BEA", "CAI", "VALID"}
    told = [(problem.line, problem.taken) for problem in table.problems]
    assert told == [(line, False) for line in range(3, 13)]
    sentences = [problem.sentence for problem in table.problems]
    for sentence, words in zip(
        sentences,
        ("line 2 already", "up to 4 digits", "up to 4 digits", "expected 1 to 999", "ana is '-1'",
         "ana is '1.5'", "ana is ''", "whole number", "whole number", "bea is ''"),
        strict=True,
    ):  # fmt: skip
        assert words in sentence


def test_rows_that_are_wrong_in_themselves_are_taken_and_told(
    tmp_path: Path, tiny: Election
) -> None:
    table = _table(tmp_path / "odd.csv", tiny, "1001,1,1,2,3,7,0,400", "1001,2,1,2,3,6,0,5")
    assert len(table.rows) == 2
    assert [(p.line, p.taken) for p in table.problems] == [(2, True), (3, True)]
    assert "sum to 6, the valid votes are 7" in table.problems[0].sentence
    assert "6 votes, 5 registered voters" in table.problems[1].sentence


def test_what_is_no_such_table_is_refused(
    tmp_path: Path, tiny: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    refused = {
        b"": "no column centre, mesa, ana, bea, cai",
        b"centre,mesa,ana,bea\n": "no column cai",
        b"centre,mesa,ana,ana,bea,cai\n": "column ana stands twice",
        f'{HEAD}\n"1001,1'.encode(): "line 2: not a CSV file",
        f"{HEAD}\n".encode() + b"9" * 200_000: "not a CSV file",
    }
    for content, words in refused.items():
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"table\.csv") as caught:
            read_table(path, tiny, TINY)
        assert words in str(caught.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path, tiny, TINY)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "none.csv", tiny, TINY)
    monkeypatch.setattr(published, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="too many"):
        read_table(path, tiny, TINY)


# Comparing.


def test_a_small_case_by_hand(tmp_path: Path, tiny: Election) -> None:
    """Ours: 1001-1, 1001-2, 2001-1; 2001-2 is quarantined."""
    rivals = [scan(f"/s/{n}.jpg", payload(tiny, "2001", 2, (n, 1, 1, 1, 1))) for n in (1, 2)]
    table = _table(
        tmp_path / "table.csv",
        tiny,
        "1001,1,15,7,1,23,0,400",  # equal
        "1001,2,3,9,3,15,1,401",  # BEA and CAI swapped, one more null vote, one more voter
        "2001,2,2,1,2,5,0,",  # waits here
        "1002,1,1,1,1,3,0,90",  # missing here
        "2002,1,1,1,1,3,0,90",  # no register knows it
    )
    found = compare(count(tiny, EXAMPLE, rivals).resolution, table, tiny)
    assert (found.rows, found.both, found.equal, found.differing) == (5, 2, 1, 1)
    assert [(d.mesa, d.field, d.ours, d.theirs, d.line) for d in found.differences] == [
        ("1001-002", "BEA", 3, 9, 3),
        ("1001-002", "CAI", 9, 3, 3),
        ("1001-002", "NULL", 0, 1, 3),
        ("1001-002", "REGISTERED", 410, 401, 3),
    ]
    assert found.differences[0].scan == "/s/1_1001_2.jpg"
    assert [(m.mesa, m.status, m.valid_votes, m.line) for m in found.only_ours] == [
        ("2001-001", "counted", 50, None)
    ]
    assert [(m.mesa, m.status, m.valid_votes, m.line) for m in found.only_theirs] == [
        ("1002-001", "missing", 3, 5),
        ("2001-002", "quarantined", 5, 4),
        ("2002-001", "not-listed", 3, 6),
    ]
    assert found.only_theirs_by_status == {"missing": 1, "not-listed": 1, "quarantined": 1}
    bea = next(sums for sums in found.sums if sums.field == "BEA")
    assert (bea.ours_both, bea.theirs_both, bea.only_ours, bea.only_theirs) == (10, 16, 0, 3)
    assert (bea.ours, bea.theirs, bea.differing) == (10, 19, 1)
    rows = list(difference_rows(found))
    assert Counter(row["kind"] for row in rows) == {"differs": 4, "only-here": 1, "only-there": 3}
    assert rows[0]["difference"] == -6


def _written(sheets: Mapping[Mesa, Votes]) -> list[str]:
    return [
        f"{centre},{number},{v[0] + v[1]},{v[2]},{v[3] + v[4]},{sum(v)},0,"
        for (centre, number), v in sheets.items()
    ]


@settings(max_examples=50, deadline=None)
@given(ours=counted_mesas, theirs=counted_mesas)
def test_every_vote_of_a_difference_has_its_place(
    tmp_path_factory: pytest.TempPathFactory,
    tiny: Election,
    ours: Mapping[Mesa, Votes],
    theirs: Mapping[Mesa, Votes],
) -> None:
    path = tmp_path_factory.mktemp("t") / "table.csv"
    counted = count(tiny, ours)
    found = compare(counted.resolution, _table(path, tiny, *_written(theirs)), tiny)
    assert found.both == len(ours.keys() & theirs.keys())
    assert found.both + len(found.only_ours) == len(ours)
    assert found.both + len(found.only_theirs) == len(theirs) == found.rows
    assert found.equal == sum(_same(ours[key], theirs[key]) for key in ours.keys() & theirs.keys())
    for sums in found.sums:
        moved = sum(d.ours - d.theirs for d in found.differences if d.field == sums.field)
        assert sums.ours_both - sums.theirs_both == moved
        assert sums.differing == sum(d.field == sums.field for d in found.differences)
        if sums.field in ("ANA", "BEA", "CAI"):
            assert sums.ours == counted.totals.nation.candidate_votes(tiny)[sums.field]
        if sums.field == "VALID":
            assert sums.theirs == sum(sum(votes) for votes in theirs.values())


def _same(ours: Votes, theirs: Votes) -> bool:
    return all(
        sum(ours[i] for i in lines) == sum(theirs[i] for i in lines)
        for lines in ((0, 1), (2,), (3, 4))
    )


@settings(max_examples=30, deadline=None)
@given(sheets=counted_mesas, data=st.data())
def test_a_changed_number_is_found_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    tiny: Election,
    sheets: Mapping[Mesa, Votes],
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("t") / "table.csv"
    counted = count(tiny, sheets)
    same = compare(counted.resolution, _table(path, tiny, *_written(sheets)), tiny)
    assert (same.differences, same.only_ours, same.only_theirs) == ((), (), ())
    if not sheets:
        return
    mesa = data.draw(st.sampled_from(sorted(sheets)))
    changed = list(sheets[mesa])
    changed[2] += data.draw(st.integers(1, 9))
    lines = _written({**sheets, mesa: (changed[0], changed[1], changed[2], changed[3], changed[4])})
    found = compare(counted.resolution, _table(path, tiny, *lines), tiny)
    assert {(d.mesa[:4], d.field) for d in found.differences} == {
        (mesa[0], "BEA"),
        (mesa[0], "VALID"),
    }
    assert found.differing == 1


# The tables themselves are large and not part of the project.


@pytest.fixture
def tables() -> Path:
    """The folder with the two published tables."""
    folder = Path(os.environ.get("ACTAS_PUBLISHED_TABLES", "published-tables"))
    if not all((folder / name).is_file() for name in PUBLISHED):
        pytest.skip(f"ACTAS_PUBLISHED_TABLES names no folder with {' and '.join(PUBLISHED)}")
    return folder


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_tables_are_read_whole(tables: Path, venezuela: Election, name: str) -> None:
    rows, first, second, valid, encoding = PUBLISHED[name]
    table = read_table(tables / name, venezuela, _columns(venezuela))
    assert (len(table.rows), table.problems, table.encoding) == (rows, (), encoding)
    sums = {field: sum(row.numbers[field] for row in table.rows) for field in ("EG", "NM", "VALID")}
    assert sums == {"EG": first, "NM": second, "VALID": valid}


def test_the_sums_by_state_are_those_of_the_published_table(
    tables: Path, venezuela: Election
) -> None:
    table = read_table(tables / "RESULTADOS_2024_CSV_V1.csv", venezuela, _columns(venezuela))
    sums: dict[str, Counter[str]] = {}
    for row in table.rows:
        sums.setdefault(row.mesa[:2], Counter()).update({"mesas": 1, **row.numbers})
    with STATES.open(encoding="utf-8", newline="") as file:
        kept = {told.pop("state"): told for told in csv.DictReader(file)}
    names = {"registered": "REGISTERED", "valid": "VALID", "null": "NULL"}
    for state, told in kept.items():
        assert {key: int(number) for key, number in told.items()} == {
            key: sums[state][names.get(key, key)] for key in told
        }
    assert kept.keys() == sums.keys()


def test_a_table_that_is_wrong_everywhere_is_told_within_bounds(
    tmp_path: Path, tiny: Election
) -> None:
    table = _table(tmp_path / "t.csv", tiny, *["x,1,1,1,1,3,0,9"] * 1200, "1001,1,1,1,1,3,0,400")
    assert (table.not_taken, len(table.problems), len(table.rows)) == (1200, 1000, 1)
