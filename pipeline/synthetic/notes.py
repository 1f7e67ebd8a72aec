"""What people write and stamp outside the members' boxes: remarks, margins, an office's stamp.

The texts are invented, and say so. Most sheets carry none of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.layout import Layout
from pipeline.synthetic.canvas import Canvas
from pipeline.synthetic.drawn import Note
from pipeline.synthetic.hand import STAMP_RADIUS, stamp, write, write_upwards
from pipeline.synthetic.people import STAMP_WORDS

INVENTED_REMARKS = (
    "SIN NOVEDAD INVENTADA",
    "OBSERVACION FICTICIA",
    "UN ELECTOR SUPUESTO NO FIRMO",
    "CIERRE SIMULADO A LAS 6",
    "TODO ES ENSAYO",
)
INVENTED_MARGINS = ("COPIA FICTICIA", "NOTA DE ENSAYO", "MESA DE PRUEBA", "REVISADO EN SUEÑOS")

_REMARK_SHARE = 0.08
_MARGIN_SHARE = 0.08
_STAMP_SHARE = 0.03
Rng = np.random.Generator


@dataclass(frozen=True)
class Heights:
    """Where, in mm from the paper's top, the blocks begin beside or in which people write."""

    ballot: float
    remarks: float
    members: float


def write_notes(canvas: Canvas, layout: Layout, at: Heights, rng: Rng) -> tuple[Note, ...]:
    """Write and stamp on a drawn sheet; `rng` decides whether, what and where."""
    notes: list[Note] = []
    if rng.random() < _REMARK_SHARE:
        notes += _remarks(canvas, layout, at.remarks, rng)
    if rng.random() < _MARGIN_SHARE:
        notes.append(_margin(canvas, layout, at, rng))
    if rng.random() < _STAMP_SHARE:
        notes.append(_stamp(canvas, layout, at, rng))
    return tuple(notes)


def _remarks(canvas: Canvas, layout: Layout, top: float, rng: Rng) -> list[Note]:
    """One to three lines in the ruled space, from its second row on."""
    place = layout.remarks
    lines = min(int(rng.integers(1, 4)), place.rows - 1)
    texts = [INVENTED_REMARKS[i] for i in rng.permutation(len(INVENTED_REMARKS))[:lines]]
    return [
        Note(
            "remark",
            write(
                canvas,
                text,
                place.left + rng.uniform(1, 8),
                top + (number + 0.8) * place.row_pitch,
                rng,
            ),
        )
        for number, text in enumerate(texts, start=1)
    ]


def _margin(canvas: Canvas, layout: Layout, at: Heights, rng: Rng) -> Note:
    """A few words on the blank head of the roll, or upwards along an edge."""
    text = INVENTED_MARGINS[int(rng.integers(len(INVENTED_MARGINS)))]
    paper = layout.paper
    if rng.random() < 0.5:
        x, y = rng.uniform(3, paper.width * 0.4), rng.uniform(0.2, 0.8) * paper.top
        return Note("margin", write(canvas, text, x, y, rng))
    edge = layout.ballot_table.left - 0.8 if rng.random() < 0.5 else paper.width - 0.5
    low = rng.uniform(at.ballot + 45, at.remarks)
    return Note("margin", write_upwards(canvas, text, edge, low, rng))


def _stamp(canvas: Canvas, layout: Layout, at: Heights, rng: Rng) -> Note:
    """On the blank head, or over the remarks and the sentence below them."""
    x = rng.uniform(0.2, 0.8) * layout.paper.width
    between = (at.remarks + 3, at.members - STAMP_RADIUS - 1)
    y = rng.uniform(*between) if rng.random() < 0.5 else rng.uniform(0.3, 0.7) * layout.paper.top
    return Note("stamp", stamp(canvas, STAMP_WORDS, x, y, rng))
