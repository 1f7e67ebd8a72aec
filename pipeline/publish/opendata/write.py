"""Writing the open data: a folder that is whole, or the one that was there before."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from filecmp import cmp
from pathlib import Path
from typing import Any

from pipeline.count.resolve import Resolution
from pipeline.count.totals import Totals
from pipeline.election import Election
from pipeline.errors import ResultsError
from pipeline.publish.opendata import describe
from pipeline.publish.opendata.formats import write_table
from pipeline.publish.opendata.manifest import MANIFEST, Manifest, listed_files, write_manifest
from pipeline.publish.opendata.mesas import mesas_table, totals_tables
from pipeline.publish.opendata.nist import write_nist
from pipeline.publish.opendata.published import published_table
from pipeline.publish.opendata.scans import Naming, findings_table, scans_table

SHIPPED = ("README.md", "verify.py")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Publication:
    """What is published: the count and, if they want it said, who publishes it."""

    election: Election
    resolution: Resolution
    totals: Totals
    summary: dict[str, Any]
    issuer: str = ""
    naming: Naming = field(default_factory=Naming)


def write_open_data(folder: Path, publication: Publication) -> Manifest:
    """Write `folder`, or leave it untouched if it holds the same already.

    Raises:
        ResultsError: the folder holds something else, such as signatures of other data.
        OSError: the disk is full or read-only.
    """
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"{folder} is no folder.", "Give --out a new folder.")
    new = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    try:
        new.mkdir(parents=True)
        manifest = fill(new, publication)
        if not _holds_all_of(folder, new):
            _refuse_strangers(folder)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
    return manifest


def fill(folder: Path, publication: Publication) -> Manifest:
    """Write every file into an empty folder, the manifest last."""
    p = publication
    tables = [
        mesas_table(p.resolution, p.election, p.naming),
        *totals_tables(p.totals, p.election),
        scans_table(p.resolution, p.naming),
        findings_table(p.resolution, p.naming),
    ]
    published = published_table(p.resolution, p.election, p.naming)
    if published:
        tables.append(published)
    for table in tables:
        write_table(folder, table)
    version = str(p.summary["reader_version"])
    write_nist(folder, p.election, p.resolution, p.totals, version, p.issuer)
    describe.write_json(folder / "election.json", describe.election_json(p.election, p.issuer))
    describe.write_json(folder / "summary.json", describe.summary_json(p.summary))
    for name in SHIPPED:
        (folder / name).write_bytes((_HERE / name).read_bytes())
    describe.write_datapackage(folder, p.election, p.issuer, tables)
    return write_manifest(folder, p.resolution, p.naming)


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _holds_all_of(folder: Path, new: Path) -> bool:
    """Whether every file of `new` is in `folder` as it is; signatures may lie beside them."""
    names = _files(new)
    return names <= _files(folder) and all(
        cmp(new / name, folder / name, shallow=False) for name in names
    )


def _refuse_strangers(folder: Path) -> None:
    """Never delete what this program did not write."""
    if not folder.exists():
        return
    names = _files(folder)
    if names and MANIFEST not in names:
        raise ResultsError(f"{folder} holds files, but no open data.", "Give --out a new folder.")
    unknown = sorted(names - listed_files(folder / MANIFEST))
    if unknown:
        raise ResultsError(
            f"{folder} holds {unknown[0]!r}, which is not part of the open data there, and the "
            "data to write are others.",
            "Move the folder away (it may be a signed publication), or give another --out.",
        )
