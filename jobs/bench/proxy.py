"""A way to a server that can be made bad: slow, busy, silent, cut. For tests and measurements."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 1 << 16
ANSWER = "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Proxy:
    """What happens on the way; may be changed while connections are open."""

    target: int
    port: int = 0
    delay: float = 0.0
    """Seconds before each answer."""
    fault_rate: float = 0.0
    """Share of requests that end in one of `faults`."""
    faults: tuple[str, ...] = ("500", "503", "reset", "lost")
    """A status; `reset`: the connection ends; `lost`: the request arrives, the answer does not;
    `silence`: nothing comes for ever."""
    seed: int = 0
    stopped: int = 0
    """How many requests have ended in a fault."""
    _random: random.Random = field(default_factory=random.Random)

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def fault(self) -> str | None:
        """What happens to the next request; None if nothing does."""
        if self._random.random() >= self.fault_rate:
            return None
        self.stopped += 1
        return self._random.choice(self.faults)


SILENCE = 3600.0


@contextmanager
def proxied(target: int, seed: int = 0) -> Iterator[Proxy]:
    """A proxy on loopback in front of a port of this machine."""
    proxy = Proxy(target)
    proxy._random.seed(seed)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy.port = listening.getsockname()[1]
        threading.Thread(target=_accept, args=(listening, proxy), daemon=True).start()
        yield proxy
        listening.shutdown(socket.SHUT_RDWR)


def _accept(listening: socket.socket, proxy: Proxy) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            threading.Thread(target=_serve, args=(client, proxy), daemon=True).start()


def _serve(client: socket.socket, proxy: Proxy) -> None:
    """One connection: each piece of a request that comes may meet a fault."""
    with (
        client,
        suppress(OSError),
        socket.create_connection(("127.0.0.1", proxy.target), timeout=5) as server,
    ):
        server.settimeout(None)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lost = threading.Event()
        back = threading.Thread(target=_copy, args=(server, client, proxy, lost), daemon=True)
        back.start()
        while content := client.recv(CHUNK):
            fault = proxy.fault()
            if fault == "lost":
                lost.set()
            elif fault:
                _spoil(client, fault)
                return
            server.sendall(content)


def _spoil(client: socket.socket, fault: str) -> None:
    if fault == "silence":
        time.sleep(SILENCE)
    elif fault != "reset":
        client.sendall(ANSWER.format(status=f"{fault} on purpose").encode())


def _copy(
    source: socket.socket, target: socket.socket, proxy: Proxy, lost: threading.Event
) -> None:
    """Answers on their way back; the first piece of each takes its time."""
    with suppress(OSError):
        last = 0.0
        while (content := source.recv(CHUNK)) and not lost.is_set():
            if proxy.delay and time.monotonic() - last > proxy.delay / 2:
                time.sleep(proxy.delay)
            target.sendall(content)
            last = time.monotonic()
        target.shutdown(socket.SHUT_RDWR)
