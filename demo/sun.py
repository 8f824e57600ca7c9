"""The house of `--sun`: a roof, a car and a thermometer, behind the simulated meter.

All three are those of its household: what the roof makes beyond what the house draws is what the meter injects, and the
car's energy is in what the house draws. As a process: its meter on a pseudo-terminal, whose name it prints, and its
devices over MQTT.
"""

import argparse
import json
import math
import sys
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from common.contract.source_minutes import SourceMinute
from common.mqtt.session import Session
from common.runtime.shutdown import Shutdown
from common.settings.config import Broker
from demo.servers import HOST
from reader.simulator.contract import CONTRACTS
from reader.simulator.french_calendar import DAY, HOUR, legal_day_at
from reader.simulator.household import CAR_POWER, FIRST_DAY, Household
from reader.simulator.line import SimulatedLine
from reader.simulator.meter import SimulatedMeter
from reader.simulator.pseudo_terminal import serve_pty

KIND = "standard-single-phase-tempo"  # of the simulated meter
ROOF, CAR, GARDEN = "toit", "voiture", "jardin"

_EVERY = 5.0  # seconds between two messages of a device
_SEED = 1  # the meter of the house without a roof has other indexes, and needs another address
_WATT_HOUR = 3600  # joules
_MINUTE = 60
_WARMEST = 15 * HOUR  # of the day, UTC
_SWING = 4  # °C between a day's mean and its warmest hour

_ROOF_POWER, _ROOF_ENERGY = "sources/opendtu/ac/power", "sources/opendtu/ac/yieldtotal"
_CAR_STATUS = "sources/shelly-voiture/status/switch:0"
_GARDEN_STATE = "sources/zigbee/jardin"


def meter_of(*, sun: bool) -> SimulatedMeter:
    """Return the meter of the demo: that of a house with a roof is another one."""
    return SimulatedMeter(KIND, seed=_SEED, sunny=True) if sun else SimulatedMeter(KIND)


def sources_of(meter: str) -> list[dict[str, Any]]:
    """Return the setting `sources`, behind the meter of this address."""
    return [
        {
            "name": ROOF,
            "kind": "production",
            "topic": {"power": _ROOF_POWER, "energy": _ROOF_ENERGY},
            "power": "",
            "energy": "",
            "unit": "kWh",
            "meter": meter,
        },
        {
            "name": CAR,
            "kind": "device",
            "topic": _CAR_STATUS,
            "power": "apower",
            "energy": "aenergy.total",
            "unit": "Wh",
            "meter": meter,
        },
        {"name": GARDEN, "kind": "temperature", "topic": _GARDEN_STATE, "temperature": "temperature", "meter": meter},
    ]


class SunnyHouse:
    """What the devices measure; their counters begin with the household."""

    def __init__(self) -> None:
        self._household = Household(CONTRACTS["tempo"], _SEED, sunny=True)
        self._midnights = [(0, 0)]  # joules of roof and car at the start of FIRST_DAY and the days after it

    def messages(self, instant: int) -> dict[str, str]:
        """Return what the devices send at an instant, by topic: OpenDTU, a Shelly Plus, a thermometer by Zigbee."""
        counters, outside = self._state(instant)
        (roof, roof_energy), (car, car_energy) = counters[ROOF], counters[CAR]
        energy = {"total": float(car_energy // _WATT_HOUR), "minute_ts": instant}
        plug = {"id": 0, "output": car > 0, "apower": car, "aenergy": energy}
        return {
            _ROOF_POWER: f"{roof:.1f}",
            _ROOF_ENERGY: f"{roof_energy // _WATT_HOUR / 1000:.3f}",
            _CAR_STATUS: json.dumps(plug),
            _GARDEN_STATE: json.dumps({"battery": 97, "linkquality": 120, "temperature": round(outside, 1)}),
        }

    def minutes(self, start: datetime, end: datetime) -> dict[str, dict[datetime, SourceMinute]]:
        """Return the minutes of [start, end) of each source: as with a message each second."""
        edges = range(int(start.timestamp()), int(end.timestamp()) + 1, _MINUTE)
        found: dict[str, dict[datetime, SourceMinute]] = {ROOF: {}, CAR: {}, GARDEN: {}}
        for (begin, (first, outside)), (until, (after, _)) in pairwise((edge, self._state(edge)) for edge in edges):
            (last, _), minute = self._state(until - 1), datetime.fromtimestamp(begin, UTC)
            for name in (ROOF, CAR):
                (power, energy), (power_last, energy_last) = first[name], last[name]
                found[name][minute] = SourceMinute(
                    _MINUTE,
                    energy_last // _WATT_HOUR,
                    power=(after[name][1] - energy) // _MINUTE,
                    power_max=max(power, power_last),
                )
            found[GARDEN][minute] = SourceMinute(_MINUTE, temperature=round(outside * 10))
        return found

    def _state(self, instant: int) -> tuple[dict[str, tuple[int, int]], float]:
        """Return W and joules of roof and car, and the temperature outside, °C."""
        day = legal_day_at(instant)
        load, second = self._household.day_load(day.number), instant - day.start
        step = load.step_at(second)
        roof, car = self._midnight(day.number)
        produced = load.produced[step] + load.sunshine[step] * (second - load.starts[step])
        start, end = load.charge or (0, 0)
        charged = CAR_POWER * (min(max(second, start), end) - start)
        counters = {
            ROOF: (load.sunshine[step], roof + produced),
            CAR: (CAR_POWER if start <= second < end else 0, car + charged),
        }
        return counters, load.outside + _SWING * math.cos(2 * math.pi * (instant - _WARMEST) / DAY)

    def _midnight(self, number: int) -> tuple[int, int]:
        while len(self._midnights) <= number - FIRST_DAY:
            roof, car = self._midnights[-1]
            load = self._household.day_load(FIRST_DAY + len(self._midnights) - 1)
            start, end = load.charge or (0, 0)
            self._midnights.append((roof + load.produced[-1], car + CAR_POWER * (end - start)))
        return self._midnights[number - FIRST_DAY]


def _send(session: Session, house: SunnyHouse, stop: threading.Event) -> None:
    while not stop.wait(_EVERY):
        for topic, payload in house.messages(int(time.time())).items():
            session.publish(topic, payload)


def main() -> int:
    """Run until a signal; return the exit code."""
    parser = argparse.ArgumentParser(prog="demo.sun")
    parser.add_argument("--broker", type=int, required=True, help="its port")
    arguments = parser.parse_args()
    shutdown = Shutdown()
    line = SimulatedLine(KIND, seed=_SEED, sunny=True)
    shutdown.install(line.close)
    session = Session(
        Broker(host=HOST, port=arguments.broker), "demo-devices", subscriptions=[], emit=lambda event: None
    )
    session.start()
    sender = threading.Thread(target=_send, args=(session, SunnyHouse(), shutdown.stop), daemon=True)
    sender.start()
    serve_pty(line, announce=lambda name: print(name, flush=True))
    session.close()
    return shutdown.exit_code


if __name__ == "__main__":
    sys.exit(main())
