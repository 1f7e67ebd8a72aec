"""A reading process of one's own, so that no scan can hurt the worker.

A crash, a hang or a huge allocation costs the scan that caused it, and nothing else. A process that
died is started again and the scan tried once more, for it may have been killed from outside (by the
system, when memory ran short); the second death is the scan's own.
"""

from __future__ import annotations

import mmap
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from jobs.child import LENGTH
from jobs.settings import ReaderSettings
from pipeline.findings import Finding
from pipeline.read.record import PageReading, failed

MARGIN = 1 << 16
"""Bytes beside a file's own: whoever sends it may say something of it."""
MAX_ANSWER = 1 << 20
"""A page's reading is some kilobytes, its image at most 200; more comes of a broken process."""
CHUNK = 1 << 16
SMALLEST_MEMORY = 1 << 20
START_DEADLINE = 60.0
"""Seconds for starting and importing the libraries, which takes half a second."""
COMMAND = (sys.executable, "-P", "-m", "jobs.child")
"""-P: a file cv2.py among the scans must not be taken for the library."""
Answer = TypeVar("Answer")


class ReaderLostError(Exception):
    """The reading process died or stopped answering; `finding` says which."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


class ReaderStartError(Exception):
    """The reading process cannot be started: too little memory, or a broken installation."""


class SharedMemory:
    """Memory without a name that a child process inherits.

    A pipe would do, but moving 150 KiB through one took 0.8 ms of CPU, a tenth of reading a scan.
    """

    def __init__(self, size: int) -> None:
        if sys.platform == "linux":
            self.descriptor = os.memfd_create("scan")
        else:
            with tempfile.TemporaryFile() as file:
                self.descriptor = os.dup(file.fileno())
        os.ftruncate(self.descriptor, size)
        self._map = mmap.mmap(self.descriptor, size)

    def write(self, content: bytes) -> None:
        """Replace what it holds."""
        self._map[: len(content)] = content

    def close(self) -> None:
        """Give it back."""
        self._map.close()
        with suppress(OSError):
            os.close(self.descriptor)


class Isolated(Generic[Answer]):
    """One process that decodes scans, restarted whenever it is lost. For use by one thread.

    `parse` makes an answer of a frame and raises ValueError for what cannot be one; `fail` makes
    the answer for a page that the process was lost on.
    """

    def __init__(
        self,
        settings: ReaderSettings,
        command: Sequence[str],
        parse: Callable[[bytes], Answer],
        fail: Callable[[int, Finding], Answer],
    ) -> None:
        self._settings = settings
        self._command = command
        self._parse = parse
        self._fail = fail
        self._memory = SharedMemory(max(settings.limits.max_bytes + MARGIN, SMALLEST_MEMORY))
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._content = b""
        self._lost: ReaderLostError | None = None
        self._pages: list[Answer] = []
        self._pending = False

    def submit(self, content: bytes) -> None:
        """Begin reading a file; `result` fetches the answer.

        An answer that nobody fetched dies with its process: it must not go to another file.
        """
        if self._pending:
            self._stop()
        self._pending = True
        self._content = content
        self._try_send(content)

    def _try_send(self, content: bytes) -> None:
        """A process that dies meanwhile is `result`'s to deal with."""
        self._pages = []
        self._lost = None
        try:
            self._send(content)
        except ReaderLostError as lost:
            self._lost = lost

    def result(self) -> list[Answer]:
        """The answers to the file last submitted; never raises for a fault of that file."""
        readings = self._result()
        self._pending = False
        return readings

    def _result(self) -> list[Answer]:
        for attempt in (1, 2):
            try:
                if self._lost:
                    lost, self._lost = self._lost, None
                    raise lost
                return self._receive()
            except ReaderLostError as lost:
                self._stop()
                if attempt == 2 or lost.finding.code != "reader-crashed":
                    # Pages that were read before the fatal one are kept.
                    return [*self._pages, self._fail(len(self._pages) + 1, lost.finding)]
                self._try_send(self._content)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the process and give its memory back. The reader cannot be used again."""
        self._stop()
        self._memory.close()

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._buffer.clear()
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603  this very program
            [*self._command, str(self._memory.descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=(self._memory.descriptor,),
        )
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                os.set_blocking(pipe.fileno(), False)
        self._greet()
        return self._process

    def _greet(self) -> None:
        """Hand over the settings and wait until the process has them.

        Raises:
            ReaderStartError: it does not start; no scan is to blame for that.
        """
        try:
            self._send(pickle.dumps(self._settings))
            self._frame(START_DEADLINE)
        except ReaderLostError as lost:
            self._stop()
            raise ReaderStartError(
                f"the reading process does not start: {lost.finding.sentence}"
            ) from lost

    def _send(self, content: bytes) -> None:
        """Lay the content into the shared memory and tell its length, which never blocks."""
        process = self._process or self._start()
        assert process.stdin  # noqa: S101  for the type checker
        self._memory.write(content)
        try:
            os.write(process.stdin.fileno(), LENGTH.pack(len(content)))
        except OSError as error:
            raise ReaderLostError(self._death()) from error

    def _receive(self) -> list[Answer]:
        """All pages of the file, each within the deadline."""
        self._pages = []
        while frame := self._frame():
            try:
                self._pages.append(self._parse(frame))
            except ValueError as error:
                raise ReaderLostError(Finding("reader-error", "it answered nonsense")) from error
        if not self._pages:
            raise ReaderLostError(Finding("reader-error", "it answered nothing"))
        return self._pages

    def _frame(self, seconds: float | None = None) -> bytes:
        end = time.monotonic() + (seconds or self._settings.deadline)
        size = LENGTH.unpack(self._take(LENGTH.size, end))[0]
        if size > MAX_ANSWER:
            raise ReaderLostError(Finding("reader-error", "it answered too much"))
        return self._take(size, end)

    def _take(self, size: int, end: float) -> bytes:
        process = self._process
        if process is None or process.stdout is None:
            raise ReaderLostError(self._death())
        descriptor = process.stdout.fileno()
        waiter = select.poll()
        waiter.register(descriptor, select.POLLIN)
        while len(self._buffer) < size:
            self._wait(waiter, end)
            try:
                received = os.read(descriptor, CHUNK)
            except BlockingIOError:
                continue
            if not received:
                raise ReaderLostError(self._death())
            self._buffer += received
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _wait(self, waiter: select.poll, end: float) -> None:
        remaining = end - time.monotonic()
        if remaining <= 0 or not waiter.poll(remaining * 1000):
            raise ReaderLostError(Finding("reader-hung", f"{self._settings.deadline:g} seconds"))

    def _death(self) -> Finding:
        """What the process died of."""
        process = self._process
        if process is None:
            return Finding("reader-crashed")
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        code = process.returncode
        if code is not None and code < 0:
            with suppress(ValueError):
                return Finding("reader-crashed", signal.Signals(-code).name)
        return Finding("reader-crashed", f"exit code {code}")


class IsolatedReader(Isolated[PageReading]):
    """One reading process."""

    def __init__(self, settings: ReaderSettings, command: Sequence[str] = COMMAND) -> None:
        super().__init__(settings, command, PageReading.from_json, failed)


_own = threading.local()
_all: list[IsolatedReader] = []


def reader_of_this_thread(settings: ReaderSettings) -> IsolatedReader:
    """The reading process that belongs to this worker thread."""
    before: IsolatedReader | None = getattr(_own, "reader", None)
    if before in _all and _own.settings == settings:
        return before
    if before in _all:
        # A worker may live for months and see many runs: their processes must not pile up.
        _all.remove(before)
        before.close()
    _own.reader, _own.settings = IsolatedReader(settings), settings
    _all.append(_own.reader)
    reader: IsolatedReader = _own.reader
    return reader


def close_readers() -> None:
    """End every reading process of this process."""
    while _all:
        _all.pop().close()
