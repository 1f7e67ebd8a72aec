"""The manifest: the sha256 of every file and every scan, and the root of the Merkle tree over it.

`manifest.csv` has the columns kind, sha256, name: first every file of the folder but itself and
`merkle-root.txt`, in the order of their paths' bytes; then every distinct pair of a scan's sha256
and name, in that order. The tree is that of RFC 6962, section 2.1, with SHA-256: its leaves are the
manifest's lines, the header included, each without its line feed; a leaf's hash is that of the byte
0x00 and the line, a node's that of the byte 0x01 and the hashes of its halves, the left of which
holds the largest power of two of leaves that is smaller than their number.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.count.outputs import neutral
from pipeline.count.resolve import Resolution
from pipeline.publish.opendata.scans import Naming

MANIFEST, ROOT = "manifest.csv", "merkle-root.txt"


@dataclass(frozen=True)
class Manifest:
    """What was hashed, and the root."""

    root: str
    files: int
    scans: int


def write_manifest(folder: Path, resolution: Resolution, naming: Naming) -> Manifest:
    """Hash every file below `folder`, and write the manifest and its root.

    Raises:
        OSError: the disk is full or read-only.
    """
    paths = sorted(
        (path for path in folder.rglob("*") if path.is_file()),
        key=lambda path: path.relative_to(folder).as_posix().encode(),
    )
    files = [("file", sha256_of(path), path.relative_to(folder).as_posix()) for path in paths]
    scans = scan_entries(resolution, naming)
    lines = _lines([("kind", "sha256", "name"), *files, *scans])
    root = merkle_root(lines).hex()
    (folder / MANIFEST).write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / ROOT).write_bytes(root.encode() + b"\n")
    return Manifest(root, len(files), len(scans))


def scan_entries(resolution: Resolution, naming: Naming) -> list[tuple[str, str, str]]:
    """The manifest's lines for the scans: all that could be read."""
    named = {
        (item.scan.sha256, naming.name(item.scan.uri) or "")
        for item in resolution.scans
        if item.scan.sha256
    }
    return [("scan", sha256, name) for sha256, name in sorted(named)]


def sha256_of(path: Path) -> str:
    """A file's hash, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree's root; that of no leaves is the hash of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(hashes) > 1:
        # Joining neighbours level by level, the odd one moving up as it is, gives the same tree as
        # cutting at powers of two.
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        joined = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        hashes = joined + hashes[len(joined) * 2 :]
    return hashes[0]


def listed_files(manifest: Path) -> set[str]:
    """The files that belong to the open data whose manifest this is, the manifest included."""
    with manifest.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = [row for row in csv.reader(stream) if len(row) == 3 and row[0] == "file"]
    return {MANIFEST, ROOT, *(row[2] for row in rows)}


def _lines(rows: Iterable[Sequence[str]]) -> list[bytes]:
    """CSV lines. No cell holds a line feed: names are written so that they can be printed."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(
        [neutral(cell) for cell in row] for row in rows
    )
    return buffer.getvalue().encode().split(b"\n")[:-1]
