"""Deliveries with and without storers."""

from pathlib import Path

import pytest

from tests.reader.delivery.deliveries import Reader


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader with a broker and no storer yet."""
    return Reader(tmp_path)


@pytest.fixture
def served(reader: Reader) -> Reader:
    """A reader whose storer is online."""
    reader.status("main")
    return reader
