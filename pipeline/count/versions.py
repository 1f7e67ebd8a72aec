"""What every run that changed something has changed: `RESULTS/versions`.

Version N is two files. `00000N.parquet` holds the mesas whose row in `actas.parquet` is other than
in version N-1, as they are now; `00000N.json`, written last, holds when, by what, and the summary.
So any earlier state is the sum of the changes up to it, and nothing is stored twice.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.count.current import bools
from pipeline.count.place import Place
from pipeline.errors import ResultsError

FOLDER = "versions"
AT_ONCE = 16
"""Files that are read at the same time: a store takes its time for each."""
REMOVED = "removed"
"""Column of the changes: the mesa is no longer in the table."""
HINT = (
    "Restore it from a copy, or move the folder away: a new history begins. Totals do not need it."
)


@dataclass(frozen=True)
class Version:
    """What the JSON of a version holds."""

    number: int
    time: str
    """When its run ended, UTC."""
    run: int
    """The ledger's rows of runs up to this one are in it."""
    news: Mapping[str, int]
    """How many scans came, changed, are gone ... since the version before."""
    mesas: int
    """How many mesas changed."""
    changes_sha256: str
    summary: Mapping[str, Any]
    """`summary.json` without the seconds."""


def versions(place: Place) -> list[Version]:
    """All versions, the oldest first.

    Raises:
        ResultsError: one of them is damaged or missing.
    """
    folder = place.sub(FOLDER)
    names = [name for name in folder.names() if re.fullmatch(r"\d{6,}\.json", name)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda name: _version(folder, name), names))
    if [version.number for version in found] != list(range(1, len(found) + 1)):
        raise ResultsError(
            f"{folder}: versions are missing between the first and the last.",
            HINT,
        )
    return found


def _version(folder: Place, name: str) -> Version:
    try:
        return Version(**json.loads(folder.read(name)))
    except (ValueError, TypeError) as error:
        raise ResultsError(
            f"{folder}/{name} is damaged.",
            HINT,
        ) from error


def state(place: Place, number: int) -> pa.Table:
    """The rows of `actas.parquet` as they were in a version, ordered by mesa.

    Raises:
        ResultsError: the changes of a version are damaged or missing.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(lambda n: _changes(place.sub(FOLDER), n), range(1, number + 1)))
    if not parts:
        return pa.table({"mesa": pa.chunked_array([], pa.string())})
    everything = pa.concat_tables(parts, promote_options="default")
    # The last word on each mesa: of equal names the one that stands last.
    order = pc.sort_indices(
        pa.table({"mesa": everything["mesa"], "place": np.arange(everything.num_rows)}),
        sort_keys=[("mesa", "ascending"), ("place", "ascending")],
    )
    names = everything["mesa"].take(order)
    last = np.append(bools(pc.not_equal(names[:-1], names[1:])), True)
    latest = everything.take(order.filter(pa.array(last[: len(order)])))
    return latest.filter(pc.invert(latest[REMOVED])).drop_columns([REMOVED])


def _changes(folder: Place, number: int) -> pa.Table:
    try:
        return pq.read_table(io.BytesIO(folder.read(_name(number, "parquet"))))
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(
            f"{folder}/{_name(number, 'parquet')} is damaged: {error}",
            HINT,
        ) from error


def changes(before: pa.Table, parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows that `before` has not or has otherwise, and those that are gone, part by part."""
    seen = np.zeros(before.num_rows, np.bool_)
    for part in parts:
        where = pc.index_in(part["mesa"], value_set=before["mesa"])
        seen[where.drop_null().to_numpy()] = True
        yield _changed(before.take(where), part, bools(pc.is_null(where)))
    yield _marked(before.filter(pa.array(~seen)), True)


def _changed(aligned: pa.Table, part: pa.Table, new: NDArray[np.bool_]) -> pa.Table:
    differs = new.copy()
    for name in part.column_names:
        if name in aligned.column_names:
            differs |= _differs(aligned[name], part[name])
        else:
            differs[:] = True
    return _marked(part.filter(pa.array(differs)), False)


def _marked(rows: pa.Table, removed: bool) -> pa.Table:
    return rows.append_column(REMOVED, pa.array([removed] * rows.num_rows, pa.bool_()))


def _differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> NDArray[np.bool_]:
    """For each row whether the two are unequal; null equals null alone."""
    if pa.types.is_list(one.type):
        return _lists_differ(one, other)
    unequal: NDArray[np.bool_] = bools(pc.is_null(one)) != bools(pc.is_null(other))
    return unequal | bools(pc.not_equal(one, other))


def _lists_differ(one: pa.ChunkedArray, other: pa.ChunkedArray) -> NDArray[np.bool_]:
    lengths = [pc.fill_null(pc.list_value_length(c), -1).to_numpy() for c in (one, other)]
    differs: NDArray[np.bool_] = lengths[0] != lengths[1]
    alike = pa.array(~differs)
    left, right = one.filter(alike), other.filter(alike)
    items = _differs(pc.list_flatten(left), pc.list_flatten(right))
    rows = np.flatnonzero(~differs)
    parents = pc.list_parent_indices(left.combine_chunks()).to_numpy()
    differs[rows[parents[items]]] = True
    return differs


def add_version(
    place: Place,
    known: Sequence[Version],
    changed: Iterable[pa.Table],
    layout: pa.Schema,
    *,
    time: str,
    run: int,
    news: Mapping[str, int],
    summary: Mapping[str, Any],
) -> Version:
    """Write the version after the last of `known`, from the parts that `changes` gives.

    Raises:
        OSError: the disk is full or read-only.
    """
    number = len(known) + 1
    buffer = io.BytesIO()
    mesas = 0
    layout = layout.append(pa.field(REMOVED, pa.bool_()))
    with pq.ParquetWriter(buffer, layout, compression="zstd") as writer:
        for part in changed:
            mesas += part.num_rows
            if part.num_rows:
                writer.write_table(_laid_out(part, layout))
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    version = Version(number, time, run, dict(news), mesas, digest, dict(summary))
    folder = place.sub(FOLDER)
    folder.make()
    folder.write(_name(number, "parquet"), content)
    text = json.dumps(asdict(version), indent=2, ensure_ascii=False) + "\n"
    folder.write(_name(number, "json"), text.encode())
    return version


def _laid_out(part: pa.Table, layout: pa.Schema) -> pa.Table:
    """The part with the layout's columns: an earlier program had others."""
    missing = [field for field in layout if field.name not in part.column_names]
    for field in missing:
        part = part.append_column(field, pa.nulls(part.num_rows, field.type))
    return part.select(layout.names).cast(layout)


def _name(number: int, kind: str) -> str:
    return f"{number:06d}.{kind}"
