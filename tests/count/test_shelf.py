"""Scans held as columns, and looked at some at a time, come to what they come to as objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.count import current, grouped, resolved, shelf, sift
from pipeline.count.carry import NO_LONGER_THERE
from pipeline.count.load import ScanRows
from pipeline.count.records import make_records, to_table
from pipeline.count.resolve import Scan, resolve
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.record import Outcome, PageReading
from pipeline.read.scans import ScanFile
from tests.count.build import acta_code, payload, scan

VOTES = ((10, 5, 7, 0, 1), (10, 5, 8, 0, 1))
MESAS = (("1001", 1), ("1001", 2), ("1002", 1), ("2001", 9))
OUTCOMES = (Outcome.UNREADABLE, Outcome.READ, Outcome.AMBIGUOUS)
"""By the number of sheets that a scan seems to show."""


def one_of(data: st.DataObject, *choices: object) -> object:
    return data.draw(st.sampled_from(choices))


def invented(data: st.DataObject, election: Election) -> list[Scan]:
    """Scans that meet in every way there is: copies, the same mesas, rivals, hints, marks."""
    keys = [election.rules.acta_code.mesa_key(*mesa) for mesa in MESAS]
    found = []
    for number in range(data.draw(st.integers(0, 12))):
        shown = tuple(
            payload(election, *data.draw(st.sampled_from(MESAS)), data.draw(st.sampled_from(VOTES)))
            for _ in range(data.draw(st.sampled_from((0, 1, 1, 1, 2))))
        )
        outcome = OUTCOMES[len(shown)]
        if not shown and data.draw(st.booleans()):
            outcome = Outcome.FAILED
        made = scan(
            f"/{one_of(data, *'ab')}{number}",
            shown[0] if len(shown) == 1 else None,
            outcome=outcome,
            sha256=data.draw(st.sampled_from((None, "s", "t", str(number)))),
            rivals=shown if len(shown) == 2 else (),
            findings=data.draw(st.sampled_from(((), (), (Finding(NO_LONGER_THERE),)))),
        )
        found.append(
            replace(
                made,
                mesa_hint=None if len(shown) == 1 else data.draw(st.sampled_from((None, *keys))),
                uuid=data.draw(st.sampled_from((None, "", "u", "v"))),
                hash_hex=data.draw(st.sampled_from((None, *"hijklm"))),
            )
        )
    return found


def some_at_a_time(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    for module in (shelf, grouped, resolved, current):
        monkeypatch.setattr(module, "AT_ONCE", number)


def colliding(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Let the modules take all texts for possibly equal."""
    for module in modules:
        monkeypatch.setattr(module, "hash", lambda _: 7, raising=False)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_how_many_are_looked_at_at_a_time_changes_nothing(
    tiny: Election, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    scans = invented(data, tiny)
    with monkeypatch.context() as context:
        whole = resolve(scans, tiny)
        expected = whole, list(whole.scans.verdicts())
        some_at_a_time(context, data.draw(st.integers(1, 5)))
        colliding(context, sift, current)
        parts = resolve(scans, tiny)
        assert (parts, list(parts.scans.verdicts())) == expected


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_mark_on_sheets_of_several_mesas_is_noted_on_each(
    tiny: Election, data: st.DataObject
) -> None:
    resolution = resolve(invented(data, tiny), tiny)
    distinct = [
        item.scan for item in resolution.scans
        if "content-duplicate" not in {finding.code for finding in item.findings}
    ]  # fmt: skip
    for code, mark in (("hash-repeated", "hash_hex"), ("uuid-repeated", "uuid")):
        bearers = defaultdict(set)
        for one in distinct:
            if getattr(one, mark) and one.mesa:
                bearers[getattr(one, mark)].add(one.mesa)
        for one in distinct:
            others = bearers[getattr(one, mark)] - {one.mesa} if one.mesa else set()
            expected = [Finding(code, ", ".join(sorted(others)[:3]))] if others else []
            assert [finding for finding in one.findings if finding.code == code] == expected


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_scans_of_a_mesa_are_those_that_show_or_name_it(
    tiny: Election, data: st.DataObject
) -> None:
    resolution = resolve(invented(data, tiny), tiny)
    mesas = [mesa.mesa for mesa in resolution.mesas]
    cut = data.draw(st.integers(0, len(mesas)))
    found = list(resolution.scans.by_mesa([mesas[:cut], mesas[cut:]]))
    assert [list(run) for run in found] == [mesas[:cut], mesas[cut:]]
    for mesa, items in (pair for run in found for pair in run.items()):
        assert items == [item for item in resolution.scans if mesa in item.concerned]


def test_a_scan_is_concerned_with_what_it_shows_and_names(tiny: Election) -> None:
    one, two = (payload(tiny, *mesa, VOTES[0]) for mesa in MESAS[:2])
    rivals = scan("/a", outcome=Outcome.AMBIGUOUS, rivals=(one, two))
    shows = scan("/b", one)
    named = replace(scan("/c"), mesa_hint=two.acta_code.mesa)
    concerned = [item.concerned for item in resolve([rivals, shows, named, scan("/d")], tiny).scans]
    first, second = one.acta_code.mesa, two.acta_code.mesa
    assert concerned == [{first, second}, {first}, {second}, set()]


def readings(election: Election) -> Iterable[PageReading]:
    """Readings that fill every column, and such that leave nearly all of them empty."""
    one, two = (payload(election, *mesa, VOTES[0]).text for mesa in MESAS[:2])
    yield PageReading(
        1, Outcome.READ, payload=one, attempt="half", spare=3, registered_voters=90,
        print_check="agrees", printed=one, printed_at="2030-07-28T18:00:00", uuid="u",
        hash_hex="A" * 64, box_ink=(True, False),
        findings=(Finding("symbol-form"), Finding("boxes-blank", "1 of 2")),
    )  # fmt: skip
    yield PageReading(
        1, Outcome.UNREADABLE, printed_code=acta_code(election, *MESAS[2]),
        findings=(Finding("print-probable"),), failure="no",
    )  # fmt: skip
    yield PageReading(
        1, Outcome.AMBIGUOUS, rivals=(one, two), findings=(Finding("symbols-differ"),)
    )
    yield PageReading(1, Outcome.READ, printed=two, print_check="proven", box_ink=(True,))
    yield PageReading(1, Outcome.REJECTED, box_ink=())


@pytest.fixture
def rows(tiny: Election) -> pa.Table:
    """A row for each of the readings."""
    return to_table(
        record
        for number, reading in enumerate(readings(tiny))
        for record in make_records(
            ScanFile(f"/{number}", 5, "1"), f"s{number}", [reading], tiny.rules,
            reader_version="1", run=1,
        )
    )  # fmt: skip


def test_a_row_gives_the_scan_that_was_recorded(tiny: Election, rows: pa.Table) -> None:
    full, hinted, rivals, printed, nothing = ScanRows(rows, tiny.rules)
    (one, two) = (payload(tiny, *mesa, VOTES[0]) for mesa in MESAS[:2])
    assert full == Scan(
        uri="/0", sha256="s0", page=1, outcome=Outcome.READ, grade="proven", payload=one,
        rivals=(), failure=None, attempt="half", spare=3, registered_voters=90,
        print_check="agrees", printed=one.text, printed_at="2030-07-28T18:00:00", uuid="u",
        hash_hex="A" * 64, box_ink=(True, False),
        findings=(Finding("symbol-form"), Finding("boxes-blank", "1 of 2")),
    )  # fmt: skip
    assert (hinted.mesa, hinted.payload, hinted.failure) == ("1002-001", None, "no")
    assert (hinted.box_ink, hinted.spare, hinted.uuid) == (None, None, None)
    assert (rivals.rivals, rivals.payload, rivals.mesa) == ((one, two), None, None)
    assert (printed.payload, printed.grade, printed.box_ink) == (two, "print", (True,))
    assert (nothing.outcome, nothing.findings) == (Outcome.REJECTED, ())


def test_rows_in_many_tables_are_taken_in_any_order(tiny: Election, rows: pa.Table) -> None:
    whole = list(ScanRows(rows, tiny.rules))
    parts = ScanRows((rows.slice(start, 1) for start in range(len(rows))), tiny.rules)
    assert list(parts) == whole
    backwards = np.arange(len(rows))[::-1]
    assert list(parts.take(backwards)) == whole[::-1]
    assert resolve(parts, tiny) == resolve(whole[::-1], tiny)
    assert len(ScanRows([], tiny.rules)) == 0


@pytest.mark.parametrize("collide", [False, True])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.sampled_from("abcdefgh"), max_size=12), cut=st.integers(0, 12))
def test_the_same_text_has_the_same_number_in_order_of_appearance(
    monkeypatch: pytest.MonkeyPatch, collide: bool, texts: list[str], cut: int
) -> None:
    column = pa.chunked_array([texts[:cut], texts[cut:]], pa.string())
    with monkeypatch.context() as context:
        context.setattr(current, "AT_ONCE", 3)
        if collide:
            colliding(context, current)
        numbers = current.places(column).tolist()
    assert numbers == [list(dict.fromkeys(texts)).index(text) for text in texts]
