"""The cell that all these tests share; each file brings its storers."""

from collections.abc import Iterator

import pytest

from tests.faults.galera import missing
from tests.scale.cell import Cell


@pytest.fixture(scope="session")
def empty_cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """Meters, a reader, a broker, and three nodes of Galera; no storer."""
    lacking = missing()
    if lacking is not None:
        pytest.skip(f"not installed: {lacking}")
    with Cell(tmp_path_factory.mktemp("cell")) as cell:
        yield cell
