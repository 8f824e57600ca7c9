"""The rows of kills for containers, with a meter of numbered frames: none is lost or stored twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.stack import SERVICES, SIMULATED, Stack, gateway
from tests.faults.counted import Counted
from tests.faults.home import Home, Row, backlog, database_away, kill, kills, stop
from tests.support.meters import Meter

SERVICE_OF = {"broker": "mosquitto", "database": "mariadb"}
PARTS = {service: part for part, service in SERVICE_OF.items()}
EVERYTHING = tuple(PARTS.get(service, service) for service in SERVICES)
ROWS = [*kills(*EVERYTHING), Row(kill, EVERYTHING, backlog), Row(stop, EVERYTHING, database_away)]


class Containers:
    """A stack as a delivery; it reads a numbered meter outside of it."""

    def __init__(self, stack: Stack, meter: Meter) -> None:
        self.stack = stack
        self.counted = Counted([meter], stack.sql)

    def start(self, *_: str) -> None:
        self.stack.up()

    def kill(self, *parts: str) -> None:
        """Kill containers; that of the reader is removed, too."""
        self.stack.compose("kill", *(SERVICE_OF.get(part, part) for part in parts))
        if "reader" in parts:
            self.stack.compose("rm", "--force", "reader")

    def stop(self, *parts: str) -> None:
        """Stop containers; if that is most of them, all are removed, as with `down`."""
        if len(parts) > 2:
            self.stack.compose("down")
        else:
            self.stack.compose("stop", *(SERVICE_OF.get(part, part) for part in parts))


@pytest.fixture(scope="module")
def home(stack: Stack) -> Iterator[Home]:
    meter = Meter(10, gateway())
    stack.up(TIC_PORT=f"socket://host.docker.internal:{meter.port}")
    home = Home(Containers(stack, meter))
    home.go_on()
    yield home
    home.judge()
    meter.stop()
    stack.up(TIC_PORT=SIMULATED)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_home_goes_on_after(home: Home, row: Row) -> None:
    home.suffer(row)


def test_a_backup_brings_the_same_rows_back_into_an_empty_database(home: Home, stack: Stack, tmp_path: Path) -> None:
    """As docs/operations.md says for a new machine."""
    copy = tmp_path / "my-backups"
    home.judge()
    home.stop("reader", "storer")
    before = stack.compose("run", "--rm", "-T", "--no-deps", "storer", "export")
    assert "saved and read back" in stack.compose("run", "--rm", "-T", "--no-deps", "storer", "backup")
    stack.compose("cp", "storer:/backups", str(copy))
    stack.compose("run", "--rm", "-T", "--no-deps", "--entrypoint", "sh", "storer", "-c", "rm /backups/*")
    for file in copy.iterdir():
        file.chmod(0o644)
    stack.compose("cp", f"{copy}/.", "storer:/backups/")
    stack.compose("exec", "-T", "mariadb", "mariadb", "-e", "DROP DATABASE teleinfodb")
    stack.compose("restart", "mariadb")
    assert "restored" in stack.compose("run", "--rm", "-T", "storer", "restore", "/backups")
    after = stack.compose("run", "--rm", "-T", "storer", "export")
    assert len(before.splitlines()) > 100
    assert after == before
    home.go_on()
