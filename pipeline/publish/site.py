"""The report of a run as one self-contained page: no script, no request, no time of its own.

The same results give the same bytes. Every value that reaches the page is escaped and made
visible here, in one place, whatever the template does with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.analyse.announced import announced
from pipeline.analyse.integrity import count_findings
from pipeline.count.outputs import write_bytes
from pipeline.count.resolve import Resolution
from pipeline.count.totals import Totals
from pipeline.election import Election
from pipeline.publish import text
from pipeline.publish.accounts import grade_account, mesa_account, scan_account
from pipeline.publish.attention import list_waiting
from pipeline.publish.votes import places, result

TEMPLATES = Path(__file__).parent / "templates"


def write_site(
    folder: Path,
    election: Election,
    resolution: Resolution,
    totals: Totals,
    summary: dict[str, Any],
) -> Path:
    """Write `folder/index.html`; returns its path.

    Raises:
        OSError: the disk is full or read-only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    write_bytes(page, render(election, resolution, totals, summary).encode())
    return page


def render(
    election: Election, resolution: Resolution, totals: Totals, summary: dict[str, Any]
) -> str:
    """The page's HTML."""
    return (
        _environment()
        .get_template("index.html")
        .render(
            election=election,
            result=result(election, resolution, totals),
            scans=scan_account(totals),
            mesas=mesa_account(totals),
            grades=grade_account(totals),
            places=places(election, totals),
            announced=announced(election, totals),
            findings=count_findings(resolution),
            waiting=list_waiting(resolution),
            sources=_sources(election),
            versions=_versions(summary),
        )
    )


def _sources(election: Election) -> list[tuple[str, str]]:
    """What each data file is, and where it comes from."""
    return [
        (key.replace("_", " ").capitalize(), source) for key, source in election.sources.items()
    ]


def _versions(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What one needs to get the same numbers again, and how long it took."""
    seconds = ", ".join(f"{name} {value:.3f}" for name, value in summary["seconds"].items())
    return [
        ("Election", summary["election"]),
        ("Reader version", summary["reader_version"]),
        ("Table version", str(summary["table_version"])),
        ("Configuration (SHA-256)", summary["config_sha256"]),
        ("Seconds", seconds),
    ]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        number=text.number, signed=text.signed, share=text.share, percent=text.percent
    )
    return environment
