"""Galera clusters: two storers that share, on three nodes; one storer on two, which fail one at a time."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.faults.rig import Processes
from tests.scale.galera import ANOTHER_HOST, THIRD_HOST, Cluster, missing
from tests.support.programs import Service, wait_until
from tests.support.servers import HOST, Database, InstanceError

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"not installed: {missing()}")
WITHIN = 180.0  # seconds, for what should take a few; frames that a fault hid are sent again after 30
NOWHERE = "127.0.0.4"
LATEST = 5  # frames of each meter that may still be on their way to the reader


class Cell:
    """Meters, a reader, a broker and a cluster, each a process; the storers come with `start`."""

    def __init__(self, rig: Processes, cluster: Cluster) -> None:
        self.rig, self.cluster = rig, cluster
        self.storers: list[Service] = []

    def start(self, *orders: Sequence[str]) -> None:
        """Start storers at once, each with its list of hosts; several share."""
        access = self.rig.database
        for number, hosts in enumerate(orders, 1):
            settings = {
                "name": f"storer-{number}",
                "mqtt": {"host": HOST, "port": self.rig.broker.port, **({"share": "cell"} if len(orders) > 1 else {})},
                "database": {
                    "host": list(hosts),
                    "port": access.port,
                    "user": access.user,
                    "name": access.name,
                    "password": access.password,
                },
            }
            self.storers.append(Service("storer", self.rig.folder, settings, name=f"storer-{number}").start())

    def stop(self) -> None:
        while self.storers:
            self.storers.pop().stop()

    def wait_for_frames_of_now(self, node: Database) -> None:
        """Wait until what is sent from now on is stored at a node."""
        begun = {meter.address: (meter.sent[-1][0] if meter.sent else 0) + LATEST for meter in self.rig.meters}

        def stored() -> bool:
            query = "SELECT identifier, MAX(power) FROM frames JOIN meters ON id = meter_id GROUP BY 1"
            found: dict[str, str] = {}
            with contextlib.suppress(InstanceError):  # it has no tables yet
                found = dict(line.split("\t") for line in node.sql(f"USE {node.name}; {query}").splitlines())
            return all(int(found.get(address, -1)) > first for address, first in begun.items())

        wait_until(stored, WITHIN, "frames of now are stored", self.storers)

    def all_that_was_sent_is_stored_once_on_each_node(self) -> None:
        must = {(meter.address, number) for meter in self.rig.meters for number, _ in meter.sent[:-LATEST]}
        assert must
        wait_until(lambda: must <= self.rig.counted.rows().keys(), WITHIN, "everything is stored", self.storers)
        assert [frame for frame, count in self.rig.counted.rows().items() if count > 1] == []
        self.cluster.wait_synced()
        last = min(max(number for at, number in must if at == meter.address) for meter in self.rig.meters)
        # Later frames may arrive while one node after the other is asked.
        query = f"SET wsrep_sync_wait = 1; SELECT * FROM frames WHERE power <= {last} ORDER BY 1, 2"
        tables = [node.sql(f"USE {node.name}; {query}").splitlines() for node in self.cluster.nodes]
        # The first frame of a connection, which is not counted as sent, has a row, too.
        firsts = len(tables[0]) - len([number for _, number in must if number <= last])
        assert 0 <= firsts <= len(self.rig.meters)
        assert [table for table in tables if table != tables[0]] == []


@pytest.fixture(scope="module")
def cell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """A cell on a cluster of three, or of two with an arbitrator."""
    folder = tmp_path_factory.mktemp("cell")
    with (
        Processes(folder, meters=3) as rig,
        Cluster(rig.database, folder, request.param) as cluster,
    ):
        rig.start_reader()
        cell = Cell(rig, cluster)
        yield cell
        cell.stop()


three = pytest.mark.parametrize("cell", [(ANOTHER_HOST, THIRD_HOST)], ids=["three nodes"], indirect=True)
two = pytest.mark.parametrize("cell", [(ANOTHER_HOST,)], ids=["two nodes"], indirect=True)


@three
def test_two_storers_that_share_lose_and_double_nothing_when_a_node_is_killed(cell: Cell) -> None:
    first, second, _ = cell.cluster.nodes
    one, two, three = cell.cluster.hosts
    cell.start((one, two, three), (two, three, one))
    cell.wait_for_frames_of_now(first)
    first.kill()
    cell.wait_for_frames_of_now(second)
    cell.cluster.rejoin(first)
    cell.wait_for_frames_of_now(first)
    cell.all_that_was_sent_is_stored_once_on_each_node()


def dead(node: Database) -> None:
    node.kill()


def hung(node: Database) -> None:
    node.pause()


def read_only(node: Database) -> None:
    node.sql("SET GLOBAL read_only = 1")


@two
@pytest.mark.parametrize("running", [False, True], ids=["at the start", "while it runs"])
@pytest.mark.parametrize("fail", [dead, hung, read_only])
def test_a_storer_uses_the_node_that_works(cell: Cell, fail: Callable[[Database], None], running: bool) -> None:
    first, second = cell.cluster.nodes
    order = (NOWHERE, *cell.cluster.hosts)
    if running:
        cell.start(order)
        cell.wait_for_frames_of_now(first)
    fail(first)
    if not running:
        cell.start(order)
    cell.wait_for_frames_of_now(second)
    if fail is dead:
        cell.cluster.rejoin(first)
    elif fail is hung:
        first.resume()
        cell.cluster.wait_synced()
    else:
        first.sql("SET GLOBAL read_only = 0")
    cell.all_that_was_sent_is_stored_once_on_each_node()
    cell.stop()
