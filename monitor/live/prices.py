"""What a kWh costs now and next: the spans, and the topic of prices. No I/O.

The list of prices ends before the first moment of which nobody knows the register, the colour or the price. A meter
that does not do what its past lets expect, or whose past is too short, only has the price of the present hour.
"""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from common.contract.prices import Announced, MeterPrices, PriceSpan, write_prices
from common.contract.registers import supplier_name
from common.mqtt.events import REFUSED, Published, PublishToken, publish_advice
from common.runtime.logs import ChangeLogger
from monitor.base.calendar import full_hour, midnight, offsets
from monitor.base.config import MonitorConfig
from monitor.base.formats import ten_thousandths
from monitor.live.schedule import Change, expected
from monitor.live.state import LiveState
from monitor.live.values import Tariff
from monitor.money.calendars import Calendars
from monitor.money.contracts import Contract, contract_at, contracts
from monitor.money.price_status import is_assumed, priced_as
from monitor.money.prices import Kind, PriceTable
from monitor.money.rules import DAY as DAY_MINUTES
from monitor.money.rules import Facts
from monitor.money.unit_price import unit_price
from monitor.readings.periods import ContractSpan
from monitor.readings.power import Switch

#: How far the clocks of the meter and of this machine may be apart.
NEAR = timedelta(minutes=3)
_AHEAD = timedelta(hours=24)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def price_interval(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return from when to when prices are computed: from yesterday on, as the present price may hold since then."""
    end = full_hour(now + _AHEAD)
    return midnight(now.astimezone(zone).date() - _DAY, zone), end if end == now + _AHEAD else end + _HOUR


# One answer: what is expected of a moment needs all of what is asked with, and half of this says what that is.
def next_prices(
    prices: PriceTable,
    facts: Facts,
    contracts: Sequence[Contract],
    changes: Sequence[Change] | None,
    running: str | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[PriceSpan]:
    """Return the prices from that of now on, in the local time; neighbours differ.

    Args:
        prices: all offers.
        facts: holidays and calendars, with the Tempo colours that are known.
        contracts: of the time from `price_interval`, in order.
        changes: of the register, that are expected in that time; None: the rules of offers are all that is known.
        running: the register that runs; None: that is not known now.
        now: the present time.
        zone: the local time.
    """
    start, end = price_interval(now, zone)

    def price(moment: datetime, register: str | None) -> Decimal | None:
        contract = contract_at(contracts, moment)
        return None if contract is None else unit_price(prices, facts, zone, contract, moment, register)

    def expected(moment: datetime) -> Decimal | None:
        passed = [change.register for change in changes or () if change.at <= moment]
        if passed:
            return price(moment, passed[-1])
        return price(moment, None if changes is None or moment < now else running)

    def span(low: datetime, high: datetime, value: Decimal) -> PriceSpan:
        contract, local = contract_at(contracts, low), low.astimezone(zone)
        found = None if contract is None else priced_as(prices, contract.offer, local.date(), stated=contract.stated)
        return PriceSpan(local, high.astimezone(zone), float(value), is_assumed(found))

    present = None if running is None else price(now, running)
    if present is not None and present not in {expected(now - NEAR), expected(now), expected(now + NEAR)}:
        hour = full_hour(now)
        return [span(hour, hour + _HOUR, present)]
    spans: list[tuple[datetime, datetime, Decimal]] = []
    for low, high in itertools.pairwise(_limits(prices, contracts, changes or (), start, end, zone)):
        value = expected(now if low <= now < high else low)
        if value is None:
            if high > now:
                break
            spans.clear()
        elif spans and spans[-1][2] == value:
            spans[-1] = spans[-1][0], high, value
        else:
            spans.append((low, high, value))
    return [span(low, high, value) for low, high, value in spans if high > now]


def _limits(
    prices: PriceTable,
    contracts: Sequence[Contract],
    changes: Sequence[Change],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> list[datetime]:
    """Return the instants between which nothing changes, from `start` to `end`."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    offers = [offer for one in contracts if one.offer is not None and (offer := prices.offer(one.offer)) is not None]
    minutes = {0}.union(*(offer.rule.moments for offer in offers if offer.rule is not None))
    minutes = minutes.union(*(one.off_peak.moments for one in contracts if one.off_peak is not None))
    if any(offer.kind is Kind.SPOT for offer in offers):
        minutes |= set(range(0, DAY_MINUTES, 15))
    clocks = [time(*divmod(minute, 60)) for minute in minutes]
    times = [datetime.combine(day, clock, zone) for day in days for clock in clocks]
    found = {moment.replace(fold=fold).astimezone(UTC) for moment in times for fold in (0, 1)}
    found |= {moment for moment, _ in offsets(zone, start, end)}  # a time that is skipped is over then
    found |= {change.at for change in changes} | {contract.start for contract in contracts}
    return [start, *sorted(moment for moment in found if start < moment < end), end]


log = logging.getLogger(__name__)


class Retained:
    """Publishes a message when it differs from the last one, and again on each connection."""

    def __init__(self, name: str, publish: Callable[[bytes], PublishToken | None]) -> None:
        """Prepare; `publish` retains a message, and returns None where that is not possible now."""
        self._name = name
        self._publish = publish
        self._token: PublishToken | None = None
        self._log = ChangeLogger(log)
        self.sent: bytes | None = None
        """What was published last on this connection."""

    def show(self, payload: bytes) -> None:
        """Publish a message, unless it was published last."""
        if payload != self.sent:
            self._token = self._publish(payload)
            self.sent = None if self._token is None else payload

    def on_disconnected(self) -> None:
        """Publish again when there is a connection."""
        self.sent = None

    def on_answer(self, answer: Published) -> None:
        """Log that the broker refuses the topic: its rules may be older than the topic is."""
        if answer.token != self._token:
            return
        if answer.reason_code < REFUSED:
            self._log.reset()
        else:
            advice = publish_advice(answer.reason_code)
            self._log.log(
                logging.WARNING,
                f"The broker refuses the topic of {self._name} (reason {answer.reason_code:#04x}): {advice}",
            )


SETTLE = 2.0  # seconds after a connection: what the broker retains of meters comes first
_WAIT_FOR_PAST = 15.0  # seconds after a connection, at most
_NOTHING = write_prices({})
_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Past:
    """What the database knows of a meter, since `past_start`."""

    first: datetime | None  # since when it is stored
    switches: Sequence[Switch]  # in order


def past_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Return since when the switches of a meter are needed: a week before the time of which prices are computed."""
    return price_interval(now, zone)[0] - 7 * _DAY


class _Rates(NamedTuple):
    prices: PriceTable
    calendars: Calendars


@dataclass(slots=True)
class _Meter:
    colours: dict[date, str] = field(default_factory=dict)  # of Tempo days, as it said
    computed_from: tuple[object, ...] = ()
    spans: list[PriceSpan] = field(default_factory=list)


class PriceTopic:
    """Computes prices when something has changed, and once a minute; publishes them when they differ."""

    def __init__(
        self,
        config: MonitorConfig,
        house: LiveState,
        prices: PriceTable,
        calendars: Calendars,
        publish: Callable[[bytes], PublishToken | None],
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare; `publish` retains a message on the topic, and returns None where that is not possible now."""
        self._config = config
        self._zone = config.time_zone
        self._house = house
        self._clock = clock
        self._rates = _Rates(prices, calendars)
        self._pasts: Mapping[str, Past] | None = None  # by identifier; None: the database was not asked yet
        self._meters: dict[str, _Meter] = {}
        self._connected_at: float | None = None  # monotonic
        self._topic = Retained("prices", publish)

    def use(self, config: MonitorConfig, prices: PriceTable, calendars: Calendars) -> None:
        """Compute with other settings, prices and calendars from now on; may be called from any thread."""
        self._config, self._rates = config, _Rates(prices, calendars)

    def use_pasts(self, pasts: Mapping[str, Past]) -> None:
        """Compute with this past of meters from now on; may be called from any thread."""
        self._pasts = pasts

    def spans(self, meter: str) -> Sequence[PriceSpan]:
        """Return the prices of a meter as they were computed last; may be called from any thread."""
        known = self._meters.get(meter)
        return () if known is None else known.spans

    def tick(self, monotonic: float) -> None:
        """Publish what has changed; called about once a second, and when the connection comes or goes."""
        if not self._house.connected:
            self._connected_at = None
            self._topic.on_disconnected()
            return
        if not self._config.household.is_known:  # prices of another offer would be retained
            return
        if self._connected_at is None:
            self._connected_at = monotonic
        if monotonic - self._connected_at < (_WAIT_FOR_PAST if self._pasts is None else SETTLE):
            return
        payload = self._payload(monotonic, self._clock())
        # An older message need not be cleared: its prices end by themselves.
        if self._topic.sent is not None or payload != _NOTHING:
            self._topic.show(payload)

    def peak_price(self, identifier: str, day: date, colour: str, monotonic: float) -> int | None:
        """Return what a kWh costs in the peak hours of a Tempo day, 1e-4 EUR; in any thread."""
        view = self._house.meter(identifier, monotonic)
        register = next((one for one in TEMPO.registers if one.colour == colour and not one.off_peak), None)
        if view is None or register is None:
            return None
        noon = datetime.combine(day, time(12), self._zone).astimezone(UTC)
        contract = contract_at(self._contracts(identifier, view.tariff, noon, noon + _DAY), noon)
        if contract is None:
            return None
        price = unit_price(self._rates.prices, self._rates.calendars, self._zone, contract, noon, register.name)
        return None if price is None else ten_thousandths(price)

    def on_answer(self, answer: Published) -> None:
        """Take note of what the broker answered."""
        self._topic.on_answer(answer)

    def _payload(self, monotonic: float, now: datetime) -> bytes:
        found = self._house.meters()
        for gone in self._meters.keys() - set(found):
            del self._meters[gone]
        return write_prices({meter: self._said(meter, monotonic, now) for meter in found})

    def _said(self, identifier: str, monotonic: float, now: datetime) -> MeterPrices:
        view = self._house.meter(identifier, monotonic)
        if view is None:
            return MeterPrices()
        said, meter = view.tariff, self._meters.setdefault(identifier, _Meter())
        rates, past = self._rates, (self._pasts or {}).get(identifier)
        computed_from = (rates, past, said, view.speaking, int(now.timestamp()) // 60)
        if computed_from != meter.computed_from:
            if view.speaking:
                self._learn_colours(meter.colours, said, now)
            meter.computed_from = computed_from
            running = said.register if view.speaking else None
            meter.spans = self._compute(identifier, said, running, meter.colours, rates, past, now)
        return MeterPrices(meter.spans, self._announced(said, rates.calendars, now))

    def _announced(self, said: Tariff, calendars: Calendars, now: datetime) -> Announced | None:
        """Return tomorrow's colour where the meter does not say it, unless its tomorrow may be our today already."""
        day, after = (TEMPO.day_of((now + by).astimezone(self._zone)) for by in (_ZERO, NEAR))
        colour = calendars.ahead(day + _DAY)
        if said.offer != TEMPO.id or said.tomorrow is not None or colour is None or day != after:
            return None
        return Announced(colour, datetime.combine(day + _DAY, TEMPO.day_starts, self._zone))

    def _compute(
        self,
        identifier: str,
        said: Tariff,
        running: str | None,
        colours: Mapping[date, str],
        rates: _Rates,
        past: Past | None,
        now: datetime,
    ) -> list[PriceSpan]:
        start, end = price_interval(now, self._zone)
        changes = None
        if past is not None:
            switches = [Change(one.at, supplier_name(one.supplier, said.offer)) for one in past.switches]
            changes = expected(said.offer, switches, past.first, start, end, self._zone)
        return next_prices(
            rates.prices,
            replace(rates.calendars, shown=colours),
            self._contracts(identifier, said, start, end),
            changes,
            running,
            now,
            self._zone,
        )

    def _contracts(self, identifier: str, said: Tariff, start: datetime, end: datetime) -> list[Contract]:
        """Return the contracts: the user's lines, before the first of them what the meter says."""
        houses = (house for house in self._config.household.meters if house.address == identifier)
        addresses = next(((house.address, *house.replaced) for house in houses), (identifier,))
        power = None if said.subscribed is None else said.subscribed // 1000
        return contracts(
            [line for line in self._config.household.contracts if line.meter in addresses],
            [ContractSpan(start=start, end=end, offer=said.offer, calendar=None, power=power)],
            self._zone,
            end,
        )

    def _learn_colours(self, colours: dict[date, str], said: Tariff, now: datetime) -> None:
        """Keep the colours that a meter says, unless its day may have begun sooner or later than ours."""
        day, before, after = (TEMPO.day_of((now + by).astimezone(self._zone)) for by in (_ZERO, -NEAR, NEAR))
        if before == after:
            said_of = {day: said.colour, day + _DAY: said.tomorrow}
            colours.update({when: colour for when, colour in said_of.items() if colour is not None})
        for old in [one for one in colours if one < day - _DAY]:
            del colours[old]
