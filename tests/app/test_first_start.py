"""The first start: before a port is chosen, before there is a broker, while Core is down; then with a port."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPResponse
from itertools import pairwise
from typing import Any

import pytest

from tests.app.house import BROKER, CORE, WITHIN, App, House
from tests.support.meters import meter_on_a_port
from tests.support.mqtt_client import MqttClient
from tests.support.programs import wait_until

MOST_MEMORY = 260e6  # bytes
HEARTBEAT = 15.0 + 5.0  # seconds, with the tick of the server's clock on a busy machine


@pytest.fixture(scope="module")
def app(house: House) -> Iterator[App]:
    """The app just after it was installed: healthy without anything."""
    house.stop_broker()
    house.set(core=None)
    app = App(house, "first")
    try:
        app.start()
        yield app
    finally:
        app.remove()


def test_a_stop_while_the_database_is_made_ends_with_0_and_the_next_start_makes_it(house: House) -> None:
    app = App(house, "stopped")
    try:
        app.launch()
        wait_until(lambda: "Creating the database" in app.log(), WITHIN, "the database to be made")
        assert app.stop() == 0
        app.start()
        wait_until(lambda: app.sql("SELECT COUNT(*) FROM frames") == [["0"]], WITHIN, "the tables")
    finally:
        app.remove()


def test_log_and_page_say_what_is_missing(app: App) -> None:
    assert app.get()[0] == 200
    missing = app.json("app")
    assert (missing["ports"], missing["broker"], missing["database"]) == ([], "none", "internal")
    wait_until(lambda: re.search(r" WARNING .*\bport\b", app.log()) is not None, WITHIN, "a line about the port")
    assert len([line for line in app.log().splitlines() if "Mosquitto" in line]) == 1
    assert " ERROR " not in app.log()


def test_the_options_with_their_passwords_are_for_root_only(app: App) -> None:
    assert app.inside("stat", "--format", "%U %a", "/data/options.json").split() == ["root", "600"]


def test_each_program_has_a_user_of_its_own(app: App) -> None:
    names = ("teleinfo-storer", "teleinfo-monitor", "mariadbd")

    users: dict[str, int] = {}

    def all_run() -> bool:
        users.clear()
        users.update({process.name: process.uid for process in app.processes()})
        return set(names) <= users.keys()

    # The page is there before the database is made; that of the first start stops once more when it is.
    wait_until(all_run, WITHIN, "all programs")
    programs = [users[name] for name in names]
    assert 0 not in programs
    assert len(set(programs)) == len(programs)


def test_a_stream_without_a_meter_shows_every_15_seconds_that_it_is_there(app: App) -> None:
    with app.open("api/v1/live/stream", Accept="text/event-stream") as stream:
        moments = arrivals(stream, HEARTBEAT)
    assert max(after - before for before, after in pairwise(moments)) <= HEARTBEAT


def arrivals(stream: HTTPResponse, seconds: float) -> list[float]:
    """Return when lines came during so many seconds, and the end of these."""
    began = time.monotonic()
    moments = [began]
    while moments[-1] < began + seconds and stream.readline():
        moments.append(time.monotonic())
    return moments


@pytest.fixture(scope="module")
def reading(house: House, app: App) -> Iterator[App]:
    """The same with a port that its owner has chosen; the services are there, too."""
    house.start_broker()
    house.set(core=CORE)
    with meter_on_a_port() as port:
        house.give_to_dialout(port)
        app.start(ports=[port])
        yield app
        assert app.stop() == 0


def test_with_a_port_the_meter_is_read_and_known_to_home_assistant(house: House, reading: App) -> None:
    wait_until(lambda: reading.sql("SELECT COUNT(*) >= 3 FROM frames") == [["1"]], WITHIN, "three rows")
    (meter,) = reading.json("meters")["meters"]
    with MqttClient(1883, "addons", house.passwords["mqtt"], host=BROKER) as client:
        client.subscribe(f"homeassistant/device/teleinfo_{meter['id']}/config")
        assert client.wait(lambda: bool(client.messages))
    state = reading.json("app")
    assert (len(state["ports"]), state["found"], state["broker"]) == (1, [], "service")


def test_side_bar_and_watchdog_are_switched_on_once(reading: App) -> None:
    def switched() -> list[Any]:
        return reading.asked("POST", "/addons/self/options")

    wait_until(lambda: bool(switched()), WITHIN, "the switches")
    assert switched() == [{"ingress_panel": True, "watchdog": True}]


def test_all_of_it_needs_little_memory(reading: App, capsys: pytest.CaptureFixture[str]) -> None:
    memory: Counter[str] = Counter()
    for process in reading.processes():
        memory[process.name] += process.memory
    table = "".join(f"{size / 1e6:6.1f} MB {name}\n" for name, size in memory.most_common())
    table += f"{memory.total() / 1e6:6.1f} MB in all"
    with capsys.disabled():
        print(f"\n{table}")
    assert memory.total() <= MOST_MEMORY, table
