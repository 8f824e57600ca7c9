"""Two storers that share the frames, on a Galera cluster of three of which one node is killed."""

import contextlib
from pathlib import Path

import pytest

from tests.faults.galera import ANOTHER_HOST, THIRD_HOST, Cluster, missing
from tests.faults.rig import Processes
from tests.support.programs import Service, wait_until
from tests.support.servers import HOST, Database

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"not installed: {missing()}")
WITHIN = 180.0  # seconds, for what should take a few; frames that a fault hid are sent again after 30
LATEST = 5  # frames of each meter that may still be on their way to the reader


class Cell:
    """Meters, a reader, a broker and a cluster, each a process; the storers come with `start`."""

    def __init__(self, rig: Processes, cluster: Cluster) -> None:
        self.rig, self.cluster = rig, cluster
        self.storers: list[Service] = []

    def start(self) -> None:
        """Start two storers at once; the list of hosts of each begins with another node."""
        access, hosts = self.rig.database, self.cluster.hosts
        for first in range(2):
            name = f"storer-{first + 1}"
            settings = {
                "name": name,
                "mqtt": {"host": HOST, "port": self.rig.broker.port, "share": "cell"},
                "database": {
                    "host": [*hosts[first:], *hosts[:first]],
                    "port": access.port,
                    "user": access.user,
                    "name": access.name,
                    "password": access.password,
                },
            }
            self.storers.append(Service("storer", self.rig.folder, settings, name=name).start())
        wait_until(lambda: self.rig.sql("SHOW TABLES LIKE 'frames'") != [], WITHIN, "there are tables", self.storers)

    def wait_for_frames_of_now(self, node: Database) -> None:
        """Wait until what is sent from now on is stored at a node."""
        begun = {meter.address: len(meter.sent) + LATEST for meter in self.rig.meters}

        def stored() -> bool:
            query = "SELECT identifier, MAX(power) FROM frames JOIN meters ON id = meter_id GROUP BY 1"
            found = dict(line.split("\t") for line in node.sql(f"USE {node.name}; {query}").splitlines())
            return all(int(found.get(address, -1)) > first for address, first in begun.items())

        wait_until(stored, WITHIN, "frames of now are stored", self.storers)

    def all_that_was_sent_is_stored_once_on_each_node(self) -> None:
        must = {(meter.address, number) for meter in self.rig.meters for number, _ in meter.sent[:-LATEST]}
        assert must
        wait_until(lambda: must <= self.rig.numbered().keys(), WITHIN, "everything is stored", self.storers)
        assert [frame for frame, count in self.rig.numbered().items() if count > 1] == []
        self.cluster.wait_synced()
        last = min(max(number for at, number in must if at == meter.address) for meter in self.rig.meters)
        # Later frames may arrive while one node after the other is asked.
        query = f"SET wsrep_sync_wait = 1; SELECT * FROM frames WHERE power <= {last} ORDER BY 1, 2"
        tables = [node.sql(f"USE {node.name}; {query}").splitlines() for node in self.cluster.nodes]
        assert len(tables[0]) == len([number for _, number in must if number <= last])
        assert [table for table in tables if table != tables[0]] == []


def test_two_storers_that_share_lose_and_double_nothing_when_a_node_is_killed(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        rig = stack.enter_context(Processes(tmp_path, meters=3, frames_a_second=10.0))
        cluster = stack.enter_context(Cluster(rig.database, tmp_path, (ANOTHER_HOST, THIRD_HOST)))
        rig.start_reader()
        cell = Cell(rig, cluster)
        stack.callback(lambda: [storer.stop() for storer in cell.storers])
        cell.start()
        first, second, _ = cluster.nodes
        cell.wait_for_frames_of_now(first)
        first.kill()
        cell.wait_for_frames_of_now(second)
        cluster.rejoin(first)
        cell.wait_for_frames_of_now(first)
        cell.all_that_was_sent_is_stored_once_on_each_node()
