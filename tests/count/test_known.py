"""What is read again, and what is not: neither for ever nor never."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa
import pytest

from pipeline import schema
from pipeline.count.known import Subtracted, Why, subtract
from pipeline.count.records import ScanRecord, to_table
from pipeline.count.retry import ASKED, AUTOMATIC, Retry
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.scans import Listing, ScanFile
from tests.count.build import payload, record

VERSION = "1-abc"
A = ScanFile("/s/a", 100, "1")


def table(*groups: Iterable[ScanRecord]) -> pa.Table:
    return to_table([row for group in groups for row in group])


def left(
    history: pa.Table,
    *files: ScanFile,
    version: str = VERSION,
    limits: str = "",
    retry: Retry = Retry.NONE,
    roots: tuple[str, ...] = ("/s/",),
) -> Subtracted:
    return subtract(Listing(files, (), roots), history, version, limits, retry)


def uris(subtracted: Subtracted) -> list[str]:
    return [file.uri for file in subtracted.todo]


@pytest.fixture
def numbers(tiny: Election) -> pa.Table:
    """A ledger that has read `A`."""
    return table(record(tiny, A.uri, payload(tiny, "1001", 1, (1, 2, 3, 4, 5))))


def test_with_an_empty_ledger_everything_is_new() -> None:
    found = left(schema.SCANS.empty_table(), A)
    assert (found.todo, found.why, found.gone) == ((A,), {Why.NEW: 1}, ())


def test_only_what_changed_is_read_again(numbers: pa.Table) -> None:
    assert left(numbers, A).todo == ()
    for changed in (replace(A, size=101), replace(A, stamp="2")):
        found = left(numbers, changed)
        assert (uris(found), found.why) == (["/s/a"], {Why.CHANGED: 1})
    other = ScanFile("/s/b", 7, "1")
    assert left(numbers, A, other).why == {Why.NEW: 1}
    assert left(numbers, A, version="2-abc").why == {Why.READER: 1}


def test_the_new_are_read_before_the_old(numbers: pa.Table) -> None:
    """New scans must not wait behind a new reader's second look at all that is known."""
    new = ScanFile("/s/z", 7, "1")
    found = left(numbers, A, new, version="2-abc")
    assert uris(found) == ["/s/z", "/s/a"]
    assert list(found.why.items()) == [(Why.NEW, 1), (Why.READER, 1)]


def tried(tiny: Election, fault: str, runs: int) -> pa.Table:
    """A ledger in which a scan has failed in so many runs."""
    rows = [record(tiny, A.uri, None, run=n, fault=Finding(fault)) for n in range(1, runs + 1)]
    return table(*rows)


@pytest.mark.parametrize("fault", ["file-unreadable", "file-vanished", "reader-hung"])
def test_what_may_have_been_the_machines_fault_is_tried_again_but_not_for_ever(
    tiny: Election, fault: str
) -> None:
    for runs in range(1, AUTOMATIC + 3):
        found = left(tried(tiny, fault, runs), A)
        if runs < AUTOMATIC:
            assert (found.why, found.given_up) == ({Why.AGAIN: 1}, 0)
        else:
            assert (found.why, found.given_up) == ({}, 1)
    # Another stamp, or another reader, and counting begins anew.
    weary = tried(tiny, fault, AUTOMATIC)
    assert left(weary, replace(A, stamp="2")).why == {Why.CHANGED: 1}
    assert left(weary, A, version="2-abc").why == {Why.READER: 1}


@pytest.mark.parametrize("fault", ["image-corrupt", "symbol-none", "reader-error"])
def test_what_the_file_says_itself_is_final_until_somebody_asks(tiny: Election, fault: str) -> None:
    once = tried(tiny, fault, 1)
    assert left(once, A).todo == ()
    wanted = Retry.UNREADABLE if fault == "symbol-none" else Retry.FAILED
    unwanted = Retry.FAILED if fault == "symbol-none" else Retry.UNREADABLE
    assert left(once, A, retry=wanted).why == {Why.AGAIN: 1}
    assert left(once, A, retry=Retry.ALL).why == {Why.AGAIN: 1}
    assert left(once, A, retry=unwanted).todo == ()
    assert left(tried(tiny, fault, ASKED - 1), A, retry=wanted).why == {Why.AGAIN: 1}
    exhausted = left(tried(tiny, fault, ASKED), A, retry=wanted)
    assert (exhausted.todo, exhausted.given_up) == ((), 1)


def test_what_is_read_well_is_never_tried_again(numbers: pa.Table) -> None:
    assert left(numbers, A, retry=Retry.ALL).todo == ()


def test_what_is_tried_again_is_not_taken_for_known_by_its_own_content(tiny: Election) -> None:
    (again,) = left(tried(tiny, "symbol-none", 1), A, retry=Retry.ALL).todo
    assert again.twins == ()


def test_other_limits_read_what_a_limit_stopped(tiny: Election) -> None:
    fault = Finding("image-too-large")
    stopped = table(record(tiny, A.uri, None, fault=fault, limits="small"))
    assert left(stopped, A, limits="small").todo == ()
    assert left(stopped, A, limits="large").why == {Why.LIMITS: 1}


def test_a_fault_that_stands_in_the_listing_is_known_while_it_stands(tiny: Election) -> None:
    gone = ScanFile("/s/a", 0, "file-vanished", Finding("file-vanished"))
    history = table(
        record(tiny, "/s/a", None, size=0, stamp="file-vanished", fault=Finding("file-vanished"))
    )
    assert left(history, gone).todo == ()
    assert left(history, A).todo == (A,)


# Scans that are gone.


def test_a_scan_that_is_no_longer_listed_is_gone_once(numbers: pa.Table) -> None:
    other = ScanFile("/s/b", 7, "1")
    assert left(numbers, other).gone == ("/s/a",)
    assert left(numbers, other, roots=("/elsewhere/",)).gone == ()
    assert left(numbers, other, roots=("/s/a",)).gone == ("/s/a",)
    marked = pa.concat_tables([numbers, _marked(numbers)])
    assert left(marked, other).gone == ()


def test_a_scan_that_came_back_is_looked_at_but_known_by_its_content(numbers: pa.Table) -> None:
    marked = pa.concat_tables([numbers, _marked(numbers)])
    found = left(marked, A)
    assert found.why == {Why.CHANGED: 1}
    assert found.todo[0].twins == ("0" * 64,)


def test_a_list_that_names_a_vanished_scan_does_not_make_it_fail(numbers: pa.Table) -> None:
    vanished = ScanFile("/s/a", 0, "file-vanished", Finding("file-vanished"))
    found = left(numbers, vanished, roots=())
    assert (found.todo, found.why, found.gone) == ((), {}, ("/s/a",))
    marked = pa.concat_tables([numbers, _marked(numbers)])
    again = left(marked, vanished, roots=())
    assert (again.todo, again.gone) == ((), ())


def test_what_is_in_a_folder_that_cannot_be_opened_is_out_of_sight_not_gone(
    tiny: Election,
) -> None:
    history = table(record(tiny, "/s/closed/a", payload(tiny, "1001", 1, (1, 2, 3, 4, 5))))
    closed = ScanFile("/s/closed", 0, "file-unreadable", Finding("file-unreadable", "folder: no"))
    assert left(history, closed).gone == ()
    assert left(history, replace(closed, uri="/s/clo")).gone == ("/s/closed/a",)


def _marked(history: pa.Table) -> pa.Table:
    from pipeline.count.carry import keep_gone

    return keep_gone(history, ["/s/a"], 2)


# Contents that are known.


def test_a_file_of_a_known_size_comes_with_the_contents_to_compare(
    tiny: Election, numbers: pa.Table
) -> None:
    same_size, other_size = ScanFile("/s/b", 100, "9"), ScanFile("/s/c", 101, "9")
    found = {file.uri: file.twins for file in left(numbers, A, same_size, other_size).todo}
    assert found == {"/s/b": ("0" * 64,), "/s/c": ()}
    for other in ({"version": "2-abc"}, {"limits": "large"}):
        todo = left(numbers, same_size, **other).todo  # type: ignore[arg-type]
        assert [file.twins for file in todo if file.uri == "/s/b"] == [()]
    failed = table(record(tiny, A.uri, None, fault=Finding("image-corrupt")))
    assert [file.twins for file in left(failed, A, same_size).todo] == [()]
