"""Every scan and every mesa gets exactly one status, by rules that a person can say aloud."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.count.resolve import MesaStatus, Resolution, ResolvedMesa, ScanStatus, resolve
from pipeline.count.totals import sum_up
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.record import Outcome
from tests.count.build import payload, scan

VOTES = (10, 5, 7, 0, 1)
OTHER = (10, 5, 8, 0, 1)


def _statuses(resolution: Resolution) -> dict[str, str]:
    return {item.scan.uri: item.status.value for item in resolution.scans}


def _mesa(resolution: Resolution, key: str) -> ResolvedMesa:
    (found,) = (mesa for mesa in resolution.mesas if mesa.mesa == key)
    return found


def _codes(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in findings}


def test_a_single_clean_scan_counts(tiny: Election) -> None:
    resolution = resolve([scan("/a", payload(tiny, "1001", 1, VOTES, 2, 1))], tiny)
    assert _statuses(resolution) == {"/a": "counted"}
    mesa = _mesa(resolution, "1001-001")
    assert mesa.status is MesaStatus.COUNTED
    assert mesa.source is not None
    assert mesa.source.uri == "/a"
    totals = sum_up(resolution, tiny)
    assert (totals.nation.valid_votes, totals.nation.null_votes, totals.nation.empty_votes) == (
        23,
        2,
        1,
    )
    assert totals.nation.candidate_votes(tiny) == {"ANA": 15, "BEA": 7, "CAI": 1}


def test_the_same_bytes_under_many_names_count_once(tiny: Election) -> None:
    numbers = payload(tiny, "1001", 1, VOTES)
    scans = [scan(f"/{name}", numbers, sha256="s") for name in "cab"]
    resolution = resolve(scans, tiny)
    assert _statuses(resolution) == {"/a": "counted", "/b": "duplicate", "/c": "duplicate"}
    copies = [item for item in resolution.scans if item.status is ScanStatus.DUPLICATE]
    assert {item.stands_for for item in copies} == {"/a"}
    assert all(_codes(item.findings) == {"content-duplicate"} for item in copies)
    assert sum_up(resolution, tiny).nation.valid_votes == sum(VOTES)


def test_two_pages_of_one_file_are_no_copies_of_each_other(tiny: Election) -> None:
    one = scan("/f#page=1", payload(tiny, "1001", 1, VOTES), sha256="s", page=1)
    two = scan("/f#page=2", payload(tiny, "1001", 2, VOTES), sha256="s", page=2)
    assert set(_statuses(resolve([one, two], tiny)).values()) == {"counted"}


def test_rescans_that_agree_count_once(tiny: Election) -> None:
    numbers = payload(tiny, "1001", 1, VOTES)
    resolution = resolve([scan("/b", numbers), scan("/a", numbers)], tiny)
    assert _statuses(resolution) == {"/a": "counted", "/b": "duplicate"}
    assert _mesa(resolution, "1001-001").scans == 2


def test_of_agreeing_scans_the_best_proven_counts(tiny: Election) -> None:
    numbers = payload(tiny, "1001", 1, VOTES)
    scans = [
        scan("/a", numbers, grade="print"),
        scan("/b", numbers, grade="qr"),
        scan("/c", numbers, grade="proven"),
    ]
    assert _statuses(resolve(scans, tiny))["/c"] == "counted"


@pytest.mark.parametrize(
    "other",
    [
        {"votes": OTHER},
        {"votes": VOTES, "null": 1},
        {"votes": VOTES, "empty": 1},
        {"votes": (5, 10, 7, 0, 1)},
    ],
    ids=["votes", "null", "empty", "swapped"],
)
def test_sheets_that_disagree_in_any_number_count_nowhere(
    tiny: Election, other: dict[str, int | tuple[int, ...]]
) -> None:
    first = payload(tiny, "1001", 1, VOTES)
    second = payload(tiny, "1001", 1, **other)  # type: ignore[arg-type]
    resolution = resolve([scan("/a", first), scan("/b", first), scan("/c", second)], tiny)
    assert set(_statuses(resolution).values()) == {"quarantined"}
    mesa = _mesa(resolution, "1001-001")
    assert mesa.status is MesaStatus.QUARANTINED
    assert mesa.payload is None
    assert "sheets-disagree" in _codes(mesa.findings)
    assert sum_up(resolution, tiny).nation.valid_votes == 0


def test_a_copy_of_a_quarantined_scan_is_a_duplicate(tiny: Election) -> None:
    first, second = payload(tiny, "1001", 1, VOTES), payload(tiny, "1001", 1, OTHER)
    scans = [scan("/a", first, sha256="s"), scan("/b", first, sha256="s"), scan("/c", second)]
    assert _statuses(resolve(scans, tiny)) == {
        "/a": "quarantined",
        "/b": "duplicate",
        "/c": "quarantined",
    }


def test_another_acta_code_of_the_same_mesa_is_noted_but_counts(venezuela: Election) -> None:
    votes = [1] * 38
    one = payload(venezuela, "240111020", 1, votes)
    two = payload(venezuela, "240111020", 1, votes, copy="0002")
    resolution = resolve([scan("/a", one), scan("/b", two)], venezuela)
    assert _statuses(resolution) == {"/a": "counted", "/b": "duplicate"}
    assert "acta-codes-differ" in _codes(resolution.scans[0].findings)


def test_more_votes_than_registered_voters_wait_for_a_person(tiny: Election) -> None:
    exact = payload(tiny, "1002", 1, (90, 0, 0, 0, 0))
    assert _statuses(resolve([scan("/a", exact)], tiny)) == {"/a": "counted"}
    for numbers in (
        payload(tiny, "1002", 1, (91, 0, 0, 0, 0)),
        payload(tiny, "1002", 1, (90, 0, 0, 0, 0), null=1),
        payload(tiny, "1002", 1, (90, 0, 0, 0, 0), empty=1),
    ):
        resolution = resolve([scan("/a", numbers)], tiny)
        assert _statuses(resolution) == {"/a": "quarantined"}
        assert "votes-over-registered" in _codes(resolution.scans[0].findings)
        assert "91" in resolution.scans[0].why


def test_a_mesa_without_a_register_entry_has_not_failed_the_rule(tiny: Election) -> None:
    resolution = resolve([scan("/a", payload(tiny, "2001", 2, (999, 0, 0, 0, 0)))], tiny)
    assert _statuses(resolution) == {"/a": "counted"}


def test_a_blocking_finding_of_the_sheet_quarantines_it(tiny: Election) -> None:
    zero = scan("/a", payload(tiny, "1001", 1, (0,) * 5), findings=(Finding("votes-none"),))
    resolution = resolve([zero], tiny)
    assert _statuses(resolution) == {"/a": "quarantined"}
    assert _mesa(resolution, "1001-001").status is MesaStatus.QUARANTINED


def test_a_false_zero_read_does_not_hide_behind_a_good_one(tiny: Election) -> None:
    zero = scan("/a", payload(tiny, "1001", 1, (0,) * 5), findings=(Finding("votes-none"),))
    good = scan("/b", payload(tiny, "1001", 1, VOTES))
    assert set(_statuses(resolve([zero, good], tiny)).values()) == {"quarantined"}


def test_a_note_does_not_keep_a_sheet_out(tiny: Election) -> None:
    noted = scan("/a", payload(tiny, "1001", 1, VOTES), findings=(Finding("symbol-form"),))
    assert _statuses(resolve([noted], tiny)) == {"/a": "counted"}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.UNREADABLE, "unreadable"),
        (Outcome.REJECTED, "rejected"),
        (Outcome.FAILED, "failed"),
        (Outcome.AMBIGUOUS, "quarantined"),
    ],
)
def test_what_was_not_read_keeps_its_outcome(tiny: Election, outcome: Outcome, status: str) -> None:
    assert _statuses(resolve([scan("/a", outcome=outcome)], tiny)) == {"/a": status}


def test_files_that_failed_are_never_duplicates(tiny: Election) -> None:
    scans = [scan(f"/{i}", outcome=Outcome.FAILED, sha256="e3b0c442") for i in range(5)]
    scans += [scan(f"/gone{i}", outcome=Outcome.FAILED, sha256=None) for i in range(3)]
    resolution = resolve(scans, tiny)
    assert set(_statuses(resolution).values()) == {"failed"}
    assert len(resolution.scans) == 8


def test_an_ambiguous_scan_puts_both_its_mesas_on_hold(tiny: Election) -> None:
    rivals = (payload(tiny, "1001", 1, VOTES), payload(tiny, "1001", 2, VOTES))
    resolution = resolve([scan("/a", outcome=Outcome.AMBIGUOUS, rivals=rivals)], tiny)
    assert _statuses(resolution) == {"/a": "quarantined"}
    for key in ("1001-001", "1001-002"):
        assert _mesa(resolution, key).status is MesaStatus.QUARANTINED
    assert sum_up(resolution, tiny).nation.quarantined == 2


def test_an_ambiguous_scan_that_agrees_leaves_the_clean_one_counted(tiny: Election) -> None:
    numbers = payload(tiny, "1001", 1, VOTES)
    rivals = (numbers, payload(tiny, "1001", 2, VOTES))
    scans = [scan("/a", outcome=Outcome.AMBIGUOUS, rivals=rivals), scan("/b", numbers)]
    resolution = resolve(scans, tiny)
    assert _statuses(resolution) == {"/a": "quarantined", "/b": "counted"}
    assert _mesa(resolution, "1001-001").status is MesaStatus.COUNTED
    assert _mesa(resolution, "1001-002").status is MesaStatus.QUARANTINED


def test_an_ambiguous_scan_that_disagrees_blocks_the_clean_one(tiny: Election) -> None:
    rivals = (payload(tiny, "1001", 1, OTHER), payload(tiny, "1001", 2, VOTES))
    clean = scan("/b", payload(tiny, "1001", 1, VOTES))
    resolution = resolve([scan("/a", outcome=Outcome.AMBIGUOUS, rivals=rivals), clean], tiny)
    assert _statuses(resolution) == {"/a": "quarantined", "/b": "quarantined"}
    assert "sheets-disagree" in _codes(_mesa(resolution, "1001-001").findings)


def test_a_known_but_unreadable_scan_makes_its_mesa_unread_and_missing(tiny: Election) -> None:
    hinted = replace(scan("/a"), mesa_hint=tiny.rules.acta_code.mesa_key("1001", 3))
    resolution = resolve([hinted], tiny)
    mesa = _mesa(resolution, "1001-003")
    assert (mesa.status, mesa.unread) == (MesaStatus.MISSING, True)
    totals = sum_up(resolution, tiny)
    assert (totals.nation.missing, totals.nation.unread) == (12, 1)


def test_a_mesa_that_no_register_names_counts_with_a_note(tiny: Election) -> None:
    sixth_of_three = scan("/a", payload(tiny, "1001", 6, VOTES))
    unknown_centre = scan("/b", payload(tiny, "1777", 1, VOTES))
    resolution = resolve([sixth_of_three, unknown_centre], tiny)
    assert _statuses(resolution) == {"/a": "counted", "/b": "counted"}
    assert _codes(resolution.scans[0].findings) == {"mesa-not-listed"}
    assert _codes(resolution.scans[1].findings) == {"centre-not-listed"}
    assert not _mesa(resolution, "1777-001").listed


def test_mesas_beyond_the_number_that_exist_never_enter_a_total(tiny: Election) -> None:
    # Coast 2 expects 4 mesas, all of its one centre; the nation has one place beyond the coasts.
    scans = [scan(f"/{n}", payload(tiny, "2001", n, VOTES)) for n in range(1, 8)]
    resolution = resolve(scans, tiny)
    statuses = _statuses(resolution)
    assert [statuses[f"/{n}"] for n in range(1, 8)] == ["counted"] * 4 + ["quarantined"] * 3
    assert "mesa-over-register" in _codes(_mesa(resolution, "2001-005").findings)
    assert sum_up(resolution, tiny).nation.counted == 4


def test_no_scan_at_all_leaves_every_mesa_missing(tiny: Election) -> None:
    resolution = resolve([], tiny)
    assert resolution.scans == ()
    totals = sum_up(resolution, tiny)
    assert (totals.nation.expected, totals.nation.missing) == (12, 12)
    assert totals.scans["found"] == 0


def test_the_shipped_registers_sum_to_the_nation_at_every_level(venezuela: Election) -> None:
    totals = sum_up(resolve([], venezuela), venezuela)
    assert {sum(unit.expected for unit in units) for units in totals.levels.values()} == {30026}
