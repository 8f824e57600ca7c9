"""Containers are killed, stopped and started again, with a meter of numbered frames: none is lost or stored twice."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.compose.stack import SERVICES, Stack
from tests.support.meters import METER, Meter
from tests.support.programs import wait_until

WITHIN = 180.0  # seconds; frames that a fault hid are sent again after 30
A_MOMENT = 0.5  # seconds; a frame that came so shortly before a kill may still have been in the kernel's buffer


class Metered:
    """A stack that reads a numbered meter outside of it."""

    def __init__(self, stack: Stack, meter: Meter) -> None:
        self.stack = stack
        self.meter = meter
        self._down: list[tuple[float, float]] = []

    def frames(self, number: int) -> None:
        """Wait until so many more frames went to the reader."""
        target = len(self.meter.sent) + number
        wait_until(lambda: len(self.meter.sent) >= target, WITHIN, f"{number} frames from the meter")

    def without_reader(self, *command: str) -> float:
        """Run a command that ends the reader; frames that it could not read then do not count."""
        began = time.monotonic() - A_MOMENT
        self.stack.compose(*command)
        self._down.append((began, time.monotonic()))
        return began

    def expected(self) -> set[int]:
        """Which frames the reader must have read."""
        return {
            number
            for number, moment in self.meter.sent
            if not any(began <= moment <= ended for began, ended in self._down)
        }

    def rows(self) -> dict[int, int]:
        """How many rows there are for each number."""
        statement = (
            "SELECT power, COUNT(*) FROM frames JOIN meters ON meters.id = meter_id"
            f" WHERE identifier = '{METER}' GROUP BY power"
        )
        return {int(number): int(count) for number, count in self.stack.sql(statement)}

    def check_all_stored(self) -> None:
        """Wait until every frame that was read has a row, exactly one."""
        last = len(self.meter.sent)
        lost: set[int] = set()

        def complete() -> bool:
            nonlocal lost
            lost = {number for number in self.expected() if number < last} - self.rows().keys()
            return not lost

        try:
            wait_until(complete, WITHIN, "all frames in the database")
        except AssertionError:
            pytest.fail(f"lost: {sorted(lost)}")
        assert {number for number, count in self.rows().items() if count != 1} == set()


@pytest.fixture(scope="module")
def metered(stack: Stack) -> Iterator[Metered]:
    gateway = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    host = subprocess.run(gateway, capture_output=True, text=True, check=True).stdout.strip()
    meter = Meter(10, host)
    stack.up(TIC_PORT=f"socket://host.docker.internal:{meter.port}")
    metered = Metered(stack, meter)
    wait_until(lambda: bool(metered.rows()), WITHIN, "the first row of this meter")
    yield metered
    meter.stop()
    del stack.env["TIC_PORT"]
    stack.up()


def test_a_kill_of_each_container_in_turn_loses_nothing(metered: Metered) -> None:
    for service in SERVICES:
        if service == "reader":
            metered.without_reader("kill", service)
        else:
            metered.stack.compose("kill", service)
            metered.frames(15)
        metered.stack.up()
        metered.frames(5)
    metered.check_all_stored()


def test_unconfirmed_frames_in_the_memory_of_a_killed_reader_are_kept(metered: Metered) -> None:
    """Only the reader had these frames, and it was killed."""
    metered.stack.compose("kill", "mosquitto")
    first = len(metered.meter.sent)
    metered.frames(20)
    began = metered.without_reader("kill", "reader")
    waiting = {number for number, moment in metered.meter.sent[first:] if moment < began} - metered.rows().keys()
    assert len(waiting) >= 10
    metered.stack.compose("rm", "--force", "reader")  # the container is gone, too
    metered.stack.up()
    metered.check_all_stored()
    assert waiting <= metered.rows().keys()


def test_a_kill_of_everything_at_once_loses_nothing(metered: Metered) -> None:
    metered.stack.compose("stop", "storer")
    metered.frames(20)
    metered.without_reader("kill")
    metered.stack.up()
    metered.check_all_stored()


def test_down_and_up_go_on_where_they_were(metered: Metered) -> None:
    metered.stack.compose("stop", "mariadb")
    metered.frames(10)
    metered.without_reader("down")
    metered.stack.up()
    metered.frames(10)
    metered.check_all_stored()


def test_a_backup_brings_the_same_rows_back_into_an_empty_database(metered: Metered) -> None:
    stack = metered.stack
    metered.check_all_stored()
    stack.compose("stop", "reader", "storer")
    before = stack.compose("run", "--rm", "-T", "--no-deps", "storer", "export")
    output = stack.compose("exec", "-T", "backup", "teleinfo-storer", "backup", "/backups")
    file = output.split(":")[0]
    assert "saved and verified" in output
    # The disk has died: a new server, with nothing.
    stack.compose("rm", "--stop", "--force", "mariadb", "backup", "storer")
    subprocess.run(["docker", "volume", "rm", f"{stack.project}_mariadb-data"], capture_output=True, check=True)
    stack.compose("up", "-d", "--wait", "mariadb")
    assert "restored" in stack.compose("run", "--rm", "-T", "storer", "restore", file)
    after = stack.compose("run", "--rm", "-T", "storer", "export")
    assert len(before.splitlines()) > 100
    assert after == before
    stack.up()
