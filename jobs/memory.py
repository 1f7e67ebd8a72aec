"""Memory, where a million scans pass through it."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

MANY = 50_000
"""Scans whose left-over memory is worth a search."""


@contextmanager
def without_collections() -> Iterator[None]:
    """No search for circular garbage meanwhile: resolving a million scans took a third longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def release_unused(scans: int) -> None:
    """Give the system back what nobody uses any more after so many scans.

    A cluster leaves circles with all it was given.
    Looking for these takes a quarter of a second: of few scans they are not worth it.
    """
    pa.default_memory_pool().release_unused()
    if scans < MANY:
        return
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:  # glibc keeps what is free between things in use: after a million scans 450 MB
        trim(0)
