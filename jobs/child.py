"""The process that reads scans: a file's bytes in, its pages' readings out.

It and `jobs.masker` alone decode hostile files. It opens nothing, limits its own memory, and dies
with its parent. Its input lies in memory shared with the parent; on standard input come lengths
(8 bytes, big-endian), one for the settings and one for each file. A file's answer, on standard
output, is one frame per page (a length and that many bytes of JSON) and an empty frame; that the
settings have arrived is told by an empty frame too.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import cv2

from jobs.settings import ReaderSettings
from pipeline.findings import Finding
from pipeline.read.record import PageReading, failed
from pipeline.read.sheet import prepare, read_scan

LENGTH = struct.Struct(">Q")
PR_SET_PDEATHSIG = 1
Answers = Callable[[mmap.mmap, int, ReaderSettings], Iterator[bytes]]
"""From the memory and the length of what lies in it to frames, each as soon as it is known; no
fault of a file may leave it as an exception."""


def main() -> None:
    """Read scans until standard input ends."""
    serve(_readings)


def serve(answer: Answers) -> None:
    """Answer frames until standard input ends."""
    _die_with_parent()
    # Native libraries print warnings wherever they like; nothing but frames may reach the parent.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with mmap.mmap(int(sys.argv[1]), 0, access=mmap.ACCESS_READ) as memory:
        sizes = _sizes()
        settings: ReaderSettings = pickle.loads(memory[: next(sizes)])  # noqa: S301  the parent's
        resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes, settings.memory_bytes))
        cv2.setNumThreads(1)
        prepare(settings.rules)
        write_frame(answers, b"")
        answers.flush()
        for size in sizes:
            for frame in answer(memory, size, settings):
                write_frame(answers, frame)
                answers.flush()  # the next page may be fatal: this one is not to be lost
            write_frame(answers, b"")
            answers.flush()


def _sizes() -> Iterator[int]:
    """The lengths that the parent tells, each time that it has laid something into the memory."""
    while len(header := sys.stdin.buffer.read(LENGTH.size)) == LENGTH.size:
        yield LENGTH.unpack(header)[0]


def _readings(memory: mmap.mmap, size: int, settings: ReaderSettings) -> Iterator[bytes]:
    """A file's pages, each as soon as it is read, so that a later one's fault does not cost it."""
    done = 0
    try:
        for reading in read_scan(memory[:size], settings.rules, settings.limits, settings.way):
            done += 1
            yield _frame(reading)
    except MemoryError:
        limit = f"limit {settings.memory_bytes // 2**20} MiB"
        yield _frame(failed(done + 1, Finding("reader-memory", limit)))
    except Exception as error:  # noqa: BLE001  the border of the process: one scan, not the run
        yield _frame(failed(done + 1, Finding("reader-error", type(error).__name__)))


def _frame(reading: PageReading) -> bytes:
    return json.dumps(reading.to_plain()).encode()


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Write one frame; the caller flushes."""
    stream.write(LENGTH.pack(len(content)) + content)


def _die_with_parent() -> None:
    """No orphans: a killed worker takes its reader along (elsewhere the end of input does)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
