"""The programs between two clusters that others built: RabbitMQ, of one node and of three, and Galera of three."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.rabbitmq import RabbitMq, RabbitMqCluster, missing
from tests.faults.test_rabbitmq import WITHIN, House
from tests.scale.cell import Cell
from tests.scale.kinds_of_death import HUNG
from tests.support.programs import wait_until
from tests.support.servers import Database

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"not installed: {missing()}")


class ClusterHouse(House):
    """Its storer knows all nodes of the database; with several brokers, reader and storer begin at different ones."""

    def __init__(self, brokers: list[RabbitMq], cell: Cell, folder: Path) -> None:
        super().__init__(brokers[0], cell.rig.database, folder)
        self.node: Database = cell.cluster.nodes[1]
        self.storer.settings["database"]["host"] = list(cell.cluster.hosts)
        hosts = [broker.host for broker in brokers]
        self.reader.settings["mqtt"]["host"] = hosts
        self.storer.settings["mqtt"]["host"] = [*hosts[1:], hosts[0]]
        self._began = _now()

    def stored(self, until: str = "9999-01-01") -> int:
        # The meters of the cell come by another broker, and have no storer.
        when = f"timestamp BETWEEN '{self._began}' AND '{until}'"
        return int(self.node.sql(f"SELECT COUNT(*) FROM {self.node.name}.frames WHERE {when}"))

    def begin(self) -> None:
        self.storer.start()
        self.storer.wait_for_log("Connected to the broker", within=WITHIN)
        self.reader.start()
        self.wait_for_more()

    def nothing_is_lost_or_doubled(self) -> None:
        """Stop the reader: each frame that it has made is stored, once."""
        assert self.reader.stop() == 0
        made, stopped = self.made(), _now()
        self.reader.start()  # what was not confirmed is sent again
        wait_until(lambda: self.stored(stopped) >= made, WITHIN, "all are stored", [self.reader, self.storer])
        assert self.stored(stopped) == made, "one row for each frame"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"


def test_no_frame_is_lost_or_doubled_when_broker_and_node_are_killed(empty_cell: Cell, tmp_path: Path) -> None:
    first = empty_cell.cluster.nodes[0]
    with RabbitMq(tmp_path / "rabbitmq") as broker:
        broker.set_up()
        house = ClusterHouse([broker], empty_cell, tmp_path)
        with house.reader, house.storer:
            house.begin()
            first.kill()
            house.wait_for_more()
            broker.kill()
            broker.start()
            house.wait_for_more()
            empty_cell.cluster.rejoin(first)
            house.nothing_is_lost_or_doubled()


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMqCluster]:
    with RabbitMqCluster(tmp_path_factory.mktemp("rabbitmq")) as cluster:
        yield cluster


def killed(number: int) -> Callable[[RabbitMqCluster, House], None]:
    """One node dies; the programs go on with the others."""

    def fail(brokers: RabbitMqCluster, house: House) -> None:
        brokers.nodes[number].kill()
        house.wait_for_more()
        brokers.nodes[number].start()

    return fail


def hung(brokers: RabbitMqCluster, house: House) -> None:
    """The node of the storer hangs: the storer's connection stays open, and nothing comes by it."""
    brokers.nodes[1].pause()
    house.wait_for_more()
    time.sleep(HUNG)  # it hangs on
    brokers.nodes[1].resume()


def two_killed(brokers: RabbitMqCluster, _: House) -> None:
    """The third accepts nothing: it has no majority."""
    for node in brokers.nodes[:2]:
        node.kill()
    wait_until(lambda: not brokers.nodes[2].is_ready(), WITHIN, "the third accepts no connections")
    for node in brokers.nodes[:2]:
        node.launch()
    for node in brokers.nodes:
        node.wait_until_ready()


def restarted_in_turn(brokers: RabbitMqCluster, house: House) -> None:
    """Each retains what the storer has published there: to the reader, that it is offline."""
    for node in brokers.nodes:
        node.restart()
        brokers.wait_complete()
        house.wait_for_more()


@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(killed(0), id="the reader's node is killed"),
        pytest.param(killed(1), id="the storer's node is killed"),
        pytest.param(killed(2), id="another node is killed"),
        pytest.param(hung, id="the storer's node hangs"),
        pytest.param(restarted_in_turn, id="all are restarted in turn"),
        pytest.param(two_killed, id="two of three are dead and come back"),
    ],
)
def test_no_frame_is_lost_or_doubled_whatever_happens_to_nodes_of_the_broker(
    fail: Callable[[RabbitMqCluster, House], None], brokers: RabbitMqCluster, empty_cell: Cell, tmp_path: Path
) -> None:
    house = ClusterHouse(brokers.nodes, empty_cell, tmp_path)
    with house.reader, house.storer:
        house.begin()
        fail(brokers, house)
        brokers.wait_complete()
        house.wait_for_more()
        house.nothing_is_lost_or_doubled()
