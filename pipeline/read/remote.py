"""What is not on a disk: object stores (s3, gs, az), web servers, and whatever else fsspec knows.

Object stores go through `obstore`, which shares its core with the ledger's Delta Lake: one way to
name a server and its keys, conditional writes on each of them, no object half written. A store
that does not answer is a `StoreLostError`, never a finding of the scan that was asked for.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pipeline.errors import InputError, StoreLostError
from pipeline.read import web

OBJECT_STORES = ("s3", "gs", "az")
PATIENCE = {"max_retries": 20, "retry_timeout": timedelta(seconds=60)}
"""How long a store that answers 500, 503 or not at all is asked again before it counts as lost."""
CLIENT = {"allow_http": True, "timeout": "30s", "connect_timeout": "5s"}
"""http:// is allowed because only who names such a server (AWS_ENDPOINT_URL) gets it."""
REFUSALS = ("PermissionDeniedError", "UnauthenticatedError", "InvalidPathError")
"""Errors of obstore that asking again does not mend."""

Found = tuple[str, int, str]
"""URL, size and stamp (the ETag, where there is one)."""


def is_object_store(url: str) -> bool:
    """Whether a URL is of a store that has conditional writes."""
    return url.partition("://")[0] in OBJECT_STORES


def is_web(url: str) -> bool:
    """Whether a URL is of a web server."""
    return url.partition("://")[0] in ("http", "https")


def find(url: str) -> Iterator[Found]:
    """Every object below `url`, or the one that it names; none where there is neither.

    Raises:
        InputError: the store's package is missing.
        StoreLostError: an object store does not answer.
        OSError: it cannot be had.
    """
    if is_object_store(url):
        return _find_objects(url)
    if is_web(url):
        return _find_page(url)
    return _find_files(url)


def _find_page(url: str) -> Iterator[Found]:
    with suppress(FileNotFoundError):
        yield web.look(url)


def _find_objects(url: str) -> Iterator[Found]:
    base = url.partition("://")[0] + "://" + url.partition("://")[2].partition("/")[0]
    store, path = _object_store(url)
    with _plain_errors(url):
        alone = True
        for chunk in store.list(path or None):
            for meta in chunk:
                alone = False
                if not meta["path"].endswith("/"):  # what consoles make to show an empty folder
                    yield _found(f"{base}/{meta['path']}", meta)
        if alone and path:
            try:
                meta = store.head(path)
            except FileNotFoundError:
                return
            yield _found(url, meta)


def _found(url: str, meta: Any) -> Found:
    return url, int(meta["size"]), str(meta["e_tag"] or meta["last_modified"])


def _find_files(url: str) -> Iterator[Found]:
    with _plain_errors(url):
        files, path = _file_system(url)
        found = files.find(path, detail=True)
        if not found and files.exists(path):
            found = {path: files.info(path)}
        for name, info in found.items():
            yield files.unstrip_protocol(name), int(info.get("size") or 0), _stamp(info)


def _stamp(info: dict[str, Any]) -> str:
    keys = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "created")
    return next((str(info[key]) for key in keys if info.get(key)), "")


def read(url: str, max_bytes: int) -> bytes:
    """The first `max_bytes` bytes of an object.

    Raises:
        StoreLostError: the store does not answer.
        OSError: this object cannot be read.
    """
    if is_web(url):
        return web.read(url, max_bytes)
    with _plain_errors(url):
        if not is_object_store(url):
            files, path = _file_system(url)
            with files.open(path, "rb") as stream:
                return bytes(stream.read(max_bytes))
        store, path = _object_store(url)
        answer = store.get(path)
        if answer.meta["size"] <= max_bytes:
            return bytes(answer.bytes())
        content = bytearray()
        for chunk in answer.stream():
            content += chunk
            if len(content) >= max_bytes:
                break
        return bytes(content[:max_bytes])


def write(url: str, content: bytes, *, only_new: bool = False) -> None:
    """Write an object whole.

    Raises:
        FileExistsError: it exists, and `only_new` was asked for.
        StoreLostError: the store does not answer.
        OSError: it may not be written.
    """
    with _plain_errors(url):
        if is_object_store(url):
            store, path = _object_store(url)
            store.put(path, content, mode="create" if only_new else "overwrite")
        else:
            files, path = _file_system(url)
            files.pipe_file(path, content, mode="create" if only_new else "overwrite")


def delete(url: str) -> None:
    """Delete an object; one that is not there is no error."""
    with _plain_errors(url):
        try:
            if is_object_store(url):
                store, path = _object_store(url)
                store.delete(path)
            else:
                files, path = _file_system(url)
                files.rm_file(path)
        except FileNotFoundError:
            return


@lru_cache(maxsize=16)
def _bucket(base: str) -> Any:
    """The store of `s3://bucket`; its connections are kept, its keys renewed, by the library."""
    try:
        from obstore.store import from_url
    except ImportError as error:
        extra = {"s3": "s3", "gs": "gcs", "az": "azure"}[base.partition("://")[0]]
        raise InputError(
            f"{base}: the package for this store is not installed.",
            f"pip install 'actas[{extra}]'; see docs/stores.md.",
        ) from error
    return from_url(base, client_options=CLIENT, retry_config=PATIENCE)


def _object_store(url: str) -> tuple[Any, str]:
    scheme, _, rest = url.partition("://")
    bucket, _, path = rest.partition("/")
    return _bucket(f"{scheme}://{bucket}"), path.rstrip("/")


def _file_system(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        files, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InputError(
            f"{url}: {error}", "The store's package may be missing: see docs/stores.md."
        ) from error
    return files, path


@contextmanager
def _plain_errors(url: str) -> Iterator[None]:
    """Every library has errors of its own: make them the system's.

    Raises:
        StoreLostError: an object store does not answer.
        OSError: anything else.
    """
    try:
        yield
    except (OSError, InputError):
        raise
    except _foreign_errors(url) as error:
        kind = type(error).__name__
        if kind == "AlreadyExistsError":
            raise FileExistsError(errno.EEXIST, "it exists already", url) from error
        if kind in REFUSALS or re.search(r"status code: (40[0-79]|41\d)", str(error)):
            raise PermissionError(errno.EACCES, _words(error), url) from error
        if is_object_store(url):
            raise StoreLostError(f"{url}: {_words(error)}") from error
        raise OSError(errno.EIO, _words(error), url) from error


def _foreign_errors(url: str) -> tuple[type[Exception], ...]:
    """What the library behind a URL raises beside OSError."""
    if is_object_store(url):
        from obstore.exceptions import BaseError

        return (BaseError,)
    return (ValueError,)


def _words(error: Exception) -> str:
    """An error in one line; of a server's XML the code and the message."""
    text = str(error)
    told = [re.search(f"<{tag}>(.*?)</{tag}>", text) for tag in ("Code", "Message")]
    found = ": ".join(match[1] for match in told if match)
    return (found or text.partition("\n")[0] or type(error).__name__)[:300]
