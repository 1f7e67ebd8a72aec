"""A clock that jumps by days in the middle of a run, forwards and back."""

from __future__ import annotations

import importlib.util
import random
import threading
import time
from pathlib import Path

import pytest

from jobs.clock import Clock
from pipeline.errors import InterruptedRunError
from tests.faults.harness import finish, only_in_make_faults, rounds
from tests.jobs.running import actas, ended, started, tally_args

JUMPS = ("+0", "+400d", "-400d", "+1h", "-20y", "+30", "-90")
EVERY = 0.25
PATIENCE = 180.0
"""The false clock reads a file at every look, which makes all of it slow."""


@pytest.fixture
def jumping(tmp_path: Path) -> dict[str, str]:
    """The environment of a process whose wall clock shows what a file says, at every look."""
    found = importlib.util.find_spec("libfaketime")
    library = found and found.origin and Path(found.origin).parent / "vendor/libfaketime/src"
    if not library or not (library / "libfaketime.so.1").exists():
        pytest.skip("no libfaketime here")
    (tmp_path / "clock").write_text("+0", encoding="ascii")
    return {
        "LD_PRELOAD": str(library / "libfaketime.so.1"),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def test_a_clock_that_is_set_back_is_noticed_and_one_that_is_set_forward_is_not_minded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[-1])
    clock = Clock()
    for seconds in (0.0, 1.0, 86_400.0, 86_399.0):
        ahead.append(seconds)
        clock.check()
    ahead.append(0.0)
    with pytest.raises(InterruptedRunError, match="set back by 86399 seconds"):
        clock.check()
    clock.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", rounds(few=(2,), many=6))
def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes],
    jumping: dict[str, str], seed: int,
) -> None:  # fmt: skip
    dice, end = random.Random(seed), threading.Event()

    def jump() -> None:
        while not end.wait(EVERY):
            (tmp_path / "clock").write_text(dice.choice(JUMPS), encoding="ascii")

    jumper = threading.Thread(target=jump)
    jumper.start()
    out = tmp_path / "results"
    args = tally_args(town, out, island_folder, "--workers", 2)
    try:
        with started(*args, env=jumping) as process:
            disturbed = ended(process, PATIENCE)
    finally:
        end.set()
        jumper.join()
    assert disturbed.code in (3, 4), disturbed.err
    assert "Traceback" not in disturbed.err, disturbed.err
    finish(args, out, undisturbed)


@pytest.mark.slow
@only_in_make_faults
@pytest.mark.parametrize("shown", ["+400d", "-400d"])
def test_scans_from_the_future_or_the_past_are_watched_as_others_are(
    tmp_path: Path, town: Path, island_folder: Path, undisturbed: dict[str, bytes],
    jumping: dict[str, str], shown: str,
) -> None:  # fmt: skip
    """The machine's clock is wrong: at worst every file looks young, and is looked at twice."""
    (tmp_path / "clock").write_text(shown, encoding="ascii")
    out = tmp_path / "results"
    args = ("watch", town, "--out", out, "--election", island_folder, "--once", "--settle", 1)
    watched = actas(*map(str, args), env=jumping, patience=PATIENCE)
    assert watched.code == 3, watched.err
    assert "166 scans: 166 new" in watched.err
    finish(tally_args(town, out, island_folder), out, undisturbed)
