"""Formats of others, held against the validators of others: Frictionless, NIST SP 1500-100."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from frictionless import Package, validate

from pipeline.election import Election
from tests.publish.opendata import build

SCHEMA = Path(__file__).parents[1] / "schemas" / "NIST_V2_election_results_reporting.json"


# Frictionless.


def test_frictionless_accepts_the_package(pristine: Path) -> None:
    report = validate(str(pristine / "datapackage.json"))
    assert report.valid, report.to_summary()
    types = {task.name: task.type for task in report.tasks}
    assert types["mesas-csv"] == types["totals-state-csv"] == types["scans-csv"] == "table"
    assert types["published-layout-csv"] == types["findings-csv"] == "table"
    there = {path.relative_to(pristine).as_posix() for path in pristine.rglob("*.*")}
    apart = {"datapackage.json", "manifest.csv", "merkle-root.txt"}
    assert {task.place for task in report.tasks} == there - apart


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("mesas.csv", ",1220,", ",-1,"),
        ("mesas.csv", "010101.02,", "010101.01,"),
        ("totals/state.csv", ",12,5,", ",12,x,"),
    ],
)
def test_frictionless_refuses_what_is_wrong(folder: Path, name: str, old: str, new: str) -> None:
    content = (folder / name).read_text(encoding="utf-8")
    assert old in content
    (folder / name).write_text(content.replace(old, new, 1), encoding="utf-8")
    build.reseal(folder)
    assert not validate(str(folder / "datapackage.json")).valid


def test_every_column_is_described(pristine: Path) -> None:
    package = Package(str(pristine / "datapackage.json"))
    tables = [resource for resource in package.resources if resource.type == "table"]
    assert len(tables) == 8
    for table in tables:
        assert all(field.description for field in table.schema.fields)
    assert package.contributors == [{"title": "The Daily", "role": "publisher"}]
    fields = {
        field.name: field.description for field in package.get_resource("mesas-csv").schema.fields
    }
    assert fields["CC:-MOON-"] == "Line 3 of the ballot: CAI for -MOON-"


# NIST SP 1500-100.


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture
def report(pristine: Path) -> Any:
    return json.loads((pristine / "nist-1500-100.json").read_text(encoding="utf-8"))


def test_the_nist_document_fits_its_schema(schema: Any, report: Any) -> None:
    validator = jsonschema.Draft4Validator(schema)
    validator.check_schema(schema)
    assert [error.message for error in validator.iter_errors(report)] == []
    del report["Election"][0]["Contest"][0]["ContestSelection"][0]["VoteCounts"][0]["GpUnitId"]
    assert not validator.is_valid(report)


def test_the_shipped_election_fits_it_too(tmp_path: Path, schema: Any, venezuela: Election) -> None:
    from pipeline.publish.opendata.nist import write_nist

    votes = ",".join(["7"] * 38)
    scans = [build.scan("s.jpg", venezuela, f"240111020.01.1.0001!{votes}!2!1")]
    resolution, totals, _ = build.count(venezuela, scans)
    path = write_nist(tmp_path, venezuela, resolution, totals, "2-abc", "")
    raw = json.loads(path.read_text(encoding="utf-8"))
    # Thirty thousand units of five kinds take minutes: all else, and some of each kind.
    kinds: dict[str, list[Any]] = {}
    for unit in raw["GpUnit"]:
        kinds.setdefault(unit["Type"], []).append(unit)
    assert set(kinds) == {"country", "state", "municipality", "other", "precinct"}
    raw["GpUnit"] = [unit for units in kinds.values() for unit in [*units[:20], *units[-20:]]]
    for counts in _lists_of_counts(raw):
        counts[:] = [*counts[:20], *counts[-20:]]
    assert jsonschema.Draft4Validator(schema).is_valid(raw)


def _lists_of_counts(raw: Any) -> Iterator[list[Any]]:
    election = raw["Election"][0]
    yield election["BallotCounts"]
    yield election["Contest"][0]["OtherCounts"]
    for selection in election["Contest"][0]["ContestSelection"]:
        yield selection["VoteCounts"]


def test_every_reference_leads_to_something_of_the_right_kind(schema: Any, report: Any) -> None:
    """What a JSON schema cannot say: `refTypes` are the types that a reference may lead to."""
    things = {node["@id"]: node["@type"] for node in _nodes(report) if "@id" in node}
    identities = [node["@id"] for node in _nodes(report) if "@id" in node]
    assert len(identities) == len(set(identities))
    followed = 0
    for node in _nodes(report):
        members = schema["definitions"][node["@type"]]["properties"]
        for name, value in node.items():
            about = members[name].get("items", members[name])
            if "refTypes" in about:
                for reference in value if isinstance(value, list) else [value]:
                    assert things[reference] in about["refTypes"]
                    followed += 1
    assert followed > 150


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def test_the_nist_document_adds_up(report: Any) -> None:
    """Each unit's votes are those of its parts; only counted mesas have any of their own."""
    parts = {unit["@id"]: unit.get("ComposingGpUnitIds", []) for unit in report["GpUnit"]}
    contest = report["Election"][0]["Contest"][0]
    for selection in contest["ContestSelection"]:
        counts = {count["GpUnitId"]: count["Count"] for count in selection["VoteCounts"]}
        for unit, inside in parts.items():
            if inside:
                assert counts[unit] == sum(counts.get(part, 0) for part in inside)
    assert len([unit for unit in report["GpUnit"] if unit["Type"] == "precinct"]) == 18
    assert contest["ContestSelection"][0]["VoteCounts"][0]["Count"] == 638
    assert report["Status"] == "unofficial-partial"
    assert report["GeneratedDate"] == "2031-05-04T00:00:00Z"
    assert "GeneratedDate is the day of the election" in report["Notes"]
