"""A real Home Assistant: what another integration counted there becomes ours, and our registers fill its dashboard."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.base.calendar import Calendar
from monitor.home_assistant.connection import HomeAssistant as Connection
from monitor.home_assistant.energy_dashboard import EnergyDashboard
from monitor.home_assistant.past import Past
from storer.imports.home_assistant import open_bytes, read_home_assistant
from tests.home_assistant.house import _BASE as VALUES
from tests.home_assistant.instance import HomeAssistant
from tests.home_assistant.own_meter import OwnMeter
from tests.home_assistant.past import PARIS, hours, local
from tests.support.programs import Service, wait_until
from tests.support.servers import HOST, Broker

pytestmark = pytest.mark.timeout(1800)

METER, THEIRS = "032061000777", "linkytic:hchp"
HOUR = timedelta(hours=1)
START, END = local(2026, 3, 1), local(2026, 11, 1)  # over both changes of the clock
MISSING = {local(2026, 5, 1, 12), local(2026, 5, 1, 13)}  # Home Assistant was off
NEW_COUNTER = local(2026, 7, 1)  # its state begins again, its sum goes on
INDEXES = {"NGTF": " H PLEINE/CREUSE", "EASF01": "007000000", "EASF02": "000001000", "EAST": "007001000"}


def wh(hour: datetime) -> int:
    return 100 + int(hour.timestamp()) // 3600 % 701


def rows() -> Iterator[dict[str, Any]]:
    """The hours of another integration, in kWh."""
    total = state = 0
    for hour in hours(START, END):
        state = 0 if hour == NEW_COUNTER else state
        total, state = total + wh(hour), state + wh(hour)
        if hour not in MISSING:
            yield {"start": hour.isoformat(), "sum": total / 1000, "state": state / 1000}


@pytest.fixture(scope="module")
def home(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    folder: Path = tmp_path_factory.mktemp("taking-over")
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker(folder / "broker"))
        home = stack.enter_context(HomeAssistant(folder / "home-assistant"))
        home.add_mqtt(HOST, broker.port)
        meter = OwnMeter(METER, VALUES | INDEXES)
        stack.callback(meter.stop)
        settings: dict[str, Any] = {
            "port": [f"socket://{HOST}:{meter.port}"],
            "mqtt": {"host": HOST, "port": broker.port},
            "spool": {"journal": f"{folder}/journal", "path": f"{folder}/spool"},
        }
        stack.enter_context(Service("reader", folder, settings).start())
        metadata = {
            "statistic_id": THEIRS, "source": "linkytic", "name": "Heures pleines", "has_sum": True, "mean_type": 0,
            "unit_class": "energy", "unit_of_measurement": "kWh",
        }  # fmt: skip
        home.call("recorder/import_statistics", metadata=metadata, stats=[*rows()])
        yield home


@pytest.fixture
def connection(home: HomeAssistant) -> Iterator[Connection]:
    token = home.call("auth/long_lived_access_token", client_name=f"monitor {datetime.now(UTC)}", lifespan=1)
    with Connection(f"http://{HOST}:{home.port}", token, (2024, 11)) as connection:
        yield connection


def test_the_hours_of_another_integration_are_those_that_it_counted(connection: Connection) -> None:
    past = Past(connection, Calendar(PARIS), local(2026, 12, 1))
    wait_until(lambda: len(past.list()) == 1, 120, "Home Assistant writes what it was given")
    (found,) = past.list()
    assert (found.id, found.origin, found.register) == (THEIRS, "linkytic", "HCHP")
    assert found.wh == sum(map(wh, hours(START, END)))
    assert (found.start, found.end) == (START, END)
    with open_bytes(past.document([THEIRS])) as source:
        parsed = read_home_assistant(source, {THEIRS: 2})
    counted = {one.end: (one.hours, one.wh) for one in parsed.periods}
    gap = max(MISSING) + 2 * HOUR
    expected = {hour + HOUR: (1, wh(hour)) for hour in hours(START + HOUR, END) if hour not in MISSING}
    expected[gap] = (3, sum(wh(gap - number * HOUR) for number in (1, 2, 3)))
    assert counted == expected
    assert not parsed.left_out


def problems(home: HomeAssistant) -> set[str]:
    """What Home Assistant's own check says about the sources of its energy dashboard."""
    found = home.call("energy/validate")["energy_sources"]
    return {issue["type"] for source in found for issue in source}


def test_our_registers_fill_its_energy_dashboard_and_are_taken_out_again(
    home: HomeAssistant, connection: Connection, tmp_path: Path
) -> None:
    dashboard = EnergyDashboard(connection, [METER], tmp_path, datetime.now(UTC))
    wait_until(lambda: len(dashboard.look().missing) == 2, 240, "the registers of the meter are entities")
    dashboard.add()
    sources = home.call("energy/get_prefs")["energy_sources"]
    assert THEIRS not in json.dumps(sources)
    look = dashboard.look()
    assert (look.missing, len(look.present)) == ([], 2)
    # It names entities before their first state arrived: until then they are "unavailable".
    fresh = {"statistics_not_defined", "recorder_untracked", "entity_not_defined"}
    wait_until(lambda: problems(home) <= fresh, 120, "Home Assistant finds nothing wrong with what was added")
    dashboard.undo()
    assert home.call("energy/get_prefs")["energy_sources"] == []
