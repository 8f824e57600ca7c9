"""Deliveries with and without storers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.delivery.deliveries import STARTED, Reader


@pytest.fixture(autouse=True)
def files_are_closed() -> Iterator[None]:
    """Close the files of readers that a test has left running."""
    yield
    while STARTED:
        STARTED.pop().kill()


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader with a broker and no storer yet."""
    return Reader(tmp_path)


@pytest.fixture
def served(reader: Reader) -> Reader:
    """A reader whose storer is online."""
    reader.status("main")
    return reader
