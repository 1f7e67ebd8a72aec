"""A folder of everything that people and attackers put among scans, through the whole program."""

from __future__ import annotations

import csv
import json
import os
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.count.outputs import FORMULA_STARTS
from pipeline.count.store import Ledger
from pipeline.read.uris import from_uri
from tests.invent import encode, page
from tests.jobs import island
from tests.jobs.running import Ended, actas, tally_args

OWNER = "maria-perez-12345678"
"""A folder named for a person: it must not reach what is published."""


def png_header(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that claims a size; `rows` are its compressed rows."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """A PNG of 900 KB that decodes to 900 MB."""
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(3_000_001) * 10) for _ in range(30))
    return png_header(30_000, 30_000, body + rows.flush())


ALIKE = island.scan(island.payload(mesa=1))
LONG = np.full((65_500, 30), 255, np.uint8)
FILES: dict[bytes, tuple[bytes, str, str | None]] = {
    # name: content, status, finding
    b"zero.jpg": (b"", "failed", "file-empty"),
    b"cut.jpg": (island.scan(island.payload(mesa=2))[:900], "failed", None),
    b"one-pixel.png": (
        encode(np.zeros((1, 1), np.uint8), ".png"),
        "failed",
        "image-too-small",
    ),
    b"long.png": (encode(LONG, ".png"), "unreadable", "symbol-none"),
    b"wide.jpg": (encode(np.ascontiguousarray(LONG.T)), "unreadable", "symbol-none"),
    b"bomb.png": (bomb(), "failed", "image-too-large"),
    b"liar.png": (png_header(2**31 - 1, 2**31 - 1, b""), "failed", "image-too-large"),
    b"text.jpg": (b"Dear electoral council,\n", "failed", "file-format"),
    b"really-jpeg.png": (island.scan(island.payload(mesa=3)), "counted", None),
    b"new\nline.jpg": (island.scan(island.payload(mesa=4)), "counted", None),
    b"..jpg": (island.scan(island.payload(mesa=5)), "counted", None),
    b"...": (island.scan(island.payload(mesa=6)), "counted", None),
    b"latin-\xf1\xff.jpg": (island.scan(island.payload(mesa=7)), "counted", None),
    b"-rf.jpg": (island.scan(island.payload(mesa=8)), "counted", None),
    b"=HYPERLINK(1).jpg": (
        island.scan(island.payload(mesa=9, votes=(0,) * 5, null=0)),
        "quarantined",
        "votes-none",
    ),
    b"100%#page=2.jpg": (island.scan(island.payload(mesa=10)), "counted", None),
    b"<script>alert(1)<|script>.jpg": (island.scan("somebody's ID card"), "rejected", None),
    b"4-values.jpg": (
        island.scan(island.payload(mesa=11, votes=(1, 2, 3, 4))),
        "rejected",
        "payload-grammar",
    ),
    b"6-values.jpg": (
        island.scan(island.payload(mesa=11, votes=(1, 2, 3, 4, 5, 6))),
        "rejected",
        "payload-grammar",
    ),
    b"sign.jpg": (
        island.scan(island.payload(mesa=11, votes=("+1", 2, 3, 4, 5))),
        "rejected",
        "payload-grammar",
    ),
    b"minus.jpg": (
        island.scan(island.payload(mesa=11, votes=(-1, 2, 3, 4, 5))),
        "rejected",
        "payload-grammar",
    ),
    b"space.jpg": (
        island.scan(island.payload(mesa=11, votes=(" 1", 2, 3, 4, 5))),
        "rejected",
        "payload-grammar",
    ),
    b"arabic-digits.jpg": (
        island.scan(island.payload(mesa=11, votes=("\u0661", 2, 3, 4, 5))),
        "rejected",
        "payload-grammar",
    ),
    b"elsewhere.jpg": (
        island.scan(island.payload("9001", mesa=1)),
        "rejected",
        "payload-place",
    ),
    b"disagree-1.jpg": (
        island.scan(island.payload(mesa=12)),
        "quarantined",
        "sheets-disagree",
    ),
    b"disagree-2.jpg": (
        island.scan(island.payload(mesa=12, votes=(1, 1, 1, 1, 1))),
        "quarantined",
        "sheets-disagree",
    ),
    b"two-sheets.jpg": (
        encode(page(island.payload(mesa=13), island.payload(mesa=14), level="M", height=900)),
        "quarantined",
        "symbols-differ",
    ),
    b"over-registered.jpg": (
        island.scan(island.payload(mesa=15, votes=(399, 1, 1, 0, 0))),
        "quarantined",
        "votes-over-registered",
    ),
    **{
        f"same-{number}.jpg".encode(): (
            ALIKE,
            "duplicate" if number else "counted",
            "content-duplicate" if number else None,
        )
        for number in range(5)
    },
}
SPECIAL = {"loop.jpg": "file-special", "to-nowhere.jpg": "file-special", "pipe.jpg": "file-special"}


@pytest.fixture(scope="module")
def counted(
    tmp_path_factory: pytest.TempPathFactory, island_folder: Path
) -> tuple[Path, Path, Ended]:
    """The folder, its results, and the run that counted it."""
    top = tmp_path_factory.mktemp("hostile") / OWNER
    scans = top / "scans"
    scans.mkdir(parents=True)
    for name, (content, _, _) in FILES.items():
        with open(os.fsencode(scans) + b"/" + name, "wb") as stream:
            stream.write(content)
    (scans / "loop.jpg").symlink_to("loop.jpg")
    (scans / "to-nowhere.jpg").symlink_to("/does/not/exist.jpg")
    (scans / "folder").mkdir()
    (scans / "folder" / "up").symlink_to("..")
    os.mkfifo(scans / "pipe.jpg")
    (scans / "README.txt").write_text("not a scan", encoding="utf-8")
    out = top / "results"
    run = actas(*tally_args(scans, out, island_folder, "--workers", 2, "--batch", 8))
    return scans, out, run


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def name_of(uri: str) -> bytes:
    return os.fsencode(from_uri(uri)).rpartition(b"/")[2]


def test_the_run_ends_as_documented(counted: tuple[Path, Path, Ended]) -> None:
    _, _, run = counted
    assert run.code == 3, run.err
    assert "Traceback" not in run.err
    expected = Counter(status for _, status, _ in FILES.values())
    expected["failed"] += len(SPECIAL)
    assert run.summary["scans"] == dict(expected) | {"found": len(FILES) + len(SPECIAL)}


def test_every_scan_that_needs_a_person_is_named_with_its_reason(
    counted: tuple[Path, Path, Ended],
) -> None:
    _, out, _ = counted
    waiting = {name_of(row["uri"]): row["status"] for row in table(out / "unread.csv")}
    expected = {
        name: status
        for name, (_, status, _) in FILES.items()
        if status not in {"counted", "duplicate"}
    }
    assert waiting == expected | {name.encode(): "failed" for name in SPECIAL}
    assert all(row["why"] for row in table(out / "unread.csv"))


def test_every_finding_is_in_the_table(counted: tuple[Path, Path, Ended]) -> None:
    _, out, _ = counted
    found = {(name_of(row["scan"]), row["code"]) for row in table(out / "findings.csv")}
    expected = {(name, code) for name, (_, _, code) in FILES.items() if code}
    expected |= {(name.encode(), code) for name, code in SPECIAL.items()}
    assert expected - found == set()


def test_every_name_on_disk_is_in_the_ledger_once(counted: tuple[Path, Path, Ended]) -> None:
    scans, out, _ = counted
    sources = Ledger.open(out / "scans", "island-2030").rows(["source"])["source"].to_pylist()
    on_disk = [
        os.fsencode(path.name)
        for path in scans.iterdir()
        if path.name not in {"folder", "README.txt"}
    ]
    assert Counter(map(name_of, sources)) == Counter(on_disk)
    assert all(source.isprintable() for source in sources)


def test_no_cell_is_a_formula_and_no_row_is_broken(counted: tuple[Path, Path, Ended]) -> None:
    _, out, _ = counted
    for path in (out / "findings.csv", out / "unread.csv", *(out / "totals").glob("*.csv")):
        text = path.read_text(encoding="utf-8")
        rows = table(path)
        assert len(text.splitlines()) == len(rows) + 1, path.name
        cells = [cell for row in rows for cell in row.values() if not cell.lstrip("-").isdigit()]
        assert [cell for cell in cells if cell.startswith(FORMULA_STARTS)] == [], path.name


def test_foreign_text_on_a_symbol_is_nowhere_in_the_results(
    counted: tuple[Path, Path, Ended],
) -> None:
    """What a foreign symbol holds may be somebody's personal data."""
    _, out, _ = counted
    for path in out.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            assert b"ID card" not in path.read_bytes(), path
    assert "ID card" not in str(Ledger.open(out / "scans", "island-2030").rows().to_pylist())
    assert "ID card" not in str(pq.read_table(out / "actas.parquet").to_pylist())


def test_the_site_holds_no_markup_of_strangers_and_no_name_of_the_user(
    counted: tuple[Path, Path, Ended],
) -> None:
    _, out, _ = counted
    pages = [path for path in (out / "site").rglob("*") if path.is_file()]
    assert out / "site" / "index.html" in pages
    for path in pages:
        content = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix != ".csv":  # a table for a spreadsheet, where a tag is only text
            assert "<script>alert" not in content, path.name
        assert OWNER not in content, path.name
        assert str(out.parent.parent) not in content, path.name


@pytest.mark.parametrize("name", ["new\nline.jpg", "latin-\udcf1\udcff.jpg", "100%#page=2.jpg"])
def test_a_scan_is_explained_by_the_name_it_has_on_disk(
    counted: tuple[Path, Path, Ended], name: str
) -> None:
    _, out, _ = counted
    told = actas("explain", str(out), name, "--json")
    assert told.code == 0, told.err
    (scan,) = json.loads(told.out)["scans"]
    assert name_of(scan["uri"]) == os.fsencode(name)
    assert scan["status"] == "counted"


def test_a_scan_that_begins_with_a_dash_is_explained_after_two(
    counted: tuple[Path, Path, Ended],
) -> None:
    _, out, _ = counted
    told = actas("explain", str(out), "--", "-rf.jpg")
    assert told.code == 0, told.err
    assert "counted" in told.out


def test_counting_it_again_reads_nothing(
    counted: tuple[Path, Path, Ended], island_folder: Path
) -> None:
    scans, out, run = counted
    again = actas(*tally_args(scans, out, island_folder))
    assert again.code == 3, again.err
    assert again.summary | {"seconds": 0} == run.summary | {"seconds": 0}
