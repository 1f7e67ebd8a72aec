"""Images that crash, hang and exhaust their reader: they cost themselves alone, every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.count.retry import AUTOMATIC
from tests.jobs import island
from tests.jobs.faults import faulty
from tests.jobs.running import actas, products, tally_args

FAULTS = ("segfault", "hang", "hoard", "exit", "say-too-much")


@pytest.mark.slow
def test_fatal_images_end_the_same_way_however_often_and_on_however_many_workers(
    tmp_path: Path, island_folder: Path, faults: dict[str, str]
) -> None:
    files = {f"{n:03d}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 21)}
    for mesa, fault in enumerate(FAULTS, start=31):
        files[f"{fault}.jpg"] = faulty(island.scan(island.payload(mesa=mesa)), fault)
    scans = island.write_files(tmp_path / "scans", files)
    found = []
    for workers, batch in ((1, 1), (2, 7)):
        out = tmp_path / f"results{workers}"
        args = tally_args(
            scans, out, island_folder, "--deadline", 2, "--workers", workers, "--batch", batch
        )
        told = [actas(*args, env=faults) for _ in range(AUTOMATIC + 1)]
        assert {run.code for run in told} == {3}
        assert [run.summary["scans"] for run in told] == [told[0].summary["scans"]] * len(told)
        assert told[0].summary["scans"]["counted"] == 20
        assert told[0].summary["scans"]["failed"] == len(FAULTS)
        assert "have failed often enough" in told[-1].err, "tried for ever"
        found.append(products(out))
    assert found[0] == found[1]
