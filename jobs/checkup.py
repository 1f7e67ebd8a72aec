"""What a machine of a cluster finds out about itself. Runs on the workers; judged by `jobs.doctor`.

Knows no Dask. A fault is told in the report and never raised: the driver must learn of all of them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from jobs.isolate import ReaderStartError, reader_of_this_thread
from jobs.settings import ReaderSettings
from pipeline import schema
from pipeline.count.place import Place
from pipeline.count.store import write_part
from pipeline.errors import ActasError, ClusterError
from pipeline.findings import Finding
from pipeline.read.scans import ScanFile, read_bytes

PACKAGES = (
    "dask", "distributed", "numpy", "pyarrow", "zxing-cpp", "pillow", "pypdfium2", "msgpack",
    "cloudpickle", "tornado",
)  # fmt: skip
"""What a reading or a connection depends on; OpenCV is asked apart."""
ROOMS = ("pipeline", "jobs")
SLACK_SECONDS = 2.0
"""File systems and clocks round: a file as old as the process did not change under it."""


@dataclass(frozen=True)
class Sample:
    """A scan that the driver has read: every worker must find the same bytes."""

    file: ScanFile
    sha256: str


@dataclass(frozen=True)
class Errand:
    """What every worker is asked to do."""

    name: str
    """Names the part that is written on trial, so that no two workers write the same."""
    samples: tuple[Sample, ...] = ()
    folder: str = ""
    """Where parts are to be written; nowhere if empty."""
    reader: ReaderSettings | None = None
    """How its reading process is started; not at all if None."""


@dataclass(frozen=True)
class Report:
    """What a machine says of itself."""

    host: str
    versions: dict[str, str]
    code: str
    changed: str
    """A file of the program that changed after its process started, or nothing."""
    clock: float
    unread: tuple[tuple[str, str], ...] = ()
    """Samples that could not be read, or are others here, and why."""
    part: str = ""
    """The name of the part that was written on trial."""
    unwritten: str = ""
    """Why it was not."""
    free: int | None = None
    """Bytes of room where parts are written; a store has no end."""
    reader: str = ""
    """Why the reading process does not start."""


def look(errand: Errand) -> Report:
    """Do the errand."""
    clock = time.time()
    part, unwritten = _write(errand)
    return Report(
        host=socket.gethostname(),
        versions=versions(),
        code=code_hash(),
        changed=changed_since_start(),
        clock=clock,
        unread=tuple(_unread(errand.samples)),
        part=part,
        unwritten=unwritten,
        free=_free(errand.folder),
        reader=_reader(errand.reader),
    )


def versions() -> dict[str, str]:
    """What is installed here."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    found |= {name: _version(name) for name in PACKAGES}
    return found | {"cv2": _opencv()}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _opencv() -> str:
    """OpenCV's own word, without importing it: several wheels install the same module."""
    spec = importlib.util.find_spec("cv2")
    if spec is None or spec.origin is None:
        return "not installed"
    try:
        text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    number = re.search(r'opencv_version = "([^"]+)"', text)
    return number[1] if number else "unknown"


def _sources() -> list[tuple[str, Path]]:
    """The program's own source files, with names that are alike on every machine."""
    root = Path(__file__).resolve().parents[1]
    files = (path for room in ROOMS for path in (root / room).rglob("*.py"))
    return sorted((path.relative_to(root).as_posix(), path) for path in files)


@cache
def code_hash() -> str:
    """One hash over the program's own source, as it was when first asked."""
    total = hashlib.sha256()
    for name, path in _sources():
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:16]


def changed_since_start() -> str:
    """A source file that is newer than this process, which may have read the older one."""
    started: float = psutil.Process().create_time()
    newer = (name for name, path in _sources() if path.stat().st_ctime > started + SLACK_SECONDS)
    return next(newer, "")


def refuse_other_code(expected: str) -> None:
    """A worker that joined later, or was started anew by other code, must not read along.

    Raises:
        ClusterError: this machine's program is not the driver's.
    """
    if expected and code_hash() != expected:
        raise ClusterError(
            f"{socket.gethostname()}, process {os.getpid()}: its actas is another version than the "
            "driver's.",
            "Install the same version there, start the worker again, and run the same command.",
        )


def _unread(samples: tuple[Sample, ...]) -> list[tuple[str, str]]:
    found = []
    for sample in samples:
        try:
            content = read_bytes(sample.file, sample.file.size + 1)
        except ActasError as error:  # a store that does not answer, or its package is missing
            found.append((sample.file.uri, error.what))
            continue
        if isinstance(content, Finding):
            found.append((sample.file.uri, content.sentence))
        elif hashlib.sha256(content).hexdigest() != sample.sha256:
            found.append((sample.file.uri, "the file of that name has another content there"))
    return found


def _write(errand: Errand) -> tuple[str, str]:
    if not errand.folder:
        return "", ""
    try:
        part = write_part(Place(errand.folder), errand.name, schema.SCANS.empty_table())
    except OSError as error:
        return "", error.strerror or type(error).__name__
    except ActasError as error:
        return "", error.what
    return part.name, ""


def unwrite(folder: str, name: str) -> None:
    """Take a part that was written on trial away again."""
    Place(folder).delete(name)


def _free(folder: str) -> int | None:
    if not folder or Place(folder).is_remote:
        return None
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _reader(settings: ReaderSettings | None) -> str:
    """Read an empty file: whatever keeps the reading process from starting shows."""
    if settings is None:
        return ""
    reader = reader_of_this_thread(settings)
    try:
        reader.submit(b"")
        codes = [finding.code for page in reader.result() for finding in page.findings]
    except (ReaderStartError, OSError) as error:
        return str(error)
    return "it crashed" if "reader-crashed" in codes else ""
