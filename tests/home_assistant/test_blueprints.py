"""The blueprints, each as an automation of a real Home Assistant that meters trigger through the reader.

The tests stand in an order: one house for all, and one restart for all that must survive it.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.home_assistant.house import ENGLISH, NOTHING, OWN, TEMPO, TWIN, House
from tests.support.mqtt_client import MqttClient

pytestmark = pytest.mark.timeout(1800)

BLUEPRINTS = Path(__file__).parents[2] / "homeassistant/blueprints/automation/teleinfo"
NAMES = {
    *("red_tomorrow", "overload_shedding", "silent_meter"),
    *("off_peak_water_heater", "cheapest_hours", "solar_surplus"),
}

APPEARS_WITHIN = 120.0  # seconds
SWITCHES = (
    *("heater", "second_heater", "first", "idle", "second", "third", "surplus", "reserved"),
    *("other_surplus", "laundry", "machine", "other_laundry", "other_machine"),
)
_CONFIG = (
    "automation: !include automations.yaml\npersistent_notification:\n"
    "input_boolean:\n" + "".join(f"  {name}:\n" for name in SWITCHES) + "input_text:\n  shed:\n"
    "counter:\n  announced:\n  announced_again:\n"
)

# What a Tempo meter says: STGE has tomorrow's colour and the overload, NTARF the period.
RED, RED_OVERLOAD = "0D3A0001", "0D3A0081"
OFF_PEAK, PEAK = "01", "02"
LOADED, RELIEVED = "08000", "01000"  # SINSTS in VA, of 9,000
CLOSED = "003A0000"  # STGE of a meter whose dry contact is closed

# Seconds of automations: what a test lets last less than that takes two frames, about one second, if nothing stalls.
HELD, OFF_PAUSE = 12, 20

PRICE_TOPIC = "teleinfo/monitor/page/price"
PARIS = ZoneInfo("Europe/Paris")
DAY = 86_400.0  # seconds


class BlueprintHouse(House):
    """A house with automations that come from blueprints."""

    monitor: MqttClient

    def publish_prices(self, *blocks: tuple[float, float]) -> None:
        """Publish prices of a meter, as the monitor does: until how many seconds from now each lasts, and its value."""
        now, prices = datetime.now(PARIS), []
        start = now - timedelta(minutes=1)
        for until, value in blocks:
            end = now + timedelta(seconds=until)
            prices.append({"start": start.isoformat(), "end": end.isoformat(), "value": value})
            start = end
        message = {"price": blocks[0][1], "currency": "EUR", "next_prices": prices}
        self.monitor.retain(PRICE_TOPIC, json.dumps({OWN: message}))

    def automate(self, name: str, blueprint: str, **inputs: object) -> None:
        """Make an automation, as the dialogue does."""
        use = {"path": f"teleinfo/{blueprint}.yaml", "input": inputs}
        self.home.post(f"/api/config/automation/config/{name}", {"alias": name, "use_blueprint": use})
        self.wait_for(f"automation.{name}", "on")

    def entity(self, address: str, key: str) -> str:
        """The id of an entity of a meter, when it is there and has a value."""
        self.wait(lambda: self._is_known(address, key), APPEARS_WITHIN, lambda: sorted(self.entities(address)))
        return str(self.entities(address)[key]["entity_id"])

    def _is_known(self, address: str, key: str) -> bool:
        return key in self.entities(address) and self.state(address, key) not in NOTHING

    def now(self, entity: str) -> str:
        """The state of an entity."""
        return str(self.home.states().get(entity, {"state": "missing"})["state"])

    def switch(self, entity: str, state: str) -> None:
        """Switch an input_boolean, as somebody does."""
        self.home.post(f"/api/services/input_boolean/turn_{state}", {"entity_id": entity})

    def wait_for(self, entity: str, state: str) -> None:
        """Wait for a state."""
        self.wait(lambda: self.now(entity) == state, APPEARS_WITHIN, lambda: (entity, self.now(entity)))

    def notifications(self) -> list[str]:
        """Titles and messages of all notifications."""
        found = self.home.call("persistent_notification/get")
        return [f"{notification['title']}: {notification['message']}" for notification in found]

    def changed_at(self, switch: str) -> datetime:
        """When a switch was switched last."""
        return datetime.fromisoformat(self.home.states()[f"input_boolean.{switch}"]["last_changed"])

    def stay(self, seconds: float, **states: str) -> None:
        """Check that switches stay as they are for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert {name: self.now(f"input_boolean.{name}") for name in states} == states
            time.sleep(0.2)  # between two looks


@pytest.fixture(scope="module")
def house(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlueprintHouse]:
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(BLUEPRINTS, folder / "home-assistant/blueprints/automation/teleinfo")
    (folder / "home-assistant/automations.yaml").write_text("[]")
    with contextlib.ExitStack() as stack:
        house = BlueprintHouse(folder, stack, (), config=_CONFIG, labels={"EAIT": "000001000", "SINSTI": "00000"})
        house.monitor = stack.enter_context(MqttClient(house.broker.port))
        # From the start: a new entity comes half a minute later at most.
        house.publish_prices((3600, 0.3))
        house.entity(TEMPO, "tempo_tomorrow")
        yield house
        house.home.stop()  # before the readers: an automation that begins to wait meanwhile holds it up


def seconds(**duration: float) -> dict[str, float]:
    return {"hours": 0, "minutes": 0} | duration


def test_home_assistant_accepts_the_blueprints(house: BlueprintHouse) -> None:
    listed: dict[str, Any] = house.home.call("blueprint/list", domain="automation")
    found = {path: entry for path, entry in listed.items() if path.startswith("teleinfo/")}
    assert found.keys() == {f"teleinfo/{name}.yaml" for name in NAMES}
    for path, entry in found.items():
        assert "error" not in entry, entry
        metadata = entry["metadata"]
        assert metadata["source_url"].endswith(f"/homeassistant/blueprints/automation/{path}")
        assert metadata["homeassistant"] == {"min_version": "2024.11.0"}


def test_a_red_day_is_announced(house: BlueprintHouse) -> None:
    colour = house.entity(TEMPO, "tempo_tomorrow")
    house.automate("red", "red_tomorrow", colour=colour)
    for counter in ("announced", "announced_again"):
        count = {"action": "counter.increment", "target": {"entity_id": f"counter.{counter}"}}
        house.automate(f"red_{counter}", "red_tomorrow", colour=colour, actions=[count])
    assert house.now(colour) == "Blanc"
    house.tempo.change(STGE=RED, frames=1)
    house.wait_for("counter.announced", "1")
    house.wait(
        lambda: "Tempo: Demain est un jour rouge" in str(house.notifications()), APPEARS_WITHIN, house.notifications
    )


def test_the_water_heater_follows_its_own_meter(house: BlueprintHouse) -> None:
    off_peak, contact = house.entity(TEMPO, "off_peak"), house.entity(OWN, "contact")
    assert (house.now(off_peak), house.now(contact)) == ("on", "off")
    house.switch("input_boolean.second_heater", "on")
    house.automate("heater", "off_peak_water_heater", off_peak=off_peak, heater=["input_boolean.heater"])
    house.automate("heater_2", "off_peak_water_heater", off_peak=contact, heater=["input_boolean.second_heater"])
    house.wait_for("input_boolean.heater", "on")
    house.wait_for("input_boolean.second_heater", "off")
    house.tempo.change(NTARF=PEAK, frames=1)
    house.wait_for("input_boolean.heater", "off")
    house.own.change(STGE=CLOSED, frames=1)
    house.wait_for("input_boolean.second_heater", "on")
    assert house.now("input_boolean.heater") == "off"
    house.tempo.change(NTARF=OFF_PEAK, frames=1)
    house.wait_for("input_boolean.heater", "on")


def test_appliances_are_shed_in_order_and_come_back_in_reverse(house: BlueprintHouse) -> None:
    for name in ("first", "second", "third"):
        house.switch(f"input_boolean.{name}", "on")
    house.automate(
        "shedding",
        "overload_shedding",
        overload=house.entity(TEMPO, "overload"),
        available=house.entity(TEMPO, "headroom_power"),
        appliances=[f"input_boolean.{name}" for name in ("first", "idle", "second", "third")],
        memory="input_text.shed",
        off_pause=seconds(seconds=OFF_PAUSE),
        on_above=3000,
        on_after=seconds(seconds=HELD),
    )
    house.stay(1, first="on", second="on", third="on", idle="off")
    others = [house.changed_at(name) for name in ("idle", "third")]
    house.tempo.change(STGE=RED_OVERLOAD, SINSTS=LOADED, frames=1)
    house.wait_for("input_boolean.second", "off")
    house.tempo.change(STGE=RED, frames=1)
    assert house.changed_at("second") - house.changed_at("first") >= timedelta(seconds=OFF_PAUSE)
    house.tempo.change(SINSTS=RELIEVED, frames=1)
    house.tempo.change(SINSTS=LOADED, frames=1)
    # The overload is over, but little is left: there was enough, but not for long.
    house.stay(HELD + 1, first="off", second="off")
    house.tempo.change(SINSTS=RELIEVED, frames=1)
    house.wait_for("input_boolean.first", "on")
    assert house.changed_at("first") - house.changed_at("second") >= timedelta(seconds=HELD)
    house.wait_for("input_text.shed", "")
    assert [house.changed_at(name) for name in ("idle", "third")] == others


def test_a_surplus_of_the_sun_is_used_and_does_not_flap(house: BlueprintHouse) -> None:
    house.automate(
        "surplus",
        "solar_surplus",
        exported=house.entity(OWN, "sinsti"),
        appliance="input_boolean.surplus",
        on_above=2000,
        on_after=seconds(seconds=HELD),
        off_below=100,
        off_after=seconds(seconds=HELD),
        reserved="input_boolean.reserved",
    )
    house.automate(
        "other_surplus",
        "solar_surplus",
        exported=house.entity(TEMPO, "sinsti"),
        appliance="input_boolean.other_surplus",
        on_above=1000,
        on_after=seconds(seconds=0),
    )
    house.own.change(SINSTI="02500", frames=1)
    house.own.change(SINSTI="01500", frames=1)
    house.stay(HELD + 1, surplus="off", other_surplus="off")  # too short, and the other meter exports nothing
    house.own.change(SINSTI="02500", frames=1)
    house.wait_for("input_boolean.surplus", "on")
    house.own.change(SINSTI="00300", frames=1)  # the appliance draws the rest
    house.own.change(SINSTI="00000", frames=1)  # a cloud
    house.own.change(SINSTI="00300", frames=1)
    house.stay(HELD + 1, surplus="on")
    house.switch("input_boolean.reserved", "on")
    house.own.change(SINSTI="00000", frames=1)
    house.stay(HELD + 1, surplus="on")
    house.switch("input_boolean.reserved", "off")
    house.tempo.change(SINSTI="01500", frames=1)
    house.wait_for("input_boolean.surplus", "off")
    house.wait_for("input_boolean.other_surplus", "on")


def test_the_machine_runs_in_the_cheapest_hours_left(house: BlueprintHouse) -> None:
    house.publish_prices((30, 0.3))
    price = house.entity(OWN, "price")
    ready = f"{datetime.now(PARIS) + timedelta(hours=12):%H:%M:%S}"
    for name in ("", "other_"):
        start = {"action": "input_boolean.turn_on", "target": {"entity_id": f"input_boolean.{name}machine"}}
        house.automate(
            f"{name}laundry",
            "cheapest_hours",
            price=price,
            request=f"input_boolean.{name}laundry",
            length=seconds(seconds=60),
            ready=ready,
            start=[start],
        )
    for name in ("laundry", "other_laundry"):
        house.switch(f"input_boolean.{name}", "on")
    house.stay(2, machine="off")  # no prices for as long as it runs
    house.publish_prices((60, 0.4), (180, 0.1), (3600, 0.2), (DAY, 0.3))
    house.wait_for(price, "0.4")
    house.switch("input_boolean.other_laundry", "off")
    house.stay(1, machine="off")
    house.monitor.retain(PRICE_TOPIC, "{}")
    house.wait_for(price, "unknown")
    house.stay(1, machine="off")
    house.wait_for("input_boolean.machine", "on")
    house.wait_for("input_boolean.laundry", "off")
    assert house.now("input_boolean.other_machine") == "off"
    # Other prices, another start.
    house.publish_prices((3600, 0.3), (DAY, 0.1))
    house.wait_for(price, "0.3")
    house.switch("input_boolean.other_laundry", "on")
    house.stay(2, other_machine="off")
    house.publish_prices((3600, 0.1), (DAY, 0.2))
    house.wait_for("input_boolean.other_machine", "on")
    house.wait_for("input_boolean.other_laundry", "off")


def test_silence_of_a_meter_and_of_a_reader_is_reported(house: BlueprintHouse) -> None:
    for address, silence in ((TWIN, 2), (ENGLISH, 2), (TEMPO, 60)):
        link = house.entity(address, "link")
        house.automate(f"silent_{address}", "silent_meter", link=link, silence=seconds(seconds=silence))
    _, annexe = house.readers
    before = house.notifications()
    house.twin.stop()
    assert annexe.stop() == 0
    house.wait(lambda: len(house.notifications()) == len(before) + 2, APPEARS_WITHIN, house.notifications)
    new = sorted(text for text in house.notifications() if text not in before)
    assert new[0].startswith("Linky 2777: Le lecteur de télé-information ne répond plus")
    assert new[1].startswith("Linky 450999: Le compteur n’envoie plus rien")
    annexe.start()
    house.wait(lambda: len(house.notifications()) == len(before) + 1, APPEARS_WITHIN, house.notifications)


def test_a_restart_of_the_reader_switches_nothing(house: BlueprintHouse) -> None:
    house.own.change(SINSTI="00300", frames=1)
    house.switch("input_boolean.surplus", "on")
    house.tempo.change(STGE=RED_OVERLOAD, SINSTS=LOADED, frames=1)
    house.wait_for("input_boolean.first", "off")
    house.tempo.change(STGE=RED, frames=1)
    house.wait_for(house.entity(TEMPO, "overload"), "off")
    colour = house.entity(TEMPO, "tempo_tomorrow")
    before = {name: house.now(f"input_boolean.{name}") for name in SWITCHES}
    since = datetime.now(PARIS).isoformat()
    reader, _ = house.readers
    reader.kill()
    house.wait_for(colour, "unavailable")
    reader.start()
    house.wait_for(colour, "Rouge")
    house.stay(3, **before)
    history = house.home.call(
        "history/history_during_period",
        start_time=since,
        entity_ids=[f"input_boolean.{name}" for name in SWITCHES],
        minimal_response=True,
        no_attributes=True,
    )
    assert {entity: len(rows) for entity, rows in history.items() if len(rows) > 1} == {}
    assert [text for text in house.notifications() if "Linky 1888" in text] == []
    assert house.now("counter.announced") == "1"


def test_a_restart_of_home_assistant_loses_nothing(house: BlueprintHouse) -> None:
    # Before: it is off-peak, one appliance is shed, laundry waits, and tomorrow is red, which was announced.
    house.publish_prices((3600, 0.3), (DAY, 0.1))
    house.wait_for(house.entity(OWN, "price"), "0.3")
    house.switch("input_boolean.machine", "off")
    house.switch("input_boolean.laundry", "on")
    house.stay(1, heater="on", first="off", second="on", machine="off", laundry="on")
    house.home.stop()
    # In the meantime, peak hours begin and prices change; one of the announcements was that of another day.
    house.tempo.change(NTARF=PEAK, frames=1)
    house.publish_prices((3600, 0.1), (DAY, 0.2))
    make_older(house.home.folder / ".storage/core.restore_state", "automation.red_announced_again")
    house.home.start()
    house.wait_for("input_boolean.heater", "off")
    house.wait_for("input_boolean.machine", "on")
    house.wait_for("counter.announced_again", "2")
    house.stay(3, first="off", second="on", surplus="on")
    assert house.now("counter.announced") == "1"
    house.tempo.change(SINSTS=RELIEVED, frames=1)
    house.wait_for("input_boolean.first", "on")
    house.wait_for("input_text.shed", "")


def make_older(path: Path, automation: str) -> None:
    """Let Home Assistant believe that an automation ran two days earlier."""
    stored = json.loads(path.read_text())
    (state,) = (entry["state"] for entry in stored["data"] if entry["state"]["entity_id"] == automation)
    ran = datetime.fromisoformat(state["attributes"]["last_triggered"])
    state["attributes"]["last_triggered"] = (ran - timedelta(days=2)).isoformat()
    path.write_text(json.dumps(stored))


def test_home_assistant_has_no_complaints(house: BlueprintHouse) -> None:
    texts = house.home.complaints()
    assert [text for text in texts if "automation" in text or "blueprint" in text or "template" in text] == []
