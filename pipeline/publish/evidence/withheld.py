"""Why an image is withheld: codes and sentences, for pages, the terminal and the methods page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.read.members import MaskError

WITHHELD: Mapping[str, str] = MappingProxyType(
    {
        "block": "The members' boxes were not found for sure, so they cannot be painted over",
        "remarks": "Remarks and margins cannot be told from the tables for sure",
        "tables": "The printed tables were not found on it",
        "several": "Several sheets are on the scan",
        "layout": "Where things stand on this election's sheet is not defined",
        "image": "The file cannot be opened as an image",
        "size": "It cannot be made small enough and stay legible",
        "reader": "The process that masks it crashed, took too long or ran out of memory",
        "person": "Whoever publishes decided to withhold it",
        "vanished": "The file is gone since it was read",
        "refused": "The file cannot be read any more",
        "changed": "The file is no longer the one that was read: its SHA-256 is another",
        "pending": "It has not been made yet",
    }
)
LASTING = frozenset({"block", "remarks", "tables", "several", "layout", "image", "size"})
"""Reasons that the same bytes give again; with others, the next run tries anew."""
_HINT = "Mask this one by hand, or do not publish it."


class WithheldError(MaskError):
    """An image must not be shown; `code` is of `WITHHELD`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{WITHHELD[code]}.", _HINT)
        self.code = code
