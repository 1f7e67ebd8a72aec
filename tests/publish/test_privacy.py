"""The members of a table stand on every synthetic sheet, and in nothing that a run writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.synthetic.people import INVENTED_IDS, INVENTED_NAMES
from tests.jobs.running import actas
from tests.publish.privacy import found_people, people_in


@pytest.mark.slow
def test_nobody_is_named_in_anything_that_is_written(tmp_path: Path) -> None:
    invented, results = tmp_path / "invented", tmp_path / "results"
    assert actas("synth", str(invented), "--sheets", "24", "--seed", "11").code == 0
    counted = actas(
        "tally", str(invented / "scans"), "--out", str(results),
        "--election", str(invented / "election"),
    )  # fmt: skip
    assert counted.code in (0, 3), counted.err
    published = actas("publish", str(results))
    assert published.code == 0, published.err
    shutil.rmtree(results / "election")  # the registers that were counted by, not written by a run
    assert len(list(results.rglob("*.parquet"))) > 10
    assert (results / "open-data" / "verify.py").is_file()
    assert found_people(results) == []
    assert people_in(counted.out + counted.err + published.out + published.err) == []


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
