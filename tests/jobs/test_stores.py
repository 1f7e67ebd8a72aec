"""Results in an object store are the same bytes as on a disk, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.checkup import Errand, Sample, look, unwrite
from jobs.stage import local_copy
from pipeline.count.place import Place
from pipeline.count.store import Ledger
from pipeline.read.scans import ScanFile
from tests.jobs import island
from tests.jobs.running import Ended, actas, assert_same, tally_args

FEW = {f"{n}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 7)}


def put(place: Place, files: dict[str, bytes]) -> Place:
    for name, content in files.items():
        place.write(name, content)
    return place


def tally(scans: Place | Path, out: Place | Path, election: Path, *more: object) -> Ended:
    return actas(*tally_args(scans, out, election, *more))  # type: ignore[arg-type]


@pytest.mark.slow
def test_results_in_a_store_are_those_of_a_disk_byte_for_byte(
    bucket: Place, town: Path, island_folder: Path, undisturbed: dict[str, bytes]
) -> None:
    out = bucket.sub("results")
    run = tally(town, out, island_folder, "--workers", 2, "--batch", 32)
    assert run.code == 3, run.err
    assert_same(local_copy(out), undisturbed)
    again = tally(town, out, island_folder)
    assert again.code == 3, again.err
    assert run.summary == again.summary, "nothing was written anew"
    # What a run leaves: its tables, and no half of anything.
    names = out.names()
    assert not [name for name in names if name.endswith(".tmp")]
    assert {"summary.json", "actas.parquet", "election/election.yaml", "site/index.html"} <= {
        *names
    }


@pytest.mark.slow
def test_every_command_reads_results_from_a_store(bucket: Place, island_folder: Path) -> None:
    scans, out = put(bucket.sub("scans"), FEW), bucket.sub("results")
    run = tally(scans, out, island_folder)
    assert run.code == 0, run.err
    assert run.summary["votes"] == {"ANA": 6 * 54, "BEA": 6 * 3, "CAI": 6 * 3}
    status = json.loads(actas("status", str(out), "--json").out)
    assert (status["running"], status["read"]) == (False, 6)
    assert "1.jpg: counted" in actas("explain", str(out), "1001-001").out
    assert "version 1" in actas("log", str(out)).out
    assert "1001-001  counted now: rests on 1.jpg" in actas("diff", str(out)).out
    assert actas("report", str(out)).code == 0
    plan = json.loads(actas("plan", str(scans), "--out", str(out), "--json").out)
    assert (plan["found"], plan["known"]) == (6, 6)


@pytest.mark.slow
def test_scans_that_come_change_move_and_go_in_a_store(bucket: Place, island_folder: Path) -> None:
    scans, out = put(bucket.sub("scans"), FEW), bucket.sub("results")
    assert tally(scans, out, island_folder).code == 0
    scans.delete("1.jpg")
    put(scans, {
        "moved.jpg": FEW["1.jpg"],
        "2.jpg": island.scan(island.payload(mesa=2, votes=(60, 4, 3, 2, 1))),
        "deep/new.jpg": island.scan(island.payload(mesa=9)),
        "deep/without-suffix": island.scan(island.payload(mesa=10)),
        "notes.txt": b"not a scan",
    })  # fmt: skip
    run = tally(scans, out, island_folder)
    assert run.code == 0, run.err
    assert run.summary["scans"]["found"] == 9
    assert run.summary["votes"]["ANA"] == 8 * 54 + 10
    found = Ledger.open(out.sub("scans"), "island-2030").rows().to_pylist()
    rows = {row["source"].rpartition("/")[2]: row for row in found}
    assert rows["moved.jpg"]["read_as"] == f"{scans}/1.jpg"
    assert "scan-gone" in rows["1.jpg"]["findings"]


def test_results_beside_scans_are_no_scans(bucket: Place, island_folder: Path) -> None:
    put(bucket, FEW)
    out = bucket.sub("results")
    put(out, {"site/picture.jpg": FEW["1.jpg"]})
    run = tally(bucket, out, island_folder)
    assert run.code == 0, run.err
    assert run.summary["scans"]["found"] == 6


@pytest.mark.parametrize(
    ("out", "words"),
    [("s3://no-such-bucket-here/r", "bucket"), ("https://example.org/r", "cannot be kept there")],
)
def test_a_place_that_cannot_be_written_is_a_sentence(
    server: object, tmp_path: Path, island_folder: Path, out: str, words: str
) -> None:
    scans = island.write_files(tmp_path / "scans", FEW)
    run = actas("tally", str(scans), "--out", out, "--election", str(island_folder))
    assert run.code == 2, run.err
    assert words in run.err
    assert "Traceback" not in run.err


def test_keys_that_are_wrong_are_a_sentence(bucket: Place, island_folder: Path) -> None:
    args = tally_args(bucket.sub("s"), bucket.sub("r"), island_folder)  # type: ignore[arg-type]
    run = actas(*args, env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert run.code == 2, run.err
    assert "SignatureDoesNotMatch" in run.err
    assert "Traceback" not in run.err


def test_a_worker_tries_a_store_as_it_tries_a_folder(bucket: Place, tmp_path: Path) -> None:
    """It writes a part, which this machine sees; a store that is not there is told, not raised."""
    report = look(Errand("doctor-1", folder=bucket.root))
    assert (report.part, report.unwritten, report.free) == ("part-doctor-1.parquet", "", None)
    assert bucket.names() == [report.part]
    unwrite(bucket.root, report.part)
    assert bucket.names() == []
    gone = (Sample(ScanFile(f"{bucket}/none.jpg", 1, "x"), "0"),)
    assert [uri for uri, _ in look(Errand("", gone)).unread] == [f"{bucket}/none.jpg"]
    refused = look(Errand("doctor-2", folder="s3://no-such-bucket/scans"))
    assert refused.part == ""
    assert refused.unwritten
