"""Take the pictures of docs/home-assistant.md: `.venv/bin/python -m docs.tools.picture_home_assistant [FOLDER]`.

A real Home Assistant, the reader, and one simulated meter: Tempo, standard mode, one phase. The registers of the days
before are imported as hourly statistics, as the same meter would have sent them: five minutes alone would leave the
dashboard empty. Needs Chromium (`apt-get install chromium`).
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from demo.servers import HOST, Broker
from docs.tools.chromium import Page, browse
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from tests.home_assistant.instance import HomeAssistant
from tests.support.programs import Service

KIND = "standard-single-phase-tempo"
DAYS = 9  # of history
APPEARS_WITHIN = 120.0  # seconds; health comes once a minute
PHONE, SCREEN = 480, 1280  # widths, in pixels; on a screen Home Assistant cuts names short
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
        self._wait(self._shown, 1, "the meter")

    def _shown(self) -> list[str]:
        """The enabled entities, when all of them have a value."""
        states = self.home.states()
        enabled = [entry["entity_id"] for entry in self.home.registered() if entry["disabled_by"] is None]
        return enabled if all(states.get(entity, {"state": ""})["state"] not in _NOTHING for entity in enabled) else []

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
        costs = self._wait(lambda: self.home.call("energy/info")["cost_sensors"], len(PRICES), "what energy costs")

        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        hours = registers_since(self.meter, hour - timedelta(days=DAYS), hour)
        for key, euros in PRICES.items():
            first = hours[0][1][key]
            # A row of statistics has the value at the end of its hour.
            rows = [(begin, indexes[key]) for (begin, _), (_, indexes) in pairwise(hours)]
            self._import(entities[key], "energy", "Wh", [(begin, index, index - first) for begin, index in rows])
            spent = [(begin, (index - first) / 1000 * euros) for begin, index in rows]
            self._import(costs[entities[key]], None, "EUR", [(begin, sum_, sum_) for begin, sum_ in spent])

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

    def _wait(self, look: Callable[[], Any], count: int, what: str) -> Any:
        """Wait until there are so many, and return them."""
        deadline = time.monotonic() + APPEARS_WITHIN
        while len(seen := look()) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"timed out after {APPEARS_WITHIN:.0f} s: {what}: {seen}")
            time.sleep(0.5)  # between two looks
        return seen


def take(house: House, page: Page, folder: Path) -> None:
    """Take all pictures, and print their texts."""
    address = f"http://{HOST}:{house.home.port}"
    tokens = house.home.tokens() | {"hassUrl": address}
    page.remember({"hassTokens": json.dumps(tokens), "selectedLanguage": '"fr"', "dockedSidebar": '"always_hidden"'})
    version = "Version du lecteur"  # the last of them
    page.resize(PHONE, 900)
    page.open(f"{address}/config/devices/device/{house.device['id']}", until=version)
    _save(page, folder / "home-assistant-device.png", page.picture(width=PHONE, down_to=version, margin=16))
    page.resize(SCREEN, 900)
    page.open(f"{address}/energy", until="kWh")
    page.wait(f"({_ENERGY}).length")
    page.evaluate(_WEEK_BEFORE)
    _save(page, folder / "home-assistant-energy.png", page.picture(width=SCREEN, down_to="Total", margin=80))


def _save(page: Page, file: Path, picture: bytes) -> None:
    file.write_bytes(picture)
    print(f"{file}: {len(picture) // 1000} kB: {page.text()[:3000]}")


def main() -> int:
    parser = argparse.ArgumentParser(description="take the pictures of docs/home-assistant.md")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to (default: {FOLDER})")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="teleinfo-") as place, contextlib.ExitStack() as stack:
        house = House(Path(place), stack)
        house.add_history()
        page = stack.enter_context(browse(Path(place) / "chromium", language="fr", time_zone="Europe/Paris"))
        take(house, page, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
