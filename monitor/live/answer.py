"""Writes what the page shows first: the answer of `live`, and the events of its stream. Pure."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.frame import parse_time, write_stamp
from common.errors import MessageError
from monitor.base.calendar import midnight
from monitor.base.formats import ten_thousandths
from monitor.live.chain import NEVER
from monitor.live.meter import SECONDS, MeterView, clock_of
from monitor.live.schedule import upcoming
from monitor.live.today import Today
from monitor.live.values import Tariff, Values
from monitor.money.contracts import Contract
from monitor.money.prices import PriceTable
from monitor.money.rules import Facts
from monitor.money.unit_price import price_at

UNIT = "VA"
_STEP = 1000  # ms
_NOTHING = Values()
_NO_TARIFF = Tariff()


def moment(time: datetime) -> str:
    """Write a time in whole seconds."""
    return write_stamp(time.replace(microsecond=0))


def state(view: MeterView | None, connected: bool, today: Today | None, now: datetime) -> dict[str, Any]:
    """Return what changes from second to second; it is the data of the event `state`, too.

    `at` is the time of the newest frame; while none comes, the present time by the clock of the frames, and
    `silent_since` says when the last one came, as far as it is known.
    """
    measured = _NOTHING if view is None else view.values
    rate = _NO_TARIFF if view is None else view.tariff
    speaking = connected and view is not None and view.speaking
    last = None if view is None else view.last_frame
    at = last if speaking and last is not None else now if view is None else clock_of(view, now)
    if last is None and today is not None:
        last = today.last
    subscribed = _subscribed(rate, today)
    limit = None if subscribed is None else subscribed // 3
    return {
        "at": moment(at),
        "silent_since": None if speaking or last is None else moment(last),
        "fresh": speaking,
        "power": measured.power,
        "injected": measured.injected,
        "phases": None if measured.phases is None else [{"power": power, "limit": limit} for power in measured.phases],
        "volts": None if measured.volts is None else list(measured.volts),
        "register": rate.register,
        "overload": rate.overload and speaking,
    }


def state_event(view: MeterView, connected: bool, today: Today | None, now: datetime) -> tuple[str, str]:
    """Return data and id of an event `state`."""
    data = state(view, connected, today, now)
    return json.dumps(data, separators=(",", ":")), data["at"]


def answer(
    meter: str,
    view: MeterView | None,
    ring: Sequence[int | None] | None,
    ring_end: datetime,
    today: Today | None,
    links: Mapping[str, str],
    prices: PriceTable,
    facts: Facts,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """Return the answer of `live`; keys are always there, null where nothing is known.

    Args:
        meter: its identifier.
        view: what MQTT says; None: nothing.
        ring: the power of ten minutes, a value a second.
        ring_end: the time of its last value.
        today: what the database says; None: nothing.
        links: the state of each link.
        prices: what a kWh costs.
        facts: what is known of days.
        now: the present time.
        zone: the local time.
    """
    rate = _NO_TARIFF if view is None else view.tariff
    found = state(view, links["mqtt"] == "up", today, now)
    offer = _offer(rate, today)
    subscribed = _subscribed(rate, today)
    contract = Contract(now, now, offer, None if subscribed is None else subscribed // 1000)

    def price(register: str | None, at: datetime) -> int | None:
        found = price_at(prices, facts, zone, contract, at, register)
        return None if found is None else ten_thousandths(found)

    changes = []
    if today is not None:  # the registers are those of the meter, whatever the user's line calls the offer
        structure = rate.offer or today.structure
        changes = upcoming(structure, rate.register, rate.tomorrow, today.switches, now, zone)
    return {
        "meter": meter,
        **found,
        "at": None if links["meter"] == NEVER else found["at"],
        "unit": UNIT,
        "subscribed": subscribed,
        "name": rate.name,
        "price": price(rate.register, now),
        "since": _since(view, today),
        "until": moment(changes[0].at) if changes else None,
        "next": [
            {"at": moment(change.at), "register": change.register, "price": price(change.register, change.at)}
            for change in changes
        ],
        "colour": rate.colour,
        "tomorrow": rate.tomorrow,
        "mean": view.mean._asdict() if view is not None and view.mean is not None and found["fresh"] else None,
        "peak": _peak(rate, ring, ring_end, today, now, zone),
        "production": _production(today),
        "today": _today(today),
        "links": dict(links),
        "ring": None
        if ring is None
        else {"t0": (int(ring_end.timestamp()) - SECONDS + 1) * 1000, "step": _STEP, "power": list(ring)},
    }


def _production(today: Today | None) -> dict[str, Any] | None:
    if today is None or today.production is None:
        return None
    at, power = today.production
    return {"power": power, "at": moment(at)}


def _today(today: Today | None) -> dict[str, Any] | None:
    if today is None or today.wh is None:
        return None
    return {
        "at": moment(today.at),
        "wh": today.wh,
        "injected_wh": today.injected_wh,
        "production_wh": today.production_wh,
        "cost": today.cost,
        "same_hour_last_week_wh": today.last_week_wh,
        "same_hour_last_week_cost": today.last_week_cost,
    }


def _offer(rate: Tariff, today: Today | None) -> str | None:
    """Return the offer that prices are looked up by: the user's line of `contracts`, else what the meter says."""
    return (None if today is None else today.offer) or rate.offer


def _subscribed(rate: Tariff, today: Today | None) -> int | None:
    if rate.subscribed is not None:
        return rate.subscribed
    return None if today is None or today.power is None else today.power * 1000


def _since(view: MeterView | None, today: Today | None) -> str | None:
    """Return when the register began to run: as watched, else as the database has it."""
    if view is None or view.tariff.register is None:
        return None
    if view.register_since is not None:
        return moment(view.register_since)
    switches = [] if today is None else today.switches
    if switches and switches[-1].register == view.tariff.register:
        return moment(switches[-1].at)
    return None


def _peak(
    rate: Tariff,
    ring: Sequence[int | None] | None,
    ring_end: datetime,
    today: Today | None,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Any] | None:
    """Return the highest power of the local day: the database is a minute behind, the meter knows its own highest."""
    start = midnight(now.astimezone(zone).date(), zone)
    found: list[tuple[int, datetime]] = []
    if today is not None and today.peak is not None:
        found.append((today.peak.power, today.peak.at))
    if rate.highest is not None:
        with contextlib.suppress(MessageError):  # the state of a program that is not ours
            found.append((rate.highest[0], parse_time(rate.highest[1])))
    for age, power in enumerate(reversed(ring or ())):
        if power is not None:
            found.append((power, ring_end - timedelta(seconds=age)))
    of_today = [(power, at) for power, at in found if at >= start]
    if not of_today:
        return None
    power, at = max(of_today, key=lambda pair: (pair[0], -pair[1].timestamp()))
    return {"power": power, "at": moment(at)}
