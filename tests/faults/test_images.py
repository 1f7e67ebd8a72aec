"""Images that crash, hang and exhaust their reader: they cost themselves alone, every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.count.retry import AUTOMATIC
from pipeline.count.store import Ledger
from tests.faults.harness import ELECTION, note, only_in_make_faults
from tests.jobs import island
from tests.jobs.faults import faulty
from tests.jobs.running import Ended, actas, products, tally_args

FAULTS = {
    "segfault": "reader-crashed",
    "hang": "reader-hung",
    "hoard": "reader-memory",
    "exit": "reader-crashed",
    "say-too-much": "reader-error",
    "say-nothing": "reader-error",
}
"""What a scan does to its reader, and the finding that says so."""
SOUND = 20


@pytest.mark.slow
@only_in_make_faults
def test_fatal_images_end_the_same_way_however_often_and_on_however_many_workers(
    tmp_path: Path, island_folder: Path, faults: dict[str, str]
) -> None:
    files = {f"{n:03d}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, SOUND + 1)}
    for mesa, fault in enumerate(FAULTS, start=31):
        files[f"{fault}.jpg"] = faulty(island.scan(island.payload(mesa=mesa)), fault)
    scans = island.write_files(tmp_path / "scans", files)

    def run(workers: int, batch: int) -> Ended:
        more = ("--deadline", 2, "--workers", workers, "--batch", batch)
        out = tmp_path / f"results{workers}"
        ended = actas(*tally_args(scans, out, island_folder, *more), env=faults)
        assert ended.code == 3, ended.err
        assert "Traceback" not in ended.err
        scan = ended.summary["scans"]
        note("lost", len(files) - scan["found"])
        note("doubled", scan["counted"] - SOUND)
        assert (scan["found"], scan["counted"]) == (len(files), SOUND)
        assert scan["failed"] == len(FAULTS)
        assert findings(out) == FAULTS
        return ended

    run(1, 1)
    first = products(tmp_path / "results1")
    run(2, 7)
    assert products(tmp_path / "results2") == first
    for _ in range(AUTOMATIC):
        again = run(2, 7)
    assert "have failed often enough" in again.err, "tried for ever"
    assert products(tmp_path / "results2") == first


def findings(out: Path) -> dict[str, str]:
    """What is said of the reader, by the scan's name."""
    rows = Ledger.open(out / "scans", ELECTION).rows(["source", "findings"]).to_pylist()
    return {
        row["source"].rpartition("/")[2].removesuffix(".jpg"): code
        for row in rows
        for code in row["findings"]
        if code.startswith("reader-")
    }
