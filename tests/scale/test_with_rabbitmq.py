"""The programs between two clusters that others built: RabbitMQ, of one node here, and Galera of three."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers import Database
from tests.faults.rabbitmq import RabbitMq, missing
from tests.faults.test_rabbitmq import WITHIN, House
from tests.scale.cell import Cell
from tests.support.meters import ADDRESSES
from tests.support.programs import wait_until

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"not installed: {missing()}")


class ClusterHouse(House):
    """Its storer knows all nodes."""

    def __init__(self, broker: RabbitMq, cell: Cell, folder: Path) -> None:
        super().__init__(broker, cell.rig.database, folder)
        self.node: Database = cell.cluster.nodes[1]
        self.storer.settings["database"]["host"] = list(cell.cluster.hosts)

    def stored(self) -> int:
        others = f"identifier NOT IN {ADDRESSES}"  # the meters of the cell come by another broker
        query = f"SELECT COUNT(*) FROM frames JOIN meters ON id = meter_id WHERE {others}"
        return int(self.node.sql(f"USE {self.node.name}; {query}"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with RabbitMq(tmp_path_factory.mktemp("rabbitmq")) as broker:
        broker.set_up()
        yield broker


def test_no_frame_is_lost_or_doubled_when_broker_and_node_are_killed(
    broker: RabbitMq, empty_cell: Cell, tmp_path: Path
) -> None:
    house = ClusterHouse(broker, empty_cell, tmp_path)
    first = empty_cell.cluster.nodes[0]
    with house.reader, house.storer:
        house.storer.start()
        house.storer.wait_for_log("Connected to the broker", within=WITHIN)
        house.reader.start()
        house.wait_for_more()
        first.kill()
        house.wait_for_more()
        broker.kill()
        broker.start()
        house.wait_for_more()
        empty_cell.cluster.rejoin(first)
        assert house.reader.stop() == 0
        made = house.made()
        house.reader.settings["port"] = "/dev/there-is-no-such-port"  # what was not confirmed is sent again
        house.reader.start()
        wait_until(lambda: house.stored() >= made, WITHIN, "all are stored", [house.reader, house.storer])
        assert house.stored() == made, "one row for each frame"
