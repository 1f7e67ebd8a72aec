"""All that reading the print needs and that no scan changes: drawn once for a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.election import ActaCodeFormat
from pipeline.layout import Layout
from pipeline.read.printed.digits import Digits, font_digits
from pipeline.read.printed.form import BallotLine, Form, build_form
from pipeline.read.printed.hash_lines import HashModel, draw_hash_model
from pipeline.read.printed.header_model import HeaderModel, draw_header_model
from pipeline.read.printed.register import COARSE, Reference, draw_reference
from pipeline.read.printed.words import Words, font_words


@dataclass(frozen=True)
class PrintModel:
    """The form, its drawing (fine, and coarse for a glance), and the templates that a sheet starts
    from."""

    form: Form
    reference: Reference
    coarse: Reference
    digits: Digits
    words: Words
    header: HeaderModel
    hash: HashModel


@lru_cache(maxsize=4)
def model_of(
    layout: Layout, ballot: tuple[BallotLine, ...], acta_code: ActaCodeFormat
) -> PrintModel:
    """The model of an election's sheets, drawn at the first call."""
    return draw_model(layout, ballot, acta_code)


def draw_model(
    layout: Layout, ballot: Sequence[BallotLine], acta_code: ActaCodeFormat
) -> PrintModel:
    """Draw everything for an election's sheets (about 0.2 s)."""
    form = build_form(layout, ballot)
    return PrintModel(
        form,
        draw_reference(form),
        draw_reference(form, COARSE),
        font_digits(layout.outlines.digits),
        font_words(
            layout.words, layout.outlines.words, layout.words_max_width, layout.words_line_pitch
        ),
        draw_header_model(form, acta_code),
        draw_hash_model(form),
    )
