"""Keeps the topic of prices up to date: what a kWh of each meter costs now and next, as far as it is known. No I/O."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from common.contract.prices import PriceSpan, write_prices
from common.mqtt.events import REFUSED, Published, PublishToken
from common.mqtt.reasons import publish_advice
from common.runtime.logs import ChangeLogger
from monitor.config import MonitorConfig
from monitor.cost.contracts import Contract, contracts
from monitor.live.house import LiveHouse
from monitor.live.measures import Tariff
from monitor.live.next_prices import NEAR, next_prices, stretch
from monitor.live.schedule import Change, expected
from monitor.prices.calendars import Calendars
from monitor.prices.model import PriceTable
from monitor.readings.periods import ContractSpan
from monitor.readings.power import Switch
from monitor.readings.steps import supplier_name

log = logging.getLogger(__name__)

SETTLE = 2.0  # seconds after a connection: what the broker retains of meters comes first
_WAIT_FOR_PAST = 15.0  # seconds after a connection, at most
_NOTHING = write_prices({})
_ZERO, _DAY = timedelta(0), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What the database knows of a meter, since `past_start`."""

    first: datetime | None  # since when it is stored
    switches: Sequence[Switch]  # in order


def past_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Return since when the switches of a meter are needed: a week before the time of which prices are computed."""
    return stretch(now, zone)[0] - 7 * _DAY


class _Rates(NamedTuple):
    prices: PriceTable
    calendars: Calendars


class _Key(NamedTuple):
    """What the prices of a meter follow from, besides rates and past."""

    minute: int
    speaking: bool
    offer: str | None
    subscribed: int | None
    register: str | None
    colour: str | None
    tomorrow: str | None


@dataclass(slots=True)
class _Meter:
    colours: dict[date, str] = field(default_factory=dict)  # of Tempo days, as it said
    computed_from: tuple[_Rates, Past | None] | None = None
    key: _Key | None = None
    spans: list[PriceSpan] = field(default_factory=list)


class PriceTopic:
    """Computes prices when something has changed, and once a minute; publishes them when they differ."""

    def __init__(
        self,
        config: MonitorConfig,
        house: LiveHouse,
        prices: PriceTable,
        calendars: Calendars,
        publish: Callable[[bytes], PublishToken | None],
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare; `publish` retains a message on the topic, and returns None where that is not possible now."""
        self._config = config
        self._zone = config.time_zone
        self._house = house
        self._publish = publish
        self._clock = clock
        self._rates = _Rates(prices, calendars)
        self._pasts: Mapping[str, Past] | None = None  # by identifier; None: the database was not asked yet
        self._meters: dict[str, _Meter] = {}
        self._connected_at: float | None = None  # monotonic
        self._sent: bytes | None = None  # on this connection
        self._token: PublishToken | None = None
        self._log = ChangeLogger(log)

    def use(self, prices: PriceTable, calendars: Calendars) -> None:
        """Compute with other prices and calendars from now on; may be called from any thread."""
        self._rates = _Rates(prices, calendars)

    def use_pasts(self, pasts: Mapping[str, Past]) -> None:
        """Compute with this past of meters from now on; may be called from any thread."""
        self._pasts = pasts

    def tick(self, monotonic: float) -> None:
        """Publish what has changed; called about once a second, and when the connection comes or goes."""
        if not self._house.connected:
            self._connected_at = self._sent = None
            return
        if self._connected_at is None:
            self._connected_at = monotonic
        if monotonic - self._connected_at < (_WAIT_FOR_PAST if self._pasts is None else SETTLE):
            return
        payload = self._payload(monotonic, self._clock())
        # An older message need not be cleared: its prices end by themselves.
        if payload != self._sent and not (self._sent is None and payload == _NOTHING):
            self._token = self._publish(payload)
            self._sent = None if self._token is None else payload

    def on_answer(self, answer: Published) -> None:
        """Log that the broker refuses prices: its rules may be older than they are."""
        if answer.token != self._token:
            return
        if answer.reason_code < REFUSED:
            self._log.reset()
        else:
            advice = publish_advice(answer.reason_code)
            self._log.log(
                logging.WARNING, f"The broker refuses the topic of prices (reason {answer.reason_code:#04x}): {advice}"
            )

    def _payload(self, monotonic: float, now: datetime) -> bytes:
        found = self._house.meters()
        for gone in self._meters.keys() - set(found):
            del self._meters[gone]
        return write_prices({meter: self._spans(meter, monotonic, now) for meter in found})

    def _spans(self, identifier: str, monotonic: float, now: datetime) -> list[PriceSpan]:
        view = self._house.meter(identifier, monotonic)
        if view is None:
            return []
        said, meter = view.tariff, self._meters.setdefault(identifier, _Meter())
        rates, past = self._rates, (self._pasts or {}).get(identifier)
        key = _Key(
            minute=int(now.timestamp()) // 60,
            speaking=view.speaking,
            offer=said.offer,
            subscribed=said.subscribed,
            register=said.register,
            colour=said.colour,
            tomorrow=said.tomorrow,
        )
        computed_from = meter.computed_from
        if computed_from is None or computed_from[0] is not rates or computed_from[1] is not past or key != meter.key:
            if view.speaking:
                self._learn_colours(meter.colours, said, now)
            meter.computed_from, meter.key = (rates, past), key
            running = said.register if view.speaking else None
            meter.spans = self._compute(identifier, said, running, meter.colours, rates, past, now)
        return meter.spans

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
        start, end = stretch(now, self._zone)
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
        houses = (house for house in self._config.meters if house.address == identifier)
        addresses = next(((house.address, *house.replaced) for house in houses), (identifier,))
        power = None if said.subscribed is None else said.subscribed // 1000
        return contracts(
            [line for line in self._config.contracts if line.meter in addresses],
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
