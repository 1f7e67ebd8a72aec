"""Making the images of the sheets: in processes that decode, one scan at a time for each of them.

What is made is put on the album's list at once. A run that is stopped goes on where it was; a scan
of the same sha256 is masked again only where the program, the definition or the limits are others.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from jobs.isolate import Isolated
from jobs.masker import Masked, ask, lost, parse
from jobs.progress import LineProgress, TerminalProgress
from jobs.settings import ReaderSettings
from pipeline.count.resolve import Resolution, Scan
from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.publish.evidence.album import (
    LIST,
    Album,
    Entry,
    Evidence,
    Key,
    line_of,
    not_to_show,
    open_album,
    prune,
    wanted,
    write_image,
)
from pipeline.publish.evidence.show import MAKER
from pipeline.read.scans import ScanFile, read_bytes
from pipeline.read.sheet import reader_version

COMMAND = (sys.executable, "-P", "-m", "jobs.masker")
_PAGE = re.compile(r"#page=[0-9]+$")
_NO_CONTENT = {"file-vanished": "vanished"}
"""Findings on a file that have a code of their own; any other is `refused`."""
Masker = Isolated[Masked]


@dataclass(frozen=True)
class Task:
    """A content whose pages are to be shown, and where it may lie."""

    sha256: str
    pages: tuple[int, ...]
    sources: tuple[str, ...]


def make_album(
    folder: Path,
    election: Election,
    resolution: Resolution,
    workers: int,
    progress: TerminalProgress | LineProgress,
    settings: ReaderSettings | None = None,
) -> Evidence:
    """Bring the album in `folder` to the state of the results.

    Raises:
        StoreLostError: the store of the scans does not answer; what is made is kept.
        OSError: the disk is full or read-only; what is made is kept.
    """
    settings = settings or ReaderSettings(election.rules)
    made_by = maker(election, settings)
    folder.mkdir(parents=True, exist_ok=True)
    before = open_album(folder) or Album(folder, {}, not_to_show(folder))
    keys = frozenset(key for key in wanted(resolution) if key[0] not in before.withhold)
    todo = _tasks(resolution, [key for key in keys if not before.is_done(key, made_by)])
    if todo:
        progress.begin(len(todo), workers, "")
        with (folder / LIST).open("ab") as list_:
            for entries in _make(todo, folder, settings, workers, made_by):
                _add(list_, entries)
                progress.advance(1, dict(Counter(e.withheld or "written" for e in entries)))
    album = prune(open_album(folder) or before, keys)
    return Evidence.gather(album, resolution)


def maker(election: Election, settings: ReaderSettings) -> str:
    """What decides an image beside the scan's bytes."""
    return f"{MAKER}-{reader_version(election.rules_sha256)}-{settings.limits_text}"


def _tasks(resolution: Resolution, keys: Sequence[Key]) -> list[Task]:
    """In the order of where the scans lie, which is how disks read fastest."""
    pages: dict[str, list[int]] = defaultdict(list)
    for sha256, page in sorted(keys):
        pages[sha256].append(page)
    sources = _sources([item.scan for item in resolution.scans])
    tasks = (Task(sha256, tuple(found), sources[sha256]) for sha256, found in pages.items())
    return sorted(tasks, key=lambda task: task.sources)


def _sources(scans: Sequence[Scan]) -> Mapping[str, tuple[str, ...]]:
    """The files of each content, those first that were there when they were last looked for."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for scan in sorted(scans, key=lambda scan: (scan.is_gone, scan.uri)):
        if scan.sha256:
            found[scan.sha256][_PAGE.sub("", scan.uri)] = None
    return {sha256: tuple(sources) for sha256, sources in found.items()}


def _make(
    tasks: Sequence[Task], folder: Path, settings: ReaderSettings, workers: int, made_by: str
) -> Iterator[list[Entry]]:
    """The entries of each task, in order, a few tasks ahead."""
    maskers: SimpleQueue[Masker] = SimpleQueue()
    for _ in range(workers):
        maskers.put(Isolated(settings, COMMAND, parse, lost))

    def run(task: Task) -> list[Entry]:
        masker = maskers.get()
        try:
            return list(_images(task, folder, settings, masker, made_by))
        finally:
            maskers.put(masker)

    pool = ThreadPoolExecutor(workers)
    try:
        coming: deque[Future[list[Entry]]] = deque()
        for task in tasks:
            coming.append(pool.submit(run, task))
            if len(coming) > 2 * workers:
                yield coming.popleft().result()
        for following in coming:
            yield following.result()
    finally:
        pool.shutdown(cancel_futures=True)
        while not maskers.empty():
            maskers.get().close()


def _images(
    task: Task, folder: Path, settings: ReaderSettings, masker: Masker, made_by: str
) -> Iterator[Entry]:
    """Make the images of one content; an entry for every page that is wanted."""
    content = _fetch(task, settings)
    if isinstance(content, str):
        yield from (Entry(task.sha256, page, made_by, withheld=content) for page in task.pages)
        return
    masker.submit(ask(task.pages, content))
    answers = {answer.page: answer for answer in masker.result()}
    for page in task.pages:
        shown = answers[page].shown if page in answers else None
        if shown:
            write_image(folder, (task.sha256, page), shown)
            size = len(shown.image)
            yield Entry(task.sha256, page, made_by, shown.width, shown.height, size)
        else:
            code = answers[page].withheld if page in answers else "reader"
            yield Entry(task.sha256, page, made_by, withheld=code)


def _fetch(task: Task, settings: ReaderSettings) -> bytes | str:
    """The content from the first place that still has it, or the code why none has."""
    why = "refused"
    for source in task.sources:
        content = read_bytes(ScanFile(source, 0, ""), settings.limits.max_bytes)
        if isinstance(content, Finding):
            why = _NO_CONTENT.get(content.code, "refused")
        elif hashlib.sha256(content).hexdigest() == task.sha256:
            return content
        else:
            why = "changed"
    return why


def _add(list_: BinaryIO, entries: Sequence[Entry]) -> None:
    list_.write(b"".join(map(line_of, entries)))
    list_.flush()
