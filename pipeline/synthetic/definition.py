"""The definition of a synthetic election: the model's own, cut down to the planned places.

Some mesas are expected although no file shows them, so that a count has something to miss; a few
more are known to the state alone, as in the real register, which is incomplete below the state.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.election import NATION, Election
from pipeline.synthetic.planned import PlannedFile
from pipeline.synthetic.votes import MesaVotes

FOLDER = "election"
_ABSENT = 0.03
_NOT_LISTED = 0.005
_EXPECTED, _REGISTERED, _OFFICIAL = (
    "expected_mesas.csv",
    "registered_voters.csv",
    "official_results.csv",
)
_OF_THE_REAL_ONE = frozenset({"independent_counts", "electorate"})
"""What is said of the model's votes and voters, and of nothing invented."""
_OWN_KINDS = frozenset({"clean", "worn", "conflicting", "tampered", "no-symbol", "cut-off"})
Seats = dict[tuple[str, int], int]


def write_election(election: Election, planned: Sequence[PlannedFile], out: Path) -> Path:
    """Write `OUT/election/`, which `load_election` reads; give back that folder."""
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    mesas = _mesas(planned)
    registered = {key: mesa.registered for key, mesa in mesas.items()}
    registered |= _absent(registered, dict(election.rules.acta_code.parts)["mesa"])
    _write(folder / _EXPECTED, _expected_rows(election, mesas, registered))
    _write(folder / _REGISTERED, _registered_rows(registered))
    _write(folder / _OFFICIAL, _official_rows(election, mesas, len(registered)))
    model: dict[str, Any] = yaml.safe_load((election.folder / "election.yaml").read_text("utf-8"))
    shared = [election.layout_file, election.shares_file, election.map_file]
    table: dict[str, str] = model.get("published_table", {})
    published = [election.folder / table[key] for key in ("columns", "units") if key in table]
    paths = (election.folder / model["ballot"], *(path for path in shared if path), *published)
    for path in paths:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "election.yaml").write_text(_yaml(model), encoding="utf-8")
    return folder


def _mesas(planned: Iterable[PlannedFile]) -> dict[tuple[str, int], MesaVotes]:
    """The mesas that have a sheet of their own; of two that conflict, the first."""
    mesas: dict[tuple[str, int], MesaVotes] = {}
    for file in planned:
        if file.mesa and file.kind in _OWN_KINDS:
            mesas.setdefault((file.mesa.centre, file.mesa.number), file.mesa)
    return dict(sorted(mesas.items()))


def _absent(registered: Seats, digits: int) -> Seats:
    """Mesas without any file: one more in every so many-th mesa's centre."""
    present, added = list(registered), dict[tuple[str, int], int]()
    highest: dict[str, int] = {}
    for centre, number in present:
        highest[centre] = max(number, highest.get(centre, 0))
    wanted = max(1, round(_ABSENT * len(present))) if present else 0
    for index in range(wanted):
        key = present[index * len(present) // wanted]
        highest[key[0]] += 1
        if highest[key[0]] < 10**digits:
            added[(key[0], highest[key[0]])] = registered[key]
    return added


def _expected_rows(
    election: Election, mesas: dict[tuple[str, int], MesaVotes], registered: Seats
) -> list[list[str]]:
    """Expected mesas by place, from the nation down."""
    counts: dict[str, int] = {}
    for centre, _ in registered:
        for code in election.ancestors(centre):
            counts[code] = counts.get(code, 0) + 1
    top = election.levels[0].digits
    for state in sorted({centre[:top] for centre, _ in registered}):
        more = math.ceil(_NOT_LISTED * counts[state])
        counts[state] += more
        counts[""] += more
    names = _names(election, mesas.values())
    ranks = {NATION: 0} | {level.name: i for i, level in enumerate(election.levels, 1)}
    rows = [
        [election.level_of(code) if code else NATION, code, names[code], str(count)]
        for code, count in counts.items()
    ]
    rows.sort(key=lambda row: (ranks[row[0]], row[1]))
    return [["level", "code", "name", "expected_mesas"], *rows]


def _names(election: Election, mesas: Iterable[MesaVotes]) -> dict[str, str]:
    names = {"": election.nation.name}
    for mesa in mesas:
        texts = (*mesa.place_names, mesa.centre_name)
        for level, name in zip(election.levels, texts, strict=True):
            names.setdefault(mesa.centre[: level.digits], name)
    return names


def _registered_rows(registered: Seats) -> list[list[str]]:
    rows = [[centre, str(n), str(voters)] for (centre, n), voters in sorted(registered.items())]
    return [["code", "mesa", "registered_voters"], *rows]


def _official_rows(
    election: Election, mesas: dict[tuple[str, int], MesaVotes], expected: int
) -> list[list[str]]:
    """An invented announcement: the sum of every planned sheet, as if none had been worn."""
    scope = f"{100 * len(mesas) / max(expected, 1):.2f}"
    votes = [sum(column) for column in zip(*(m.votes for m in mesas.values()), strict=True)]
    sums = {c.code: sum(votes[i] for i in c.positions) for c in election.candidates if votes}
    sums |= {"VALID": sum(votes), "NULL": sum(mesa.null_votes for mesa in mesas.values())}
    said = ["INVENTED bulletin", election.date.isoformat(), scope]
    rows = [[*said, code, str(count), "invented for practice"] for code, count in sums.items()]
    return [["source", "date", "scope_percent_of_mesas", "candidate", "votes", "note"], *rows]


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _yaml(model: dict[str, Any]) -> str:
    """The model's `election.yaml`, named as synthetic, with the invented tables' sources."""
    changed = {key: value for key, value in model.items() if key not in _OF_THE_REAL_ONE}
    changed["slug"] = f"{model['slug'][:54]}-synthetic"
    changed["title"] = f"SYNTHETIC: {model['title']}"
    for key, name, source in (
        ("expected_mesas", _EXPECTED, "Invented: the places of the synthetic sheets"),
        ("registered_voters", _REGISTERED, "Invented, or the model's register where it knows"),
        ("official_results", _OFFICIAL, "INVENTED: the sum of all synthetic sheets as printed"),
    ):
        changed[key] = {"file": name, "source": source}
    note = "# A synthetic election. Nothing in this folder is a result of anything.\n"
    return note + yaml.safe_dump(changed, allow_unicode=True, sort_keys=False)
