"""How the location of a file is written in a table: readable, printable, and reversible.

A local file is its absolute path, a remote one its URL. File names are hostile (new lines, bytes
that are not UTF-8, characters that turn the reading direction), so everything that cannot be
printed is percent-encoded, and so are `%` itself and `#`, which begins a page number.
"""

from __future__ import annotations

import os
from urllib.parse import unquote_to_bytes


def to_uri(path: str) -> str:
    """Escape a path as the operating system gave it."""
    if path.isprintable() and "%" not in path and "#" not in path:
        return path  # nearly all are: a million of them, letter by letter, took half a minute
    return "".join(
        char if char.isprintable() and char not in "%#" else _escape(char) for char in path
    )


def from_uri(uri: str) -> str:
    """The path again."""
    return os.fsdecode(unquote_to_bytes(uri.encode("utf-8")))


def page_uri(source: str, page: int, pages: int) -> str:
    """The location of one page; a file of a single page is its only one."""
    return source if pages == 1 else f"{source}#page={page}"


def is_remote(location: str) -> bool:
    """Whether a location is a URL of some store rather than a local path."""
    scheme, separator, _ = location.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").isalnum()


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(char))
