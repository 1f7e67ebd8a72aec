"""Invented sheets for the print: drawn whole, and score tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.election import ActaCodeFormat, Election
from pipeline.layout import Layout, load_layout
from pipeline.read.image import Limits, Page
from pipeline.read.printed.digits import LARGEST
from pipeline.read.printed.form import BallotLine, Form
from pipeline.read.printed.model import PrintModel, model_of
from pipeline.read.printed.rows import RowScores
from pipeline.read.record import PageReading
from pipeline.read.sheet import Way
from pipeline.read.sheet import read_scan as read_bytes
from pipeline.synthetic.content import BallotRow, SheetData
from pipeline.synthetic.details import sheet_data
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.paper import scan_look
from pipeline.synthetic.sheet import draw_sheet
from pipeline.synthetic.votes import MesaVotes, invent

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
VOTES = (149, 8, 6, 3, 10, 1, 0, 5, 11, 0, 0, 2, 0, 4, 0, 7, 0, 9, 0, 12,
         0, 1, 21, 0, 3, 0, 0, 66, 0, 2, 0, 0, 1, 5, 38, 388, 1, 27)  # fmt: skip
NULL, EMPTY = 14, 3
VALID = sum(VOTES)
FITS, MISFITS = 0.9, 0.2
"""Scores of a number that stands in a made-up cell, and of all others."""


def layout_of(election: Election) -> Layout:
    """The layout of an election that has one."""
    assert election.layout_file is not None
    return load_layout(election.layout_file)


@lru_cache(maxsize=2)
def _model(layout: Layout, ballot: tuple[BallotLine, ...], acta_code: ActaCodeFormat) -> PrintModel:
    return model_of(layout, ballot, acta_code)


def model(election: Election) -> PrintModel:
    """The model that the product itself uses, drawn once."""
    ballot = tuple(BallotLine(p.candidate_name, p.party, p.party_code) for p in election.positions)
    return _model(layout_of(election), ballot, election.rules.acta_code)


def mesa(election: Election, seed: int = 3) -> MesaVotes:
    """A mesa with `VOTES`."""
    (found,) = invent(election, 1, seed)
    return replace(found, registered=1400, votes=VOTES, null_votes=NULL, empty_votes=EMPTY)


def content(election: Election, seed: int = 3) -> SheetData:
    """What the sheet of that mesa says."""
    data = sheet_data(mesa(election, seed), election, np.random.default_rng([seed, 2]))
    return replace(data, voters_book=VALID + NULL + EMPTY)


def draw(
    election: Election,
    data: SheetData,
    *,
    scanned: bool = True,
    dpi: int = 200,
    seed: int = 3,
    positions: int | None = None,
) -> DrawnSheet:
    """The sheet, as a scanner sees it or as it was printed; with fewer `positions`, another's."""
    rng = np.random.default_rng([seed, 7])
    ballot = [BallotRow(p.candidate_name, p.party, p.party_code) for p in election.positions]
    drawn = draw_sheet(data, ballot[:positions], layout_of(election), rng, dpi=dpi)
    return scan_look(drawn, rng, dpi=dpi) if scanned else drawn


def as_page(image: Grey) -> Page:
    """An image that was decoded already."""
    ready = np.ascontiguousarray(image)
    return Page(1, "png", ready.shape[1], ready.shape[0], b"", ready)


def read(image: Grey, election: Election, *, check_print: bool = True) -> PageReading:
    """The one reading of an image, as a file with nothing lost."""
    content = cv2.imencode(".png", np.ascontiguousarray(image), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    (reading,) = read_bytes(
        content[1].tobytes(), election.rules, Limits(), Way(check_print=check_print)
    )
    return reading


def true_numbers(form: Form, votes: tuple[int, ...] = VOTES) -> list[int]:
    """What every row of the form shows on a sound sheet."""
    valid = sum(votes)
    cast = valid + NULL + EMPTY
    known = {"machine": cast, "book": cast, "all": cast, "valid": valid, "none": 0}
    known |= {"null": NULL, "empty": EMPTY}
    ballot = iter(votes)
    return [next(ballot) if row.counts == "votes" else known[row.counts] for row in form.rows]


def scores(
    printed: PrintModel, digits: list[int], words: list[int], codes: Floats | None = None
) -> RowScores:
    """Score tables of a sheet on which these numbers stand clearly."""
    rows = printed.form.votes.stop - printed.form.votes.start
    fits = np.full(rows, 0.4) if codes is None else codes.astype(np.float64)
    return RowScores(_table(digits), _table(words), fits, printed.digits, printed.words)


def _table(numbers: list[int]) -> Floats:
    table = np.full((len(numbers), LARGEST + 1), MISFITS, np.float32)
    table[np.arange(len(numbers)), numbers] = FITS
    return table
