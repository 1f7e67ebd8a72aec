"""Records that outlive their files, and contents that are read once."""

from __future__ import annotations

import pyarrow as pa

from pipeline.count.carry import keep_gone, keep_refused, repeat_known
from pipeline.count.current import current
from pipeline.count.known import Why, subtract
from pipeline.count.load import ScanRows
from pipeline.count.records import make_records, to_table
from pipeline.count.resolve import ScanStatus, resolve
from pipeline.count.retry import AUTOMATIC
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.record import Outcome, PageReading
from pipeline.read.scans import Listing, ScanFile
from tests.count.build import payload, record

VOTES = (10, 5, 7, 0, 1)
SHA = "0" * 64


def history(tiny: Election, **more: object) -> pa.Table:
    return to_table(record(tiny, "/s/a", payload(tiny, "1001", 1, VOTES), **more))  # type: ignore[arg-type]


def statuses(table: pa.Table, tiny: Election) -> dict[str, tuple[str, list[str]]]:
    """Status and finding codes of every scan."""
    resolution = resolve(ScanRows(current(table), tiny.rules), tiny)
    return {s.scan.uri: (s.status.value, [f.code for f in s.findings]) for s in resolution.scans}


def test_a_scan_that_is_gone_keeps_its_record_and_says_so(tiny: Election) -> None:
    before = history(tiny)
    after = pa.concat_tables([before, keep_gone(before, ["/s/a"], 2)])
    assert statuses(after, tiny) == {"/s/a": ("counted", ["scan-gone"])}
    (row,) = current(after).to_pylist()
    assert (row["payload"], row["read_as"]) == (before["payload"][0].as_py(), "/s/a")
    # Gone, back under its name, gone again: said once.
    back = repeat_known(after, {ScanFile("/s/a", 100, "1"): SHA}, "1-abc", "", 3)
    after = pa.concat_tables([after, back])
    assert statuses(after, tiny) == {"/s/a": ("counted", [])}
    after = pa.concat_tables([after, keep_gone(after, ["/s/a"], 4)])
    assert statuses(after, tiny) == {"/s/a": ("counted", ["scan-gone"])}


def test_a_moved_scan_is_counted_where_it_is_now(tiny: Election) -> None:
    before = history(tiny)
    moved = ScanFile("/s/z", 100, "5")
    after = pa.concat_tables(
        [
            before,
            repeat_known(before, {moved: SHA}, "1-abc", "", 2),
            keep_gone(before, ["/s/a"], 2),
        ]
    )
    assert statuses(after, tiny) == {
        "/s/a": ("duplicate", ["scan-gone", "content-duplicate"]),
        "/s/z": ("counted", []),
    }
    row = next(row for row in after.to_pylist() if row["source"] == "/s/z")
    assert (row["uri"], row["size"], row["stamp"]) == ("/s/z", 100, "5")
    assert (row["run"], row["read_as"]) == (2, "/s/a")


def test_all_pages_of_a_known_content_get_their_new_names(tiny: Election) -> None:
    pages = [PageReading(n, Outcome.UNREADABLE, failure="none") for n in (1, 2)]
    file = ScanFile("/s/a.tif", 100, "1")
    rows = make_records(file, SHA, pages, tiny.rules, reader_version="1-abc", run=1)
    again = make_records(file, SHA, pages, tiny.rules, reader_version="1-abc", run=2)
    copy = ScanFile("/s/b.tif", 100, "1")
    found = repeat_known(to_table([*rows, *again]), {copy: SHA}, "1-abc", "", 3)
    assert found["uri"].to_pylist() == ["/s/b.tif#page=1", "/s/b.tif#page=2"]


def test_a_content_that_is_not_known_after_all_gets_no_row(tiny: Election) -> None:
    copies = {ScanFile("/s/b", 100, "1"): SHA}
    for unlike in (history(tiny, reader_version="2"), history(tiny, limits="x")):
        assert repeat_known(unlike, copies, "1-abc", "", 2).num_rows == 0
    assert (
        repeat_known(history(tiny), {ScanFile("/s/b", 1, "1"): "f" * 64}, "1-abc", "", 2).num_rows
        == 0
    )


def test_a_file_that_is_refused_later_does_not_lose_its_votes(tiny: Election) -> None:
    """A new reader reads all again, and a disk answers with an error."""
    rows = [history(tiny)]
    refusal = Finding("file-unreadable", "Input/output error")
    file = ScanFile("/s/a", 100, "1")
    for run in range(2, AUTOMATIC + 2):
        listing = Listing((file,), (), ("/s/",))
        found = subtract(listing, pa.concat_tables(rows), "2-abc", "")
        assert found.why == ({Why.READER: 1} if run == 2 else {Why.AGAIN: 1})
        rows.append(
            to_table(record(tiny, "/s/a", None, run=run, fault=refusal, reader_version="2-abc"))
        )
        rows.append(keep_refused(pa.concat_tables(rows), run))
        assert statuses(pa.concat_tables(rows), tiny) == {"/s/a": ("counted", ["scan-refused"])}
    given_up = subtract(listing, pa.concat_tables(rows), "2-abc", "")
    assert (given_up.todo, given_up.given_up) == ((), 1)
    rows.append(to_table(record(tiny, "/s/a", payload(tiny, "1001", 1, VOTES), run=9)))
    assert statuses(pa.concat_tables(rows), tiny) == {"/s/a": ("counted", [])}


def test_a_file_that_was_never_had_has_nothing_to_keep(tiny: Election) -> None:
    refused = to_table(record(tiny, "/s/a", None, fault=Finding("file-unreadable")))
    assert keep_refused(refused, 2).num_rows == 0
    assert statuses(refused, tiny)["/s/a"][0] == ScanStatus.FAILED
