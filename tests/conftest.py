"""Fixtures that most tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.election import Election, load_election

pytest_plugins = ["tests.jobs.fixtures"]  # one store for all who want it

TESTS = Path(__file__).parent
PROJECT = TESTS.parent


@pytest.fixture(scope="session")
def venezuela() -> Election:
    """The shipped definition."""
    return load_election(PROJECT / "configs" / "venezuela-2024")


@pytest.fixture(scope="session")
def tiny() -> Election:
    """An invented election that shares nothing with the shipped one."""
    return load_election(TESTS / "elections" / "tiny")


@pytest.fixture(scope="session")
def real_scans() -> Path:
    """Real scans, which are never part of the project: tests that want them skip without."""
    folder = PROJECT.parent / "shared" / "real"
    if not (folder / "truth.csv").is_file():
        pytest.skip("no real scans beside the project")
    return folder
