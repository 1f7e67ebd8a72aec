"""The process that makes images for publication: a scan's bytes in, masked images out.

The frames are those of `jobs.child`. A file's bytes follow the numbers of the pages that are wanted
of it; an answer is a line of JSON, after it the image. Only an image whose every part that may
name anybody was found for sure leaves this process.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from jobs.child import serve
from jobs.settings import ReaderSettings
from pipeline.findings import Finding
from pipeline.publish.evidence.show import MOST_BYTES, Shown, is_plain_webp, show
from pipeline.publish.evidence.withheld import WITHHELD, WithheldError
from pipeline.read.image import Page, open_pages

COUNT = struct.Struct(">I")
Place = Annotated[int, Field(ge=-(2**15), lt=2**15)]
Corners = Annotated[tuple[Place, ...], Field(max_length=8)]


@dataclass(frozen=True)
class Masked:
    """What became of a page: an image, or the code why there is none."""

    page: int
    shown: Shown | None
    withheld: str = ""


@dataclass(frozen=True)
class _Line:
    """The line before an image, checked: whoever decodes hostile scans may answer anything."""

    page: Annotated[int, Field(ge=1)]
    withheld: str = ""
    width: Annotated[int, Field(ge=0, lt=2**15)] = 0
    height: Annotated[int, Field(ge=0, lt=2**15)] = 0
    symbol: Corners = ()
    block: Corners = ()
    rows: Annotated[tuple[Corners, ...], Field(max_length=500)] = ()


_LINE: TypeAdapter[_Line] = TypeAdapter(_Line)


def ask(pages: Iterable[int], content: bytes) -> bytes:
    """A file with the pages that are wanted of it, as the process takes it."""
    numbers = sorted(pages)
    return COUNT.pack(len(numbers)) + b"".join(map(COUNT.pack, numbers)) + content


def parse(frame: bytes) -> Masked:
    """An answer.

    Raises:
        ValueError: it cannot be one, such as an image with metadata.
    """
    text, _, image = frame.partition(b"\n")
    line = _LINE.validate_json(text)
    if line.withheld:
        if line.withheld not in WITHHELD or image:
            raise ValueError("not a reason")
        return Masked(line.page, None, line.withheld)
    if not (is_plain_webp(image) and len(image) <= MOST_BYTES and line.width and line.height):
        raise ValueError("not an image for publication")
    shown = Shown(line.width, line.height, line.symbol, line.block, line.rows, image)
    return Masked(line.page, shown)


def lost(_answer: int, _why: Finding) -> Masked:
    """What is said when the process was lost; of which page is not known, so of none."""
    return Masked(0, None, "reader")


def main() -> None:
    """Mask scans until standard input ends."""
    serve(_images)


def _images(memory: mmap.mmap, size: int, settings: ReaderSettings) -> Iterator[bytes]:
    pages: list[int] = []
    number = 0
    try:
        (count,) = COUNT.unpack(memory[: COUNT.size])
        start = COUNT.size * (count + 1)
        pages = [page for (page,) in COUNT.iter_unpack(memory[COUNT.size : start])]
        for number, page in enumerate(open_pages(memory[start:size], settings.limits), start=1):
            if number in pages:
                yield _image(number, page, settings)
            if number >= pages[-1]:
                return
        yield from (_told(page, "image") for page in pages if page > number)
    except Exception:  # noqa: BLE001  the border of the process: one scan, not the run
        yield from (_told(page, "reader") for page in pages if page >= number)


def _image(number: int, page: Page | Finding, settings: ReaderSettings) -> bytes:
    try:
        if isinstance(page, Finding):
            raise WithheldError("image")
        shown = show(page, settings.rules)
    except WithheldError as error:
        return _told(number, error.code)
    line: dict[str, Any] = {"page": number, "width": shown.width, "height": shown.height}
    line |= {"symbol": shown.symbol, "block": shown.block, "rows": shown.rows}
    return json.dumps(line).encode() + b"\n" + shown.image


def _told(number: int, code: str) -> bytes:
    return json.dumps({"page": number, "withheld": code}).encode()


if __name__ == "__main__":
    main()
