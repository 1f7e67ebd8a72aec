"""Numbers forged on a finished scan: old glyphs painted over, new ones pasted in their place.

The patch has the colour of the paper around it; figures and words come from elsewhere on the same
sheet, where they stand in the same print, or are typed anew where the sheet has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.layout import MM_PER_INCH, Font, Layout
from pipeline.lettering import Strip, strip
from pipeline.synthetic.drawn import Cell, DrawnSheet, Floats, Image, Table, quad
from pipeline.synthetic.tables import spell, word_lines
from pipeline.synthetic.tamper import Change, Columns, Rng, another_digit

_OVERLAP = 0.2  # mm by which a patch is larger than the ink that it hides
_NOISE = 1.5
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Forged:
    """A scan after the act; its cells tell what stands there now."""

    sheet: DrawnSheet
    changes: tuple[Change, ...]


def forge_number(
    scan: DrawnSheet,
    layout: Layout,
    rng: Rng,
    columns: Columns = "digits",
    *,
    dpi: int = 200,
    table: Table = "ballot",
    row: int | None = None,
    new: int | None = None,
) -> Forged:
    """Put another number into a row, in digits, in words, or in both.

    Without `row` chance chooses one; without `new` one digit of the number is altered. KeyError
    where there is no such row.
    """
    at = int(rng.integers(len(scan.column(table, "digits")))) if row is None else row
    old = int(scan.cell(table, at, "digits").text)
    number = another_digit(old, rng) if new is None else new
    desk = _Desk(scan, scan.image.copy(), layout, dpi, rng)
    cells, changes = list(scan.cells), []
    for index, cell in enumerate(scan.cells):
        if (cell.table, cell.row) == (table, at) and cell.column in _names(columns):
            cells[index] = desk.overwrite(cell, number)
            changes.append(Change(table, at, cell.column, str(cell.number), str(number)))
    return Forged(replace(scan, image=desk.image, cells=tuple(cells)), tuple(changes))


def _names(columns: Columns) -> tuple[str, ...]:
    return ("digits", "words") if columns == "both" else (columns,)


@dataclass(frozen=True)
class _Line:
    """A line of print on a scan: where its ink begins, and where its letters stand, in pixels."""

    text: str
    font: Font
    dot: float
    dpi: int
    left: int
    baseline: int

    def strip(self, piece: slice) -> Strip:
        """The print of a piece of the text."""
        return strip(self.text[piece], self.font, self.dot, self.dpi)

    def box(self, piece: slice) -> Box:
        """Where a piece stands: x0, y0, x1, y1."""
        ink, end = self.strip(piece), self.left + self.strip(slice(piece.stop)).width
        top = self.baseline - ink.rise
        return end - ink.width, top, end, top + ink.grey.shape[0]


@dataclass(frozen=True)
class _Desk:
    """What a forger works with: the scan as it was, and the image that becomes another."""

    scan: DrawnSheet
    image: Image
    layout: Layout
    dpi: int
    rng: Rng

    def overwrite(self, cell: Cell, number: int) -> Cell:
        """Hide a cell's number under a patch and set another; the cell as it is then."""
        is_digits = cell.column == "digits"
        text = str(number) if is_digits else ", ".join(spell(number, self.layout.words))
        paper, ink = self._hide(cell)
        boxes = []
        new = replace(cell, text=text, number=number)
        for line in self._lines(new, like=cell):
            for piece in _pieces(line.text, cell.column):
                self._set(line, piece, cell.column, paper, ink)
            boxes.append(line.box(slice(len(line.text))))
        x0, y0, x1, y1 = (np.array(edge) for edge in zip(*boxes, strict=True))
        return replace(new, quad=quad(x0.min(), y0.min(), x1.max(), y1.max()))

    def _hide(self, cell: Cell) -> tuple[float, float]:
        """Paint over a cell; give back the greys of the paper and of the ink that was there."""
        over = round(_OVERLAP / MM_PER_INCH * self.dpi)
        room = _cut(self.image, _grown(_bounds(cell.quad), 3 * over))
        patch = _cut(self.image, _grown(_bounds(cell.quad), over))
        middle = (int(room.min()) + int(room.max())) / 2
        paper, ink = np.median(room[room > middle]), np.percentile(patch, 5)
        patch[:] = np.clip(paper + self.rng.normal(0, _NOISE, patch.shape), 0, 255)
        return float(paper), float(ink)

    def _set(self, line: _Line, piece: slice, column: str, paper: float, ink: float) -> None:
        """Paste a piece from elsewhere, or type it in the greys of what was there."""
        box = _taller(line.box(piece))
        found = list(self._elsewhere(line.text[piece], column))
        if found:
            source, there = found[int(self.rng.integers(len(found)))]
            grey = _cut(self.scan.image, _taller(source.box(there)))
        else:
            typed = 255.0 - np.pad(line.strip(piece).grey, ((1, 1), (0, 0)), constant_values=255)
            grey = paper - typed * ((paper - ink) / np.percentile(typed, 95))
            grey = np.clip(grey, 0, 255).astype(np.uint8)
        target = _cut(self.image, box)
        if target.shape == grey.shape:  # beyond an edge of the scan there is nothing to forge
            np.minimum(target, grey, out=target)

    def _elsewhere(self, text: str, column: str) -> Iterator[tuple[_Line, slice]]:
        """Where the ballot's table, in which no rules touch the print, has this figure or word."""
        columns = ("digits", "code") if column == "digits" else (column,)
        for cell in self.scan.cells:
            if cell.column in columns and cell.table == "ballot":
                lines = self._lines(cell, like=cell)
                for piece in _pieces(lines[0].text, cell.column) if len(lines) == 1 else ():
                    if lines[0].text[piece] == text:
                        yield lines[0], piece

    def _lines(self, cell: Cell, *, like: Cell) -> list[_Line]:
        """The lines that a cell's text takes, set where those of `like` stand."""
        x0, y0, x1, _ = _bounds(like.quad)
        first = self._texts(like)[0]
        dot, font = self.layout.paper.dot, self.layout.fonts.words
        font = font if cell.column == "words" else self.layout.fonts.digits
        baseline = y0 + strip(first, font, dot, self.dpi).rise
        pitch = self.layout.words_line_pitch / MM_PER_INCH * self.dpi
        lines = []
        for number, text in enumerate(self._texts(cell)):
            left = round((x0 + x1 - strip(text, font, dot, self.dpi).width) / 2)
            place = baseline + round(number * pitch)
            lines.append(_Line(text, font, dot, self.dpi, left, place))
        return lines

    def _texts(self, cell: Cell) -> list[str]:
        if cell.column != "words" or cell.table == "summary" or cell.number is None:
            return [cell.text]
        return word_lines(cell.number, self.layout)


def _pieces(text: str, column: str) -> list[slice]:
    """A number's figures; of words each, with its comma."""
    if column != "words":
        return [slice(at, at + 1) for at in range(len(text))]
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == " ")]
    ends = [*(at - 1 for at in starts[1:]), len(text)]
    return [slice(start, end) for start, end in zip(starts, ends, strict=True)]


def _bounds(outline: Floats) -> Box:
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    return round(float(x0)), round(float(y0)), round(float(x1)), round(float(y1))


def _grown(box: Box, by: int) -> Box:
    x0, y0, x1, y1 = box
    return x0 - by, y0 - by, x1 + by, y1 + by


def _taller(box: Box) -> Box:
    """A pixel more above and below: the feeder stretches the print; beside it stand neighbours."""
    x0, y0, x1, y1 = box
    return x0, y0 - 1, x1, y1 + 1


def _cut(image: Image, box: Box) -> Image:
    """The part of the image in a box: a view on it."""
    x0, y0, x1, y1 = box
    return image[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
