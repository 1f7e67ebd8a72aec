"""What differs between two states of `actas.parquet`: mesa by mesa, with the reason, and summed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.count.versions import changes
from pipeline.election import Election
from pipeline.findings import CATALOGUE, Gravity

Row = Mapping[str, Any]


class Kind(StrEnum):
    """What became of a mesa. In this order they are told."""

    CHANGED = "changed its numbers"
    LEFT = "no longer counted"
    CAME = "counted now"
    OTHER = "otherwise changed"


@dataclass(frozen=True)
class MesaChange:
    """One mesa that is other than it was."""

    mesa: str
    kind: Kind
    before: Row | None
    after: Row | None
    why: str


def mesa_changes(before: pa.Table, after: pa.Table) -> list[MesaChange]:
    """The mesas that differ between two states, by kind and name.

    Expected mesas without a name are left out: they only make room for those that come.
    """
    changed = pa.concat_tables(changes(before, [after]), promote_options="default")
    named = changed.filter(pc.is_valid(changed["number"])) if changed.num_rows else changed
    then = before.filter(pc.is_in(before["mesa"], value_set=named["mesa"]))
    old = {row["mesa"]: row for row in then.to_pylist()}
    new = {row["mesa"]: None if row["removed"] else row for row in named.to_pylist()}
    found = [_change(mesa, old.get(mesa), row) for mesa, row in new.items()]
    order = list(Kind)
    return sorted(found, key=lambda change: (order.index(change.kind), change.mesa))


def _change(mesa: str, before: Row | None, after: Row | None) -> MesaChange:
    return MesaChange(mesa, _kind(before, after), before, after, "; ".join(_why(before, after)))


def _counted(row: Row | None) -> bool:
    return row is not None and row["status"] == "counted"


def _numbers(row: Row | None) -> tuple[Any, ...]:
    return (row["votes"], row["null_votes"], row["empty_votes"]) if row else ()


def _kind(before: Row | None, after: Row | None) -> Kind:
    if _counted(before) and _counted(after):
        return Kind.OTHER if _numbers(before) == _numbers(after) else Kind.CHANGED
    if _counted(after):
        return Kind.CAME
    return Kind.LEFT if _counted(before) else Kind.OTHER


def _why(before: Row | None, after: Row | None) -> Iterator[str]:
    """Reasons, as far as the two rows tell them."""
    old: Row = before or {}
    new: Row = after or {}
    if after is None:
        yield "the definition no longer names it"
        return
    yield from _of_the_scan(old, new)
    more = new["scans"] - old.get("scans", 0)
    if more:
        yield f"{more:+d} scan{'s' if abs(more) > 1 else ''}"
    for code in new["findings"]:
        if code not in old.get("findings", ()) and code in CATALOGUE:
            kind = CATALOGUE[code]
            if old.get("scan") or kind.gravity is Gravity.BLOCKS:  # notes explain no arrival
                yield kind.sentence
    if old and new["registered_voters"] != old["registered_voters"]:
        yield f"registered voters {old['registered_voters']} -> {new['registered_voters']}"
    if new["unread"] and not old.get("unread"):
        yield "a scan of it cannot be read"


def _of_the_scan(old: Row, new: Row) -> Iterator[str]:
    if new["scan"] is None:
        if old.get("scan"):
            yield f"{_name(old['scan'])} does not count now"
    elif new["scan"] != old.get("scan"):
        yield f"rests on {_name(new['scan'])}" + (
            f", not on {_name(old['scan'])}" if old.get("scan") else ""
        )
    elif new["sha256"] != old["sha256"]:
        yield f"{_name(new['scan'])} has another content"
    elif _numbers(new) != _numbers(old):
        yield f"{_name(new['scan'])} was read otherwise"
    if old.get("grade") and new["grade"] and old["grade"] != new["grade"]:
        yield f"grade {old['grade']} -> {new['grade']}"


def _name(uri: str) -> str:
    return uri.rpartition("/")[2]


def moved_votes(found: Iterable[MesaChange], election: Election) -> dict[str, dict[str, int]]:
    """By unit of the highest level, how many votes each candidate gained or lost."""
    top = election.levels[0].name
    moved: dict[str, dict[str, int]] = defaultdict(dict)
    for change in found:
        for row, sign in ((change.before, -1), (change.after, 1)):
            if row is not None and _counted(row):
                for code, number in _by_candidate(row["votes"], election).items():
                    unit = moved[row[top]]
                    unit[code] = unit.get(code, 0) + sign * number
    return {unit: votes for unit, votes in sorted(moved.items()) if any(votes.values())}


def _by_candidate(votes: Sequence[int], election: Election) -> dict[str, int]:
    return {c.code: sum(votes[i] for i in c.positions) for c in election.candidates}
