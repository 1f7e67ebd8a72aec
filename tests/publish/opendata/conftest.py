"""One publication that nobody writes to, and copies of it to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.election import Election
from tests.publish.opendata import build


@pytest.fixture(scope="session")
def election(tmp_path_factory: pytest.TempPathFactory) -> Election:
    """The invented election."""
    return build.make_election(tmp_path_factory.mktemp("invented") / "election")


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, election: Election) -> Path:
    """Its open data, as they were written."""
    folder = tmp_path_factory.mktemp("published") / "open-data"
    build.publish(folder, election, issuer="The Daily")
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A copy, to be spoiled."""
    return shutil.copytree(pristine, tmp_path / "copy")
