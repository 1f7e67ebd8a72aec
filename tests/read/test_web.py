"""Scans named by web addresses, on a real server that answers what servers answer."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.findings import Finding
from pipeline.read import web
from pipeline.read.scans import list_scans, read_bytes

JPEG = b"\xff\xd8\xff" + bytes(500)


@dataclass
class Site:
    """What a server has: a body, or a status, by path."""

    address: str
    pages: dict[str, bytes | int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    heads: bool = True
    busy: int = 0
    """So many answers 503 before it works."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            here.asked[f"{self.command} {self.path}"] += 1
            found = here.pages.get(self.path, 404)
            if here.busy:
                here.busy -= 1
                found = 503
            if self.command == "HEAD" and not here.heads:
                found = 405
            body = found if isinstance(found, bytes) else b"no"
            self.send_response(200 if isinstance(found, bytes) else found)
            self.send_header("Content-Length", str(len(body)))
            if self.path in here.tags:
                self.send_header("ETag", here.tags[self.path])
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    here = Site(f"http://127.0.0.1:{server.server_port}")
    web._session.cache_clear()
    yield here
    web._session().close()
    server.shutdown()
    thread.join()
    server.server_close()


def names(site: Site, *sources: str) -> list[str]:
    found = list_scans([f"{site.address}{source}" for source in sources]).files
    return [file.uri.removeprefix(site.address) for file in found]


def test_one_address_is_one_scan(site: Site) -> None:
    site.pages["/a.jpg"] = JPEG
    site.tags["/a.jpg"] = '"7"'
    (file,) = list_scans([f"{site.address}/a.jpg"]).files
    assert (file.size, file.stamp, file.fault) == (len(JPEG), '"7"', None)
    assert site.asked == {"HEAD /a.jpg": 1}, "an image is not fetched to be listed"
    assert read_bytes(file, 1000) == JPEG
    assert read_bytes(file, 9) == JPEG[:10]


@pytest.mark.parametrize("where", ["disk", "web"])
def test_a_list_names_scans_by_their_addresses(site: Site, tmp_path: Path, where: str) -> None:
    site.pages = {f"/{n}.jpg": JPEG for n in range(40)}
    site.pages |= {"/show?id=7&x=a%20b": JPEG, "/page.html": b"<html>", "/broken.jpg": 500}
    addresses = [f"{site.address}{path}" for path in [*site.pages, "/gone.jpg"]]
    listed = "\n".join(addresses).encode()
    (tmp_path / "list.txt").write_bytes(listed)
    site.pages["/list.txt"] = listed
    source = str(tmp_path / "list.txt") if where == "disk" else f"{site.address}/list.txt"
    web._session().get_adapter("http://").max_retries.backoff_factor = 0  # type: ignore[attr-defined]
    listing = list_scans([source])
    faults = {file.uri.rpartition("/")[2]: file.fault for file in listing.files if file.fault}
    assert {name: fault.code for name, fault in faults.items()} == {
        "broken.jpg": "file-unreadable",
        "gone.jpg": "file-vanished",
    }
    assert "500" in faults["broken.jpg"].detail
    assert len(listing.files) == 40 + 3
    assert listing.ignored == (f"{site.address}/page.html",)
    assert listing.roots in ((), (f"{site.address}/list.txt/",))


def test_a_server_that_knows_no_head_is_asked_otherwise(site: Site) -> None:
    site.pages["/a.jpg"] = JPEG
    site.heads = False
    assert names(site, "/a.jpg") == ["/a.jpg"]


def test_a_busy_server_is_asked_again(site: Site) -> None:
    site.pages["/a.jpg"] = JPEG
    web._session().get_adapter("http://").max_retries.backoff_factor = 0  # type: ignore[attr-defined]
    site.busy = 3
    (file,) = list_scans([f"{site.address}/a.jpg"]).files
    site.busy = 3
    assert read_bytes(file, 1000) == JPEG
    site.busy = 99
    found = read_bytes(file, 1000)
    assert isinstance(found, Finding)
    assert (found.code, "503" in found.detail) == ("file-unreadable", True)


def test_a_file_that_vanishes_between_is_a_finding(site: Site) -> None:
    site.pages["/a.jpg"] = JPEG
    (file,) = list_scans([f"{site.address}/a.jpg"]).files
    site.pages.clear()
    assert read_bytes(file, 1000) == Finding("file-vanished")


def test_an_address_that_leads_nowhere_is_told(site: Site) -> None:
    with pytest.raises(InputError, match="nothing of that name"):
        names(site, "/none")
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1"):
        list_scans(["http://127.0.0.1:1/a.jpg"])
