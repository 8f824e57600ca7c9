"""Two storers that both store everything, on two nodes: their conflicts cost no row."""

from collections.abc import Iterator

import pytest

from tests.scale.cell import WITHIN, Cell
from tests.scale.kinds_of_death import survive
from tests.support.programs import wait_until


@pytest.fixture(scope="module")
def cell(empty_cell: Cell) -> Iterator[Cell]:
    with empty_cell.storing(2, wait="1s"):
        yield empty_cell


# Before the faults: after them both may be at one node.
def test_each_transaction_that_loses_a_conflict_is_tried_again_with_all_its_rows(cell: Cell) -> None:
    before = cell.conflicts()
    wait_until(lambda: cell.conflicts() >= before + 3, WITHIN, "transactions that lose", cell.storers)
    cell.nothing_is_lost_or_doubled()
    assert cell.rig.sql("SELECT COUNT(*) FROM rejected_messages") == [["0"]]


@pytest.mark.parametrize("fault", ["the first is killed", "two of three are dead and come back"])
def test_nothing_is_lost_or_doubled(cell: Cell, fault: str) -> None:
    survive(cell, fault)
