"""One drawn sheet serves many tests: drawing costs more than reading."""

from __future__ import annotations

import pytest

from pipeline.election import Election
from pipeline.read.printed.model import PrintModel
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed import invented


@pytest.fixture(scope="session")
def printed(venezuela: Election) -> PrintModel:
    """The shipped election's model."""
    return invented.model(venezuela)


@pytest.fixture(scope="session")
def clean(venezuela: Election) -> DrawnSheet:
    """A sheet as it left the printer."""
    return invented.draw(venezuela, invented.content(venezuela), scanned=False)


@pytest.fixture(scope="session")
def scan(venezuela: Election) -> DrawnSheet:
    """The same sheet, scanned."""
    return invented.draw(venezuela, invented.content(venezuela))
