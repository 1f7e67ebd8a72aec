"""verify.py: passes what was written, finds every change, and says plainly what it cannot find."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.election import Election
from pipeline.publish.opendata import verify
from tests.publish.opendata import build

SCRIPT = Path(verify.__file__)
IN_PLACE = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Change = Callable[[Path], object]


# What holds.


def test_what_was_written_passes_every_check(pristine: Path) -> None:
    code, said = build.check(pristine)
    assert code == 0, said
    assert "FAILED" not in said
    assert "All 29 checks passed." in said
    assert "16 scans found = 7 counted + 2 duplicate + 3 quarantined + 2 unreadable" in said
    assert "the votes of 6 mesas are those in the text of the sheet's QR symbol; 1 rest on" in said


def test_it_says_what_it_did_not_check(pristine: Path) -> None:
    said = build.check(pristine)[1]
    root = (pristine / "merkle-root.txt").read_text(encoding="utf-8").strip()
    assert f"Merkle root: {root}\n" in said
    assert "Not checked: whether somebody stands for these data." in said
    assert "Not checked: the scans themselves." in said
    assert "(not checked: COD, STATE, COD_D)" in said


def test_it_needs_the_standard_library_alone_and_shares_no_code() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 8))
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else
                     [alias.name for alias in node.names])
    }  # fmt: skip
    assert modules <= sys.stdlib_module_names
    assert {"pipeline", "jobs"} & modules == set()


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_it_runs_on_every_python_that_is_here(version: str, folder: Path) -> None:
    python = _python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    command = [python, "-I", "-S", "-W", "error", str(folder / "verify.py")]
    ended = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"Checking {folder}\n\n" + build.check(folder)[1]
    (folder / "README.md").write_text("other", encoding="utf-8")
    ended = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "README.md was changed" in ended.stdout


def _python(version: str) -> str | None:
    """An interpreter of that version: this one, one on the path, or one beside this one."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    beside = Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}")
    candidates = [shutil.which(f"python{version}"), *map(str, beside)]
    for found in filter(None, candidates):
        asked = subprocess.run([found, "-V"], capture_output=True, text=True, check=False)
        if asked.stdout.startswith(f"Python {version}."):
            return found
    return None


def test_signatures_beside_the_root_are_named_and_not_checked(folder: Path) -> None:
    (folder / "merkle-root.txt.asc").write_text("-----BEGIN", encoding="utf-8")
    code, said = build.check(folder)
    assert code == 0
    assert "there is no other but merkle-root.txt.asc (not checked)" in said


# A changed byte anywhere. Every file is in danger, the manifest and the root as well.


@IN_PLACE
@given(data=st.data())
def test_a_changed_byte_anywhere_is_found(folder: Path, data: st.DataObject) -> None:
    path = folder / data.draw(st.sampled_from(sorted(build.contents(folder))))
    content = path.read_bytes()
    offset = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[offset]))
    _must_be_found(path, content[:offset] + bytes([byte]) + content[offset + 1 :])


@IN_PLACE
@given(data=st.data())
def test_bytes_cut_off_put_in_or_taken_out_are_found(folder: Path, data: st.DataObject) -> None:
    path = folder / data.draw(st.sampled_from(sorted(build.contents(folder))))
    content = path.read_bytes()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    put_in = data.draw(st.binary(max_size=4))
    changed = content[:start] + put_in + content[end:]
    if changed != content:
        _must_be_found(path, changed)


def _must_be_found(path: Path, changed: bytes) -> None:
    before = path.read_bytes()
    path.write_bytes(changed)
    try:
        code, said = build.check(path.parent if path.parent.name != "totals" else path.parents[1])
    finally:
        path.write_bytes(before)
    assert code == 1, said
    assert "checks FAILED: do not rely on these data." in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["manifest.csv", "merkle-root.txt"])
def test_bytes_all_over_manifest_and_root_count(folder: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    for offset in range(0, len(content), 3):
        bit = 1 << offset % 8
        path.write_bytes(content[:offset] + bytes([content[offset] ^ bit]) + content[offset + 1 :])
        assert _manifest_faults(folder), offset


def _manifest_faults(folder: Path) -> list[str]:
    """The checks of files and root alone, which are much faster than all."""
    faults: list[str] = []
    try:
        _, manifest = verify.read_manifest(str(folder), faults.append)
        verify.check_files(str(folder), manifest, faults.append)
        verify.check_root(str(folder), manifest, "", faults.append)
        _, scans = verify.read_scans(str(folder), faults.append)
        verify.check_scan_hashes(manifest, scans, faults.append)
    except verify.BrokenError as error:
        faults.append(str(error))
    return faults


# Files that are gone, new, renamed, or no files.


@IN_PLACE
@given(data=st.data())
def test_a_removed_renamed_or_added_file_is_found(folder: Path, data: st.DataObject) -> None:
    path = folder / data.draw(st.sampled_from(sorted(build.contents(folder))))
    content = path.read_bytes()
    new = folder / data.draw(st.from_regex(r"(totals/)?[a-z.]{1,9}[a-z]\.(csv|md)", fullmatch=True))
    action = data.draw(st.sampled_from(["remove", "rename", "add"]))
    if new.exists():
        return
    try:
        if action != "add":
            path.unlink()
        if action != "remove":
            new.write_bytes(content)
        code, said = build.check(folder)
    finally:
        new.unlink(missing_ok=True)
        path.write_bytes(content)
    assert code == 1
    if path.name == "manifest.csv" and action != "add":
        assert "manifest.csv is missing" in said
        return
    if action != "remove":
        assert f"{new.relative_to(folder).as_posix()} is not listed in manifest.csv" in said
    if action != "add":
        assert re.search(rf"{path.name} is (listed in manifest.csv, but it is )?missing", said)


def _swap_for(make: Callable[[Path], object]) -> Change:
    def change(folder: Path) -> None:
        path = folder / "mesas.csv"
        content = path.read_bytes()
        path.rename(folder.parent / "elsewhere.csv")
        assert (folder.parent / "elsewhere.csv").read_bytes() == content
        make(path)

    return change


STRANGE: dict[str, Change] = {
    "folder": _swap_for(Path.mkdir),
    "pipe": _swap_for(os.mkfifo),
    "link": _swap_for(lambda path: path.symlink_to(path.parents[1] / "elsewhere.csv")),
    "dead link": _swap_for(lambda path: path.symlink_to("nowhere")),
    "linked folder": lambda folder: (folder / "more").symlink_to("/"),
    "name in no encoding": lambda folder: Path(
        os.fsdecode(bytes(folder) + b"/\xff\x1b[2J")
    ).touch(),
    "everything gone": lambda folder: [
        shutil.move(path, folder.parent / f"gone-{path.name}") for path in list(folder.iterdir())
    ],
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
def test_what_is_no_plain_file_is_found_and_never_opened(folder: Path, change: Change) -> None:
    change(folder)
    code, said = build.check(folder)
    assert code == 1
    assert "\x1b" not in said
    assert "Traceback" not in said


def test_a_folder_that_is_none_is_said_so() -> None:
    code, said = build.check(Path("/nonexistent/open-data"))
    assert code == 1
    assert "manifest.csv is missing" in said


# The scans themselves.


@pytest.fixture
def scans(folder: Path, tmp_path: Path, election: Election) -> Path:
    """Files with the names and hashes of the publication; `folder` is written anew for them."""
    lying = tmp_path / "scans"
    lying.mkdir()
    items = []
    for scan in build.make_scans(election):
        name = unquote_to_bytes(scan.uri.rpartition("/")[2].partition("#")[0])
        (Path(os.fsdecode(bytes(lying) + b"/" + name))).write_bytes(name)
        digest = hashlib.sha256(name).hexdigest() if scan.sha256 else None
        items.append(replace(scan, sha256=digest))
    shutil.rmtree(folder)
    build.publish(folder, election, items)
    (lying / "notes.txt").write_text("mine", encoding="utf-8")
    return lying


def test_the_scans_are_found_by_their_bytes(folder: Path, scans: Path) -> None:
    (scans / "a.jpg").rename(scans / "renamed.jpg")
    code, said = build.check(folder, scans=scans)
    assert code == 0, said
    assert "All 13 published scans lie in" in said
    assert "2 other files there were not published" in said  # notes.txt and the one without a hash


def test_a_changed_or_missing_scan_is_found(folder: Path, scans: Path) -> None:
    (scans / "f.jpg").write_bytes(b"other")
    (scans / "e\n.jpg").write_bytes(b"other")
    (scans / "h.jpg").unlink()
    code, said = build.check(folder, scans=scans)
    assert code == 1
    assert "- f.jpg was changed: its sha256 is not a published one" in said
    assert "- e\\u000a.jpg was changed" in said
    assert "the scan h.jpg with sha256" in said


def test_a_folder_of_scans_that_is_none_is_said_so(folder: Path) -> None:
    code, said = build.check(folder, scans=folder / "nowhere")
    assert code == 1
    assert "nowhere is not a folder" in said
