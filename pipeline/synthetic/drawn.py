"""A drawn sheet: its image, and the truth about what stands where on it.

Places are quads: four points, in pixels of the image, of what is top left, top right, bottom right
and bottom left on the upright paper. `DrawnSheet.moved` keeps them exact through feeder and wear.
What is cut off keeps its place, which then lies outside of the image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
PointMap = Callable[[Floats], Floats]
Table = Literal["header", "voters", "ballot", "summary", "foot"]
Column = Literal[
    "acta-code", "uuid", "printed-at", "centre-code", "registered",
    "code", "digits", "words", "hash",
]  # fmt: skip
NoteKind = Literal["remark", "margin", "stamp"]


@dataclass(frozen=True)
class Cell:
    """A printed text that a reader must find: `quad` (4 x 2) is the outline of its ink.

    `row` counts the table's rows from 0; `number` is what digits or words say. A text on several
    lines has one outline around all.
    """

    table: Table
    row: int
    column: Column
    text: str
    quad: Floats
    number: int | None = None


@dataclass(frozen=True)
class MemberBox:
    """What was put into the box of one member of the table; `quad` (4 x 2) is its frame."""

    role: str
    name: bool
    identity: bool
    signature: bool
    thumbprint: bool
    stamp: bool
    quad: Floats

    @property
    def inked(self) -> bool:
        """Whether anything stands in the space for the signature."""
        return self.signature or self.thumbprint or self.stamp

    @property
    def marks(self) -> str:
        """Five letters, a hyphen for each that is not there: name, ID, signature, thumb, stamp."""
        there = (self.name, self.identity, self.signature, self.thumbprint, self.stamp)
        marks = zip("NISTX", there, strict=True)
        return "".join(mark if is_there else "-" for mark, is_there in marks)


@dataclass(frozen=True)
class Note:
    """Something that people wrote or stamped outside the members' boxes; `quad` surrounds it."""

    kind: NoteKind
    quad: Floats


@dataclass(frozen=True)
class DrawnSheet:
    """An image of a sheet, and where everything stands that tests and benchmarks ask for.

    `symbol_corners` are the outer corners of the QR, None where none is printed.
    """

    image: Image
    symbol_corners: Floats | None
    boxes: tuple[MemberBox, ...]
    cells: tuple[Cell, ...]
    notes: tuple[Note, ...] = ()

    @property
    def members_corners(self) -> Floats:
        """The four corners of the block of members' boxes."""
        first, last = self.boxes[0].quad, self.boxes[-1].quad
        return np.stack([first[0], first[1], last[2], last[3]])

    @property
    def members_box(self) -> tuple[int, int, int, int]:
        """The upright rectangle around all members' boxes: x0, y0, x1, y1 in whole pixels."""
        points = np.concatenate([box.quad for box in self.boxes])
        x0, y0 = np.floor(points.min(axis=0))
        x1, y1 = np.ceil(points.max(axis=0))
        return int(x0), int(y0), int(x1), int(y1)

    def cell(self, table: Table, row: int, column: Column) -> Cell:
        """The cell of that name; KeyError where none is printed."""
        for cell in self.cells:
            if (cell.table, cell.row, cell.column) == (table, row, column):
                return cell
        raise KeyError(f"no cell {column} in row {row} of the table {table}")

    def column(self, table: Table, column: Column) -> list[Cell]:
        """The cells of a column, from top to bottom."""
        return [cell for cell in self.cells if (cell.table, cell.column) == (table, column)]

    def row_centres(self) -> Floats:
        """The middle of each number in the ballot's column of digits: rows x 2."""
        quads = [cell.quad.mean(axis=0) for cell in self.column("ballot", "digits")]
        return np.array(quads, np.float32).reshape(-1, 2)

    def moved(self, image: Image, way: PointMap) -> DrawnSheet:
        """The sheet on another image; `way` tells where its points (n x 2) come to lie."""
        return self.placed(image, way(self.points()))

    def points(self) -> Floats:
        """The points of all its places, n x 2."""
        symbol = [] if self.symbol_corners is None else [self.symbol_corners]
        places: tuple[MemberBox | Cell | Note, ...] = (*self.boxes, *self.cells, *self.notes)
        return np.concatenate([*symbol, *(place.quad for place in places)]).astype(np.float32)

    def placed(self, image: Image, points: Floats) -> DrawnSheet:
        """The sheet on another image, its points, in the order of `points()`, elsewhere."""
        quads = iter(points.astype(np.float32).reshape(-1, 4, 2))
        return replace(
            self,
            image=image,
            symbol_corners=None if self.symbol_corners is None else next(quads),
            boxes=tuple(replace(box, quad=next(quads)) for box in self.boxes),
            cells=tuple(replace(cell, quad=next(quads)) for cell in self.cells),
            notes=tuple(replace(note, quad=next(quads)) for note in self.notes),
        )


def quad(x0: float, y0: float, x1: float, y1: float) -> Floats:
    """The four corners of an upright rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
