"""Several database hosts: whichever of them works is used, at start-up and later, whatever fails at the others."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.faults.rig import Processes
from tests.support.programs import Program, wait_until
from tests.support.servers import HOST, Database, database_at

WITHIN = 180.0  # seconds, for what should take a few; what waits for the answer to a statement takes more
ANOTHER_HOST, NOWHERE = "127.0.0.2", "127.0.0.3"


class Hosts:
    """Two databases on two hosts, each with its tables, and a storer for any list of hosts."""

    def __init__(self, rig: Processes) -> None:
        self.rig = rig
        self.one = rig.database
        self.two = database_at(ANOTHER_HOST, rig.folder / "two", rig.database.port, rig.database.password)
        self.storer: Program | None = None
        self._number = 0

    def repair(self) -> None:
        """Start and repair both, with tables."""
        for database, host in ((self.one, HOST), (self.two, ANOTHER_HOST)):
            if database.process is None:
                database.start()
            database.resume()
            database.sql("SET GLOBAL read_only = 0")
            assert self.rig.command("storer", "migrate", config=self._config([host])).returncode == 0

    def start(self, *hosts: str) -> Program:
        """Start a storer with these hosts in its configuration."""
        config = self._config(hosts)
        program = Program(config.stem, "storer", "run", "--config", str(config), folder=self.rig.folder)
        self.storer = program.start()
        return self.storer

    def stop(self) -> None:
        if self.storer is not None and self.storer.running:
            self.storer.kill()

    def writes_into(self, database: Database) -> None:
        """Wait until the storer has written frames of now into this one."""
        assert self.rig.meter is not None
        assert self.storer is not None
        begun = len(self.rig.meter.sent)

        def newest() -> int:
            return int(database.sql(f"SELECT COALESCE(MAX(power), -1) FROM {database.name}.frames"))

        wait_until(lambda: newest() > begun + 3, WITHIN, f"rows in {database.folder.name}", [self.storer])

    def nothing_is_lost(self) -> None:
        """Each frame is in one of the two."""
        assert self.rig.meter is not None
        assert self.storer is not None
        sent = list(self.rig.meter.sent)[:-5]  # the last ones may still be on their way
        must = {number for number, _ in sent}

        def rows(database: Database) -> set[int]:
            return {int(line) for line in database.sql(f"SELECT power FROM {database.name}.frames").split()}

        wait_until(lambda: must <= rows(self.one) | rows(self.two), WITHIN, "everything arrives", [self.storer])

    def _config(self, hosts: Sequence[str]) -> Path:
        self._number += 1
        config = self.rig.folder / f"storer-{self._number}.yaml"
        text = self.rig.storer_config.read_text()
        assert f"host: [{HOST}]" in text
        config.write_text(text.replace(f"host: [{HOST}]", f"host: [{', '.join(hosts)}]"))
        return config


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with Processes(tmp_path_factory.mktemp("hosts"), frames_a_second=10.0) as rig:
        hosts = Hosts(rig)
        try:
            hosts.repair()
            rig.start_reader()
            yield hosts
        finally:
            hosts.two.stop()


@pytest.fixture
def hosts(both: Hosts) -> Iterator[Hosts]:
    both.repair()
    yield both
    both.stop()


def dead(database: Database) -> None:
    database.kill()


def hung(database: Database) -> None:
    database.pause()


def read_only(database: Database) -> None:
    """As a cluster node that has lost the others: it accepts connections, and rejects writes."""
    database.sql("SET GLOBAL read_only = 1")


@pytest.mark.parametrize(
    ("order", "fail"),
    [
        pytest.param((HOST, ANOTHER_HOST), dead, id="the first is dead"),
        pytest.param((NOWHERE, HOST, ANOTHER_HOST), dead, id="two of three are dead"),
        pytest.param((HOST, ANOTHER_HOST), hung, id="the first hangs"),
        pytest.param((HOST, ANOTHER_HOST), read_only, id="the first is read-only"),
    ],
)
@pytest.mark.parametrize("running", [False, True], ids=["at the start", "while it runs"])
def test_a_storer_uses_the_host_that_works(
    hosts: Hosts, order: Sequence[str], fail: Callable[[Database], None], running: bool
) -> None:
    if running:
        hosts.start(*order)
        hosts.writes_into(hosts.one)
    fail(hosts.one)
    if not running:
        hosts.start(*order)
    hosts.writes_into(hosts.two)
    hosts.repair()
    hosts.nothing_is_lost()


def test_a_storer_passes_by_a_host_that_hangs_when_its_own_comes_back(hosts: Hosts) -> None:
    """The other node hangs: it accepts the connection and never answers."""
    hosts.start(HOST, ANOTHER_HOST)
    hosts.writes_into(hosts.one)
    hosts.two.pause()
    hosts.one.restart()
    hosts.writes_into(hosts.one)
    hosts.repair()
    hosts.nothing_is_lost()
