"""The process that reads scans: bytes in on standard input, readings out on standard output.

It is the only process that decodes hostile files. It opens nothing, limits its own memory, and dies
with its parent. Frames are a length (8 bytes, big-endian) and that many bytes; the first frame in
holds the settings, each further one a file. A file's answer is one JSON frame per page and an
empty frame.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import resource
import signal
import struct
import sys
from typing import BinaryIO

import cv2

from jobs.settings import ReaderSettings
from pipeline.findings import Finding
from pipeline.read.record import PageReading, failed
from pipeline.read.sheet import read_scan

LENGTH = struct.Struct(">Q")
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answer frames until standard input ends."""
    _die_with_parent()
    # Native libraries print warnings wherever they like; nothing but frames may reach the parent.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    start = read_frame(requests)
    if start is None:
        return
    settings: ReaderSettings = pickle.loads(start)  # noqa: S301  the parent made it
    resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes, settings.memory_bytes))
    cv2.setNumThreads(1)
    while (content := read_frame(requests)) is not None:
        for reading in _readings(content, settings):
            write_frame(answers, json.dumps(reading.to_plain()).encode())
        write_frame(answers, b"")
        answers.flush()


def _readings(content: bytes, settings: ReaderSettings) -> list[PageReading]:
    done: list[PageReading] = []
    try:
        for reading in read_scan(content, settings.rules, settings.limits):
            done.append(reading)
    except MemoryError:
        limit = f"limit {settings.memory_bytes // 2**20} MiB"
        done.append(failed(len(done) + 1, Finding("reader-memory", limit)))
    except Exception as error:  # noqa: BLE001  the border of the process: one scan, not the run
        done.append(failed(len(done) + 1, Finding("reader-error", type(error).__name__)))
    return done


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, or None at the end of the stream."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(header)
    content = stream.read(size)
    return content if len(content) == size else None


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Write one frame; the caller flushes."""
    stream.write(LENGTH.pack(len(content)))
    stream.write(content)


def _die_with_parent() -> None:
    """No orphans: a killed worker takes its reader along (elsewhere the end of input does)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
