"""Two storers that share the frames: whatever happens to the nodes or to one of them, all is stored, once."""

from collections.abc import Iterator

import pytest

from tests.scale.cell import Cell
from tests.scale.kinds_of_death import FAULTS, survive


@pytest.fixture(scope="module")
def cell(empty_cell: Cell) -> Iterator[Cell]:
    with empty_cell.storing(2, share="cell"):
        yield empty_cell


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_or_doubled(cell: Cell, fault: str) -> None:
    survive(cell, fault)


def test_a_storer_that_is_killed_holds_nothing_back(cell: Cell) -> None:
    _, second = cell.storers
    second.kill()
    cell.storers.remove(second)
    cell.wait_for_frames_of_now()
    cell.nothing_is_lost_or_doubled()
    cell.storers.append(second.start())
    cell.wait_for_frames_of_now()
    cell.nothing_is_lost_or_doubled()
