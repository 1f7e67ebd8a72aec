"""Which pixels of an invented scan hold what its members left, and which of them were published."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.election import Election
from pipeline.publish.evidence.crop import view_sheet
from pipeline.publish.evidence.find import find
from pipeline.read.members.paint import PAINT
from pipeline.synthetic import sheet as drawing
from pipeline.synthetic.drawn import DrawnSheet
from pipeline.synthetic.people import fill_members
from tests.read.printed import invented

Grey = NDArray[np.uint8]
_INK = 40
"""Levels by which a mark darkens a pixel; less is noise of the scanner."""
_SOFT = 6
"""Levels that compression may change what was painted over."""


@dataclass(frozen=True)
class Marked:
    """A scan and the pixels (True) that names, ID numbers, signatures, thumbs and stamps of its
    members darkened, wherever they lie."""

    drawn: DrawnSheet
    marks: NDArray[np.bool_]


def draw_marked(election: Election, seed: int) -> Marked:
    """A sheet as a scanner sees it, and its marks: what differs from the same sheet without any."""
    content = invented.content(election, seed)
    drawn = invented.draw(election, content, seed=seed)

    def leave_blank(canvas: object, *place: object) -> object:
        return fill_members(copy.deepcopy(canvas), *place)  # type: ignore[arg-type]

    with mock.patch.object(drawing, "fill_members", leave_blank):
        blank = invented.draw(election, content, seed=seed)
    assert blank.image.shape == drawn.image.shape
    darker = blank.image.astype(np.int16) - drawn.image.astype(np.int16)
    return Marked(drawn, darker > _INK)


def published_marks(
    scan: Grey, marks: NDArray[np.bool_], published: Path, election: Election
) -> int:
    """How many pixels of marks are not painted over in the image that was published of a scan.

    Pixels of marks that were cut off are none.
    """
    shown = cv2.imread(str(published), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    view = view_sheet(find(invented.as_page(scan), election.rules))
    ys, xs = np.nonzero(marks)
    places = np.rint(view.to_shown(np.stack([xs, ys], axis=1).astype(np.float64))).astype(int)
    inside = ((places >= 0) & (places < shown.shape[::-1])).all(axis=1)
    assert inside.mean() > 0.9  # the places are this image's
    columns, rows = places[inside].T
    return int((np.abs(shown[rows, columns].astype(int) - PAINT) > _SOFT).sum())
