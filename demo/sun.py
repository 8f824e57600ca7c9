"""The house of `--sun`: a roof, a car and a thermometer, behind the simulated meter. Pure.

All three are those of its household: what the roof makes beyond what the house draws is what the meter injects, and the
car's energy is in what the house draws.
"""

import json
import math
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from common.contract.source_minutes import SourceMinute
from reader.simulator.contract import CONTRACTS
from reader.simulator.french_calendar import DAY, HOUR, legal_day_at
from reader.simulator.household import CAR_POWER, FIRST_DAY, Household
from reader.simulator.line import SimulatedLine
from reader.simulator.meter import SimulatedMeter

KIND = "standard-single-phase-tempo"  # of the simulated meter
ROOF, CAR, GARDEN = "toit", "voiture", "jardin"

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


def sunny_line() -> SimulatedLine:
    """Return the line of the meter of this house."""
    return SimulatedLine(KIND, seed=_SEED, sunny=True)


def sources_of(meter: str) -> list[dict[str, Any]]:
    """Return `sources` of `storer.yaml`, behind the meter of this address."""
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


class _State(NamedTuple):
    """Of all devices, at an instant."""

    roof: int  # W
    roof_energy: int  # joules
    car: int  # W
    car_energy: int  # joules
    outside: float  # °C


class SunnyHouse:
    """What the devices measure; their counters begin with the household."""

    def __init__(self) -> None:
        self._household = Household(CONTRACTS["tempo"], _SEED, sunny=True)
        self._midnights = [(0, 0)]  # joules of roof and car at the start of FIRST_DAY and the days after it

    def messages(self, instant: int) -> dict[str, str]:
        """Return what the devices send at an instant, by topic: OpenDTU, a Shelly Plus, a thermometer by Zigbee."""
        state = self._state(instant)
        return {
            _ROOF_POWER: f"{state.roof:.1f}",
            _ROOF_ENERGY: f"{state.roof_energy // _WATT_HOUR / 1000:.3f}",
            _CAR_STATUS: json.dumps(
                {
                    "id": 0,
                    "output": state.car > 0,
                    "apower": state.car,
                    "aenergy": {"total": float(state.car_energy // _WATT_HOUR), "minute_ts": instant},
                }
            ),
            _GARDEN_STATE: json.dumps({"battery": 97, "linkquality": 120, "temperature": round(state.outside, 1)}),
        }

    def minutes(self, start: datetime, end: datetime) -> dict[str, dict[datetime, SourceMinute]]:
        """Return the minutes of [start, end) of each source: as with a message each second."""
        edges = range(int(start.timestamp()), int(end.timestamp()) + 1, _MINUTE)
        found: dict[str, dict[datetime, SourceMinute]] = {ROOF: {}, CAR: {}, GARDEN: {}}
        for (begin, first), (until, after) in pairwise((edge, self._state(edge)) for edge in edges):
            last, minute = self._state(until - 1), datetime.fromtimestamp(begin, UTC)
            found[ROOF][minute] = SourceMinute(
                _MINUTE,
                last.roof_energy // _WATT_HOUR,
                power=(after.roof_energy - first.roof_energy) // _MINUTE,
                power_max=max(first.roof, last.roof),
            )
            found[CAR][minute] = SourceMinute(
                _MINUTE,
                last.car_energy // _WATT_HOUR,
                power=(after.car_energy - first.car_energy) // _MINUTE,
                power_max=max(first.car, last.car),
            )
            found[GARDEN][minute] = SourceMinute(_MINUTE, temperature=round(first.outside * 10))
        return found

    def _state(self, instant: int) -> _State:
        day = legal_day_at(instant)
        load, second = self._household.day_load(day.number), instant - day.start
        step = load.step_at(second)
        roof, car = self._midnight(day.number)
        produced = load.produced[step] + load.sunshine[step] * (second - load.starts[step])
        start, end = load.charge or (0, 0)
        return _State(
            roof=load.sunshine[step],
            roof_energy=roof + produced,
            car=CAR_POWER if start <= second < end else 0,
            car_energy=car + CAR_POWER * (min(max(second, start), end) - start),
            outside=load.outside + _SWING * math.cos(2 * math.pi * (instant - _WARMEST) / DAY),
        )

    def _midnight(self, number: int) -> tuple[int, int]:
        while len(self._midnights) <= number - FIRST_DAY:
            roof, car = self._midnights[-1]
            load = self._household.day_load(FIRST_DAY + len(self._midnights) - 1)
            start, end = load.charge or (0, 0)
            self._midnights.append((roof + load.produced[-1], car + CAR_POWER * (end - start)))
        return self._midnights[number - FIRST_DAY]
