"""The first start: before a port is chosen, before there is a broker, while Core is down; then with a port."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.app.house import WITHIN, App, House
from tests.support.meters import meter_on_a_port
from tests.support.programs import wait_until

MOST_MEMORY = 260e6  # bytes
SWITCHES = {"ingress_panel": True, "watchdog": True}


@pytest.fixture(scope="module")
def app(house: House) -> Iterator[App]:
    """The app just after it was installed: healthy without anything."""
    house.withdraw_all()
    app = App(house, "first")
    try:
        app.start()
        yield app
    finally:
        app.remove()


def test_log_and_page_say_once_what_is_missing(app: App) -> None:
    log = app.log()
    for word in ("Mosquitto", "port"):
        assert len([line for line in log.splitlines() if word in line]) == 1, log


def test_the_page_opens_and_says_how_to_choose_a_port(app: App) -> None:
    assert app.get()[0] == 200
    assert app.json("status")["app"]["ports"] == []


def test_the_options_with_their_passwords_are_for_root_only(app: App) -> None:
    assert app.inside("stat", "--format", "%U %a", "/data/options.json").split() == ["root", "600"]


def test_each_program_has_a_user_of_its_own(app: App) -> None:
    users = {process.name: process.uid for process in app.processes()}
    programs = [users[name] for name in ("teleinfo-storer", "teleinfo-monitor", "mariadbd")]
    assert 0 not in programs
    assert len(set(programs)) == len(programs)


def test_a_stream_without_a_meter_shows_every_15_seconds_that_it_is_there(app: App) -> None:
    with app.open("api/v1/live/stream", Accept="text/event-stream") as stream:
        moments = [time.monotonic() for _ in iter(stream.readline, b"") if time.monotonic() < start + 20]
