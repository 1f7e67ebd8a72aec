"""Findings: coded remarks on a scan or a mesa. Code, gravity, sentence and rule stand here alone.

The reader, the resolver, the CSV files, the report and the documentation all take them from
`CATALOGUE`. A finding that `BLOCKS` keeps its sheet out of the totals until a person has looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Gravity(StrEnum):
    """What a finding means for the count."""

    NOTE = "note"
    BLOCKS = "blocks"


@dataclass(frozen=True)
class Kind:
    """One entry of the catalogue. `rule` says when the finding is made."""

    code: str
    gravity: Gravity
    sentence: str
    rule: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding that was made. `detail` holds figures, never anybody's name or a foreign text."""

    code: str
    detail: str = ""

    @property
    def kind(self) -> Kind:
        """Its entry in the catalogue."""
        return CATALOGUE[self.code]

    @property
    def blocks(self) -> bool:
        """Whether the sheet must wait for a person."""
        return self.kind.gravity is Gravity.BLOCKS

    @property
    def sentence(self) -> str:
        """What happened, in plain words."""
        return f"{self.kind.sentence}: {self.detail}" if self.detail else self.kind.sentence


_NOTE, _BLOCKS = Gravity.NOTE, Gravity.BLOCKS

_KINDS = (
    # The file.
    Kind("file-vanished", _BLOCKS, "The file is gone", "listed, but not there when it was read"),
    Kind("file-unreadable", _BLOCKS, "The file cannot be read", "the system refused to read it"),
    Kind("file-special", _BLOCKS, "Not an ordinary file", "a pipe, a device, a link to nowhere"),
    Kind("file-empty", _BLOCKS, "The file is empty", "it has no bytes"),
    Kind("file-too-large", _BLOCKS, "The file is too large", "more bytes than the limit"),
    Kind("file-format", _BLOCKS, "Not an image that is read here", "not JPEG, PNG, TIFF or PDF"),
    Kind(
        "image-too-large", _BLOCKS, "Too many pixels", "more pixels than the limit, by its header"
    ),
    Kind("image-too-small", _BLOCKS, "Too few pixels", "smaller than any symbol could be"),
    Kind("image-corrupt", _BLOCKS, "The image cannot be decoded", "the decoder gave nothing"),
    Kind(
        "image-truncated", _NOTE, "The file ends early", "the image had to be completed with grey"
    ),
    Kind("pages-too-many", _BLOCKS, "Too many pages", "more pages than the limit"),
    Kind("scan-gone", _NOTE, "The file is gone since it was read", "a later listing lacks it"),
    Kind(
        "scan-refused",
        _NOTE,
        "The file was read once and could not be had again",
        "it was tried again and refused; what was read before stays",
    ),
    # The process that reads.
    Kind("reader-crashed", _BLOCKS, "The reader crashed on it", "its process died, twice"),
    Kind("reader-hung", _BLOCKS, "The reader took too long", "no answer within the deadline"),
    Kind("reader-memory", _BLOCKS, "The reader ran out of memory", "it hit its memory limit"),
    Kind("reader-error", _BLOCKS, "The reader failed on it", "an error nobody foresaw: a bug"),
    # The symbol.
    Kind("symbol-none", _BLOCKS, "No QR symbol was found", "no attempt found one"),
    Kind("symbols-differ", _BLOCKS, "Two different valid symbols", "two payloads on one scan"),
    Kind("symbol-foreign", _NOTE, "Another QR symbol is on it", "its text is not of this election"),
    Kind("symbol-form", _NOTE, "Unusual symbol", "version or correction level not as defined"),
    Kind("payload-grammar", _BLOCKS, "Not this election's text", "the grammar does not hold"),
    Kind("payload-place", _BLOCKS, "Not a place of this election", "no such highest unit"),
    # The print.
    Kind(
        "print-differs",
        _BLOCKS,
        "The print shows other votes than the QR",
        "a row's digits or words clearly show another number",
    ),
    Kind(
        "print-totals",
        _BLOCKS,
        "The printed totals are not the QR's",
        "digits and words of a total both show another number",
    ),
    Kind(
        "print-identity",
        _BLOCKS,
        "The header names another acta than the QR",
        "the acta code printed at the top is clearly another",
    ),
    Kind(
        "print-unplaced",
        _NOTE,
        "The printed tables were not found",
        "the print could not be held against the QR",
    ),
    Kind(
        "print-probable",
        _BLOCKS,
        "The print does not prove its numbers",
        "no QR; digits, words and totals do not agree enough",
    ),
    Kind(
        "print-unread",
        _BLOCKS,
        "The print cannot be read",
        "no QR; no numbers add up to a printed total",
    ),
    Kind(
        "print-nameless",
        _BLOCKS,
        "The numbers are proven, but not whose they are",
        "no QR; the acta code in the header is not legible for sure",
    ),
    Kind(
        "voters-differ",
        _NOTE,
        "Machine and book count other voters",
        "digits and words of the two rows agree within each and differ between them",
    ),
    Kind(
        "registered-differs",
        _NOTE,
        "The sheet names another number of registered voters",
        "printed number of voters is not the register's",
    ),
    Kind("boxes-blank", _NOTE, "Boxes of members without ink", "no ink where members sign"),
    Kind(
        "date-outside",
        _NOTE,
        "Printed on another day",
        "the printed date is neither the election's day nor the next",
    ),
    Kind(
        "hash-repeated",
        _BLOCKS,
        "Two sheets bear the same hash",
        "the hash below the symbol stands on another mesa's sheet too",
    ),
    Kind(
        "uuid-repeated",
        _NOTE,
        "Two sheets bear the same machine number",
        "the number in the header stands on another mesa's sheet too",
    ),
    # The rules of a sheet and its register.
    Kind("votes-none", _BLOCKS, "Not one vote on it", "all values are zero: known false reads"),
    Kind("votes-over-registered", _BLOCKS, "More votes than voters", "votes > registered voters"),
    Kind(
        "centre-not-listed", _NOTE, "The register lacks this centre", "the register is incomplete"
    ),
    Kind(
        "mesa-not-listed", _NOTE, "The register lacks this mesa", "centre listed with fewer mesas"
    ),
    Kind("mesa-over-register", _BLOCKS, "More mesas than exist", "no expected mesa is left for it"),
    # Several scans.
    Kind("content-duplicate", _NOTE, "The same file again", "the same bytes under another name"),
    Kind("sheet-duplicate", _NOTE, "The same sheet again", "same mesa, same numbers"),
    Kind("sheets-disagree", _BLOCKS, "Sheets of one mesa disagree", "same mesa, other numbers"),
    Kind("acta-codes-differ", _NOTE, "Same numbers, another acta code", "same mesa, code differs"),
)

CATALOGUE: Mapping[str, Kind] = MappingProxyType({kind.code: kind for kind in _KINDS})
