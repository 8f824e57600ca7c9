"""The tools `meters`, `now` and `devices`: which meters there are, what runs, and what is measured beside them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from common.contract.offers import COLOURS
from monitor.base.answer import ABSENT, Absent, answer_type, one_of
from monitor.base.calendar import midnight
from monitor.base.ranges import Range
from monitor.base.request_errors import RequestError
from monitor.live.answer import LiveAnswer
from monitor.live.today import Today, today
from monitor.mcp.words import (
    FROM,
    METER,
    TO,
    KwhPrice,
    Label,
    MaybeEur,
    MaybeWh,
    Moment,
    euros,
    formats,
    label,
    local,
    meter_of,
    of_ten_thousandths,
)
from monitor.money.contracts import Contract
from monitor.money.curve import SeriesAnswers
from monitor.money.unit_price import unit_price
from monitor.places.now import routes as places
from monitor.places.review import energy
from monitor.readings.curves import MINUTES
from monitor.readings.hours import Meter
from monitor.sources.devices import ON, DeviceAnswers
from monitor.sources.sources import measured
from monitor.web.route import ApiRequest, Route

_MINUTE = timedelta(minutes=1)
_MOST = 400  # periods of a range of `devices`


@answer_type
class KnownMeter:
    """A meter."""

    meter: Label
    mode: Annotated[str, one_of("historic", "standard")] | None
    phases: Annotated[int | None, "1 or 3"]
    subscribed_va: Annotated[int | None, "subscribed power, VA"]
    offer: Annotated[str | None, "whose prices it has; null: not known"]
    offer_assumed: Annotated[bool, "nobody said that this is the offer: costs are those of the regulated prices"]
    injects: Annotated[bool, "it counts what the home injects"]
    known_since: Annotated[date | None, "local day of the first energy that is known"]
    last: Annotated[Moment | None, "when its last stored frame came"]
    devices: Annotated[Sequence[str], "what is measured beside it"]


@answer_type
class KnownMeters:
    """What `meters` says."""

    time_zone: str
    now: Moment
    meters: Sequence[KnownMeter]


def _meters(request: ApiRequest) -> KnownMeters:
    zone, by_address = request.config.time_zone, {one.identifier: one for one in request.home.meters()}
    facts = request.home.facts(list(by_address.values()), request.now)
    found = []
    for one in places.meters(request).meters:
        meter = by_address[one.id]
        fact, day = facts.get(meter.number), request.now
        known = request.home.costs.contracts(meter, day - timedelta(days=1), day)
        priced = request.home.costs.priced_as(known, day)
        devices = one.beside.devices
        found.append(
            KnownMeter(
                meter=label(meter),
                mode=one.mode,
                phases=one.phases,
                subscribed_va=one.subscribed,
                offer=None if priced is None else priced.name,
                offer_assumed=priced is not None and priced.assumed,
                injects=fact is not None and fact.producer,
                known_since=one.known_since,
                last=None if one.last is None else local(one.last, zone),
                devices=() if devices is ABSENT else devices,
            )
        )
    return KnownMeters(zone.key, local(request.now, zone), found)


METERS = Route(
    "meters", "Which electricity meters the home has, their contract, and since when they are known.", (), _meters
)


@answer_type
class PeriodToCome:
    """A tariff period that will run."""

    at: Moment | None
    period: Annotated[str | None, "its name"]
    eur_per_kwh: KwhPrice


@answer_type
class SoFar:
    """The present day, from local midnight."""

    wh: MaybeWh
    eur: Annotated[float | None, "EUR, all taxes and the subscription included; null: not known"]
    wh_a_week_ago: Annotated[int | None, "Wh up to the same time a week ago; null: not known"]
    eur_a_week_ago: MaybeEur


@answer_type
class Running:
    """What a device does."""

    name: str
    power_w: Annotated[int | None, "W; null: not known"]
    on: Annotated[bool, f"it uses {ON} W or more"]


@answer_type
class Now:
    """What `now` says."""

    meter: Label
    at: Annotated[Moment, "of the newest reading"]
    age_s: Annotated[int, "how old it is, seconds"]
    live: Annotated[bool, "it is that of this moment; else the newest minute that is stored"]
    power_va: Annotated[int | None, "apparent power that is drawn, VA; of a stored minute its mean"]
    injected_va: Annotated[int | None, "apparent power that is injected, VA"]
    subscribed_va: Annotated[int | None, "subscribed power, VA"]
    overload: Annotated[bool | None, "more is drawn than is subscribed; null: not known"]
    period: Annotated[str | None, "name of the tariff period that runs"]
    eur_per_kwh: KwhPrice
    price_assumed: Annotated[bool, "the regulated price: nobody said that it is this home's"]
    colour: Annotated[str, one_of(*COLOURS)] | None
    tomorrow: Annotated[str, one_of(*COLOURS)] | None
    next: Annotated[Sequence[PeriodToCome], "periods to come; empty: not known"]
    today: SoFar
    production_w: Annotated[int | None, "W that the home's own sources make; null: there is none, or it is silent"]
    devices: Annotated[Sequence[Running], "the one that uses most first"]


def _now(request: ApiRequest) -> Now:
    meter, zone = meter_of(request), request.config.time_zone
    said = request.live.answer(meter.identifier)
    looked = today(request.home, meter, request.now, zone)
    at, power, injected, register = _newest(request, meter, said, looked)
    f = formats(request)
    live_tariff = said.state.register is not None
    return Now(
        meter=label(meter),
        at=local(at, zone),
        age_s=max(round((request.now - at).total_seconds()), 0),
        live=said.state.fresh,
        power_va=power,
        injected_va=injected,
        subscribed_va=said.subscribed or (None if looked.power is None else looked.power * 1000),
        overload=said.state.overload if said.state.fresh else None,
        period=None if register is None else f.register(register, {}),
        eur_per_kwh=of_ten_thousandths(said.price) if live_tariff else _price(request, looked, register),
        price_assumed=request.home.costs.is_assumed(meter, request.now - timedelta(days=1), request.now, request.now),
        colour=said.colour,
        tomorrow=said.tomorrow,
        next=[
            PeriodToCome(
                None if one.at is None else local(one.at, zone),
                None if one.register is None else f.register(one.register, {}),
                of_ten_thousandths(one.price),
            )
            for one in said.next
        ],
        today=SoFar(
            wh=looked.wh,
            eur=_cents(looked.cost),
            wh_a_week_ago=looked.last_week_wh,
            eur_a_week_ago=_cents(looked.last_week_cost),
        ),
        production_w=None if looked.production is None else looked.production[1],
        devices=_running(request, meter),
    )


def _newest(
    request: ApiRequest, meter: Meter, said: LiveAnswer, looked: Today
) -> tuple[datetime, int | None, int | None, str | None]:
    """Return when the newest reading was, the power that was drawn and injected, and the register that ran."""
    state = said.state
    if state.fresh and state.at is not None:
        return state.at, state.power, state.injected, state.register
    if looked.last is None:
        raise RequestError("no_readings")
    start = looked.last.replace(second=0, microsecond=0)
    curve = SeriesAnswers(request.home).curve(
        meter, start, start + _MINUTE, 1, MINUTES, ("power", "injected"), request.now
    )
    values = {} if curve is None else {name: column[-1] for name, column in curve.columns.items() if column}
    ran = () if curve is None or curve.happened is None else curve.happened.registers
    register = ran[-1][2] if ran else looked.switches[-1].register if looked.switches else None
    return looked.last, values.get("mean"), values.get("injected"), register


def _price(request: ApiRequest, looked: Today, register: str | None) -> float | None:
    now, home = request.now, request.home
    contract = Contract(now, now, looked.offer, looked.power)
    found = unit_price(home.prices, home.profile_billing.calendars, home.zone, contract, now, register)
    return None if found is None else round(float(found), 4)


def _cents(amount: int | None) -> float | None:
    return None if amount is None else euros(Decimal(amount) / 10_000)


def _running(request: ApiRequest, meter: Meter) -> list[Running]:
    found = DeviceAnswers(request.home).now(meter, request.now)
    return [Running(one.name, one.power, one.power is not None and one.power >= ON) for one in found]


NOW = Route(
    "now",
    "What the home draws now (VA), tariff period, price and Tempo colour, today's energy and cost so far, what is on.",
    (METER,),
    _now,
)


@answer_type
class UsedByDevice:
    """What a device used in the range, and what it does now."""

    name: str
    wh: MaybeWh
    eur: MaybeEur
    power_w: Annotated[int | None, "W now; null: not known"]
    on: Annotated[bool, f"it uses {ON} W or more now"]


@answer_type
class Roof:
    """What the home made itself in the range."""

    production_wh: MaybeWh
    self_consumed_wh: Annotated[int | None, "Wh of it used at home; null: not known"]
    injected_wh: Annotated[int | None, "Wh of it injected; null: not known"]
    saved: Annotated[float | None, "EUR that what was used at home would have cost; null: not known"]
    earned: Annotated[float | None, "EUR for what was injected; null: not known"]


@answer_type
class Devices:
    """What `devices` says."""

    meter: Label
    from_: Moment
    to: Moment
    devices: Annotated[Sequence[UsedByDevice], "empty: nothing is measured beside the meter"]
    home_wh: Annotated[int | None, "Wh that the home used in all; null: not known"]
    rest_wh: Annotated[int | None, "Wh of it that no device counted; null: not known"]
    rest_eur: MaybeEur
    sun: Roof | Absent = ABSENT


def _devices(request: ApiRequest) -> Devices:
    meter, zone = meter_of(request), request.config.time_zone
    if request.range.low is None and request.range.high is None:
        start = midnight(request.now.astimezone(zone).date(), zone)
        request = replace(request, range=Range(start, None, "day"))
    found = energy.ask(request, meter, _MOST)
    if found is None:
        raise RequestError("no_data")
    beside = measured(request.home, found, request.range.by, request.now)
    running = {one.name: one for one in _running(request, meter)}
    whole, of_devices = found.whole.energy, beside.devices
    made = None if beside.sun is None else beside.sun.whole
    return Devices(
        meter=label(meter),
        from_=local(whole.start, zone),
        to=local(whole.end, zone),
        devices=[]
        if of_devices is None
        else [
            UsedByDevice(
                name=one.name,
                wh=one.total_wh,
                eur=euros(one.total_cost),
                power_w=running[one.name].power_w,
                on=running[one.name].on,
            )
            for one in of_devices.devices
        ],
        home_wh=of_devices.house_wh if of_devices is not None else whole.total_wh if beside.sun is None else None,
        rest_wh=None if of_devices is None else of_devices.rest_wh,
        rest_eur=None if of_devices is None else euros(of_devices.rest_cost),
        sun=ABSENT
        if beside.sun is None
        else Roof(
            production_wh=None if made is None else made.production_wh,
            self_consumed_wh=None if made is None else made.self_consumed_wh,
            injected_wh=whole.injected_wh if made is None else made.injected_wh,
            saved=None if made is None else euros(made.saved),
            earned=euros(beside.sun.earned),
        ),
    )


DEVICES = Route(
    "devices",
    "What devices and solar panels beside the meter used or made in a range (by default today), and what is on now.",
    (METER, FROM, TO),
    _devices,
)
