"""What can happen to the nodes of a cluster: each fault begins and ends, and the nodes come together again."""

import time
from collections.abc import Callable

from tests.scale.cell import WITHIN, Cell
from tests.support.programs import wait_until

HUNG = 8.0  # seconds; the others go on without a node after two to four


def killed(cell: Cell, number: int) -> None:
    node, other = cell.cluster.nodes[number], cell.cluster.nodes[number - 1]
    node.kill()
    cell.wait_for_frames_of_now(other)
    cell.cluster.rejoin(node)


def hung(cell: Cell, number: int) -> None:
    node, other = cell.cluster.nodes[number], cell.cluster.nodes[number - 1]
    node.pause()
    wait_until(lambda: cell.cluster.size(other) == 2, WITHIN, "the others go on without it")
    time.sleep(HUNG)  # it hangs on
    node.resume()


def cut_off(cell: Cell, number: int) -> None:
    """The storers reach it, the other nodes do not: it takes no statement."""
    node, other = cell.cluster.nodes[number], cell.cluster.nodes[number - 1]
    cell.cluster.cut_off(node)
    wait_until(lambda: cell.cluster.size(other) == 2, WITHIN, "the others go on without it")
    cell.wait_for_frames_of_now(other)
    cell.cluster.cut_off(node, healed=True)


def two_killed(cell: Cell, number: int) -> None:
    """The third stores nothing: it has no majority."""
    others = [node for node in cell.cluster.nodes if node is not cell.cluster.nodes[number]]
    for node in others:
        node.kill()
    third = cell.cluster.nodes[number]
    wait_until(lambda: cell.cluster.status("wsrep_cluster_status", third) != "Primary", WITHIN, "it is alone")
    cell.cluster.rejoin(*others)


def all_killed(cell: Cell, _: int) -> None:
    """As when one machine with all of them loses its power: they find each other again by themselves."""
    for node in cell.cluster.nodes:
        node.kill()
    cell.cluster.rejoin(*cell.cluster.nodes)


def restarted_in_turn(cell: Cell, number: int) -> None:
    for node in cell.cluster.nodes[number:] + cell.cluster.nodes[:number]:
        node.restart()
        cell.cluster.wait_synced()


#: What happens, and to which node.
FAULTS: dict[str, tuple[Callable[[Cell, int], None], int]] = {
    "the first is killed": (killed, 0),
    "the second is killed": (killed, 1),
    "the third is killed": (killed, 2),
    "the first hangs": (hung, 0),
    "the first is cut off": (cut_off, 0),
    "two of three are dead and come back": (two_killed, 1),
    "all are killed": (all_killed, 0),
    "all are restarted in turn": (restarted_in_turn, 0),
}


def survive(cell: Cell, fault: str) -> None:
    """Let a fault happen: nothing is lost or doubled, and frames are stored again."""
    fail, number = FAULTS[fault]
    fail(cell, number)
    cell.cluster.wait_synced()
    cell.wait_for_frames_of_now()
    cell.nothing_is_lost_or_doubled()
