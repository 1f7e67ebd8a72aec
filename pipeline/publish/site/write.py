"""Writing the site: a folder that is whole, or the one that was there before.

The same results give the same bytes; there is no clock in it. It asks for nothing outside its
folder, so it works from a disk, a stick or any web server.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.analyse.analysis import analyse
from pipeline.analyse.ink import ink_of
from pipeline.count.resolve import GRADES, Resolution
from pipeline.count.totals import Totals
from pipeline.election import Election
from pipeline.errors import ResultsError
from pipeline.publish.evidence.album import Evidence
from pipeline.publish.script import script
from pipeline.publish.site.data import index, problems_csv, units
from pipeline.publish.site.pages import NOTHING, Beside, Contents, render_pages
from pipeline.publish.site.words import LANGUAGES, Words, words
from pipeline.read.sheet import model_for

ASSETS = Path(__file__).parent / "assets"
STAMP = "site.json"
"""Says what the site was made of; a folder that holds other files and not this is not ours."""
_OURS = {"index.html", STAMP}


def write_site(
    folder: Path,
    election: Election,
    resolution: Resolution,
    totals: Totals,
    summary: dict[str, Any],
    beside: Beside = NOTHING,
) -> Path:
    """Write the site into `folder`, replacing the one that is there; returns its first page.

    Images of `beside.evidence` are linked, not copied, where the disk can: they are gigabytes.

    Raises:
        ResultsError: the folder holds something else.
        OSError: the disk is full or read-only.
    """
    folder = folder.resolve()
    _refuse_strangers(folder)
    new = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    try:
        new.mkdir(parents=True)
        analysis = analyse(resolution, totals, election, ink_of(resolution), rounds=0)
        # What the analysis reckoned with: of 100,000 mesas 100 MB, which the pages need.
        pa.default_memory_pool().release_unused()
        _fill(new, Contents(election, resolution, totals, analysis, summary, beside))
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
    return folder / "index.html"


def is_current(folder: Path, summary: dict[str, Any], beside: Beside = NOTHING) -> bool:
    """Whether the site in `folder` was made of these very results by this very program."""
    try:
        whole = (folder / "index.html").is_file()
        return whole and (folder / STAMP).read_bytes() == _stamp(summary, beside)
    except OSError:
        return False


def _stamp(summary: Mapping[str, Any], beside: Beside) -> bytes:
    made_of = {key: value for key, value in summary.items() if key != "seconds"}
    made_of["evidence"] = beside.evidence.sha256 if beside.evidence else None
    made_of["open_data"] = beside.open_data
    return (
        json.dumps({"program": _program(), **made_of}, sort_keys=True, indent=1) + "\n"
    ).encode()


def _program() -> str:
    """Hash over all that decides how the site looks: the publishing and analysing code."""
    digest = hashlib.sha256()
    home = Path(__file__).parents[2]
    for room in ("analyse", "publish"):
        for path in sorted((home / room).rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".js", ".yaml"):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _refuse_strangers(folder: Path) -> None:
    """Never delete what this program did not write."""
    if folder.is_dir() and not (folder / STAMP).exists():
        strange = sorted(p.name for p in folder.iterdir() if p.name not in _OURS)
        if strange:
            raise ResultsError(
                f"{folder} holds {strange[0]!r}, which is no part of a site.",
                "Move the folder away.",
            )


def _fill(folder: Path, contents: Contents) -> None:
    for path, content in _files(contents):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if contents.beside.evidence:
        _link(contents.beside.evidence, folder / "evidence")
    (folder / STAMP).write_bytes(_stamp(contents.summary, contents.beside))


def _link(evidence: Evidence, folder: Path) -> None:
    for name in evidence.files():
        source, target = evidence.folder / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, target)


def _files(contents: Contents) -> Iterator[tuple[str, bytes]]:
    election, resolution = contents.election, contents.resolution
    for path in sorted(ASSETS.iterdir()):
        yield f"assets/{path.name}", path.read_bytes()
    for language in LANGUAGES:
        own = words(language)
        yield f"assets/{language}.js", script("start", _for_script(contents, own))
        below = "" if language == LANGUAGES[0] else f"{language}/"
        for page, html in render_pages(contents, own):
            yield below + page, html.encode()
    for code, content in units(resolution, election, contents.beside.evidence):
        yield f"data/{code}.js", content
    for code, content in index(election, resolution, contents.pages):
        yield f"search/{code}.js", content
    yield "problems.csv", problems_csv(resolution)


def _for_script(contents: Contents, own: Words) -> dict[str, Any]:
    """What the script must know of the election, and its strings."""
    election = contents.election
    codes = {code[: election.levels[0].digits] for code in election.units if code}
    codes |= {mesa.centre[: election.levels[0].digits] for mesa in contents.resolution.mesas}
    model = model_for(election.rules) if contents.beside.evidence else None
    return {
        "title": election.title,
        "country": election.country,
        "strings": own.for_scripts(),
        "findings": dict(own.defined["finding"]),
        "status": dict(own.defined["status"]),
        "grade": dict(own.defined["grade"]),
        "grades": {grade: own.name("grade", grade) for grade in GRADES},
        "levels": [[own.name("level", level.name), level.digits] for level in election.levels],
        "separator": election.rules.acta_code.separator,
        "tops": sorted(codes),
        "pages": sorted(contents.pages),
        "candidates": [[c.code, c.name, list(c.positions)] for c in election.candidates],
        "parties": [position.party for position in election.positions],
        "withheld": dict(own.defined["withheld"]),
        "rows": [] if model is None else [row.counts for row in model.form.rows],
    }
