"""Gives the tests of requests a page for everybody, and one with a password."""

from pathlib import Path

import pytest

from tests.monitor.web.site import OPEN, Site, with_password


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, OPEN)


@pytest.fixture
def locked(tmp_path: Path) -> Site:
    return with_password(tmp_path)
