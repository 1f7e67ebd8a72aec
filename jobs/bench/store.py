"""How fast scans are read from an object store, beside the disk: `actas bench store`."""

from __future__ import annotations

import json
import os
import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from jobs.bench.process import Measured, actas, measure
from jobs.bench.proxy import proxied
from jobs.bench.spine import prepare
from jobs.bench.weed import BUCKET, Weed, weed
from pipeline.count.place import Place

Say = Callable[[str], None]
NEEDS_A_PERSON = 3
LATENCY = 0.03
"""Seconds that a store of a cloud takes to answer, about."""


def run_store(work: Path, sheets: int, rounds: int, more: Sequence[str], say: Say) -> str:
    """Scans a second from the disk, from a store on this machine, and from one far away.

    They take turns; `more` are options of all the tallies.
    """
    folder = prepare(work, sheets, say)
    rates: dict[str, list[float]] = {"disk": [], "store": [], "store, 30 ms away": []}
    with weed(work / "weed") as server, proxied(server.port) as proxy:
        _upload(folder / "scans", server, say)
        remote = f"s3://{BUCKET}/scans"
        proxy.delay = LATENCY
        sources: dict[str, tuple[str, Mapping[str, str]]] = {
            "disk": (str(folder / "scans"), {}),
            "store": (remote, server.environment),
            "store, 30 ms away": (
                remote,
                server.environment | {"AWS_ENDPOINT_URL": proxy.endpoint},
            ),
        }
        for number in range(1, rounds + 1):
            for name, (scans, environment) in sources.items():
                taken = _tally(scans, folder / "election", work, more, environment)
                rates[name].append(sheets / json.loads(taken.output)["seconds"]["read"])
                say(f"round {number} of {rounds}: {name} {rates[name][-1]:.1f} scans a second")
    return _table(rates)


def _table(rates: Mapping[str, list[float]]) -> str:
    lines = ["| scans from | scans a second | of the disk's |", "| --- | ---: | ---: |"]
    for name, values in rates.items():
        shares = [value / disk for value, disk in zip(values, rates["disk"], strict=True)]
        spread = f"{min(shares):.2f} to {max(shares):.2f}"
        lines.append(
            f"| {name} | {statistics.median(values):.1f} "
            f"| {statistics.median(shares):.2f} ({spread}) |"
        )
    return "\n".join(lines)


def _tally(
    scans: str, election: Path, work: Path, more: Sequence[str], environment: Mapping[str, str]
) -> Measured:
    out = work / "results"
    shutil.rmtree(out, ignore_errors=True)
    command = actas(
        "tally", scans, "--out", str(out), "--election", str(election),
        "--json", *more,
    )  # fmt: skip
    with _in_environment(environment):
        return measure(command, accept=(0, NEEDS_A_PERSON))


@contextmanager
def _in_environment(more: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _upload(folder: Path, server: Weed, say: Say) -> None:
    say("putting the scans into the store")
    with _in_environment(server.environment), ThreadPoolExecutor(8) as pool:
        place = Place.of(f"s3://{BUCKET}/scans")
        paths = [path for path in folder.rglob("*") if path.is_file()]

        def put(path: Path) -> None:
            place.write(path.relative_to(folder).as_posix(), path.read_bytes())

        list(pool.map(put, paths))
