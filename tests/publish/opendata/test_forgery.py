"""Forgers who know the format: they change numbers and make every hash fit again.

`reseal` rewrites the data package, the manifest and the root after each change, so that only the
contents can give a forgery away. What no content gives away is the last test's business.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.election import Election
from tests.publish.opendata import build

Change = Callable[[Path], object]
SEALS = ("datapackage.json", "manifest.csv", "merkle-root.txt")
"""What `reseal` rewrites."""


def text(name: str, old: str, new: str) -> Change:
    """Replace the first occurrence."""

    def change(folder: Path) -> None:
        path = folder / name
        content = path.read_bytes().decode()
        assert old in content
        path.write_bytes(content.replace(old, new, 1).encode())

    return change


def both(*changes: Change) -> Change:
    """One after the other."""
    return lambda folder: [change(folder) for change in changes]


def parquet(name: str, column: str, row: int, value: object, **settings: Any) -> Change:
    """Change a cell of a Parquet file, and write it in the form of the open data."""

    def change(folder: Path) -> None:
        path = folder / name
        table = pq.read_table(path)
        values = table[column].to_pylist()
        assert values[row] != value
        values[row] = value
        index = table.column_names.index(column)
        kind = table.schema.field(column)
        table = table.set_column(index, kind, pa.array(values, kind.type))
        form = {"compression": "gzip", "use_dictionary": False, "data_page_version": "1.0"}
        pq.write_table(table, path, **(form | settings))

    return change


def nist(change: Callable[[Any], object]) -> Change:
    """Change the NIST document."""

    def on_folder(folder: Path) -> None:
        path = folder / "nist-1500-100.json"
        raw = json.loads(path.read_text(encoding="utf-8"))
        before = json.dumps(raw)
        change(raw)
        assert json.dumps(raw) != before
        path.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")

    return on_folder


def _contest(raw: Any) -> Any:
    return raw["Election"][0]["Contest"][0]


def _counts(raw: Any, selection: int) -> Any:
    return _contest(raw)["ContestSelection"][selection]["VoteCounts"]


def _first_count(raw: Any) -> Any:
    return _counts(raw, 0)[0]


ROW = "010101.01,01,0101,010101,1,true,counted,false,proven,010101.01.1,1500,1220,3,1,500,700,20,"
MORE = ROW.replace("1220,3,1,500", "1221,3,1,501")

FORGERIES: dict[str, tuple[Change, str]] = {
    # One format alone.
    "a candidate in mesas.csv": (
        text("mesas.csv", ROW, ROW.replace(",500,", ",501,")),
        r"mesas.csv, line 2 \(010101.01\): AA is 501, the candidate's lines sum to 500",
    ),
    "valid votes in mesas.csv": (
        text("mesas.csv", ROW, ROW.replace(",1220,", ",1221,")),
        r"mesas.csv, line 2 \(010101.01\): valid_votes is 1221, its lines sum to 1220",
    ),
    "votes, sums and all, in mesas.csv": (
        text("mesas.csv", ROW + "300,", MORE + "301,"),
        r"totals/state.csv, line 3 \(01\): AA is 527, the mesas sum to 528",
    ),
    "mesas.json": (
        text("mesas.json", '"AA":500', '"AA":501'),
        r"mesas.json, line 2 \(010101.01\): AA is 501, in mesas.csv, line 2 500",
    ),
    "a number as text in mesas.json": (
        text("mesas.json", '"AA":500', '"AA":"500"'), r"AA is '500', in mesas.csv, line 2 500",
    ),
    "true for one in mesas.json": (
        text("mesas.json", '"number":1,', '"number":true,'),
        r"number is True, in mesas.csv, line 2",
    ),
    "one for true in mesas.json": (
        text("mesas.json", '"listed":true', '"listed":1'),
        r"listed is 1, in mesas.csv, line 2 True",
    ),
    "a fraction in mesas.json": (
        text("mesas.json", '"AA":500', '"AA":500.0'), "500.0 is not a whole number",
    ),
    "a name twice in mesas.json": (
        text("mesas.json", '"AA":500', '"AA":500,"AA":900'), "a name stands twice in one object",
    ),
    "a row less in mesas.json": (
        lambda folder: _drop_line(folder / "mesas.json", 3),
        "do not have equally many rows|is '?010",
    ),
    "mesas.parquet": (
        parquet("mesas.parquet", "AA", 0, 501), r"mesas.parquet, row 1 \(010101.01\): AA is 501",
    ),
    "a hidden vote in mesas.parquet": (
        parquet("mesas.parquet", "AA", 2, 1), r"mesas.parquet, row 3 \(010101.03\): AA is 1, in",
    ),
    "a status in mesas.parquet": (
        parquet("mesas.parquet", "status", 0, "missing"), "status is 'missing', in mesas.csv",
    ),
    "a flag in mesas.parquet": (
        parquet("mesas.parquet", "unread", 11, False),
        "unread is False, in mesas.csv, line 13 True",
    ),
    "another compression of mesas.parquet": (
        parquet("mesas.parquet", "AA", 0, 501, compression="zstd"),
        "mesas.parquet is damaged: a page in a form that is not expected",
    ),
    "a total of a state": (
        text("totals/state.csv", ",527,1542,", ",528,1542,"),
        r"totals/state.csv, line 3 \(01\): AA is 528, the mesas sum to 527",
    ),
    "a state's counted mesas": (
        text("totals/state.csv", "North,12,5,2,5", "North,12,6,2,5"),
        "expected is not counted \\+ quarantined \\+ missing",
    ),
    "a state that is gone": (
        lambda folder: _drop_line(folder / "totals/state.csv", 2),
        "totals/state.csv lacks the unit 01",
    ),
    "the nation's total in JSON": (
        text("totals/nation.json", '"AA":638', '"AA":637'), r"AA is 637, in totals/nation.csv",
    ),
    "a centre's total in Parquet": (
        parquet("totals/centre.parquet", "null_votes", 3, 4),
        "null_votes is 4, in totals/centre.csv",
    ),
    "a count in the NIST document": (
        nist(lambda raw: _first_count(raw).update(Count=639)),
        r"AA, nation: \{'Type': 'total', 'Count': 639\}, the tables give",
    ),
    "a count of another type": (
        nist(lambda raw: _first_count(raw).update(Type="early")), "AA, nation: {'Type': 'early'",
    ),
    "a second count in the NIST document": (
        nist(lambda raw: _counts(raw, 0).append(_first_count(raw))),
        "a count for nation, which has none or has it twice",
    ),
    "a missing count in the NIST document": (
        nist(lambda raw: _counts(raw, 1).pop()),
        "BB: no count for mesa-020101.02",
    ),
    "candidates that changed places": (
        nist(lambda raw: raw["Election"][0]["Candidate"].reverse()),
        "the candidates are not those of",
    ),
    "selections that changed places": (
        nist(lambda raw: _contest(raw)["ContestSelection"].reverse()),
        "its candidate or its parties",
    ),
    "null votes of the NIST document": (
        nist(lambda raw: raw["Election"][0]["BallotCounts"][0].update(BallotsRejected=1)),
        "ballots, nation",
    ),
    "a second contest": (
        nist(lambda raw: raw["Election"][0]["Contest"].append(_contest(raw))), "too many values",
    ),
    "a unit's parts": (
        nist(lambda raw: raw["GpUnit"][0]["ComposingGpUnitIds"].pop()), "nation: its parts are not",
    ),
    "a unit's counted mesas": (
        nist(lambda raw: raw["GpUnit"][1].update(SubUnitsReported=9)), "state--: \\('not listed",
    ),
    "the publisher's layout": (
        text("published-layout.csv", ",700,500,", ",700,501,"),
        r"published-layout.csv, line 2 \(010101.01\): AA is 501, in mesas.csv 500",
    ),
    "a line less in the publisher's layout": (
        lambda folder: _drop_line(folder / "published-layout.csv", 4), "published-layout.csv",
    ),
    # What the votes rest on.
    "the text of a symbol": (
        text("scans.csv", "010101.01.1!300", "010101.01.1!301"), "its payload says other votes",
    ),
    "another mesa in the text of a symbol": (
        text("scans.csv", "010101.01.1!300", "010101.02.1!300"), "its payload is of mesa 010101.02",
    ),
    "a text that is none": (
        text("scans.csv", "010101.01.1!300", "010101.01.1!0300"),
        "not in the form of this election's",
    ),
    "a symbol's text taken away": (
        text("scans.csv", '"010201.01.1!0,34,1,0!0!0"', ""), "it has no payload, though it was not",
    ),
    "a scan that counts no more": (
        text("scans.csv", ",1,counted,010102.01,", ",1,duplicate,010102.01,"),
        "010102.01 is counted, 0 scans of it are counted",
    ),
    "a scan that is gone": (
        lambda folder: _drop_line(folder / "scans.csv", 13), "stands in manifest.csv alone",
    ),
    "a status that does not exist": (
        text("scans.csv", ",rejected,", ",ignored,"), "its status is 'ignored'",
    ),
    "another scan for a mesa": (
        text("mesas.csv", "new centre.jpg", "old centre.jpg"), "scan is 'new centre.jpg' here and",
    ),
    "a finding less": (
        lambda folder: _drop_line(folder / "findings.csv", 5), "findings.csv lacks sheets-disagree",
    ),
    "a finding more": (
        text("findings.csv", "file-empty", "file-special"), "scans.csv does not have this finding",
    ),
    # The accounts.
    "the summary's votes": (
        text("summary.json", '"AA": 638', '"AA": 639'), "summary.json: votes is",
    ),
    "the summary's scans": (
        text("summary.json", '"found": 16', '"found": 15'),
        "scans found are not the sum of the six statuses",
    ),
    "a mesa twice": (
        lambda folder: _double_line(folder / "mesas.csv", 1), "this mesa stands twice",
    ),
    "a mesa in another state": (
        text("mesas.csv", "010201.02,01,0102", "010201.02,02,0102"), "do not fit together",
    ),
    "votes of a mesa that waits": (
        text("mesas.csv", "quarantined,false,,,,,,,,", "quarantined,false,,,,7,,,,"),
        "or it is not, and has them",
    ),
    # What belongs to the open data.
    "a file more, in the manifest too": (
        lambda folder: (folder / "results.csv").write_text("a\n", encoding="utf-8"),
        "manifest.csv lists results.csv, which does not belong to these open data",
    ),
    "a file less, in the manifest too": (
        both(lambda folder: (folder / "findings.csv").unlink(),
             text("datapackage.json", "findings.csv", "README.md")),
        "manifest.csv does not list findings.csv",
    ),
    "no votes at all": (
        lambda folder: (folder / "mesas.csv").write_text("", encoding="utf-8"),
        "mesas.csv, line 1: the columns are not the expected ones",
    ),
}  # fmt: skip


def _drop_line(path: Path, index: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    del lines[index]
    path.write_text("".join(lines), encoding="utf-8")


def _double_line(path: Path, index: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[index]]), encoding="utf-8")


@pytest.mark.parametrize(("change", "words"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_whose_hashes_fit_is_found_and_named(
    folder: Path, change: Change, words: str
) -> None:
    change(folder)
    build.reseal(folder)
    code, said = build.check(folder)
    assert code == 1
    assert "was changed" not in said
    assert re.search(words, said), said


@pytest.mark.parametrize(("change", "words"), FORGERIES.values(), ids=FORGERIES)
def test_without_new_hashes_the_files_are_named(folder: Path, change: Change, words: str) -> None:
    change(folder)
    code, said = build.check(folder)
    assert code == 1
    assert re.search(r"(was changed|was added|missing)", said), said


def test_resealing_alone_is_no_forgery(folder: Path) -> None:
    build.reseal(folder)
    code, said = build.check(folder)
    assert code == 0, said


BROKEN = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"[" * 100_000, b'{"resources":' * 9_000, b"9" * 9_000, b"\xef\xbb\xbf", b"\x00" * 50,
         b'"' + b"x" * 200_000, b"PAR1" + b"\xff" * 40 + b"PAR1", b"[\n{}\n]\n", b"[\n", b"null\n",
         b"PAR1" + b"\x19" * 30 + b"\x1e\x00\x00\x00PAR1", b"{}\n", b"\n\n\n"],
    ),
)  # fmt: skip


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_broken_file_whose_hashes_fit_ends_in_a_sentence(
    folder: Path, data: st.DataObject
) -> None:
    before = build.contents(folder)
    names = sorted(set(before) - {"README.md", "verify.py", "datapackage.json"})
    name = data.draw(st.sampled_from(names))
    content, junk = before[name], data.draw(BROKEN)
    start = data.draw(st.sampled_from([0, *range(0, len(content), max(1, len(content) // 50))]))
    keep = data.draw(st.booleans())
    (folder / name).write_bytes(content[:start] + junk + (content[start:] if keep else b""))
    try:
        if name not in ("manifest.csv", "merkle-root.txt"):
            build.reseal(folder)
        code, said = build.check(folder)
    finally:
        for path in {name, *SEALS}:
            (folder / path).write_bytes(before[path])
    assert "checks FAILED" in said or "checks passed" in said
    assert "Traceback" not in said
    assert code == int("FAILED" in said)


def test_votes_changed_everywhere_but_in_the_symbols_are_found(
    pristine: Path, tmp_path: Path, election: Election
) -> None:
    folder = tmp_path / "forged"
    build.publish(folder, election, _rigged(election), issuer="The Daily")
    (folder / "scans.csv").write_bytes((pristine / "scans.csv").read_bytes())
    build.reseal(folder)
    code, said = build.check(folder)
    assert code == 1
    assert re.search(r"against mesas.csv, line 2 \(010101.01\): its payload says other votes", said)


def test_whoever_rewrites_everything_is_found_by_the_root_alone(
    pristine: Path, tmp_path: Path, election: Election
) -> None:
    """The limit: votes, texts of symbols, sums and hashes all rewritten. Hence the signed root."""
    folder = tmp_path / "forged"
    forged = build.publish(folder, election, _rigged(election), issuer="The Daily")
    assert build.check(folder)[0] == 0
    true_root = (pristine / "merkle-root.txt").read_text(encoding="utf-8").strip()
    assert forged.root != true_root
    code, said = build.check(folder, root=true_root)
    assert code == 1
    assert f"--root is {true_root}" in said
    assert build.check(pristine, root=true_root.upper())[0] == 0


def _rigged(election: Election) -> list[Any]:
    """One vote of mesa 010101.01 moves from BB to AA, in the symbol's text too."""
    scans = build.make_scans(election)
    text = "010101.01.1!301,699,20,200!3!1"
    forged = build.scan("a.jpg", election, text).payload
    return [replace(s, payload=forged) if s.uri.endswith("/a.jpg") else s for s in scans]


def test_everything_recomputed_under_the_old_manifest_is_found(
    pristine: Path, tmp_path: Path, election: Election
) -> None:
    folder = tmp_path / "forged"
    build.publish(folder, election, _rigged(election), issuer="The Daily")
    for name in ("manifest.csv", "merkle-root.txt"):
        (folder / name).write_bytes((pristine / name).read_bytes())
    code, said = build.check(folder)
    assert code == 1
    for name in ("mesas.csv", "mesas.parquet", "totals/state.json", "nist-1500-100.json"):
        assert f"{name} was changed: its sha256 is not the one in manifest.csv" in said


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_cell_changed_in_one_format_alone_is_found(folder: Path, data: st.DataObject) -> None:
    stem = data.draw(st.sampled_from(["mesas", "totals/state", "totals/centre"]))
    ending = data.draw(st.sampled_from([".csv", ".json", ".parquet"]))
    path = folder / f"{stem}{ending}"
    before = build.contents(folder)
    table = pq.read_table(folder / f"{stem}.parquet")
    column = data.draw(st.sampled_from(table.column_names))
    row = data.draw(st.integers(0, table.num_rows - 1))
    old = table[column][row].as_py()
    new = data.draw(_other_than(old, table.schema.field(column)))
    if ending == ".parquet":
        parquet(path.relative_to(folder).as_posix(), column, row, new)(folder)
    elif ending == ".json":
        rows = json.loads(path.read_text(encoding="utf-8"))
        rows[row][column] = new
        lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in rows)
        path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    else:
        _change_csv(path, column, row, new)
    try:
        build.reseal(folder)
        code, said = build.check(folder)
    finally:
        for name in {path.relative_to(folder).as_posix(), *SEALS}:
            (folder / name).write_bytes(before[name])
    assert code == 1, said


def _other_than(old: object, field: pa.Field) -> st.SearchStrategy[object]:
    """Another value of the column's type; nothing, where that can stand there."""
    kinds: dict[object, st.SearchStrategy[object]] = {
        pa.string(): st.sampled_from(["01", "counted", "missing", "x", "'0", "=1"]),
        pa.int64(): st.integers(0, 2000),
        pa.bool_(): st.booleans(),
    }
    values = kinds[field.type] | st.none() if field.nullable else kinds[field.type]
    return values.filter(lambda value: value != old)


def _change_csv(path: Path, column: str, row: int, new: object) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    cell = "" if new is None else str(new).lower() if isinstance(new, bool) else str(new)
    rows[row][header.index(column)] = "'" + cell if cell.startswith("=") else cell
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])
