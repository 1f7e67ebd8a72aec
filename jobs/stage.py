"""Results in a store, as a local folder: for code that writes many files, or reads a few.

On a disk the folder is the results folder itself and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.count.place import Place

AT_ONCE = 16
"""Objects on their way at the same time."""
LAST = "summary.json"
"""Written after all others: it says which they are."""
_kept: list[TemporaryDirectory[str]] = []


@contextmanager
def staged(place: Place) -> Iterator[Path]:
    """A folder to write to; what is in it at the end without a fault becomes the place's.

    Raises:
        StoreLostError: the store does not answer.
    """
    if not place.is_remote:
        place.make()
        yield place.path
        return
    with TemporaryDirectory(prefix="actas-") as name:
        folder = Path(name)
        yield folder
        _upload(folder, place)


def _upload(folder: Path, place: Place) -> None:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    names = [name for name, path in files.items() if path.is_file() and name != LAST]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: place.write(name, files[name].read_bytes()), names))
        if LAST in files:
            place.write(LAST, files[LAST].read_bytes())
        # What an earlier run has written beside them, such as the page of a mesa that is no more.
        for parent in {name.partition("/")[0] for name in names if "/" in name}:
            old = [f"{parent}/{name}" for name in place.sub(parent).names()]
            list(pool.map(place.delete, [name for name in old if name not in files]))


def local_copy(place: Place) -> Path:
    """The files of a place in a local folder, which lasts as long as the process."""
    if not place.is_remote:
        return place.path
    _kept.append(TemporaryDirectory(prefix="actas-"))
    folder = Path(_kept[-1].name)
    for name in place.names():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(place.read(name))
    return folder
