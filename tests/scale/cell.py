"""A cell: meters, a reader, a broker, storers, and a Galera cluster of three, each a process that can fail."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from tests.faults.galera import ANOTHER_HOST, THIRD_HOST, Cluster
from tests.faults.rig import Rig
from tests.support.meters import ADDRESSES
from tests.support.programs import Service, wait_until
from tests.support.servers import HOST, Broker, Database

WITHIN = 180.0  # seconds, for what should take a few; frames that a fault hid are sent again after 30
METERS = 3
LATEST = 5  # frames of each meter that may still be on their way to the reader
Identity = tuple[str, int]  # address of the meter, number of the frame


class Cell:
    """Storers come and go; reader, broker and cluster stay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rig = Rig(folder, meters=METERS, frames_a_second=10.0)
        self.cluster = Cluster(self.rig.database, folder, (ANOTHER_HOST, THIRD_HOST))
        self.storers: list[Service] = []
        self._stack = contextlib.ExitStack()

    @property
    def broker(self) -> Broker:
        return self.rig.broker

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.rig)
            stack.enter_context(self.cluster)
            self.rig.start_reader()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def storing(self, count: int, *, share: str | None = None, wait: str = "0s") -> Iterator[None]:
        """Run storers, started all at once; the list of hosts of each begins with another node."""
        database = self.rig.database
        for first in range(count):
            hosts = [*self.cluster.hosts[first:], *self.cluster.hosts[:first]]
            name = f"{share or 'all'}-{first + 1}"
            settings = {
                "name": name,
                "mqtt": {"host": HOST, "port": self.broker.port, "share": share},
                "database": {
                    "host": hosts,
                    "port": database.port,
                    "user": database.user,
                    "name": database.name,
                    "password": database.password,
                },
                "batch": {"wait": wait},
            }
            self.storers.append(Service("storer", self.folder, settings, name=name).start())
        wait_until(lambda: self.rig.sql("SHOW TABLES LIKE 'frames'") != [], WITHIN, "there are tables", self.storers)
        try:
            self.wait_for_frames_of_now()
            yield
        finally:
            for storer in self.storers:
                if storer.running:
                    storer.stop()
            self.storers = []

    def sent(self) -> set[Identity]:
        """Return what must be stored: what the meters have sent, but for the last moment."""
        return {(meter.address, number) for meter in self.rig.meters for number, _ in meter.sent[:-LATEST]}

    def wait_for_frames_of_now(self, node: Database | None = None) -> None:
        """Wait until what is sent from now on is stored at a node that is up, by default the first."""
        begun = {meter.address: len(meter.sent) + LATEST for meter in self.rig.meters}

        def stored() -> bool:
            query = "SELECT identifier, MAX(power) FROM frames JOIN meters ON id = meter_id GROUP BY 1"
            found = dict(line.split("\t") for line in self.ask(query, node).splitlines())
            return all(int(found.get(address, -1)) > first for address, first in begun.items())

        wait_until(stored, WITHIN, "frames of now are stored", self.storers)

    def nothing_is_lost_or_doubled(self) -> None:
        """All that was sent is stored, once, and each node has the same."""
        must = self.sent()
        assert must
        wait_until(lambda: must <= self.rig.numbered().keys(), WITHIN, "everything is stored", self.storers)
        doubled = [frame for frame, count in self.rig.numbered().items() if count > 1 and frame[0] in ADDRESSES]
        assert doubled == []
        self.cluster.wait_synced()
        last = min(max(number for at, number in must if at == meter.address) for meter in self.rig.meters)
        # Later frames may arrive while one node after the other is asked.
        ours = f"meter_id IN (SELECT id FROM meters WHERE identifier IN {ADDRESSES})"
        query = f"SET wsrep_sync_wait = 1; SELECT * FROM frames WHERE power <= {last} AND {ours} ORDER BY 1, 2"
        tables = [self.ask(query, node).splitlines() for node in self.cluster.nodes]
        assert len(tables[0]) == len([number for _, number in must if number <= last])
        assert [table for table in tables if table != tables[0]] == []

    def ask(self, query: str, node: Database | None = None) -> str:
        """Run SQL at a node, by default the first."""
        node = node or self.rig.database
        return node.sql(f"USE {node.name}; {query}")

    def ids(self, table: str) -> Sequence[int]:
        """Return the ids that are in use."""
        return [int(number) for (number,) in self.rig.sql(f"SELECT id FROM {table} ORDER BY 1")]
