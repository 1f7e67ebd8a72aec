"""What may be shown of a scan."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.election import Election
from pipeline.publish.evidence import masked_png
from pipeline.read.members import MaskError
from tests.read.printed import invented


def test_a_masked_sheet_shows_its_numbers_and_no_member(venezuela: Election) -> None:
    drawn = invented.draw(venezuela, invented.content(venezuela))
    png = cv2.imencode(".png", drawn.image)[1].tobytes()
    shown = cv2.imdecode(
        np.frombuffer(masked_png(png, venezuela.rules), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    assert shown is not None
    assert shown.shape == drawn.image.shape
    assert drawn.members_corners is not None
    block = np.zeros(shown.shape, np.uint8)
    cv2.fillPoly(block, [np.rint(drawn.members_corners).astype(np.int32)], 255)
    assert len(np.unique(shown[block > 0])) == 1
    top = int(drawn.members_corners[:, 1].min()) - 200
    assert np.array_equal(shown[:top], drawn.image[:top])


def test_what_is_no_sheet_is_refused(venezuela: Election) -> None:
    blank = cv2.imencode(".png", np.full((3000, 600), 240, np.uint8))[1].tobytes()
    with pytest.raises(MaskError):
        masked_png(blank, venezuela.rules)
    with pytest.raises(MaskError):
        masked_png(b"nothing", venezuela.rules)
