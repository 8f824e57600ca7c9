"""The cell of compose.scale.yaml: three nodes of Galera, of which one is killed, and two storers that share.

Its reader has a seventh meter, with numbered frames.
"""

import re
from collections.abc import Iterator

import pytest

from tests.compose.stack import Stack, gateway
from tests.support.counted import WITHIN, CountedMeter
from tests.support.meters import Meter
from tests.support.programs import wait_until

NODES = ("mariadb", "mariadb-2", "mariadb-3")
STORERS = ("main", "second")
METERS = 7


class Cell(Stack):
    """The stack, with what is said of the numbered meter."""

    counted: CountedMeter


@pytest.fixture(scope="module")
def cell(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    cell = Cell(tmp_path_factory.mktemp("cell"), "cell", "compose.scale.yaml", "tests/compose/fast_cell.yaml")
    meter = Meter(10, gateway())
    cell.counted = CountedMeter(meter, cell.sql)
    ports = re.findall(r"simulate://[\w-]+", (cell.root / "compose.scale.yaml").read_text())
    ports.append(f"socket://host.docker.internal:{meter.port}")
    try:
        cell.up("--build", CELL_PORTS=f"[{', '.join(ports)}]")
        yield cell
    finally:
        cell.remove()
        meter.stop()


def rows(cell: Cell, service: str) -> dict[str, int]:
    """Return how many frames of each meter a node has."""
    return {meter: int(count) for meter, count in cell.sql("SELECT meter_id, COUNT(*) FROM frames GROUP BY 1", service)}


def stored_by(cell: Cell, storer: str) -> int:
    """Return how many frames a storer has stored, by its last health message."""
    health = cell.inside("mosquitto", f"mosquitto_sub -t teleinfo/storer/{storer}/health -C 1 -W 5", check=False)
    found = re.search(r'"stored": (\d+)', health)
    return int(found[1]) if found else 0


def wait_for_more(cell: Cell, service: str) -> None:
    """Wait until more frames of each meter are stored."""
    before = rows(cell, service)

    def stored() -> bool:
        now = rows(cell, service)
        return len(now) == METERS and all(count >= before.get(meter, 0) + 3 for meter, count in now.items())

    wait_until(stored, WITHIN, f"three more frames of each meter at {service}")


def is_synced(cell: Cell, node: str) -> bool:
    """Whether a node is in a cluster of three, and has caught up."""
    status = cell.sql("SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_local_state_comment')", node)
    return sorted(value for _, value in status) == ["3", "Synced"]


def all_is_well(cell: Cell) -> None:
    """The nodes are one cluster, and no frame is missing."""
    for node in NODES:
        wait_until(lambda node=node: is_synced(cell, node), WITHIN, f"{node} has what the others have")  # type: ignore[misc]
    for node in NODES:
        wait_for_more(cell, node)
    cell.counted.check_all_stored()


def test_a_node_is_killed_and_comes_back_and_no_frame_is_missing(cell: Cell) -> None:
    wait_for_more(cell, "mariadb")
    cell.compose("kill", "mariadb-2")
    wait_for_more(cell, "mariadb-3")
    cell.up()
    all_is_well(cell)
    wait_until(lambda: all(stored_by(cell, name) for name in STORERS), WITHIN, "each storer has stored some")


def test_all_nodes_are_killed_and_come_back_and_no_frame_is_missing(cell: Cell) -> None:
    """As in a power cut, while one of them was behind the others."""
    lock = "(echo 'FLUSH TABLES WITH READ LOCK;'; exec sleep infinity) | mariadb"
    cell.compose("exec", "--detach", "mariadb-3", "sh", "-c", lock)
    paused = "SHOW STATUS LIKE 'wsrep_local_state_comment'"
    wait_until(lambda: "Desync" in cell.sql(paused, "mariadb-3")[0][1], WITHIN, "it falls behind")
    before = rows(cell, "mariadb-3")
    wait_for_more(cell, "mariadb")
    assert rows(cell, "mariadb-3") == before
    cell.compose("kill", *NODES)
    cell.up()
    all_is_well(cell)
