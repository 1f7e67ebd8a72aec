"""Finding the scans: folders, lists of files, single files, on disk or in an object store.

Guarantee: every file that could be a scan appears exactly once, also those that cannot be read;
what is passed over (read-me files, tables) is named. Nothing is decoded here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import InputError, NoScansError
from pipeline.findings import Finding
from pipeline.read import remote, web
from pipeline.read.image import SIGNATURE_BYTES, sniff
from pipeline.read.uris import from_uri, is_remote, to_uri

# A file with such a name was meant to be an image, whatever is in it. Formats that cannot be read
# are here too: they must show up as failed, not disappear.
IMAGE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .tif .tiff .pdf .heic .heif .webp .gif .bmp .jp2 .avif".split()
)
APPLE_DOUBLE = "._"
"""macOS writes such companions of every file on foreign disks; they are never scans."""
MAX_LIST_BYTES = 1 << 30


@dataclass(frozen=True, order=True, slots=True)
class ScanFile:
    """A file to read. `stamp` changes when the content may have: modification time or ETag."""

    uri: str
    size: int
    stamp: str
    fault: Finding | None = None
    """Set where it is known without opening the file that it cannot be read."""
    twins: tuple[str, ...] = ()
    """sha256 of scans of this size that are read already: with such a content it need not be."""


@dataclass(frozen=True)
class Listing:
    """All scan files, sorted by uri, and the files that were passed over."""

    files: tuple[ScanFile, ...]
    ignored: tuple[str, ...]
    roots: tuple[str, ...] = ()
    """Folders, as uris with a slash at the end, whose scans are all in `files`: what is known of
    there and is not in `files` is gone."""


def list_scans(sources: Sequence[str], exclude: Path | str | None = None) -> Listing:
    """List what `sources` name; `exclude` (the results, a folder or a URL) is not descended into.

    Raises:
        NoScansError: there is no scan in any of them.
        InputError: a source does not exist.
    """
    found: dict[str, ScanFile] = {}
    ignored: set[str] = set()
    for source in sources:
        for item in _expand(source, _Walk(exclude)):
            if isinstance(item, ScanFile):
                found[item.uri] = item
            else:
                ignored.add(item)
    if is_remote(str(exclude)):
        inside = to_uri(str(exclude)).rstrip("/") + "/"
        found = {uri: file for uri, file in found.items() if not uri.startswith(inside)}
        ignored = {name for name in ignored if not name.startswith(inside)}
    if not found:
        passed = f" ({len(ignored)} other files were passed over)" if ignored else ""
        raise NoScansError(
            f"No scans in {', '.join(map(to_uri, sources))}{passed}.",
            "Give a folder that holds JPEG, PNG, TIFF or PDF files, or a list with a file a line.",
        )
    files = tuple(found[uri] for uri in sorted(found))
    return Listing(files, tuple(sorted(ignored)), tuple(_roots(sources)))


def _roots(sources: Sequence[str]) -> Iterator[str]:
    """The folders among the sources, by the names that their scans begin with."""
    for source in sources:
        if is_remote(source):
            yield to_uri(source).rstrip("/") + "/"
        elif os.path.isdir(source):
            yield to_uri(os.path.abspath(source)).rstrip("/") + "/"


def _expand(source: str, walk: _Walk) -> Iterator[ScanFile | str]:
    """The scans (and the names passed over) that one argument stands for."""
    if is_remote(source):
        yield from _expand_url(source, walk)
        return
    path = Path(source)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise InputError(
            f"{to_uri(source)}: {getattr(error, 'strerror', None) or error}",
            "Give an existing folder, a list of files, or a URL such as s3://bucket/scans.",
        ) from error
    if stat.S_ISDIR(status.st_mode):
        yield from walk.folder(os.path.abspath(path))
    elif not stat.S_ISREG(status.st_mode):
        raise InputError(f"{to_uri(source)}: neither a folder, an image nor a list of files")
    elif _is_image_file(path):
        yield from walk.entry(os.path.abspath(path))
    else:
        yield from _from_list(path, walk)


def _expand_url(url: str, walk: _Walk) -> Iterator[ScanFile | str]:
    try:
        found = list(_remote(url))
        if found == [to_uri(url)]:  # neither a folder nor an image
            found = list(_of_list(remote.read(url, MAX_LIST_BYTES), "", walk))
    except OSError as error:
        raise InputError(
            f"{to_uri(url)}: {error}", "Check the address and the credentials."
        ) from error
    if not found:
        raise InputError(f"{to_uri(url)}: there is nothing of that name in the store.")
    yield from found


def _from_list(path: Path, walk: _Walk) -> Iterator[ScanFile | str]:
    """Scans named by a text file."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise InputError(f"{path}: too large for a list of files")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    yield from _of_list(content, os.fspath(path.parent), walk)


def _of_list(content: bytes, folder: str, walk: _Walk) -> Iterator[ScanFile | str]:
    """Scans named one a line, or separated by NUL bytes (`find -print0`)."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    separator = b"\0" if b"\0" in content else b"\n"
    remotes = []
    for raw in content.split(separator):
        name = os.fsdecode(raw.strip(b"\r") if separator == b"\n" else raw)
        if is_remote(name.strip()):
            remotes.append(name.strip())
        elif name.strip():
            # Relative names are relative to the list, wherever the command was started.
            yield from walk.entry(os.path.abspath(os.path.join(folder, name)))
    with ThreadPoolExecutor(web.AT_ONCE) as pool:
        for found in pool.map(_listed, remotes):
            yield from found


def _listed(url: str) -> list[ScanFile | str]:
    """What a list's URL stands for. One that is wrong is that scan's fault alone."""
    try:
        found = list(_remote(url))
    except OSError as error:
        return [_fault(url, Finding("file-unreadable", error.strerror or type(error).__name__))]
    return found or [_fault(url, Finding("file-vanished", "not in the store"))]


class _Walk:
    """Walks local folders, following links but never into the same folder twice."""

    def __init__(self, exclude: Path | str | None) -> None:
        self._seen: set[tuple[int, int]] = set()
        self._exclude = os.path.realpath(exclude) if exclude else None

    def folder(self, top: str) -> Iterator[ScanFile | str]:
        pending = [top]
        while pending:
            folder = pending.pop()
            if not self._enter(folder):
                continue
            try:
                with os.scandir(folder) as entries:
                    names = sorted((entry.name, _is_folder(entry)) for entry in entries)
            except OSError as error:
                # Not one scan, but whatever it holds must not be lost in silence.
                yield _fault(folder, Finding("file-unreadable", f"folder: {error.strerror}"))
                continue
            for name, is_folder in names:
                path = os.path.join(folder, name)
                if is_folder:
                    pending.append(path)
                else:
                    yield from self.entry(path)

    def entry(self, path: str) -> Iterator[ScanFile | str]:
        """One name: a folder to walk, a scan, or something to pass over."""
        name = os.path.basename(path)
        if name.startswith(APPLE_DOUBLE):
            yield to_uri(path)
            return
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            kind = _why_no_status(path, error)
            reason = getattr(error, "strerror", None) or str(error)
            yield _fault(path, Finding(kind, reason))
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self.folder(path)
        elif not stat.S_ISREG(status.st_mode):
            yield _fault(path, Finding("file-special", "a pipe, socket or device"))
        elif _has_image_suffix(name) or _is_image_file(Path(path)):
            yield ScanFile(to_uri(path), status.st_size, str(status.st_mtime_ns))
        else:
            yield to_uri(path)

    def _enter(self, folder: str) -> bool:
        try:
            status = os.stat(folder)
        except OSError:
            return True
        identity = (status.st_dev, status.st_ino)
        if identity in self._seen or os.path.realpath(folder) == self._exclude:
            return False
        self._seen.add(identity)
        return True


def _remote(url: str) -> Iterator[ScanFile | str]:
    for name, size, stamp in remote.find(url):
        path = urlsplit(name).path if remote.is_web(name) else name
        if _has_image_suffix(path) or _is_image_object(name):
            yield ScanFile(to_uri(name), size, stamp)
        else:
            yield to_uri(name)


def read_bytes(file: ScanFile, max_bytes: int) -> bytes | Finding:
    """The file's content, at most one byte more than the limit, or why it cannot be had."""
    if file.fault:
        return file.fault
    path = from_uri(file.uri)
    try:
        if is_remote(path):
            return remote.read(path, max_bytes + 1)
        # Without O_NONBLOCK, opening a pipe that took the file's place would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Finding("file-special", "a folder, pipe, socket or device")
            return _take(descriptor, status.st_size, max_bytes)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return Finding("file-vanished")
    except OSError as error:
        return Finding("file-unreadable", error.strerror or type(error).__name__)


def _take(descriptor: int, announced: int, most: int) -> bytes:
    """The content of a file of so many bytes, but no more than one byte beyond `most`.

    No stream, and no second look at an end that is where it was announced: with each call to the
    system a thread waits for the others, which took half the time of reading small files.
    """
    # No more than there is: asked for the whole limit, the system clears 64 MiB of memory.
    wanted = min(announced, most) + 1
    content = more = os.read(descriptor, wanted)
    while more and len(content) < wanted and len(content) != announced:
        more = os.read(descriptor, wanted - len(content))
        content += more
    return content


def cut_batches(files: Iterable[ScanFile], size: int) -> Iterator[tuple[ScanFile, ...]]:
    """Batches of `size` files, in order."""
    batch: list[ScanFile] = []
    for file in files:
        batch.append(file)
        if len(batch) == size:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def _has_image_suffix(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _is_image_file(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return sniff(stream.read(SIGNATURE_BYTES)) is not None
    except OSError:
        return True  # what cannot be looked at may be a scan: it must show up as failed


def _is_image_object(url: str) -> bool:
    try:
        return sniff(remote.read(url, SIGNATURE_BYTES)) is not None
    except OSError:
        return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _why_no_status(path: str, error: OSError | ValueError) -> str:
    if os.path.islink(path):
        return "file-special"
    return "file-unreadable" if isinstance(error, PermissionError) else "file-vanished"


def _fault(path: str, finding: Finding) -> ScanFile:
    return ScanFile(to_uri(path), 0, finding.code, finding)
