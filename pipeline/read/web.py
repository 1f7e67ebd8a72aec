"""Files of web servers, named one by one (a list of https:// addresses).

Connections are kept and shared; a server that is busy is asked again a few times.
"""

from __future__ import annotations

import errno
from functools import cache
from typing import TYPE_CHECKING

from pipeline.errors import InputError

if TYPE_CHECKING:
    from requests import Response, Session

TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""
TRIES = 4
AT_ONCE = 32
BUSY = (408, 429, 500, 502, 503, 504)
NO_HEAD = (403, 405, 501)
"""Answers of servers that only know GET."""
CHUNK = 1 << 18


def look(url: str) -> tuple[str, int, str]:
    """URL, size and stamp of a file.

    Raises:
        FileNotFoundError: the server does not know it.
        OSError: it may not be had, or the server does not answer.
    """
    answer = _session().head(url, timeout=TIMEOUT, allow_redirects=True)
    if answer.status_code in NO_HEAD:
        answer = _session().get(url, timeout=TIMEOUT, stream=True)
    with answer:
        _check(answer, url)
        stamps = (answer.headers.get(name) for name in ("ETag", "Last-Modified"))
        size = answer.headers.get("Content-Length", "")
        return url, int(size) if size.isdigit() else 0, next(filter(None, stamps), "")


def read(url: str, max_bytes: int) -> bytes:
    """The first `max_bytes` bytes; raises as `look` does."""
    content = bytearray()
    with _session().get(url, timeout=TIMEOUT, stream=True) as answer:
        _check(answer, url)
        for chunk in answer.iter_content(CHUNK):
            content += chunk
            if len(content) >= max_bytes:
                break
    return bytes(content[:max_bytes])


def _check(answer: Response, url: str) -> None:
    code = answer.status_code
    if code in (404, 410):
        raise FileNotFoundError(errno.ENOENT, "the server does not know it", url)
    if code >= 400:
        raise OSError(errno.EIO, f"the server answers {code} {answer.reason}", url)


@cache
def _session() -> Session:
    try:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3 import Retry
    except ImportError as error:
        raise InputError(
            "The package for web addresses is not installed.",
            "pip install 'actas[https]'; see docs/stores.md.",
        ) from error
    session = requests.Session()
    again = Retry(
        TRIES, backoff_factor=0.5, status_forcelist=BUSY, raise_on_status=False, redirect=5
    )
    # An image is an image: what a server packs on its way would have another size than it tells.
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=again))
    return session
