"""Object stores and web servers, through fsspec. Kept apart: nothing here is needed on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.errors import InputError


def find(url: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """URL and details of every object below `url`; details are None where it does not exist.

    Raises:
        InputError: the store's package is missing, or the store cannot be reached.
    """
    files, path = _store(url)
    try:
        found = files.find(path, detail=True)
        if not found and not files.exists(path):
            yield url, None
    except (OSError, ValueError) as error:
        raise InputError(f"{url}: {error}", "Check the address and the credentials.") from error
    for name, info in found.items():
        yield files.unstrip_protocol(name), info


def read(url: str, max_bytes: int) -> bytes:
    """The first `max_bytes` bytes of an object. Raises OSError where it cannot be read."""
    files, path = _store(url)
    with files.open(path, "rb") as stream:
        return bytes(stream.read(max_bytes))


def _store(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        files, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InputError(
            f"{url}: {error}", "The store's package may be missing: see docs/stores.md."
        ) from error
    return files, path
