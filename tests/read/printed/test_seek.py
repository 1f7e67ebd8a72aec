"""Sheets without a symbol are found and read where light, table and feeder are no scanner's."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.election import Election
from pipeline.read.printed import seek
from pipeline.read.printed.decide import Verdict
from pipeline.read.printed.model import PrintModel
from pipeline.read.printed.reader import read_print
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed.invented import EMPTY, NULL, VOTES, Grey, as_page, content, draw


def on_table(image: Grey, tone: int, degrees: float = 1.5) -> Grey:
    """The sheet, leaning, on a table that is seen at all its sides."""
    high, wide = image.shape
    margin = 120
    size = (wide + 2 * margin, high + 2 * margin)
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1.0) + [[0, 0, margin]] * 2
    noise = np.random.default_rng(4).normal(0, 3, size[::-1])
    laid = cv2.warpAffine(image, turn, size, borderValue=(tone,))
    return np.clip(laid + noise, 0, 255).astype(np.uint8)


def stretched(image: Grey, factor: float) -> Grey:
    """A feeder that drew the sheet at another speed than it scanned."""
    return np.asarray(cv2.resize(image, None, fx=1.0, fy=factor), np.uint8)


def in_poor_light(image: Grey, share: float) -> Grey:
    """A dim picture: its paper is as dark as a table in good light."""
    return np.round(image * share).astype(np.uint8)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(lambda image: on_table(image, 60), id="dark table"),
        pytest.param(lambda image: on_table(image, 130, -2.0), id="grey table"),
        pytest.param(lambda image: stretched(image, 1.045), id="stretched"),
        pytest.param(lambda image: stretched(image, 0.955), id="shortened"),
        pytest.param(lambda image: in_poor_light(image, 0.25), id="dim"),
    ],
)
def test_a_sheet_is_proven_by_its_print_in_any_of_these_views(
    scan: DrawnSheet, printed: PrintModel, view: Callable[[Grey], Grey]
) -> None:
    assert scan.symbol_corners is not None
    high = int(scan.symbol_corners[:, 1].min()) - 40  # no symbol tells where the form lies
    found = read_print(as_page(view(scan.image[:high])), printed)
    assert found is not None
    assert found.placement.score > 0.5
    assert found.decision.verdict in (Verdict.PROVEN, Verdict.BY_SUM)
    assert found.decision.votes == VOTES
    assert (found.decision.null_votes, found.decision.empty_votes) == (NULL, EMPTY)


@pytest.mark.parametrize("seed", range(4))
def test_a_sheet_that_lies_upside_down_is_no_likely_one_until_it_is_turned(
    venezuela: Election, printed: PrintModel, seed: int
) -> None:
    sheet = draw(venezuela, content(venezuela, seed), seed=seed)
    assert sheet.symbol_corners is not None
    image = sheet.image[: int(sheet.symbol_corners[:, 1].min()) - 40]
    small = cv2.resize(image[::-1, ::-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    places = seek._upright(np.asarray(small, np.uint8), printed.reference)
    assert max(score for score, _ in places) < seek._CERTAIN
    found = read_print(as_page(image[::-1, ::-1]), printed)
    assert found is not None
    assert found.decision.proven
