"""Whatever the scans: both identities hold, order does not matter, an oracle gets the same sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.count.resolve import MesaStatus, Resolution, Scan, ScanStatus, resolve
from pipeline.count.totals import Totals, check_accounts, sum_up
from pipeline.election import NATION, Election
from pipeline.errors import AccountingError
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload
from pipeline.read.record import Outcome
from tests.count.build import payload, scan

CENTRES = ("1001", "1002", "1003", "2001", "2002")
VERSIONS = ((10, 5, 7, 0, 1), (10, 5, 8, 0, 1), (0, 0, 0, 0, 0), (60, 20, 9, 2, 0))
Sheet = tuple[str, int, int, int]
"""Centre, mesa, which of the versions of the votes, null votes."""

sheets = st.tuples(
    st.sampled_from(CENTRES), st.integers(1, 6), st.sampled_from(range(4)), st.integers(0, 1)
)


@dataclass(frozen=True)
class Content:
    """What a file shows, before it has names."""

    outcome: Outcome
    shown: tuple[Sheet, ...] = ()


contents = st.one_of(
    st.builds(Content, st.just(Outcome.READ), st.tuples(sheets)),
    st.builds(Content, st.just(Outcome.READ), st.tuples(sheets)),
    st.builds(Content, st.just(Outcome.AMBIGUOUS), st.tuples(sheets, sheets)),
    st.builds(Content, st.sampled_from([Outcome.UNREADABLE, Outcome.REJECTED, Outcome.FAILED])),
)


def _payload(election: Election, sheet: Sheet) -> Payload:
    centre, mesa, version, null = sheet
    return payload(election, centre, mesa, VERSIONS[version], null)


def _scan(election: Election, uri: str, sha256: str, content: Content) -> Scan:
    shown = tuple(_payload(election, sheet) for sheet in content.shown)
    if content.outcome is not Outcome.READ:
        return scan(uri, sha256=sha256, outcome=content.outcome, rivals=shown)
    zero = (Finding("votes-none"),) if shown[0].ballots == 0 else ()
    return scan(uri, shown[0], sha256=sha256, findings=zero)


@st.composite
def scan_sets(draw: st.DrawFn) -> list[tuple[str, str, Content]]:
    """Uri, hash and content of files, some of them copies of others."""
    found = draw(st.lists(contents, max_size=14))
    copies = draw(st.lists(st.sampled_from(range(len(found))), max_size=4)) if found else []
    picked = [*range(len(found)), *copies]
    return [(f"/{at:02d}", f"sha{which}", found[which]) for at, which in enumerate(picked)]


def _scans(election: Election, files: list[tuple[str, str, Content]]) -> list[Scan]:
    return [_scan(election, *file) for file in files]


@settings(max_examples=150, deadline=None)
@given(files=scan_sets(), data=st.data())
def test_every_scan_and_mesa_has_one_status_and_order_never_matters(
    tiny: Election, files: list[tuple[str, str, Content]], data: st.DataObject
) -> None:
    scans = _scans(tiny, files)
    resolution = resolve(scans, tiny)
    assert sorted(item.scan.uri for item in resolution.scans) == sorted(s.uri for s in scans)
    assert len({mesa.mesa for mesa in resolution.mesas}) == len(resolution.mesas)
    totals = sum_up(resolution, tiny)
    _assert_identities(totals, len(scans))
    counted = [item.scan.uri for item in resolution.scans if item.status is ScanStatus.COUNTED]
    sources = [mesa.source.uri for mesa in resolution.mesas if mesa.source]
    assert sorted(counted) == sorted(sources)
    shuffled = data.draw(st.permutations(scans))
    again = resolve(shuffled, tiny)
    assert again == resolution
    assert _numbers(sum_up(again, tiny)) == _numbers(totals)


def _assert_identities(totals: Totals, found: int) -> None:
    assert totals.scans["found"] == found == sum(totals.scans[s.value] for s in ScanStatus)
    for units in totals.levels.values():
        for unit in units:
            assert unit.expected == unit.counted + unit.quarantined + unit.missing
            assert min(unit.expected, unit.counted, unit.quarantined, unit.missing) >= 0
        votes = sum((unit.votes for unit in units), np.zeros(5, np.int64))
        assert votes.tolist() == totals.nation.votes.tolist()
        assert sum(unit.expected for unit in units) == totals.nation.expected
        registered = sum(unit.registered_voters for unit in units)
        assert registered == totals.nation.registered_voters


def _numbers(totals: Totals) -> list[object]:
    return [
        [{**unit.__dict__, "votes": unit.votes.tolist()} for unit in units]
        for units in totals.levels.values()
    ] + [totals.scans, totals.grades]


@settings(max_examples=150, deadline=None)
@given(files=scan_sets())
def test_totals_equal_an_independent_recount(
    tiny: Election, files: list[tuple[str, str, Content]]
) -> None:
    totals = sum_up(resolve(_scans(tiny, files), tiny), tiny)
    counted = _recount(tiny, files)
    votes = np.zeros(5, np.int64)
    for _, _, version, _ in counted:
        votes += VERSIONS[version]
    assert totals.nation.counted == len(counted)
    assert totals.nation.votes.tolist() == votes.tolist()
    assert totals.nation.null_votes == sum(null for *_, null in counted)
    by_coast = Counter(centre[0] for centre, *_ in counted)
    assert {u.code: u.counted for u in totals.levels["coast"] if u.counted} == dict(by_coast)
    by_centre = Counter(centre for centre, *_ in counted)
    assert {u.code: u.counted for u in totals.levels["centre"] if u.counted} == dict(by_centre)


def _recount(election: Election, files: list[tuple[str, str, Content]]) -> list[Sheet]:
    """The sheets that count, said anew: one voice per mesa, none that blocks."""
    unique = {sha256: content for _, sha256, content in reversed(files)}.values()
    said: dict[tuple[str, int], set[Sheet]] = {}
    read: set[tuple[str, int]] = set()
    for content in unique:
        for sheet in content.shown:
            said.setdefault(sheet[:2], set()).add(sheet)
        if content.outcome is Outcome.READ:
            read.add(content.shown[0][:2])
    beyond = _beyond(election, set(said))
    registered = {("1001", 1): 400, ("1001", 2): 410, ("1002", 1): 90, ("2001", 1): 300}
    counted = []
    for mesa in sorted(read - beyond):
        sheet, *others = said[mesa]
        ballots = sum(VERSIONS[sheet[2]]) + sheet[3]
        if not others and 0 < ballots <= registered.get(mesa, 10_000):
            counted.append(sheet)
    return counted


def _beyond(election: Election, found: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Coast 1 has two nameless places, coast 2 none, the nation one for whoever comes first."""
    listed = {("1001", 3), ("1002", 2), ("2001", 4)}
    extra = sorted(m for m in found if not any(m[0] == c and m[1] <= n for c, n in listed))
    places, nation, short = {"1": 2, "2": 0}, 1, set()
    for centre, _ in extra:
        if places[centre[0]]:
            places[centre[0]] -= 1
        elif nation:
            nation -= 1
        else:
            short.add(centre[0])
    return {mesa for mesa in extra if mesa[0][0] in short}


@pytest.fixture
def counted(tiny: Election) -> Resolution:
    """A count with something in every column."""
    known = tiny.rules.acta_code.mesa_key("1002", 2)
    return resolve(
        [
            scan("/a", payload(tiny, "1001", 1, (10, 5, 7, 0, 1), 2, 1)),
            scan("/b", payload(tiny, "1001", 2, (1, 2, 3, 4, 5), 1, 1)),
            scan("/c", payload(tiny, "2001", 1, (50, 0, 0, 0, 0), 3, 0)),
            scan("/d", payload(tiny, "2001", 2, (50, 0, 0, 0, 0))),
            scan("/e", payload(tiny, "2001", 2, (51, 0, 0, 0, 0))),
            replace(scan("/f"), mesa_hint=known),
            scan("/g", outcome=Outcome.FAILED),
            scan("/h", outcome=Outcome.REJECTED),
        ],
        tiny,
    )


@pytest.mark.parametrize("status", ["found", *(status.value for status in ScanStatus)])
def test_a_changed_number_of_scans_is_noticed(
    tiny: Election, counted: Resolution, status: str
) -> None:
    totals = sum_up(counted, tiny)
    wrong = {**totals.scans, status: totals.scans[status] + 1}
    with pytest.raises(AccountingError, match="scans"):
        check_accounts(replace(totals, scans=wrong))


@pytest.mark.parametrize("level", [NATION, "coast", "centre"])
@pytest.mark.parametrize(
    "what",
    [
        "expected", "counted", "quarantined", "missing", "unread",
        "null_votes", "empty_votes", "registered_voters",
    ],
)  # fmt: skip
def test_a_changed_sum_of_a_unit_is_noticed(
    tiny: Election, counted: Resolution, level: str, what: str
) -> None:
    totals = sum_up(counted, tiny)
    unit = totals.levels[level][0]
    setattr(unit, what, getattr(unit, what) + 1)
    with pytest.raises(AccountingError):
        check_accounts(totals)


@pytest.mark.parametrize("level", [NATION, "coast", "centre"])
def test_a_changed_vote_is_noticed(tiny: Election, counted: Resolution, level: str) -> None:
    totals = sum_up(counted, tiny)
    totals.levels[level][0].votes[2] += 1
    with pytest.raises(AccountingError):
        check_accounts(totals)


@pytest.mark.parametrize("level", [NATION, "coast", "centre"])
def test_votes_moved_from_one_candidate_to_another_are_noticed(
    tiny: Election, counted: Resolution, level: str
) -> None:
    totals = sum_up(counted, tiny)
    totals.levels[level][0].votes[0] -= 1
    totals.levels[level][0].votes[2] += 1
    with pytest.raises(AccountingError):
        check_accounts(totals)


def test_every_status_of_a_mesa_is_in_the_example(tiny: Election, counted: Resolution) -> None:
    assert {mesa.status for mesa in counted.mesas} == set(MesaStatus)
    totals = sum_up(counted, tiny)
    assert totals.scans == {
        "found": 8,
        "counted": 3,
        "duplicate": 0,
        "quarantined": 2,
        "unreadable": 1,
        "rejected": 1,
        "failed": 1,
    }
    assert totals.grades == {"qr": 3}
    assert totals.nation.registered_voters == 400 + 410 + 300
