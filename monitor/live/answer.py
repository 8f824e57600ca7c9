"""Writes what the page shows first: the answer of `live`, and the events of its stream. Pure."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from common.contract.frame import parse_time, write_stamp
from common.errors import MessageError
from monitor.base.answer import INLINE, Count, More, Wh, answer_type, one_of, plain
from monitor.base.calendar import midnight
from monitor.base.formats import ten_thousandths
from monitor.live.chain import NEVER, STATES
from monitor.live.meter import SECONDS, MeterView, clock_of
from monitor.live.schedule import upcoming
from monitor.live.today import Today
from monitor.live.values import Tariff, Values
from monitor.money.amounts import Assumed
from monitor.money.contracts import Contract
from monitor.money.price_status import is_assumed, priced_as
from monitor.money.prices import PriceTable
from monitor.money.rules import Facts
from monitor.money.unit_price import unit_price

UNIT = "VA"
_STEP = 1000  # ms
_LONGEST = 64  # characters of a source; what came over the broker may be longer
_NOTHING = Values()
_NO_TARIFF = Tariff()
_Register = Annotated[str | None, "as in `wh` of `energy`, such as HCHP, BBRHPJW, EASF03"]
_Price = Annotated[int | None, "1e-4 EUR a kWh, all taxes included"]
_Colour = Annotated[str, one_of("blue", "white", "red")] | None
#: These objects have no other keys than those that are described.
_CLOSED = More(additionalProperties=False)


@answer_type
class PhasePower:
    """The power of a phase."""

    power: int | None
    limit: int | None


@answer_type
class State:
    """What changes from second to second: data of the event `state` of `live/stream`, and a part of `live`."""

    at: Annotated[datetime | None, "of the newest frame; while none comes, now by the clock of the frames"]
    silent_since: Annotated[datetime | None, "while no frame comes: when the last one came, if that is known"]
    fresh: Annotated[bool, "frames come: power is that of now, else the last one"]
    power: Annotated[int | None, "apparent power that is drawn, VA"]
    injected: Annotated[int | None, "apparent power that is injected, VA"]
    phases: Annotated[Sequence[Annotated[PhasePower, _CLOSED]] | None, "three phases, VA; null: a single one"]
    volts: Annotated[Sequence[int] | None, "of each phase"]
    register: _Register
    overload: Annotated[bool | None, "more is drawn than is subscribed; null: not known, the meter arrives decoded"]
    source: Annotated[
        str | None, "who decodes a meter that arrives decoded, such as zigbee2mqtt; null: its line is read"
    ]
    interval: Annotated[
        int | None,
        "of such a meter: seconds that usually lie between two frames. Its peaks, headroom and overloads are not"
        " measurable",
    ]


@answer_type
class NextRegister:
    """A register that will run."""

    at: datetime | None
    register: _Register
    price: _Price


@answer_type
class MeanPower:
    """The mean power of some minutes."""

    watts: int
    seconds: Count


@answer_type
class PeakOfToday:
    """The highest power of the local day."""

    power: int | None
    at: datetime | None


@answer_type
class ProductionNow:
    """What sources of production make now."""

    power: int
    at: datetime


@answer_type
class EnergyOfToday:
    """The energy of today so far."""

    at: Annotated[datetime, "when the database was asked"]
    wh: Wh | None
    injected_wh: Wh | None
    production_wh: Annotated[Wh | None, "Wh that sources of production made; null: there is none, or it is new today"]
    cost: Annotated[int | None, "1e-4 EUR with the subscription; null: a price is missing"]
    same_hour_last_week_wh: Wh | None
    same_hour_last_week_cost: Annotated[int | None, "as cost"]


@answer_type
class Links:
    """The state of each link of the way of a frame: data of the event `link`, too."""

    meter: Annotated[str, one_of(*STATES)]
    reader: Annotated[str, one_of(*STATES)]
    mqtt: Annotated[str, one_of(*STATES)]
    storer: Annotated[str, one_of(*STATES)]
    database: Annotated[str, one_of(*STATES)]


@answer_type
class RingOfPower:
    """The power of the last minutes."""

    t0: Annotated[int, "of the first value, epoch ms"]
    step: Annotated[int, "ms"]
    power: Annotated[Sequence[int | None], "VA, ten minutes; null: no frame"]


@answer_type
class LiveAnswer:
    """The answer of `live`."""

    meter: str
    state: Annotated[State, INLINE]
    unit: str
    subscribed: Annotated[int | None, "VA"]
    name: Annotated[str | None, "of the tariff period, where the register has no own name"]
    price: _Price
    assumed: Assumed
    since: Annotated[datetime | None, "when the register began to run"]
    until: Annotated[datetime | None, "when another one will run, as the meter switched in the past week"]
    next: Sequence[Annotated[NextRegister, _CLOSED]]
    colour: _Colour
    tomorrow: _Colour
    tomorrow_by: Annotated[
        Annotated[str, one_of("meter", "announced")] | None,
        "who says the colour of tomorrow: the meter, which bills, else others before it; null: it is not known",
    ]
    mean: Annotated[
        Annotated[MeanPower, _CLOSED] | None,
        "active power, from the steps of the index in the last ten minutes; null: not known yet, or not measurable",
    ]
    peak: Annotated[
        Annotated[PeakOfToday, _CLOSED] | None,
        "null: none is known; of a meter that arrives decoded there is only the one that the meter tells itself",
    ]
    production: Annotated[
        Annotated[ProductionNow, _CLOSED] | None,
        "W that sources of production made in the minute that ended then; null: there is none, or it is silent",
    ]
    today: Annotated[EnergyOfToday, _CLOSED] | None
    links: Annotated[Links, _CLOSED]
    ring: Annotated[RingOfPower, _CLOSED] | None


#: As the API describes it.
Described = Annotated[LiveAnswer, _CLOSED]


def _second(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def state(view: MeterView | None, connected: bool, today: Today | None, now: datetime) -> State:
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
    adapter = None if view is None else view.adapter
    return State(
        at=_second(at),
        silent_since=None if speaking or last is None else _second(last),
        fresh=speaking,
        power=measured.power,
        injected=measured.injected,
        phases=None if measured.phases is None else [PhasePower(power, limit) for power in measured.phases],
        volts=measured.volts,
        register=rate.register,
        overload=rate.overload and speaking if adapter is None else None,
        source=None if adapter is None else adapter.source[:_LONGEST],
        interval=None if adapter is None else adapter.interval,
    )


def state_event(view: MeterView, connected: bool, today: Today | None, now: datetime) -> tuple[str, str]:
    """Return data and id of an event `state`."""
    data = state(view, connected, today, now)
    return json.dumps(data, separators=(",", ":"), default=plain), "" if data.at is None else write_stamp(data.at)


# A table: a key of the answer a line, most of them of a function of their own.
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
    announced: str | None = None,
) -> LiveAnswer:
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
        announced: the colour of the next Tempo day, as others say; the meter goes before them.
    """
    rate = _NO_TARIFF if view is None else view.tariff
    present = state(view, links["mqtt"] == "up", today, now)
    offer = _offer(rate, today)
    subscribed = _subscribed(rate, today)
    tomorrow = rate.tomorrow or announced
    contract = Contract(now, now, offer, None if subscribed is None else subscribed // 1000)

    def price(register: str | None, at: datetime) -> int | None:
        found = unit_price(prices, facts, zone, contract, at, register)
        return None if found is None else ten_thousandths(found)

    changes = []
    if today is not None:  # the registers are those of the meter, whatever the user's line calls the offer
        structure = rate.offer or today.structure
        changes = upcoming(structure, rate.register, tomorrow, today.switches, now, zone)
    return LiveAnswer(
        meter=meter,
        state=replace(present, at=None) if links["meter"] == NEVER else present,
        unit=UNIT,
        subscribed=subscribed,
        name=rate.name,
        price=price(rate.register, now),
        assumed=is_assumed(priced_as(prices, offer, now.astimezone(zone).date(), stated=_stated(today))),
        since=_since(view, today),
        until=_second(changes[0].at) if changes else None,
        next=[
            NextRegister(_second(change.at), change.register, price(change.register, change.at)) for change in changes
        ],
        colour=rate.colour,
        tomorrow=tomorrow,
        tomorrow_by="meter" if rate.tomorrow is not None else None if tomorrow is None else "announced",
        mean=MeanPower(*view.mean) if view is not None and view.mean is not None and present.fresh else None,
        peak=_peak(rate, *((ring, today) if present.interval is None else (None, None)), ring_end, now, zone),
        production=_production(today),
        today=_today(today),
        links=Links(**links),
        ring=None if ring is None else RingOfPower((int(ring_end.timestamp()) - SECONDS + 1) * 1000, _STEP, list(ring)),
    )


def _stated(today: Today | None) -> bool:
    return today is not None and today.stated


def _production(today: Today | None) -> ProductionNow | None:
    if today is None or today.production is None:
        return None
    at, power = today.production
    return ProductionNow(power, _second(at))


def _today(today: Today | None) -> EnergyOfToday | None:
    if today is None or today.wh is None:
        return None
    return EnergyOfToday(
        at=_second(today.at),
        wh=today.wh,
        injected_wh=today.injected_wh,
        production_wh=today.production_wh,
        cost=today.cost,
        same_hour_last_week_wh=today.last_week_wh,
        same_hour_last_week_cost=today.last_week_cost,
    )


def _offer(rate: Tariff, today: Today | None) -> str | None:
    """Return the offer that prices are looked up by: the user's line of `contracts`, else what the meter says."""
    return (None if today is None else today.offer) or rate.offer


def _subscribed(rate: Tariff, today: Today | None) -> int | None:
    if rate.subscribed is not None:
        return rate.subscribed
    return None if today is None or today.power is None else today.power * 1000


def _since(view: MeterView | None, today: Today | None) -> datetime | None:
    """Return when the register began to run: as watched, else as the database has it."""
    if view is None or view.tariff.register is None:
        return None
    if view.register_since is not None:
        return _second(view.register_since)
    switches = [] if today is None else today.switches
    if switches and switches[-1].register == view.tariff.register:
        return _second(switches[-1].at)
    return None


def _peak(
    rate: Tariff,
    ring: Sequence[int | None] | None,
    today: Today | None,
    ring_end: datetime,
    now: datetime,
    zone: ZoneInfo,
) -> PeakOfToday | None:
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
    return PeakOfToday(power, _second(at))
