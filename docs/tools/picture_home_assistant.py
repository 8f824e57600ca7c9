"""Take the pictures of docs/home-assistant.md: `.venv/bin/python -m docs.tools.picture_home_assistant [FOLDER]`.

A real Home Assistant, the reader, and one simulated meter: Tempo, standard mode, one phase. The registers of the days
before are imported as hourly statistics, as the same meter would have sent them: five minutes alone would leave the
dashboard empty. `./run test browser --co -q` installs the browser.
"""

import argparse
import contextlib
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from demo.servers import HOST, Broker
from docs.tools.chromium import browse
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from tests.home_assistant.instance import HomeAssistant
from tests.support.programs import Service, wait_until

KIND = "standard-single-phase-tempo"
DAYS = 9  # of history
APPEARS_WITHIN = 120.0  # seconds; health comes once a minute
PHONE, SCREEN = 480, 1280  # widths, in pixels; on a screen Home Assistant cuts names short
TALL = 4000  # pixels: taller than any page
FOLDER = Path(__file__).parents[2] / "docs/pictures"
#: Euros a kWh of each register: roughly what such a contract costs.
PRICES = {"easf01": 0.13, "easf02": 0.16, "easf03": 0.15, "easf04": 0.19, "easf05": 0.16, "easf06": 0.76}
_NOTHING = ("unknown", "unavailable", "")
#: The data of the dashboard, and the period that it shows.
_ENERGY = """
Object.entries(document.querySelector("home-assistant").hass.connection)
  .filter(([key, value]) => key.startsWith("_energy") && value?.setPeriod).map(([_, value]) => value)
"""
_WEEK_BEFORE = f"""
(async () => {{
  const start = new Date(), end = new Date();
  start.setDate(start.getDate() - 7); start.setHours(0, 0, 0, 0);
  end.setDate(end.getDate() - 1); end.setHours(23, 59, 59, 999);
  for (const energy of {_ENERGY}) {{ energy.setPeriod(start, end); await energy.refresh(); }}
}})()
"""


def registers_since(meter: SimulatedMeter, since: datetime, until: datetime) -> list[tuple[datetime, dict[str, int]]]:
    """Return the supplier's registers at each full hour, by key."""
    decoder, hours = Decoder(), []
    hour = since
    while hour <= until:
        (reading,) = decoder.feed(meter.frame(hour))
        indexes = {key: value for key in PRICES if isinstance(value := reading.values[key.upper()], int)}
        hours.append((hour, indexes))
        hour += timedelta(hours=1)
    return hours


class House:
    """A Home Assistant with one meter."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        broker = stack.enter_context(Broker(folder / "broker"))
        self.home = stack.enter_context(HomeAssistant(folder / "home-assistant"))
        self.home.add_mqtt(HOST, broker.port)
        self.meter = SimulatedMeter(KIND, seed=1)
        settings = {
            "name": "house",
            "port": f"simulate://{KIND}?speed=1&seed=1",
            "mqtt": {"host": HOST, "port": broker.port},
            "spool": {"journal": f"{folder}/journal", "path": f"{folder}/spool"},
        }
        stack.enter_context(Service("reader", folder, settings).start())
        wait_until(self._shown, APPEARS_WITHIN, "the meter")

    def _shown(self) -> bool:
        """Whether all enabled entities have a value."""
        states = self.home.states()
        enabled = [entry["entity_id"] for entry in self.home.registered() if entry["disabled_by"] is None]
        return bool(enabled) and all(states.get(one, {"state": ""})["state"] not in _NOTHING for one in enabled)

    @property
    def device(self) -> dict[str, Any]:
        """The meter's device."""
        return self.home.devices()[f"teleinfo_{self.meter.address}"]

    def entities(self) -> dict[str, str]:
        """Ids of the meter's entities, by key."""
        start = f"teleinfo_{self.meter.address}_"
        return {entry["unique_id"].removeprefix(start): entry["entity_id"] for entry in self.home.registered()}

    def add_history(self) -> None:
        """Import the registers of the days before as statistics, and add all of them to the Energy dashboard."""
        entities = self.entities()
        price = {"entity_energy_price": None, "stat_cost": None}
        flows = [{"stat_energy_from": entities[key], "number_energy_price": PRICES[key]} | price for key in PRICES]
        source = {"type": "grid", "flow_from": flows, "flow_to": [], "cost_adjustment_day": 0}
        self.home.call("energy/save_prefs", energy_sources=[source])
        wait_until(lambda: len(self._costs()) >= len(PRICES), APPEARS_WITHIN, "what energy costs")
        costs = self._costs()

        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        hours = registers_since(self.meter, hour - timedelta(days=DAYS), hour)
        for key, euros in PRICES.items():
            first = hours[0][1][key]
            # A row of statistics has the value at the end of its hour.
            rows = [(begin, indexes[key]) for (begin, _), (_, indexes) in pairwise(hours)]
            self._import(entities[key], "energy", "Wh", [(begin, index, index - first) for begin, index in rows])
            spent = [(begin, (index - first) / 1000 * euros) for begin, index in rows]
            self._import(costs[entities[key]], None, "EUR", [(begin, sum_, sum_) for begin, sum_ in spent])

    def _costs(self) -> dict[str, str]:
        """The entities of what energy costs, by those of energy."""
        costs: dict[str, str] = self.home.call("energy/info")["cost_sensors"]
        return costs

    def _import(
        self, entity: str, unit_class: str | None, unit: str, rows: list[tuple[datetime, float, float]]
    ) -> None:
        metadata = {
            "mean_type": 0,
            "has_sum": True,
            "name": None,
            "source": "recorder",
            "statistic_id": entity,
            "unit_class": unit_class,
            "unit_of_measurement": unit,
        }
        stats = [{"start": begin.isoformat(), "state": state, "sum": sum_} for begin, state, sum_ in rows]
        self.home.call("recorder/import_statistics", metadata=metadata, stats=stats)


def take(house: House, page: Page, folder: Path) -> None:
    """Take all pictures."""
    version = "Version du lecteur"  # the last of them
    page.goto(f"/config/devices/device/{house.device['id']}")
    page.get_by_text(version).wait_for()
    _save(page, folder / "home-assistant-device.png", down_to=version, margin=16)
    page.set_viewport_size({"width": SCREEN, "height": TALL})
    page.goto("/energy")
    page.get_by_text("kWh").first.wait_for(state="attached")
    page.wait_for_function(f"({_ENERGY}).length")
    page.evaluate(_WEEK_BEFORE)
    _save(page, folder / "home-assistant-energy.png", down_to="Total", margin=80)


def _save(page: Page, file: Path, *, down_to: str, margin: int) -> None:
    """Take a picture down to the end of the last card with a text, and a margin."""
    _still(page)
    card = page.locator("ha-card", has_text=down_to).last.bounding_box()
    assert card is not None
    height = round(card["y"] + card["height"]) + margin
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    file.write_bytes(_still(page))
    print(f"{file}: {file.stat().st_size // 1000} kB")


def _still(page: Page) -> bytes:
    """Return a PNG of the page, once nothing moves."""
    previous = b""
    while (current := page.screenshot()) != previous:
        previous = current
        page.wait_for_timeout(1000)  # between two pictures
    return previous


def main() -> int:
    parser = argparse.ArgumentParser(description="take the pictures of docs/home-assistant.md")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to (default: {FOLDER})")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="teleinfo-") as place, contextlib.ExitStack() as stack:
        house = House(Path(place), stack)
        house.add_history()
        size = {"width": PHONE, "height": TALL}
        page = stack.enter_context(browse(house.home, size, dockedSidebar='"always_hidden"'))
        take(house, page, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
