"""The two things that are done with a sheet's print: holding it against the QR, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.findings import Finding
from pipeline.read.image import Page
from pipeline.read.printed.agree import Agreement, RowCheck, check_rows
from pipeline.read.printed.decide import Decision, decide
from pipeline.read.printed.form import Form
from pipeline.read.printed.glance import glance
from pipeline.read.printed.ink import Grey
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.place import Doubles, Placement, similarity
from pipeline.read.printed.register import register
from pipeline.read.printed.rows import RowScores, score_rows
from pipeline.read.printed.seek import LEAST, place, refine

MODULES = {version: 17 + 4 * version for version in range(1, 41)}
_ENOUGH = 3.2
"""Pixels per millimetre from which a page is sharp enough to lay the form over it."""
_FULL_SHEET = 450.0
"""Millimetres that a page shows at least: tells whether half a page's pixels are enough."""
_GOOD = 0.4
"""A placement with this score needs no second look; a photograph's perspective may."""
_SHOWN = 4
"""Rows that a finding names at most."""


@dataclass(frozen=True)
class PrintCheck:
    """The print held against the QR. `rows` is empty where the tables were not found."""

    rows: tuple[RowCheck, ...]
    findings: tuple[Finding, ...]
    proven: bool
    placement: Placement | None

    @property
    def agreement(self) -> Agreement:
        """Of the whole sheet."""
        if any(finding.blocks for finding in self.findings):
            return Agreement.MISMATCH
        return Agreement.AGREES if self.proven else Agreement.WEAK


@dataclass(frozen=True)
class PrintReading:
    """What the print says by itself, and where it stands."""

    decision: Decision
    placement: Placement
    notes: tuple[Finding, ...] = ()


def place_by_symbol(
    page: Page, corners: Sequence[float], version: int, model: PrintModel
) -> Placement | None:
    """The form's place on a page whose symbol's corners (x, y from the top left) are known."""
    seed = _seed(page, corners, version, model)
    if seed is None:
        return None
    image, scale, guess = seed
    placement = register(image, scale, guess, model.form, model.reference)
    if placement.score < _GOOD:
        placement = refine(image, scale, placement, model.form, model.reference)
    if placement.score >= LEAST:
        return placement
    return place(image, scale, model.form, model.reference)


def _seed(
    page: Page, corners: Sequence[float], version: int, model: PrintModel
) -> tuple[Grey, float, Doubles] | None:
    """The image to lay the form over, its scale, and a first guess from the symbol's corners."""
    full, half = page.full, page.half
    if full is None or half is None:
        return None
    square = model.form.symbol_corners(MODULES.get(version, MODULES[8]))
    found = np.array(corners, np.float64).reshape(4, 2)
    guess = similarity(square.astype(np.float64), found)
    sharp = float(np.hypot(guess[0, 0], guess[1, 0])) / 2 >= _ENOUGH
    return (half, 0.5, guess) if sharp else (full, 1.0, guess)


def glance_by_symbol(
    page: Page,
    corners: Sequence[float],
    version: int,
    expected: Sequence[int | None],
    model: PrintModel,
) -> PrintCheck | None:
    """Hold the print against the QR at a glance; None unless every row clearly agrees."""
    seed = _seed(page, corners, version, model)
    if seed is None or page.full is None:
        return None
    image, scale, guess = seed
    placement = register(image, scale, guess, model.form, model.coarse)
    if placement.score < _GOOD:
        return None
    seen = glance(page.full, placement, model, expected)
    return PrintCheck(seen.rows, (), True, seen.placement) if seen else None


def check_by_symbol(
    page: Page,
    corners: Sequence[float],
    version: int,
    expected: Sequence[int | None],
    model: PrintModel,
) -> PrintCheck:
    """Hold every printed number against the QR's, which says what is `expected` of each row.

    Most sheets agree at a glance; only the others are asked what else they might show.
    """
    seen = glance_by_symbol(page, corners, version, expected, model)
    if seen:
        return seen
    return check_print(page, place_by_symbol(page, corners, version, model), expected, model)


def check_print(
    page: Page, placement: Placement | None, expected: Sequence[int | None], model: PrintModel
) -> PrintCheck:
    """Hold every printed number against the QR's, trying all that might stand there instead."""
    full = page.full
    if placement is None or full is None:
        return PrintCheck((), (Finding("print-unplaced"),), False, None)
    scores = score_rows(full, placement, model, expected)
    rows = check_rows(scores, model.form, expected)
    findings = tuple(_findings(rows))
    proven = not findings and _proves(rows)
    notes = tuple(_voters_differ(scores, model.form))
    return PrintCheck(rows, (*findings, *notes), proven, placement)


def read_print(page: Page, model: PrintModel) -> PrintReading | None:
    """Read the print of a page whose symbol said nothing; None if no tables are on it."""
    full, half = page.full, page.half
    if full is None or half is None:
        return None
    image, scale = _handy(full, half)
    placement = place(image, scale, model.form, model.reference)
    if placement is None:
        return None
    scores = score_rows(full, placement, model)
    notes = tuple(_voters_differ(scores, model.form))
    return PrintReading(decide(scores, model.form), placement, notes)


def _handy(full: Grey, half: Grey) -> tuple[Grey, float]:
    """The smaller image that is still sharp enough, and its scale."""
    return (half, 0.5) if max(half.shape) >= _ENOUGH * _FULL_SHEET else (full, 1.0)


def _findings(rows: Sequence[RowCheck]) -> list[Finding]:
    votes = [row for row in rows if row.counts == "votes" and row.mismatch]
    # Rules touch the totals' digits: only both columns together say that a total is another.
    totals = [row for row in rows if row.counts != "votes" and row.differs]
    found = []
    if votes:
        found.append(Finding("print-differs", _listed(votes)))
    if totals:
        found.append(Finding("print-totals", _listed(totals)))
    return found


def _voters_differ(scores: RowScores, form: Form) -> list[Finding]:
    """Whether machine and book count other voters, each alike in digits and words."""
    read = {
        row.counts: {int(table[place].argmax()) for table in (scores.digits, scores.words)}
        for place, row in enumerate(form.rows)
        if row.counts in ("machine", "book")
    }
    machine, book = read.get("machine", set()), read.get("book", set())
    if len(machine) != 1 or len(book) != 1 or machine == book:
        return []
    return [Finding("voters-differ", f"machine {min(machine)}, book {min(book)}")]


def _listed(rows: Sequence[RowCheck]) -> str:
    shown = "; ".join(row.sentence for row in rows[:_SHOWN])
    more = len(rows) - _SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown


def _proves(rows: Sequence[RowCheck]) -> bool:
    """Every row of the ballot agrees in digits or words, and so does every kind of total."""
    agree = {row.counts for row in rows if row.counts != "votes" and row.shows}
    totals = {row.counts for row in rows if row.counts != "votes"}
    return all(row.agrees for row in rows if row.counts == "votes") and agree == totals
