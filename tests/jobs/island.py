"""A small invented election whose sheets are read in about a millisecond each."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.invent import encode, page

TINY = Path(__file__).parents[1] / "elections" / "tiny"
CENTRES = ("1001", "1002", "2001", "2002")
MESAS = 40
"""Of each centre."""


def write_definition(folder: Path, slug: str = "island-2030") -> Path:
    """The tiny election with a register that lists every mesa, and 400 voters in each."""
    shutil.copytree(TINY, folder)
    expected = [f"nation,,Invented Island,{len(CENTRES) * MESAS}"]
    expected += [f"coast,{coast},Coast {coast},{2 * MESAS}" for coast in "12"]
    expected += [f"centre,{centre},School {centre},{MESAS}" for centre in CENTRES]
    lines = ["level,code,name,expected_mesas", *expected]
    (folder / "expected.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    voters = [f"{centre},{mesa},400" for centre in CENTRES for mesa in range(1, MESAS + 1)]
    lines = ["code,mesa,registered_voters", *voters]
    (folder / "registered.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / "election.yaml"
    text = path.read_text(encoding="utf-8").replace("slug: tiny-2030", f"slug: {slug}")
    path.write_text(text, encoding="utf-8")
    return folder


def payload(
    centre: str = "1001",
    mesa: int = 1,
    votes: Sequence[object] = (50, 4, 3, 2, 1),
    null: object = 1,
    empty: object = 0,
) -> str:
    """A payload text; whatever is given is written as it is."""
    return f"{mesa:03d}-{centre};{'/'.join(map(str, votes))};{null};{empty}"


def scan(*texts: str, suffix: str = ".jpg") -> bytes:
    """The bytes of a small scan with these symbols."""
    return encode(page(*texts, level="M", height=300 + 240 * len(texts)), suffix)


def town() -> dict[str, bytes]:
    """Scans of every mesa by file name, and some that need a person: 166 files."""
    files = {
        f"{centre}-{mesa:03d}.jpg": scan(payload(centre, mesa, (100 + mesa, mesa, 3, 2, 1)))
        for centre in CENTRES
        for mesa in range(1, MESAS + 1)
    }
    files["again.jpg"] = files["1001-001.jpg"]
    files["same-sheet.png"] = scan(payload("1001", 2, (102, 2, 3, 2, 1)), suffix=".png")
    files["other-numbers.jpg"] = scan(payload("1002", 3, (1, 1, 1, 1, 1)))
    files["blank.jpg"] = scan()
    files["empty.jpg"] = b""
    files["foreign.jpg"] = scan("a text of no election")
    return files


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """The files in a folder, written in the order of the dictionary."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
