"""Writing: the same plan gives the same bytes, the truth is true, the definition loads."""

import csv
import struct
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from pipeline.election import Election, load_election
from pipeline.synthetic.faults import FAULTS
from pipeline.synthetic.mix import CLEAN_MIX
from pipeline.synthetic.plan import PlannedFile, plan_election
from pipeline.synthetic.write import (
    TruthRow,
    file_bytes,
    write_election,
    write_file,
    write_truth,
)

CONFIG = Path(__file__).parents[2] / "configs" / "venezuela-2024"


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election(CONFIG)


@pytest.fixture(scope="module")
def plan(election: Election) -> list[PlannedFile]:
    return plan_election(election, 300, seed=5)


def first(plan: list[PlannedFile], **wanted: str) -> PlannedFile:
    return next(p for p in plan if all(getattr(p, key) == wanted[key] for key in wanted))


def symbols(content: bytes) -> list[str]:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    found = zxingcpp.read_barcodes(np.asarray(image), formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in found]


def test_files_do_not_depend_on_the_order_of_writing(
    election: Election, plan: list[PlannedFile], tmp_path: Path
) -> None:
    some = plan[:3] + plan[-12:]
    forth = [write_file(planned, election, tmp_path / "a") for planned in some]
    with ThreadPoolExecutor(2) as pool:
        back = pool.map(lambda p: write_file(p, election, tmp_path / "b"), reversed(some))
    assert list(back) == forth[::-1]
    for planned in some:
        one, other = (tmp_path / name / "scans" / planned.name for name in "ab")
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("style", ["grey-200", "colour-200", "colour-300"])
def test_a_clean_sheet_reads_back_its_payload(
    election: Election, plan: list[PlannedFile], tmp_path: Path, style: str
) -> None:
    planned = first(plan, kind="clean", style=style)
    row = write_file(planned, election, tmp_path)
    assert symbols((tmp_path / "scans" / row.file).read_bytes()) == [row.payload]
    assert row.payload.startswith(f"{row.acta_code}!")
    assert row.expected_status == "counted"


@pytest.mark.parametrize("kind", ["clean", "worn", "other-election"])
def test_the_truth_tells_what_is_printed_and_what_people_left(
    election: Election, plan: list[PlannedFile], tmp_path: Path, kind: str
) -> None:
    planned = first(plan, kind=kind)
    row = write_file(planned, election, tmp_path)
    assert planned.mesa is not None
    votes = " ".join(map(str, planned.mesa.votes))
    assert row.digits == row.words == votes
    assert f"valid={sum(planned.mesa.votes)} " in row.totals
    assert len(row.hash) == 64
    boxes = row.members.split(" ")
    assert len(boxes) == 6
    for box in boxes:
        assert all(mark in ("-", letter) for mark, letter in zip(box, "NISTX", strict=True))
    for corners in (row.members_corners, row.symbol_corners):
        assert len([tuple(map(float, point.split(","))) for point in corners.split(" ")]) == 4


def test_of_what_is_no_sheet_nothing_is_told(
    election: Election, plan: list[PlannedFile], tmp_path: Path
) -> None:
    for kind in ("not-a-sheet", "broken"):
        row = write_file(first(plan, kind=kind), election, tmp_path)
        assert row.digits == row.members == row.members_corners == row.uuid == ""


@pytest.fixture(scope="module")
def faulty(election: Election) -> list[PlannedFile]:
    return plan_election(election, 160, seed=5, mix=CLEAN_MIX.with_faults(0.5))


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_faulty_sheet_is_as_its_truth_says(
    election: Election, faulty: list[PlannedFile], tmp_path: Path, name: str
) -> None:
    planned = first(faulty, variant=name)
    row = write_file(planned, election, tmp_path)
    fault, mesa = FAULTS[name], planned.mesa
    assert (row.verdict, row.expected_status) == (fault.verdict, fault.status)
    assert row.changes
    assert mesa is not None
    votes = " ".join(map(str, mesa.votes))
    assert ((row.digits, row.words) != (votes, votes)) == (fault.verdict == "mismatch")
    assert (row.payload == "") == (planned.kind == "no-symbol")
    if planned.style != "colour-300" and (row.payload == "" or planned.kind == "tampered"):
        found = symbols((tmp_path / "scans" / row.file).read_bytes())
        assert found == ([row.payload] if row.payload else [])
    if fault.verdict != "identity" and row.payload:
        assert row.payload.startswith(f"{row.acta_code}!{votes.replace(' ', ',')}!")


@pytest.mark.parametrize(
    ("name", "column"),
    [("symbol-pasted", "payload"), ("uuid-repeated", "uuid"), ("hash-repeated", "hash")],
)
def test_what_was_taken_from_another_sheet_stands_on_that_one_too(
    election: Election, faulty: list[PlannedFile], tmp_path: Path, name: str, column: str
) -> None:
    planned = first(faulty, variant=name)
    assert planned.donor is not None
    donor = next(p for p in faulty if p.sheet_seed == planned.donor.sheet_seed)
    taken = getattr(write_file(planned, election, tmp_path), column)
    its_own = replace(donor, variant="", donor=None, kind="clean")
    assert taken == getattr(write_file(its_own, election, tmp_path), column)


def test_faulty_sheets_are_expected_in_the_definition(
    election: Election, faulty: list[PlannedFile], tmp_path: Path
) -> None:
    made = load_election(write_election(election, faulty, tmp_path))
    key = made.rules.acta_code.mesa_key
    assert {key(p.mesa.centre, p.mesa.number) for p in faulty if p.mesa} <= set(made.registered)


def test_duplicates_are_equal_and_rescans_are_not(
    election: Election, plan: list[PlannedFile]
) -> None:
    for kind, equal in (("duplicate", True), ("rescan", False)):
        copy = first(plan, kind=kind)
        original = next(p for p in plan if p.mesa == copy.mesa and p.kind == "clean")
        assert (file_bytes(copy, election) == file_bytes(original, election)) is equal
        assert symbols(file_bytes(copy, election)) == symbols(file_bytes(original, election))


@pytest.mark.parametrize("variant", ["other-country", "other-length", "web-poster"])
def test_strangers_carry_symbols_of_something_else(
    election: Election, plan: list[PlannedFile], variant: str
) -> None:
    (text,) = symbols(file_bytes(first(plan, variant=variant), election))
    code, *fields = text.split("!")
    parsed = election.rules.acta_code.parse(code)
    ours = parsed is not None and parsed.centre[:2] in election.rules.top_units
    assert not (ours and len(fields[0].split(",")) == election.rules.positions)


def test_broken_files_are_broken(election: Election, plan: list[PlannedFile]) -> None:
    content = {
        variant: file_bytes(first(plan, variant=variant), election)
        for variant in ("zero-bytes", "text", "truncated", "huge-png", "random-bytes")
    }
    assert content["zero-bytes"] == b""
    assert struct.unpack(">II", content["huge-png"][16:24]) == (65_535, 65_535)
    assert content["truncated"].startswith(b"\xff\xd8")
    assert not content["truncated"].endswith(b"\xff\xd9")
    for variant in ("text", "random-bytes"):
        assert cv2.imdecode(np.frombuffer(content[variant], np.uint8), 0) is None


def test_the_truth_is_sorted_and_complete(tmp_path: Path) -> None:
    row = TruthRow("b.jpg", "clean", "grey-200", "", "", "1.1", "1.1!2!0!0", "700", "counted")
    write_truth([row, replace(row, file="a.jpg")], tmp_path / "truth.csv")
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["file"] for r in rows] == ["a.jpg", "b.jpg"]
    assert rows[1] == vars(row)


def test_the_definition_loads_and_expects_more_than_there_is(
    election: Election, plan: list[PlannedFile], tmp_path: Path
) -> None:
    made = load_election(write_election(election, plan, tmp_path))
    own = {
        (p.mesa.centre, p.mesa.number): p.mesa
        for p in reversed(plan)
        if p.mesa and p.kind in {"clean", "worn", "conflicting"}
    }
    listed = Counter(centre for centre, _ in own)
    key = made.rules.acta_code.mesa_key
    assert made.rules == replace(election.rules, top_units=made.rules.top_units)
    assert all(made.registered[key(*mesa)] == own[mesa].registered for mesa in own)
    absent = len(made.registered) - len(own)
    assert 0.02 < absent / len(own) < 0.05
    centres = {u.code: u.expected for u in made.units.values() if u.level == "centre"}
    assert centres.keys() == listed.keys()
    assert sum(centres.values()) == len(own) + absent
    assert made.nation.expected > sum(centres.values()), "some are not listed below the state"


def test_the_official_figures_say_that_they_are_invented(
    election: Election, plan: list[PlannedFile], tmp_path: Path
) -> None:
    made = load_election(write_election(election, plan, tmp_path))
    assert made.official
    assert all("INVENTED" in result.source for result in made.official)
    assert "INVENTED" in made.sources["official_results"]
    assert "independent_counts" not in made.sources
    assert made.slug != election.slug
    votes = {result.candidate: result.votes for result in made.official}
    assert votes["VALID"] == sum(votes[candidate.code] for candidate in made.candidates)
