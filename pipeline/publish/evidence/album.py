"""The images that were made so far: files named by their scan's sha256, and a list of them.

Guarantee: an image that the list names is whole. The list only grows while a run goes on, a line at
a time, after the image is there; a line that a killed run left half written is passed over.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.count.place import write_bytes
from pipeline.count.resolve import Resolution, ResolvedScan, ScanStatus
from pipeline.publish.evidence.show import Shown
from pipeline.publish.evidence.withheld import LASTING
from pipeline.publish.opendata.scans import page_of
from pipeline.publish.script import script

LIST = "images.jsonl"
WITHHOLD = "withhold.txt"
"""A sha256 a line: the scans that whoever publishes does not want shown."""
Key = tuple[str, int]
"""A scan's sha256, and the page."""
_SHA256 = re.compile("[0-9a-f]{64}")
SHOWN_STATUSES = (ScanStatus.COUNTED, ScanStatus.QUARANTINED)


@dataclass(frozen=True)
class Entry:
    """A line of the list: an image of so many bytes, or the code why there is none."""

    sha256: str
    page: int
    made_by: str
    width: int = 0
    height: int = 0
    bytes: int = 0
    withheld: str = ""


_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


@dataclass(frozen=True)
class Album:
    """A folder with images and what its list says; the last line on a scan holds. `withhold` are
    the sha256 that are not to be shown."""

    folder: Path
    entries: Mapping[Key, Entry]
    withhold: frozenset[str] = frozenset()

    def shows(self, entry: Entry) -> bool:
        """Whether the entry's image is there, whole."""
        if entry.withheld:
            return False
        names = names_of((entry.sha256, entry.page))
        try:
            return (self.folder / names[0]).stat().st_size == entry.bytes and (
                self.folder / names[1]
            ).is_file()
        except OSError:
            return False

    def is_done(self, key: Key, made_by: str) -> bool:
        """Whether the same program would come to the same again."""
        entry = self.entries.get(key)
        if entry is None or entry.made_by != made_by:
            return False
        return entry.withheld in LASTING or self.shows(entry)


def open_album(folder: Path) -> Album | None:
    """The album in a folder; None where there is none."""
    try:
        lines = (folder / LIST).read_bytes().splitlines()
    except OSError:
        return None
    found = {}
    for line in lines:
        entry = _entry(line)
        if entry:
            found[entry.sha256, entry.page] = entry
    return Album(folder, found, not_to_show(folder))


def not_to_show(folder: Path) -> frozenset[str]:
    """The sha256 in the folder's file `WITHHOLD`."""
    try:
        text = (folder / WITHHOLD).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return frozenset()
    return frozenset(_SHA256.findall(text.lower()))


def _entry(line: bytes) -> Entry | None:
    try:
        return _ENTRY.validate_json(line, strict=True)
    except ValueError:
        return None


def wanted(resolution: Resolution) -> dict[Key, ResolvedScan]:
    """The counted and quarantined scans whose images belong on a page, by content and page."""
    found: dict[Key, ResolvedScan] = {}
    for item in resolution.scans:
        if item.status in SHOWN_STATUSES and _SHA256.fullmatch(item.scan.sha256 or ""):
            found.setdefault((str(item.scan.sha256), page_of(item.scan.uri)), item)
    return found


@dataclass(frozen=True)
class Evidence:
    """The images of the scans that the pages show: for each an entry, whose image is there."""

    folder: Path
    entries: Mapping[Key, Entry]

    @classmethod
    def gather(cls, album: Album, resolution: Resolution) -> Evidence:
        """What the album has of the scans that belong on a page; what it lacks is `pending`."""
        found = {}
        for key in wanted(resolution):
            entry = album.entries.get(key)
            if key[0] in album.withhold:
                entry = Entry(*key, made_by="", withheld="person")
            elif entry is None or not (entry.withheld or album.shows(entry)):
                entry = Entry(*key, made_by="", withheld="pending")
            found[key] = entry
        return cls(album.folder, found)

    def of(self, item: ResolvedScan) -> Entry | None:
        """The entry of a scan; None for those that get no image, such as duplicates."""
        if item.status not in SHOWN_STATUSES:
            return None
        return self.entries.get((item.scan.sha256 or "", page_of(item.scan.uri)))

    def files(self) -> Iterator[str]:
        """The names of all images and their marks below the folder."""
        for key, entry in sorted(self.entries.items()):
            if not entry.withheld:
                yield from names_of(key)

    @cached_property
    def sha256(self) -> str:
        """Changes when anything that a page shows of it does."""
        lines = (line_of(entry) for _, entry in sorted(self.entries.items()))
        return hashlib.sha256(b"".join(lines)).hexdigest()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many are shown ("shown"), and how many withheld for which reason."""
        return Counter(entry.withheld or "shown" for entry in self.entries.values())


def names_of(key: Key) -> tuple[str, str]:
    """Where the image and its marks lie below the folder."""
    sha256, page = key
    stem = f"{sha256[:2]}/{sha256}" + (f"-{page}" if page != 1 else "")
    return f"{stem}.webp", f"{stem}.js"


def write_image(folder: Path, key: Key, shown: Shown) -> None:
    """Write an image and its marks, each as a whole.

    Raises:
        OSError: the disk is full or read-only.
    """
    image, marks = (folder / name for name in names_of(key))
    image.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(marks, _marks(key, shown))
    write_bytes(image, shown.image)


def _marks(key: Key, shown: Shown) -> bytes:
    told = {"symbol": shown.symbol, "block": shown.block, "rows": shown.rows}
    return script("marks", names_of(key)[0].removesuffix(".webp"), told)


def line_of(entry: Entry) -> bytes:
    """The entry as the list has it."""
    return json.dumps({k: v for k, v in asdict(entry).items() if v or k == "page"}).encode() + b"\n"


def prune(album: Album, keys: frozenset[Key]) -> Album:
    """Forget the scans that no page shows any more, and delete every file that no line names.

    Raises:
        OSError: the disk is full or read-only.
    """
    kept = {key: album.entries[key] for key in sorted(keys & album.entries.keys())}
    write_bytes(album.folder / LIST, b"".join(map(line_of, kept.values())))
    named = {name for key, entry in kept.items() if not entry.withheld for name in names_of(key)}
    for path in sorted(_files(album.folder)):
        if path.relative_to(album.folder).as_posix() not in named:
            path.unlink(missing_ok=True)
    return Album(album.folder, kept, album.withhold)


def _files(folder: Path) -> Iterator[Path]:
    """The files that `write_image` writes, also those of a run that was killed."""
    for below in folder.iterdir():
        if re.fullmatch("[0-9a-f]{2}", below.name) and below.is_dir():
            yield from (path for path in below.iterdir() if path.is_file())
