"""The Merkle root: that of RFC 6962, by both implementations; the manifest lists all there is."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.opendata import verify
from pipeline.publish.opendata.manifest import merkle_root

# The leaves and roots that Certificate Transparency's reference implementation is tested with.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("count", range(9))
def test_both_trees_are_that_of_the_standard(count: int) -> None:
    assert merkle_root(LEAVES[:count]).hex() == ROOTS[count]
    assert verify.merkle(LEAVES[:count]).hex() == ROOTS[count]


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_both_trees_agree(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == verify.merkle(leaves)


def test_the_manifest_lists_every_file_and_every_scan_that_could_be_read(pristine: Path) -> None:
    lines = (pristine / "manifest.csv").read_bytes().split(b"\n")
    assert lines.pop() == b""
    rows = list(csv.reader(line.decode() for line in lines))
    assert rows[0] == ["kind", "sha256", "name"]
    files = {name: digest for kind, digest, name in rows if kind == "file"}
    there = {path.relative_to(pristine).as_posix() for path in pristine.rglob("*")
             if path.is_file()}  # fmt: skip
    assert set(files) == there - {"manifest.csv", "merkle-root.txt"}
    for name, digest in files.items():
        assert hashlib.sha256((pristine / name).read_bytes()).hexdigest() == digest
    scans = [(name, digest) for kind, digest, name in rows if kind == "scan"]
    # Of 16 pages one could not be opened, two are of one file, and one file was found twice.
    assert len(scans) == len(set(scans)) == 13
    assert "'=cmd|' c calc'!A0.jpg" in {name for name, _ in scans}
    assert merkle_root(lines).hex() + "\n" == (pristine / "merkle-root.txt").read_text("utf-8")
