"""Versions: what was published once can be told again, and the difference has its reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import schema
from pipeline.count.differences import Kind, mesa_changes, moved_votes
from pipeline.count.outputs import acta_rows
from pipeline.count.place import Place
from pipeline.count.resolve import Scan, resolve
from pipeline.count.versions import Version, add_version, changes, state, versions
from pipeline.election import Election
from pipeline.errors import ResultsError
from pipeline.findings import Finding
from tests.count.build import payload, scan

VOTES = (10, 5, 7, 0, 1)


def table(tiny: Election, *scans: Scan) -> pa.Table:
    """`actas.parquet` of these scans."""
    rows = list(acta_rows(resolve(scans, tiny), tiny))
    return pa.Table.from_pylist(rows, schema=schema.actas(tiny))


def add(place: Place, before: pa.Table, after: pa.Table, **summary: Any) -> Version:
    return add_version(
        place, versions(place), changes(before, in_parts(after)), after.schema,
        time="2030-01-01T00:00:00Z", run=1, news={"new": 1}, summary=summary,
    )  # fmt: skip


def in_parts(rows: pa.Table) -> list[pa.Table]:
    """Five rows at a time."""
    return [rows.slice(start, 5) for start in range(0, rows.num_rows, 5)]


def changed(before: pa.Table, after: pa.Table) -> int:
    return sum(part.num_rows for part in changes(before, in_parts(after)))


def sorted_rows(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=lambda row: str(row["mesa"]))


@pytest.fixture
def history(tiny: Election) -> list[pa.Table]:
    """States of a count in which scans come, disagree, and go."""
    one = scan("/a", payload(tiny, "1001", 1, VOTES))
    two = scan("/b", payload(tiny, "1001", 2, VOTES))
    other = scan("/c", payload(tiny, "1001", 2, (1,) * 5))
    beyond = scan("/d", payload(tiny, "1777", 1, (1,) * 5))
    return [
        table(tiny),
        table(tiny, one),
        table(tiny, one, two),
        table(tiny, one, two, other, beyond),
        table(tiny, one, two, beyond),
        table(tiny, one),
    ]


def test_every_state_can_be_told_again(tmp_path: Path, history: list[pa.Table]) -> None:
    place = Place.of(tmp_path)
    before = state(place, 0)
    assert before.num_rows == 0
    for after in history:
        add(place, before, after)
        before = after
    for number, then in enumerate(history, start=1):
        assert sorted_rows(state(place, number)) == sorted_rows(then)
    # What is stored is what changed.
    stored = [
        pq.read_table(tmp_path / "versions" / f"{n:06d}.parquet").num_rows for n in range(1, 7)
    ]
    assert stored[0] == history[0].num_rows
    assert stored[1:3] == [1, 1]
    assert [version.mesas for version in versions(place)] == stored


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2)), max_size=4), max_size=5))
def test_any_history_can_be_told_again(
    tmp_path_factory: pytest.TempPathFactory, tiny: Election, steps: list[list[tuple[int, int]]]
) -> None:
    place = Place.of(tmp_path_factory.mktemp("v"))
    states = [state(place, 0)]
    for step in steps:
        scans = [
            scan(f"/{mesa}-{votes}", payload(tiny, "1001", mesa, (votes,) * 4 + (1,)))
            for mesa, votes in sorted(set(step))
        ]
        states.append(table(tiny, *scans))
        add(place, states[-2], states[-1])
    for number in range(1, len(states)):
        assert sorted_rows(state(place, number)) == sorted_rows(states[number])


def test_nothing_changed_is_no_change(history: list[pa.Table]) -> None:
    for rows in history:
        assert changed(rows, rows) == 0
        assert mesa_changes(rows, rows) == []


def test_a_version_without_its_record_does_not_exist(
    tmp_path: Path, history: list[pa.Table]
) -> None:
    """Killed between the two files: the next run writes the same number again."""
    place = Place.of(tmp_path)
    add(place, state(place, 0), history[0])
    (tmp_path / "versions" / "000002.parquet").write_bytes(b"half")
    assert [version.number for version in versions(place)] == [1]
    add(place, history[0], history[1])
    assert sorted_rows(state(place, 2)) == sorted_rows(history[1])


@pytest.mark.parametrize(
    "damage", ["000001.json gone", "000001.json cut", "000001.parquet gone", "000001.parquet cut"]
)
def test_a_damaged_version_is_named_with_what_to_do(
    tmp_path: Path, history: list[pa.Table], damage: str
) -> None:
    place = Place.of(tmp_path)
    add(place, state(place, 0), history[0])
    add(place, history[0], history[1])
    name, how = damage.split()
    path = tmp_path / "versions" / name
    path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ResultsError, match="versions") as raised:
        state(place, len(versions(place)))
    assert "copy" in raised.value.hint


# Differences.


def test_each_change_has_its_kind_and_its_reason(tiny: Election) -> None:
    numbers, more = payload(tiny, "1001", 1, VOTES), payload(tiny, "1001", 1, (50, 5, 7, 0, 1))
    empty, one = table(tiny), table(tiny, scan("/x/a", numbers))
    two = table(tiny, scan("/x/a", numbers), scan("/x/b", numbers))
    quarrel = table(tiny, scan("/x/a", numbers), scan("/x/b", more))
    changed = table(tiny, scan("/x/a", more, sha256="other"))
    hint = Finding("symbol-none")

    def told(before: pa.Table, after: pa.Table) -> list[tuple[str, Kind, str]]:
        return [(c.mesa, c.kind, c.why) for c in mesa_changes(before, after)]

    assert told(empty, one) == [("1001-001", Kind.CAME, "rests on a; +1 scan")]
    assert told(one, empty) == [("1001-001", Kind.LEFT, "a does not count now; -1 scan")]
    assert told(one, two) == [("1001-001", Kind.OTHER, "+1 scan")]
    assert told(one, quarrel) == [
        ("1001-001", Kind.LEFT, "a does not count now; +1 scan; Sheets of one mesa disagree")
    ]
    assert told(one, changed) == [("1001-001", Kind.CHANGED, "a has another content")]
    read_otherwise = table(tiny, scan("/x/a", more))
    assert told(one, read_otherwise) == [("1001-001", Kind.CHANGED, "a was read otherwise")]
    noted = table(tiny, scan("/x/a", numbers, findings=(hint,), grade="proven"))
    assert [kind for _, kind, _ in told(one, noted)] != [Kind.CHANGED]
    moved = table(tiny, scan("/x/z", numbers))
    assert told(one, moved) == [("1001-001", Kind.OTHER, "rests on z, not on a")]


def test_mesas_without_a_name_make_room_in_silence(tiny: Election) -> None:
    before = table(tiny)
    after = table(tiny, scan("/d", payload(tiny, "1777", 1, (1,) * 5)))
    assert changed(before, after) > 1
    assert [change.mesa for change in mesa_changes(before, after)] == ["1777-001"]


def test_what_moved_is_the_difference_of_the_totals(tiny: Election) -> None:
    one = table(tiny, scan("/a", payload(tiny, "1001", 1, VOTES)))
    two = table(
        tiny,
        scan("/a", payload(tiny, "1001", 1, (11, 5, 7, 0, 1)), sha256="x"),
        scan("/b", payload(tiny, "2001", 1, VOTES)),
    )
    per_party = moved_votes(mesa_changes(one, two), tiny)
    assert sorted(per_party) == ["1", "2"]
    assert sum(per_party["1"].values()) == 1
    assert sum(per_party["2"].values()) == sum(VOTES)
    back = moved_votes(mesa_changes(two, one), tiny)
    assert back == {u: {c: -n for c, n in votes.items()} for u, votes in per_party.items()}
