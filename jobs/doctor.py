"""Is a cluster fit to count on? Every worker looks at itself; here it is judged.

What is wrong names the worker and says what to do. A cluster that is not fit is refused before a
scan is read: different versions could read the same scan differently, and a worker that sees
another folder would report scans as vanished that are not.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jobs.checkup import Errand, Report, Sample, code_hash, look, unwrite, versions
from jobs.settings import ReaderSettings
from pipeline.count.place import Place
from pipeline.errors import ActasError, ClusterError
from pipeline.findings import Finding
from pipeline.read.scans import ScanFile, read_bytes
from pipeline.read.uris import from_uri, is_remote

PATIENCE = 60.0
"""Seconds for a worker's answer; reading on trial and starting its process takes two."""
FETCH_SECONDS = 10.0
"""For fetching an answer that is there."""
CLOCK_SECONDS = 10.0
"""How far a worker's clock may be off."""
SPARE_BYTES = 128 * 2**20
"""Room that every disk with parts must have, beyond what the parts need."""
BYTES_A_SCAN = 4096
"""More than a scan's record ever took in a part."""
SAMPLES = 3
SAMPLE_BYTES = 8 * 2**20
SEEN_SECONDS = 5.0
"""A shared folder may show a new file that late on another machine."""
FOREIGN = (ImportError, AttributeError, TypeError)
"""What a machine raises that has not got this program."""
MOUNT = "Mount the folder there under the same path, {} for the worker; or use --send."
KEYS = (
    "Give the worker's environment the store's address and keys, and install its package there: "
    "docs/stores.md; or use --send."
)
TOGETHER = "Install the same release, by its constraints.txt, on all machines: docs/clusters.md"


@dataclass(frozen=True)
class Task:
    """What the cluster is wanted for."""

    files: Sequence[ScanFile] = ()
    folder: Place | None = None
    """Where parts are to be written."""
    reader: ReaderSettings | None = None
    send: bool = False
    """The workers see neither scans nor folder; nor need they."""


@dataclass(frozen=True)
class Complaint:
    """Something that is wrong with a worker."""

    worker: str
    what: str
    todo: str


@dataclass(frozen=True)
class Examined:
    """What the doctor has found."""

    workers: tuple[str, ...]
    complaints: tuple[Complaint, ...]


def require_fitness(client: Any, task: Task, patience: float = PATIENCE) -> Examined:
    """Examine a cluster.

    Raises:
        ClusterError: something is wrong; names each worker and what to do.
    """
    examined = examine(client, task, patience)
    if examined.complaints:
        raise ClusterError("The cluster is not fit for this run.\n" + told(examined.complaints))
    return examined


def told(complaints: Iterable[Complaint]) -> str:
    """All complaints, a line for what is wrong and a line for what to do."""
    return "\n".join(f"{c.worker}: {c.what}\n    {c.todo}" for c in complaints)


def examine(client: Any, task: Task, patience: float = PATIENCE) -> Examined:
    """Ask every worker, and judge the answers."""
    names = _names(client)
    errand = Errand(
        name="",
        samples=_samples(task),
        folder=task.folder.absolute().root if task.folder and not task.send else "",
        reader=task.reader,
    )
    sent = time.time()
    reports = _ask(client, names, errand, patience)
    complaints = [*_here(task), *_scheduler(client)]
    for address, answer in reports.items():
        name = names[address]
        if isinstance(answer, Report):
            complaints += _judge(name, answer, task, (sent, time.time()))
            complaints += _look_for_part(client, address, name, answer, errand.folder)
        else:
            complaints.append(Complaint(name, *answer))
    return Examined(tuple(names.values()), tuple(complaints))


def _names(client: Any) -> dict[str, str]:
    """What people call each worker, by its address."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    return {
        address: address if info["name"] == address else f"{info['name']} ({address})"
        for address, info in sorted(workers.items(), key=lambda item: str(item[1]["name"]))
    }


def _samples(task: Task) -> tuple[Sample, ...]:
    """Scans from the beginning, the middle and the end of those that workers are to fetch."""
    wanted = [
        file
        for file in task.files
        if not file.fault
        and file.size <= SAMPLE_BYTES
        and (is_remote(from_uri(file.uri)) or not task.send)
    ]
    chosen = {wanted[len(wanted) * part // SAMPLES] for part in range(SAMPLES)} if wanted else set()
    found = []
    for file in sorted(chosen):
        content = read_bytes(file, file.size + 1)
        if not isinstance(content, Finding):
            found.append(Sample(file, hashlib.sha256(content).hexdigest()))
    return tuple(found)


def _ask(
    client: Any, names: dict[str, str], errand: Errand, patience: float
) -> dict[str, Report | tuple[str, str]]:
    """Each worker's report, or what is wrong and what to do where it sends none."""
    futures = {}
    for address in names:
        token = secrets.token_hex(8)
        own = Errand(f"doctor-{token}", errand.samples, errand.folder, errand.reader)
        futures[address] = client.submit(
            look, own, key=f"doctor-{token}", workers=[address], allow_other_workers=False,
            priority=100, pure=False,
        )  # fmt: skip
    end = time.monotonic() + patience
    while time.monotonic() < end and not all(future.done() for future in futures.values()):
        time.sleep(0.05)
    return {address: _answer(future, patience) for address, future in futures.items()}


def _answer(future: Any, patience: float) -> Report | tuple[str, str]:
    late = (
        f"does not answer within {patience:g} s.",
        "Is it busy, stopped, or behind a firewall? Start it again, or leave it out.",
    )
    if not future.done():
        return late
    try:
        error = future.exception(timeout=FETCH_SECONDS)
        if error is None:
            report: Report = future.result(timeout=FETCH_SECONDS)
            return report
    except (TimeoutError, CancelledError):
        return late
    if isinstance(error, FOREIGN):
        return (f"has no actas, or another version of it ({error}).", TOGETHER)
    if type(error).__name__ == "KilledWorker":
        return ("ended when it was asked: no actas there, or another; its log says.", TOGETHER)
    return (f"cannot be examined ({type(error).__name__}: {error}).", TOGETHER)


def _here(task: Task) -> Iterator[Complaint]:
    """This machine needs room for results, too."""
    if task.folder and not task.folder.is_remote:
        yield from _room("this machine", shutil.disk_usage(task.folder.path).free, task)


def _room(name: str, free: int, task: Task) -> Iterator[Complaint]:
    needed = SPARE_BYTES + BYTES_A_SCAN * len(task.files)
    if free < needed:
        yield Complaint(
            name,
            f"has {free // 2**20} MiB of room for results, not {needed // 2**20}.",
            "Make room there.",
        )


def _scheduler(client: Any) -> Iterator[Complaint]:
    """The scheduler unpacks what it hands on, so it needs the same program."""
    try:
        found, code = client.run_on_scheduler(_own_versions)
    except FOREIGN as error:
        what = f"has no actas, or another version of it ({error})."
        yield Complaint("scheduler", what, TOGETHER)
        return
    yield from _alike("scheduler", found, code)


def _own_versions() -> tuple[dict[str, str], str]:
    return versions(), code_hash()


def _alike(name: str, found: dict[str, str], code: str) -> Iterator[Complaint]:
    own = versions()
    for package, version in own.items():
        if found.get(package) != version:
            yield Complaint(
                name, f"has {package} {found.get(package, '?')}, this machine {version}.", TOGETHER
            )
    if code != code_hash():
        yield Complaint(
            name,
            f"its actas is another one (source {code}, here {code_hash()}).",
            "Install the same version there, without changes, and start it again.",
        )


def _judge(
    name: str, report: Report, task: Task, between: tuple[float, float]
) -> Iterator[Complaint]:
    yield from _alike(name, report.versions, report.code)
    if report.changed:
        yield Complaint(
            name,
            f"{report.changed} changed after it was started.",
            "Start the worker again, so that it runs what is installed.",
        )
    yield from _clock(name, report.clock, between)
    for uri, why in report.unread:
        yield Complaint(
            name,
            f"cannot read {uri}: {why}",
            KEYS if is_remote(from_uri(uri)) else MOUNT.format("readable"),
        )
    if report.unwritten and task.folder:
        yield Complaint(
            name,
            f"cannot write to {task.folder.absolute()}: {report.unwritten}",
            KEYS if task.folder.is_remote else MOUNT.format("writable"),
        )
    if report.free is not None:
        yield from _room(name, report.free, task)
    if report.reader:
        yield Complaint(
            name,
            f"cannot read scans: {report.reader}",
            "Try `python -c 'import jobs.child'` there: it says which library is missing.",
        )


def _clock(name: str, clock: float, between: tuple[float, float]) -> Iterator[Complaint]:
    early, late = between[0] - clock, clock - between[1]
    if max(early, late) > CLOCK_SECONDS:
        way = "behind" if early > late else "ahead"
        yield Complaint(
            name,
            f"its clock is {max(early, late):.0f} s {way}.",
            "Set it by the network (NTP): certificates and logs go by the clock.",
        )


def _look_for_part(
    client: Any, address: str, name: str, report: Report, folder: str
) -> Iterator[Complaint]:
    """What a worker wrote must be here too; then it is taken away again."""
    if not report.part:
        return
    place = Place(folder)
    end = time.monotonic() + SEEN_SECONDS
    while not place.has(report.part):
        if time.monotonic() > end:
            yield Complaint(
                name,
                f"writes to another {folder} than this machine's.",
                "Name the same server and keys there as here; or use --send."
                if place.is_remote
                else "Mount this very folder there under the same path; or use --send.",
            )
            with suppress(OSError, TimeoutError, CancelledError, ActasError):
                away = client.submit(unwrite, folder, report.part, workers=[address], pure=False)
                away.result(timeout=SEEN_SECONDS)
            return
        time.sleep(0.05)
    place.delete(report.part)
