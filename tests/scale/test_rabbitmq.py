"""The programs on RabbitMQ, alone and as a cluster.

Its settings and rules are those of docs/brokers.md.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reader.buffer.journal import Journal
from tests.scale.rabbitmq import PASSWORD, RabbitMq, RabbitMqCluster, missing
from tests.support.programs import Service, run_command, wait_until
from tests.support.servers import Database

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"not installed: {missing()}")
WITHIN = 180.0  # seconds, for what should take a few; frames that a fault hid are sent again after 30
KIND = "standard-single-phase-tempo"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with RabbitMq(tmp_path_factory.mktemp("rabbitmq")) as broker:
        broker.set_up()
        yield broker


class House:
    """A reader, a storer and a database on this broker."""

    def __init__(self, broker: RabbitMq, database: Database, folder: Path) -> None:
        self.broker, self.database, self.folder = broker, database, folder
        self.reader = Service("reader", folder, self._reader(folder))
        server = {"host": database.host, "port": database.port, "user": database.user, "password": database.password}
        storer = {"name": "main", "mqtt": self._account("storer"), "database": {**server, "name": database.name}}
        self.storer = Service("storer", folder, storer)

    def _account(self, user: str) -> dict[str, Any]:
        return {"host": self.broker.host, "port": self.broker.port, "username": user, "password": PASSWORD}

    def _reader(self, folder: Path) -> dict[str, Any]:
        return {
            "name": "cellar",
            "port": f"simulate://{KIND}?speed=10",
            "mqtt": self._account("reader"),
            "spool": {"journal": str(folder / "journal"), "path": str(folder / "spool")},
            "clock": {"patience": "0s"},
        }

    def stored(self) -> int:
        return int(self.database.sql(f"SELECT COUNT(*) FROM {self.database.name}.frames"))

    def made(self) -> int:
        """Return how many frames the reader, which is stopped, has decoded: its journal counts them."""
        journal = Journal(self.folder / "journal", "cellar")
        journal.open()
        try:
            return sum(frames for _, frames in journal.counts.values())
        finally:
            journal.close()

    def wait_for_more(self, frames: int = 20) -> None:
        before = self.stored()
        wait_until(lambda: self.stored() >= before + frames, WITHIN, "frames are stored", [self.reader, self.storer])

    def has_a_row_for_each_frame(self) -> None:
        assert self.reader.stop() == 0
        made = self.made()
        assert made > 60
        self.reader.settings["port"] = "/dev/there-is-no-such-port"  # what was not confirmed is sent again
        self.reader.start()
        wait_until(lambda: self.stored() >= made, WITHIN, "all are stored", [self.reader, self.storer])
        assert self.stored() == made


@pytest.fixture
def house(broker: RabbitMq, tmp_path: Path) -> Iterator[House]:
    with Database(tmp_path / "database") as database:
        house = House(broker, database, tmp_path)
        with house.reader, house.storer:
            yield house


def test_no_frame_is_lost_or_doubled_whatever_is_killed(house: House) -> None:
    house.storer.start()
    house.storer.wait_for_log("Connected to the broker")
    house.reader.start()  # after the storer: its retained status is not sent to a filter with a wildcard
    house.reader.wait_for_log("Storer main is online: it confirms frames", within=WITHIN)
    house.wait_for_more()
    for program, arguments in (("reader", ("--seconds", "4")), ("storer", ())):
        config = getattr(house, program).config
        done = run_command(program, "check", "--config", config, *arguments)
        assert "No problems found" in done.stdout, done.stdout + done.stderr

    house.reader.kill()
    house.reader.start()
    house.wait_for_more()
    # Known from the run before, so by an exact filter.
    wait_until(lambda: len(house.reader.lines("Storer main is online")) == 2, WITHIN, "it is known", [house.reader])
    house.storer.kill()
    house.storer.start()
    house.wait_for_more()
    house.broker.kill()
    house.broker.start()
    house.wait_for_more()

    house.has_a_row_for_each_frame()


def test_what_its_rules_forbid_is_named(house: House) -> None:
    house.reader.settings["mqtt"]["username"] = "storer"  # may not publish frames
    house.reader.start()
    house.reader.wait_for_log("closes the connection .* each time after a message on teleinfo/", within=WITHIN)


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
            house.has_a_row_for_each_frame()
