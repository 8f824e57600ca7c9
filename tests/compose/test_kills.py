"""Containers are killed, stopped and started again, with a meter of numbered frames: none is lost or stored twice."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.compose.stack import SERVICES, Stack, gateway
from tests.support.counted import WITHIN, CountedMeter
from tests.support.meters import Meter
from tests.support.programs import wait_until


class Metered(CountedMeter):
    """A stack that reads a numbered meter outside of it."""

    def __init__(self, stack: Stack, meter: Meter) -> None:
        super().__init__(meter, stack.sql)
        self.stack = stack

    def compose(self, *command: str) -> float:
        """Run a command that ends the reader; return since when frames do not count."""
        with self.without_reader() as began:
            self.stack.compose(*command)
        return began


@pytest.fixture(scope="module")
def metered(stack: Stack) -> Iterator[Metered]:
    meter = Meter(10, gateway())
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
            metered.compose("kill", service)
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
    began = metered.compose("kill", "reader")
    waiting = {number for number, moment in metered.meter.sent[first:] if moment < began} - metered.rows().keys()
    assert len(waiting) >= 10
    metered.stack.compose("rm", "--force", "reader")  # the container is gone, too
    metered.stack.up()
    metered.check_all_stored()
    assert waiting <= metered.rows().keys()


def test_a_kill_of_everything_at_once_loses_nothing(metered: Metered) -> None:
    metered.stack.compose("stop", "storer")
    metered.frames(20)
    metered.compose("kill")
    metered.stack.up()
    metered.check_all_stored()


def test_down_and_up_go_on_where_they_were(metered: Metered) -> None:
    metered.stack.compose("stop", "mariadb")
    metered.frames(10)
    metered.compose("down")
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
