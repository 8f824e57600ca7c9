"""The programs on a cluster of RabbitMQ of three, of which the node of the storer is killed."""

from pathlib import Path

import pytest

from tests.faults.rabbitmq import RabbitMqCluster, missing
from tests.faults.test_rabbitmq import WITHIN, House
from tests.support.programs import wait_until
from tests.support.servers import Database

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"not installed: {missing()}")


def test_no_frame_is_lost_or_doubled_when_the_node_of_the_storer_is_killed(tmp_path: Path) -> None:
    with RabbitMqCluster(tmp_path / "rabbitmq") as brokers, Database(tmp_path / "database") as database:
        house = House(brokers.nodes[0], database, tmp_path)
        house.reader.settings["mqtt"]["host"] = [*brokers.hosts]
        house.storer.settings["mqtt"]["host"] = [*brokers.hosts[1:], brokers.hosts[0]]
        with house.reader, house.storer:
            house.storer.start()
            house.storer.wait_for_log("Connected to the broker", within=WITHIN)
            house.reader.start()
            house.wait_for_more()
            brokers.nodes[1].kill()
            house.wait_for_more()
            brokers.nodes[1].start()
            brokers.wait_complete()
            house.wait_for_more()
            assert house.reader.stop() == 0
            made = house.made()
            house.reader.settings["port"] = "/dev/there-is-no-such-port"  # what was not confirmed is sent again
            house.reader.start()
            wait_until(lambda: house.stored() >= made, WITHIN, "all are stored", [house.reader, house.storer])
            assert house.stored() == made, "one row for each frame"
