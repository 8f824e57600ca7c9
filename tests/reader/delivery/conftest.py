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


@pytest.fixture
def pair(tmp_path: Path) -> Reader:
    """A reader that needs the word of two storers, of which one is online."""
    reader = Reader(tmp_path, confirmed_by=("a", "b"))
    reader.status("a")
    reader.status("b", "offline")
    return reader
