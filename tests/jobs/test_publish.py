"""`actas publish`, as its users run it: from scans to open data that their own script accepts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs import island
from tests.jobs.running import Ended, actas, tally_args
from tests.publish.opendata.build import contents


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {f"{mesa}.jpg": island.scan(island.payload(mesa=mesa)) for mesa in range(1, 4)}
    files["copy.jpg"] = files["1.jpg"]
    files["blank.jpg"] = island.scan()
    files["empty.jpg"] = b""
    return island.write_files(tmp_path_factory.mktemp("publish") / "scans", files)


@pytest.fixture(scope="module")
def results(scans: Path, island_folder: Path) -> Path:
    """Finished results. Nobody writes there."""
    out = scans.parent / "results"
    run = actas(*tally_args(scans, out, island_folder))
    assert run.code == 3, run.err
    return out


def verify(folder: Path, *more: object) -> Ended:
    """Run the script that lies in the folder, without anything that is installed here."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *map(str, more)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_results_become_open_data_that_verify(results: Path, scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "open-data"
    run = actas("publish", str(results), "--out", str(out), "--issuer", "The Daily", "--json")
    assert run.code == 0, run.err
    told = json.loads(run.out)
    assert told["folder"] == str(out)
    assert told["root"] == (out / "merkle-root.txt").read_text(encoding="utf-8").strip()
    checked = verify(out, "--scans", scans, "--root", told["root"])
    assert (checked.code, checked.err) == (0, "")
    assert "6 scans found = 3 counted + 1 duplicate" in checked.out
    assert "All 5 published scans lie in" in checked.out  # two of the six files are the same


def test_a_scan_that_was_changed_since_is_found(results: Path, scans: Path, tmp_path: Path) -> None:
    copy, out = shutil.copytree(scans, tmp_path / "scans"), tmp_path / "open-data"
    assert actas("publish", str(results), "--out", str(out)).code == 0
    (copy / "2.jpg").write_bytes((copy / "2.jpg").read_bytes() + b"\0")
    checked = verify(out, "--scans", copy)
    assert (checked.code, checked.err) == (1, "")
    assert "- 2.jpg was changed: its sha256 is not a published one" in checked.out


def test_neither_hash_seed_nor_locale_nor_time_zone_leaves_a_trace(
    results: Path, tmp_path: Path
) -> None:
    written = []
    for seed, zone, locale in (("1", "UTC", "C"), ("2", "Asia/Tokyo", "tr_TR.UTF-8")):
        out = tmp_path / seed
        settings = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        assert actas("publish", str(results), "--out", str(out), env=settings).code == 0
        written.append(contents(out))
    assert written[0] == written[1]


def test_it_is_written_beside_the_results_by_default(results: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(results, tmp_path / "results")
    run = actas("publish", str(copy))
    assert run.code == 0, run.err
    assert "Merkle root: " in run.out
    assert verify(copy / "open-data").code == 0


def test_the_site_links_to_open_data_of_the_same_results(results: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(results, tmp_path / "results")
    pages = [copy / "site" / name for name in ("index.html", "es/index.html")]
    assert not any("open-data" in page.read_text(encoding="utf-8") for page in pages)
    assert actas("publish", str(copy)).code == 0
    root = (copy / "open-data" / "merkle-root.txt").read_text(encoding="ascii").strip()
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert root in html
        assert "python3 open-data/verify.py" in html
        links = re.findall(r'href="((?:\.\./)+open-data/[^"]+)"', html)
        assert len(links) == 5
        assert all((page.parent / link).resolve().is_file() for link in links)
    # Data of other results are not these results' proof.
    summary = json.loads((copy / "open-data" / "summary.json").read_text(encoding="utf-8"))
    summary["scans"]["found"] += 1
    (copy / "open-data" / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert actas("report", str(copy)).code == 0
    assert not any("open-data" in page.read_text(encoding="utf-8") for page in pages)


def test_results_that_are_not_finished_are_refused(
    results: Path, scans: Path, island_folder: Path, tmp_path: Path
) -> None:
    nothing = actas("publish", str(tmp_path))
    assert (nothing.code, nothing.out) == (2, "")
    assert "there are no results here" in nothing.err
    copy = shutil.copytree(results, tmp_path / "results")
    summary = json.loads((copy / "summary.json").read_text(encoding="utf-8"))
    summary["scans"]["found"] -= 1
    (copy / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    behind = actas("publish", str(copy))
    assert (behind.code, behind.out) == (2, "")
    assert "not every scan that was read is in the results yet" in behind.err
    assert not (copy / "open-data").exists()


def test_a_folder_that_holds_something_else_is_left_alone(results: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear aunt", encoding="utf-8")
    run = actas("publish", str(results), "--out", str(tmp_path))
    assert run.code == 2
    assert "holds files, but no open data" in run.err
    assert list(contents(tmp_path)) == ["letter.txt"]


@pytest.mark.parametrize("out", ["/proc/open-data", "taken"])
def test_a_place_that_cannot_be_written_is_a_sentence(
    results: Path, tmp_path: Path, out: str
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    run = actas("publish", str(results), "--out", str(tmp_path / out))
    assert (run.code, run.out) == (2, "")
    assert "Traceback" not in run.err
    assert "give another --out" in run.err or "Give --out a new folder." in run.err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "a file"
