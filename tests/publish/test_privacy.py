"""The members of a table stand on every synthetic sheet, and in nothing that a run writes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.election import Election
from pipeline.publish.evidence.album import names_of
from pipeline.publish.evidence.show import is_plain_webp
from pipeline.read.image import sniff
from pipeline.synthetic.people import INVENTED_IDS, INVENTED_NAMES
from tests.jobs.running import Ended, actas
from tests.publish.marks import Marked, draw_marked, published_marks
from tests.publish.privacy import found_people, people_in

SEEDS = (3, 4)


def run(*args: str) -> Ended:
    """A command; whatever it says names nobody."""
    ended = actas(*args, patience=180)
    assert ended.code in (0, 3), ended.err
    assert people_in(ended.out + ended.err) == []
    return ended


def count_and_publish(scans: Path, results: Path, *election: str) -> None:
    """Every command that writes or tells something of results."""
    run("tally", str(scans), "--out", str(results), *election)
    run("report", str(results), "--evidence")
    run("publish", str(results))
    run("status", str(results))
    run("analyse", str(results))
    run("log", str(results))
    for scan in sorted(scans.iterdir())[:3]:
        run("explain", str(results), scan.name)


def strange_images(folder: Path) -> list[str]:
    """Files that hold an image and are no bare WebP of the evidence."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        is_image = sniff(content) is not None or b"WEBP" in content[:16]
        named = path.suffix == ".webp" and "evidence" in path.parts
        if (is_image or named) and not (named and is_plain_webp(content)):
            found.append(path.relative_to(folder).as_posix())
    return found


@pytest.mark.slow
def test_nobody_is_named_in_anything_that_is_written(tmp_path: Path) -> None:
    invented, results = tmp_path / "invented", tmp_path / "results"
    assert actas("synth", str(invented), "--sheets", "12", "--seed", "11").code == 0
    count_and_publish(invented / "scans", results, "--election", str(invented / "election"))
    shutil.rmtree(results / "election")  # the registers that were counted by, not written by a run
    assert len(list(results.rglob("*.parquet"))) > 10
    assert (results / "open-data" / "verify.py").is_file()
    assert len(list((results / "site").rglob("*.webp"))) > 4
    assert found_people(results) == []
    assert strange_images(results) == []


@pytest.fixture(scope="module")
def marked(venezuela: Election) -> dict[int, Marked]:
    return {seed: draw_marked(venezuela, seed) for seed in SEEDS}


@pytest.mark.slow
def test_no_pixel_of_a_name_a_signature_or_a_thumb_is_published(
    venezuela: Election, marked: dict[int, Marked], tmp_path: Path
) -> None:
    scans, results = tmp_path / "scans", tmp_path / "results"
    scans.mkdir()
    for seed, sheet in marked.items():
        exif = Image.Exif()
        exif[0x013B] = INVENTED_NAMES[seed]  # Artist
        exif[0x010E] = f"{INVENTED_NAMES[0]} {INVENTED_IDS[seed]}"  # ImageDescription
        Image.fromarray(sheet.drawn.image).save(
            scans / f"{seed}.jpg", quality=28, exif=exif, comment=INVENTED_NAMES[1].encode()
        )
    count_and_publish(scans, results)
    shutil.rmtree(results / "election")
    assert found_people(results) == []
    assert strange_images(results) == []
    shown = 0
    for seed, sheet in marked.items():
        file = scans / f"{seed}.jpg"
        name, _ = names_of((hashlib.sha256(file.read_bytes()).hexdigest(), 1))
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        for folder in (results / "evidence", results / "site" / "evidence"):
            if (folder / name).exists():
                shown += 1
                assert (
                    published_marks(
                        np.asarray(image, np.uint8), sheet.marks, folder / name, venezuela
                    )
                    == 0
                )
    assert shown == 2 * len(SEEDS)


def test_marks_that_are_published_are_found(
    venezuela: Election, marked: dict[int, Marked], tmp_path: Path
) -> None:
    """An image that was cut and made small like all others, but not masked."""
    from pipeline.publish.evidence.crop import view_sheet
    from pipeline.publish.evidence.find import find
    from tests.read.printed.invented import as_page

    sheet = marked[SEEDS[0]]
    assert sheet.marks.sum() > 5000
    image = sheet.drawn.image
    view = view_sheet(find(as_page(image), venezuela.rules))
    small = cv2.resize(view.cut(image), None, fx=view.scale, fy=view.scale)
    assert cv2.imwrite(str(tmp_path / "shown.webp"), small)
    missed = published_marks(image, sheet.marks, tmp_path / "shown.webp", venezuela)
    assert missed > 0.9 * sheet.marks.sum()
    (tmp_path / "evidence").mkdir()
    Image.fromarray(small).save(tmp_path / "evidence" / "a.webp", exif=b"Exif\0\0MM\0*\0\0\0\x08")
    (tmp_path / "logo.png").write_bytes(cv2.imencode(".png", small)[1].tobytes())
    assert strange_images(tmp_path) == ["evidence/a.webp", "logo.png", "shown.webp"]


@pytest.mark.parametrize("who", [INVENTED_NAMES[0], INVENTED_NAMES[-1], INVENTED_IDS[3]])
def test_whoever_is_named_is_found(tmp_path: Path, who: str) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "page.html").write_text(f"<p>{who.title()}</p>", encoding="utf-8")
    (tmp_path / "data.json").write_text(f'["{who.replace(" ", "_")}"]', encoding="utf-16")
    pq.write_table(pa.table({"a": [f"x {who}", "y"]}), tmp_path / "t.parquet", compression="zstd")
    (tmp_path / "image.jpg").write_bytes(b"\xff\xd8\xff\xe1" + who.encode() + b"\xff\xd9")
    (tmp_path / "fine.txt").write_text("PRUEBA de 00.000", encoding="utf-8")
    assert {line.partition(":")[0] for line in found_people(tmp_path)} == {
        "below/page.html", "data.json", "t.parquet", "image.jpg",
    }  # fmt: skip
    assert people_in(f"said: {who.lower()}") == [who]
