"""One storer and a list of hosts: whatever happens to the nodes, all is stored, once, and is the same on every node."""

from collections.abc import Iterator

import pytest

from tests.scale.cell import Cell
from tests.scale.kinds_of_death import FAULTS, survive


@pytest.fixture(scope="module")
def cell(empty_cell: Cell) -> Iterator[Cell]:
    with empty_cell.storing(1):
        yield empty_cell


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_or_doubled(cell: Cell, fault: str) -> None:
    survive(cell, fault)


def test_ids_of_meters_have_no_gaps(cell: Cell) -> None:
    """Three nodes count AUTO_INCREMENT in steps of three."""
    assert cell.ids("meters") == [1, 2, 3]
