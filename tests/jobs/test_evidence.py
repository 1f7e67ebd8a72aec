"""`actas report --evidence` on real processes: every image once, none that should not be shown."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import cv2
import pytest

import jobs.evidence
from jobs.progress import LineProgress
from jobs.report import load_results
from pipeline.publish.evidence.album import LIST, Entry, open_album
from tests.jobs.running import Ended, actas, started, wait_until

pytestmark = pytest.mark.slow
SHEETS = 6


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A counted election of six sheets, one of them a PNG. Nobody writes there."""
    folder = tmp_path_factory.mktemp("evidence") / "invented"
    assert actas("synth", str(folder), "--sheets", str(SHEETS), "--clean", "--seed", "5").code == 0
    first = sorted((folder / "scans").iterdir())[0]
    image = cv2.imread(str(first), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    first.unlink()
    assert cv2.imwrite(str(first.with_suffix(".png")), image)
    tally(folder)
    return folder


def tally(folder: Path, scans: str = "") -> None:
    counted = actas(
        "tally", scans or str(folder / "scans"), "--out", str(folder / "results"),
        "--election", str(folder / "election"), "--workers", "2",
    )  # fmt: skip
    assert counted.code == 0, counted.err


def report(folder: Path, *more: str) -> Ended:
    return actas("report", str(folder / "results"), "--evidence", "--workers", "2", *more)


@pytest.fixture
def own(invented: Path, tmp_path: Path) -> Path:
    """The same in a folder of the test's own, whose scans are its own too."""
    folder = tmp_path / "own"
    shutil.copytree(invented, folder, ignore=shutil.ignore_patterns("results"))
    tally(folder)
    return folder


def entries(folder: Path) -> dict[str, Entry]:
    album = open_album(folder)
    assert album is not None
    return {entry.sha256: entry for entry in album.entries.values()}


def images(folder: Path) -> dict[str, tuple[int, int]]:
    """Every image: its name, and what changes when it is made again."""
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.rglob("*.webp")}


def told(site: Path) -> list[object]:
    """What the pages are told of images, scan by scan."""
    found = []
    for path in sorted((site / "data").glob("*.js")):
        unit = json.loads("[" + path.read_text(encoding="ascii")[len("actas.unit(") : -3] + "]")[1]
        for mesas in unit["mesas"].values():
            found += [scan.get("i") for mesa in mesas for scan in mesa["scans"]]
    return found


def test_each_sheet_is_shown_and_made_once(invented: Path, tmp_path: Path) -> None:
    first = report(invented, "--out", str(tmp_path))
    assert (first.code, first.out.splitlines()[0]) == (0, "Images: 6 shown, 0 withheld")
    made = images(tmp_path / "evidence")
    assert len(made) == SHEETS
    linked = images(tmp_path / "site")
    assert {name: place[0] for name, place in linked.items()} == {
        name: place[0] for name, place in made.items()
    }
    sizes = [(e.width, e.height) for e in entries(tmp_path / "evidence").values()]
    assert sorted(told(tmp_path / "site"), key=str) == sorted(map(list, sizes), key=str)
    marks = sorted((tmp_path / "site" / "evidence").rglob("*.js"))
    assert len(marks) == SHEETS
    assert re.fullmatch(
        r'actas\.marks\("[0-9a-f]{2}/[0-9a-f]{64}",\{"symbol":\[.+\],"block":\[.+\],"rows":\[.+\]\}\);\n',
        marks[0].read_text(encoding="ascii"),
    )
    again = report(invented, "--out", str(tmp_path))
    assert (again.code, again.out) == (0, first.out)
    assert "scans" not in again.err  # none was begun
    assert images(tmp_path / "evidence") == made


def test_a_report_without_the_option_keeps_what_was_made(invented: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(invented / "results", tmp_path / "results")
    assert actas("report", str(folder)).code == 0
    assert set(map(str, told(folder / "site"))) == {"None"}
    assert not (folder / "site" / "evidence").exists()
    assert report(tmp_path).code == 0
    shown = told(folder / "site")
    next((folder / "evidence").rglob("*.webp")).unlink()
    assert actas("report", str(folder)).code == 0
    assert sorted(map(str, told(folder / "site"))) != sorted(map(str, shown))
    assert told(folder / "site").count("pending") == 1


def test_what_a_person_withholds_is_deleted_and_stays_away(invented: Path, tmp_path: Path) -> None:
    assert report(invented, "--out", str(tmp_path)).code == 0
    unwanted = min(entries(tmp_path / "evidence"))
    (tmp_path / "evidence" / "withhold.txt").write_text(f"# a name on it\n{unwanted.upper()}\n")
    for _ in (1, 2):
        told_of = report(invented, "--out", str(tmp_path))
        assert told_of.out.startswith("Images: 5 shown, 1 withheld")
        assert f"{unwanted}.webp" not in images(tmp_path)
        assert told(tmp_path / "site").count("person") == 1


def test_what_is_gone_or_changed_is_said_and_not_shown(own: Path) -> None:
    first, second, third, fourth = sorted((own / "scans").iterdir())[:4]
    first.unlink()
    second.write_bytes(third.read_bytes())  # a sheet, but not the one that was counted
    fourth.unlink()
    fourth.mkdir()
    lost = report(own)
    assert lost.code == 3
    assert "Images: 3 shown, 3 withheld" in lost.out
    assert "The file is gone since it was read" in lost.out
    reasons = [reason for reason in told(own / "results" / "site") if isinstance(reason, str)]
    assert sorted(reasons) == ["changed", "refused", "vanished"]
    assert len(images(own / "results" / "site")) == 3
    fourth.rmdir()
    shutil.copy(own / "scans" / third.name, fourth)
    assert report(own).code == 3  # still another file


def test_a_copy_stands_in_for_a_file_that_is_gone(own: Path) -> None:
    first = min((own / "scans").iterdir())
    shutil.copy(first, own / "scans" / f"zz{first.suffix}")
    tally(own)
    first.unlink()
    assert report(own).out.startswith("Images: 6 shown, 0 withheld")


def test_scans_of_a_store_are_shown_too(own: Path) -> None:
    shutil.rmtree(own / "results")
    tally(own, f"file://{own}/scans")
    assert report(own).out.startswith("Images: 6 shown, 0 withheld")


def test_a_scan_that_kills_the_process_costs_its_own_image_alone(
    invented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_results(invented / "results")
    crash = (
        "import os, jobs.masker as m; real = m.show\n"
        "m.show = lambda page, rules: os.abort() if page.format == 'png' else real(page, rules)\n"
        "m.main()"
    )

    def make() -> dict[str, int]:
        evidence = jobs.evidence.make_album(
            tmp_path, loaded.election, loaded.resolution, 2, LineProgress()
        )
        return dict(evidence.counts)

    with monkeypatch.context() as broken:
        broken.setattr(jobs.evidence, "COMMAND", (sys.executable, "-c", crash))
        counts = make()
    assert counts == {"shown": SHEETS - 1, "reader": 1}
    before = images(tmp_path)
    assert make() == {"shown": SHEETS}
    assert before.items() < images(tmp_path).items()


def test_a_run_that_was_killed_goes_on_where_it_was(own: Path) -> None:
    folder = own / "results" / "evidence"
    with started("report", str(own / "results"), "--evidence", "--workers", "1") as process:
        wait_until(lambda: (folder / LIST).is_file() and entries(folder), "no image was made")
        process.kill()
    before, listed = images(folder), entries(folder)
    assert 0 < len(listed) < SHEETS
    assert not (own / "results" / "site" / "evidence").exists()
    assert report(own).out.startswith("Images: 6 shown, 0 withheld")
    kept = {f"{sha256}.webp" for sha256 in listed}
    after = images(folder)
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_images_are_not_written_into_a_store(tmp_path: Path) -> None:
    refused = actas("report", "s3://bucket/results", "--evidence")
    assert refused.code == 2
    assert "Give --out FOLDER" in refused.err
