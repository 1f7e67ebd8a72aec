"""A disk that fills up at any moment, and one that may not be written at all."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.harness import finish, rounds
from tests.jobs.running import actas, tally_args

KIB = 900


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of some hundred KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={KIB}k", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"may not mount a small disk: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", rounds(few=(1,), many=12))
def test_wherever_the_disk_is_full_room_mends_it(
    disk: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes], seed: int
) -> None:
    free = random.Random(seed).randrange(0, KIB)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes((KIB - free) * 1024))
    out = disk / "results"
    args = tally_args(town, out, island_folder, "--batch", 32)
    disturbed = actas(*args)
    assert disturbed.code in (3, 4), (free, disturbed.err)
    if disturbed.code == 4:
        assert "full" in disturbed.err
    assert "Traceback" not in disturbed.err, disturbed.err
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
    finish(args, out, undisturbed)
