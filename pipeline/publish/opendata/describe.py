"""The files that describe the others: election.json, summary.json, datapackage.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.election import Election
from pipeline.publish.opendata.manifest import sha256_of
from pipeline.publish.opendata.table import Column, Table

_CHANGING = ("seconds", "table_version", "version", "files")
"""Of the summary: what differs between two runs over the same scans, and hashes of the results'
own tables, which are not published."""
_ROOT = re.compile("[0-9a-f]{64}")
_MEDIA = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".md": "text/markdown",
    ".py": "text/x-python",
}


def election_json(election: Election, issuer: str) -> dict[str, Any]:
    """All that a reader of the tables must know of the election."""
    payload = election.rules.payload
    return {
        "slug": election.slug,
        "title": election.title,
        "country": election.country,
        "date": election.date.isoformat(),
        "issuer": issuer,
        "levels": [{"name": level.name, "digits": level.digits} for level in election.levels],
        "acta_code": {
            "separator": election.rules.acta_code.separator,
            "parts": [{"name": n, "digits": d} for n, d in election.rules.acta_code.parts],
        },
        "payload": {
            "field_separator": payload.field_separator,
            "value_separator": payload.value_separator,
        },
        "ballot": [
            {
                "position": line.index,
                "candidate": line.candidate,
                "candidate_name": line.candidate_name,
                "party": line.party,
                "party_code": line.party_code,
            }
            for line in election.positions
        ],
        "published_layout": [
            {"column": name, "holds": holds} for name, holds in _published_columns(election)
        ],
        "sources": dict(election.sources),
    }


def _published_columns(election: Election) -> tuple[tuple[str, str], ...]:
    return election.published_table.columns if election.published_table else ()


def summary_json(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The run's summary without what differs between two runs over the same scans."""
    return {key: value for key, value in summary.items() if key not in _CHANGING}


def published_root(folder: Path, summary: Mapping[str, Any]) -> str:
    """The Merkle root of the open data in a folder, if they are of these results; else ''."""
    try:
        told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        root = (folder / "merkle-root.txt").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    same = told == json.loads(json.dumps(summary_json(summary)))
    return root if same and _ROOT.fullmatch(root) else ""


def write_json(path: Path, value: object) -> None:
    """Write a small JSON file that people read too."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_datapackage(
    folder: Path, election: Election, issuer: str, tables: Iterable[Table]
) -> None:
    """Describe every file of `folder` for Frictionless, the tables with all their columns."""
    schemas = {f"{table.path}.csv": table for table in tables}
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    described = {
        "name": election.slug,
        "title": election.title,
        "description": "Tally sheets counted by polling table; README.md says how to check them.",
        **({"contributors": [{"title": issuer, "role": "publisher"}]} if issuer else {}),
        "sources": [{"title": source} for source in election.sources.values()],
        "resources": [_resource(folder, path, schemas.get(path)) for path in sorted(paths)],
    }
    write_json(folder / "datapackage.json", described)


def _resource(folder: Path, path: str, table: Table | None) -> dict[str, Any]:
    file = folder / path
    kind = "table" if table else "json" if file.suffix == ".json" else "file"
    resource: dict[str, Any] = {
        "name": path.lower().replace("/", "-").replace(".", "-"),
        "path": path,
        "type": kind,
        "format": file.suffix[1:],
        "mediatype": _MEDIA[file.suffix],
        "bytes": file.stat().st_size,
        "hash": f"sha256:{sha256_of(file)}",
    }
    if table:
        resource |= {
            "title": table.title,
            "encoding": "utf-8",
            "schema": {
                "fields": [_field(column) for column in table.columns],
                **({"primaryKey": list(table.key)} if table.key else {}),
            },
        }
    return resource


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.kind == "integer":
        constraints["minimum"] = 0
    described = {"name": column.name, "type": column.kind.value, "description": column.about}
    return described | ({"constraints": constraints} if constraints else {})
