"""The Arrow schema of every table that a run leaves. Others read them: add, never rename."""

from __future__ import annotations

import pyarrow as pa

from pipeline.election import Election

SCANS = pa.schema(
    [
        # What was read: `uri` is the file's, with `#page=N` where a file has several pages.
        pa.field("uri", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("page", pa.int32(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("reader_version", pa.string(), nullable=False),
        pa.field("limits", pa.string(), nullable=False),
        pa.field("run", pa.int64(), nullable=False),
        # Where these bytes were read, if not at `uri` in this run: see `count.carry`.
        pa.field("read_as", pa.string()),
        # What came of it.
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("method", pa.string()),
        pa.field("grade", pa.string()),
        pa.field("attempt", pa.string()),
        pa.field("acta_code", pa.string()),
        pa.field("votes", pa.list_(pa.int32())),
        pa.field("null_votes", pa.int32()),
        pa.field("empty_votes", pa.int32()),
        pa.field("payload", pa.string()),
        pa.field("rivals", pa.list_(pa.string())),
        pa.field("registered_voters", pa.int32()),
        # What the print says: held against the QR, or by itself, written like a payload.
        pa.field("print_check", pa.string()),
        pa.field("printed", pa.string()),
        pa.field("uuid", pa.string()),
        pa.field("printed_at", pa.string()),
        pa.field("hash", pa.string()),
        pa.field("box_ink", pa.list_(pa.bool_())),
        # How sure: the symbol's version, parity to spare in its worst block, share of modules seen.
        pa.field("symbol_version", pa.int32()),
        pa.field("spare", pa.int32()),
        pa.field("seen", pa.float32()),
        pa.field("corners", pa.list_(pa.float32())),
        pa.field("findings", pa.list_(pa.string()), nullable=False),
        pa.field("finding_details", pa.list_(pa.string()), nullable=False),
        pa.field("failure", pa.string()),
        pa.field("format", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
    ]
)

FINDINGS = pa.schema(
    [
        pa.field("scan", pa.string()),
        pa.field("mesa", pa.string()),
        pa.field("code", pa.string(), nullable=False),
        pa.field("gravity", pa.string(), nullable=False),
        pa.field("sentence", pa.string(), nullable=False),
    ]
)

UNREAD = pa.schema(
    [
        pa.field("uri", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("mesa", pa.string()),
        pa.field("why", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
    ]
)

DIFFERENCES = pa.schema(
    [
        # `kind` is differs, only-here or only-there; `status` the mesa's here.
        pa.field("mesa", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        # A candidate's code, VALID, NULL, EMPTY or REGISTERED; of one-sided mesas always VALID.
        pa.field("field", pa.string(), nullable=False),
        pa.field("here", pa.int64()),
        pa.field("there", pa.int64()),
        pa.field("difference", pa.int64()),
        pa.field("line", pa.int64()),
        pa.field("scan", pa.string()),
    ]
)


def vote_fields(election: Election) -> list[pa.Field]:
    """One column per candidate and one per party line, in ballot order."""
    candidates = [pa.field(c.code, pa.int64()) for c in election.candidates]
    parties = [
        pa.field(party_column(election, i), pa.int64()) for i in range(election.rules.positions)
    ]
    return [*candidates, *parties]


def party_column(election: Election, index: int) -> str:
    """The column of a ballot position: candidate and party, for parties recur (VTV, MUD ...)."""
    position = election.positions[index]
    return f"{position.candidate}:{position.party}"


def actas(election: Election) -> pa.Schema:
    """A row per expected or found mesa."""
    levels = [pa.field(level.name, pa.string()) for level in election.levels]
    return pa.schema(
        [
            pa.field("mesa", pa.string(), nullable=False),
            *levels,
            pa.field("number", pa.int32()),
            pa.field("listed", pa.bool_(), nullable=False),
            pa.field("status", pa.string(), nullable=False),
            pa.field("unread", pa.bool_(), nullable=False),
            pa.field("grade", pa.string()),
            pa.field("acta_code", pa.string()),
            pa.field("votes", pa.list_(pa.int32())),
            pa.field("valid_votes", pa.int64()),
            pa.field("null_votes", pa.int64()),
            pa.field("empty_votes", pa.int64()),
            pa.field("registered_voters", pa.int64()),
            pa.field("scan", pa.string()),
            pa.field("sha256", pa.string()),
            pa.field("scans", pa.int32(), nullable=False),
            pa.field("findings", pa.list_(pa.string()), nullable=False),
        ]
    )


TOTALS_PLAIN = 13
"""Columns of `totals` before those of the candidates."""


def totals(election: Election) -> pa.Schema:
    """A row per unit of a level. Votes are sums over the counted mesas."""
    return pa.schema(
        [
            pa.field("level", pa.string(), nullable=False),
            pa.field("code", pa.string(), nullable=False),
            pa.field("parent", pa.string()),
            pa.field("name", pa.string(), nullable=False),
            pa.field("expected", pa.int64(), nullable=False),
            pa.field("counted", pa.int64(), nullable=False),
            pa.field("quarantined", pa.int64(), nullable=False),
            pa.field("missing", pa.int64(), nullable=False),
            pa.field("unread", pa.int64(), nullable=False),
            pa.field("registered_voters", pa.int64()),
            pa.field("valid_votes", pa.int64(), nullable=False),
            pa.field("null_votes", pa.int64(), nullable=False),
            pa.field("empty_votes", pa.int64(), nullable=False),
            *vote_fields(election),
        ]
    )
