"""The price of a kWh in a real Home Assistant: as an entity, and as the Energy dashboard takes it."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reader.simulator.meter import SimulatedMeter
from tests.home_assistant.house import APPEARS_WITHIN
from tests.home_assistant.instance import HomeAssistant
from tests.support.mqtt_client import MqttClient
from tests.support.programs import Service, wait_until
from tests.support.servers import HOST, Broker

pytestmark = pytest.mark.timeout(1800)

KIND = "standard-single-phase-base"
METER = SimulatedMeter(KIND).address
HOUR = timedelta(hours=1)


class House(NamedTuple):
    """A Home Assistant with one meter, and a client that plays the monitor."""

    home: HomeAssistant
    monitor: MqttClient

    def entity(self, key: str) -> dict[str, Any]:
        """Return the state of an entity of the meter; empty while there is none."""
        wanted = f"teleinfo_{METER}_{key}"
        found = (entry["entity_id"] for entry in self.home.registered() if entry["unique_id"] == wanted)
        return self.home.states().get(next(found, ""), {})

    def say(self, prices: list[dict[str, object]]) -> None:
        """Retain these prices, as a monitor does."""
        entry = {"price": prices[0]["value"], "currency": "EUR", "next_prices": prices} if prices else None
        self.monitor.retain("teleinfo/monitor/main/price", json.dumps({METER: entry} if entry else {}))


def shows(house: House, state: str) -> Callable[[], bool]:
    return lambda: house.entity("price").get("state") == state


@pytest.fixture(scope="module")
def house(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("price")
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker(folder / "broker"))
        home = stack.enter_context(HomeAssistant(folder / "home-assistant"))
        home.add_mqtt(HOST, broker.port)
        settings = {
            "name": "pi",
            "port": f"simulate://{KIND}",
            "mqtt": {"host": HOST, "port": broker.port},
            "spool": {"journal": str(folder / "journal"), "path": str(folder / "spool")},
        }
        stack.enter_context(Service("reader", folder, settings).start())
        yield House(home, stack.enter_context(MqttClient(broker.port)))


def test_the_price_is_an_entity_that_the_energy_dashboard_takes(house: House) -> None:
    now = datetime.now(UTC)
    prices: list[dict[str, object]] = [
        {
            "start": (now + by * HOUR).isoformat(timespec="seconds"),
            "end": (now + (by + 1) * HOUR).isoformat(timespec="seconds"),
            "value": value,
        }
        for by, value in ((-0.5, 0.2016), (0.5, 0.27))
    ]
    house.say(prices)
    wait_until(shows(house, "0.2016"), APPEARS_WITHIN, "the price is an entity")
    attributes = house.entity("price")["attributes"]
    assert attributes["friendly_name"].endswith(" Prix du kWh")
    assert (attributes["unit_of_measurement"], attributes["state_class"]) == ("EUR/kWh", "measurement")
    assert attributes["next_prices"] == prices
    wait_until(lambda: house.entity("east").get("state", "").isdigit(), APPEARS_WITHIN, "the meter counts")
    flow = {
        "stat_energy_from": house.entity("east")["entity_id"],
        "entity_energy_price": house.entity("price")["entity_id"],
        "number_energy_price": None,
        "stat_cost": None,
    }
    source = {"type": "grid", "flow_from": [flow], "flow_to": [], "cost_adjustment_day": 0}
    house.home.call("energy/save_prefs", energy_sources=[source])
    issues = [issue for issues in house.home.call("energy/validate")["energy_sources"] for issue in issues]
    # Until the first five minutes are over there are no statistics.
    assert [issue for issue in issues if issue["type"] != "statistics_not_defined"] == []
    cost = f"{flow['stat_energy_from']}_cost"
    wait_until(lambda: cost in house.home.states(), APPEARS_WITHIN, "Home Assistant computes the cost")
    assert house.home.states()[cost]["attributes"]["unit_of_measurement"] == "EUR"


def test_a_price_that_is_no_longer_known_is_unknown(house: House) -> None:
    house.say([])
    wait_until(shows(house, "unknown"), APPEARS_WITHIN, "it is unknown")
    assert house.entity("price")["attributes"]["next_prices"] == []
