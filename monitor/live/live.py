"""All that is live, for the server: start it, ask it, watch it."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from common.contract.offers import TEMPO
from common.contract.ports import write_choice
from common.contract.topics import Topics
from common.database.mariadb import Connection, Database
from common.mqtt.events import Published, PublishToken
from monitor.base.answer import plain
from monitor.base.config import MonitorConfig
from monitor.base.household import Ports
from monitor.base.request_errors import RequestError
from monitor.live.answer import LiveAnswer, answer, state_event
from monitor.live.chain import Snapshot, links, meter_snapshot
from monitor.live.discovery import Discovery
from monitor.live.later import Later, later
from monitor.live.look import Look
from monitor.live.meter import SECONDS, MeterView, clock_of
from monitor.live.mqtt_listener import MqttListener
from monitor.live.prices import Past, PriceTopic, Retained
from monitor.live.state import LiveState, Program
from monitor.live.stream_clients import StreamClient, StreamClients, event
from monitor.live.today import DatabasePoll, Opened
from monitor.live.values import Tariff
from monitor.money.calendars import Calendars
from monitor.money.curve import SeriesAnswers
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from monitor.readings.cache import Cache
from monitor.readings.hours import Meter
from monitor.readings.meters import newest
from monitor.readings.storage import open_tables

REPEAT_EVERY = 2.0  # seconds; after five without an event, a page says that it has none

NO_METER = ""
"""The meter of those who look at a house in which none is known yet."""


class Summary(Protocol):
    """What is shown of alerts; any thread may ask."""

    def use(self, alerts: Any) -> None:
        """Show these from now on."""

    def answer(self) -> Any:
        """Return the answer of `alerts`."""

    def active(self) -> Sequence[object]:
        """Return what holds now, as in the answer."""

    def events(self) -> object:
        """Return what it is written from: the same as long as nothing changes."""

    def message(self) -> bytes | None:
        """Return what MQTT retains; None: it is not known yet."""


class Live:
    """Values of now. Its methods answer from memory; after a pause, the first waits up to a second for the database.

    All may be called from any thread, `stream` only from the event loop.
    """

    def __init__(
        self,
        config: MonitorConfig,
        prices: PriceTable,
        calendars: Calendars,
        cache: Cache | None = None,
        *,
        alerts: Callable[[Callable[[], Iterable[str]]], Summary],
        settle: Callable[[Connection], None] | None = None,
        clients: StreamClients | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config = config
        self._prices = prices
        self._calendars = calendars
        self._cache = cache
        self._clock = clock
        self._state = LiveState()
        self._clients = clients or StreamClients()
        self._sent_links: dict[str, str] = {}  # by watched meter, as they were sent last
        self._alerts_source: object = None  # what the alerts that were sent last were written from
        self._sent_alerts = ""  # as they were sent last
        self._sent_at: dict[str, float] = {}  # by watched meter, when its clients got something last, monotonic

        def connect() -> Opened:
            connection = open_tables(Database(config.database))
            if not self._config.household.is_known and settle is not None:
                settle(connection)
            return connection, Home(connection, self._config, self._prices, self._calendars, self._cache)

        self._poll = DatabasePoll(connect, config.time_zone, clock, self._fill_minutes)
        self._price_topic = PriceTopic(
            config, self._state, prices, calendars, partial(self._retain, Topics.price), clock
        )
        self.alerts = alerts(self.named_meters)
        self._alert_topic = Retained("alerts", partial(self._retain, Topics.alerts))
        self._port_topic = Retained("ports", partial(self._retain, lambda topics, name: topics.ports("monitor", name)))
        self._chosen = Ports()
        self._listener = self._new_listener()
        self.look = Look(config.mqtt, config.name)
        self.discovery = Discovery(config.mqtt, config.name)

    def _new_listener(self) -> MqttListener | None:
        if self._config.mqtt is None:
            return None
        return MqttListener(
            self._config.mqtt,
            self._config.name,
            self._state,
            changed=self._on_frame,
            tick=self._on_tick,
            answered=self._on_answer,
        )

    def start(self) -> None:
        """Follow broker and database in the background; neither needs to be there."""
        self._poll.start()
        if self._listener is not None:
            self._listener.start()

    def close(self) -> None:
        """End all streams and threads."""
        self._clients.close()
        self.discovery.close()
        if self._listener is not None:
            self._listener.close()
        self._poll.close()

    def use(self, config: MonitorConfig, prices: PriceTable, calendars: Calendars, cache: Cache | None = None) -> None:
        """Answer with other settings, prices and calendars from now on."""
        self._config, self._prices, self._calendars, self._cache = config, prices, calendars, cache
        self._price_topic.use(config, prices, calendars)
        self._poll.reopen()

    def use_pasts(self, pasts: Mapping[str, Past]) -> None:
        """Expect of meters from now on what this past of them lets expect."""
        self._price_topic.use_pasts(pasts)

    @property
    def last_activity(self) -> float:
        """When the thread of the listener last did something, monotonic; infinite without a broker."""
        return float("inf") if self._listener is None else self._listener.last_activity

    @property
    def connected(self) -> bool:
        """Whether the broker is connected."""
        return self._state.connected

    @property
    def viewers(self) -> int:
        """The number of open streams."""
        return len(self._clients)

    def meters(self) -> list[str]:
        """Return all meters that broker or database know, by identifier."""
        stored, houses = self._poll.meters() or (), self._config.household.meters
        found = (*self._state.meters(), *(meter.identifier for meter in stored))
        return sorted({newest(address, houses) for address in found})

    def named_meters(self) -> set[str]:
        """Return the meters that broker and configuration know, without a look at the database."""
        houses = self._config.household.meters
        return {newest(address, houses) for address in self._state.meters()} | {house.address for house in houses}

    def choose(self, meter: str | None) -> str:
        """Return the identifier of a meter; without one that of the only meter, NO_METER if there is none at all.

        Raises:
            RequestError: there is no such meter, or there are several, and none was named.
        """
        known = self.meters()
        if meter is not None:
            meter = newest(meter, self._config.household.meters)
        if meter is None:
            if len(known) > 1:
                raise RequestError("meter_needed", known=", ".join(known), members={"meters": known})
            return known[0] if known else NO_METER
        # While the database has not answered yet, it may know more.
        if meter not in known and self._poll.meters() is not None:
            raise RequestError("unknown_meter", meter=meter, known=", ".join(known))
        return meter

    def answer(self, meter: str) -> LiveAnswer:
        """Return the answer of `live`."""
        today = self._poll.today(meter)
        monotonic, now = time.monotonic(), self._clock()
        view = self._state.meter(meter, monotonic)
        end = now if view is None else clock_of(view, now)
        return answer(
            meter,
            view,
            self._state.ring(meter, end),
            end,
            today,
            self.links(meter),
            self._prices,
            self._calendars,
            now,
            self._config.time_zone,
            self._announced(view, now),
        )

    def _announced(self, view: MeterView | None, now: datetime) -> str | None:
        """Return the colour of the next Tempo day of a meter, as others than it say."""
        if view is None or view.tariff.offer != TEMPO.id:
            return None
        return self._calendars.ahead(TEMPO.day_of(now.astimezone(self._config.time_zone)) + timedelta(1))

    def later(self, meter: str) -> Later:
        """Return the answer of `later`."""
        view = self._state.meter(meter, time.monotonic())
        tariff = Tariff() if view is None else view.tariff
        now, zone = self._clock(), self._config.time_zone
        tariff = replace(tariff, tomorrow=tariff.tomorrow or self._announced(view, now))
        surplus = view.values.injected if view is not None and view.speaking and self._state.connected else None
        feed_in = self._prices.feed_in_price(now.astimezone(zone).date())
        return later(meter, self._price_topic.spans(meter), tariff, now, zone, surplus, feed_in)

    def links(self, meter: str) -> dict[str, str]:
        """Return the state of each link: meter, reader, mqtt, storer, database; see `monitor.live.chain`."""
        stored = self._poll.meters()
        return links(
            self._state.meter(meter, time.monotonic()),
            connected=self._state.answers(time.monotonic()),
            ever_stored=None if stored is None else any(one.identifier == meter and one.first for one in stored),
            readers=self._state.programs("reader"),
            storers=self._state.programs("storer"),
            database=self._poll.database,
        )

    def last_frame(self, meter: str) -> datetime | None:
        """Return the time of a meter's newest frame; None: none came since the start."""
        view = self._state.meter(meter, time.monotonic())
        return None if view is None else view.last_frame

    def now(self) -> Snapshot:
        """Return what rules of alerts look at; it asks nobody."""
        at, connected, readers = self._clock(), self._state.connected, self._state.programs("reader")
        meters = tuple(meter_snapshot(view, readers, at, self._announced(view, at)) for view in self.views())
        return Snapshot(at, None if self._listener is None else connected, meters)

    def views(self) -> list[MeterView]:
        """Return what is known of each meter; an address whose meter was replaced says nothing any more."""
        now, houses = time.monotonic(), self._config.household.meters
        known = [identifier for identifier in self._state.meters() if newest(identifier, houses) == identifier]
        return [view for identifier in known if (view := self._state.meter(identifier, now)) is not None]

    def peak_price(self, meter: str, day: date, colour: str) -> int | None:
        """Return what a kWh costs in the peak hours of a Tempo day, 1e-4 EUR; None: not known."""
        return self._price_topic.peak_price(meter, day, colour, time.monotonic())

    def stored_at(self, meter: str) -> datetime | None:
        """Return when a storer last confirmed something of a meter."""
        return self._state.stored_at(meter)

    def programs(self, kind: str) -> list[Program]:
        """Return the programs of a kind, `reader` or `storer`, by name, with their last health."""
        return self._state.programs(kind)

    def refused_topics(self) -> list[str]:
        """Return the topics of sources that the broker does not let a storer read."""
        running = [one for one in self._state.programs("storer") if one.status != "offline"]
        return sorted({topic for one in running for topic in one.refused_topics})

    def stream(self, meter: str) -> StreamClient:
        """Open a stream: `state` with each frame, at most one a second; `link` and `alerts` when they change.

        Raises:
            RequestError: as many as may be are open.
        """
        client = self._clients.open(meter)
        client.put("link", event("link", self._links_text(meter)))
        client.put("state", self._state_event(meter))
        client.put("alerts", event("alerts", self._alerts_text()))
        return client

    def _state_event(self, meter: str) -> bytes:
        view = self._state.meter(meter, time.monotonic())
        if view is None:
            return b""
        data, at = state_event(view, self._state.connected, self._poll.known(meter), self._clock())
        return event("state", data, at)

    def _alerts_text(self) -> str:
        return json.dumps(self.alerts.active(), separators=(",", ":"), default=plain)

    def _links_text(self, meter: str) -> str:
        return json.dumps(self.links(meter), separators=(",", ":"))

    def use_ports(self, chosen: Ports) -> None:
        """Publish which ports a reader is to listen to; while none was named, nothing."""
        self._chosen = chosen if chosen.reader is not None else Ports(self._chosen.reader)

    # -- in the thread of the poll -------------------------------------------------------------------------------------

    def _fill_minutes(self, home: Home, meter: Meter) -> None:
        """Fill the ten minutes where we were not there, or the broker was not, but the storer was."""
        monotonic, end = time.monotonic(), self._clock()
        view = self._state.meter(meter.identifier, monotonic)
        if view is not None:
            end = clock_of(view, end)
        known = self._state.ring(meter.identifier, end)
        if known is None or None in known:
            powers = SeriesAnswers(home).powers(meter, end - timedelta(seconds=SECONDS), end)
            self._state.on_past(meter.identifier, powers, monotonic)

    # -- in the thread of the listener ---------------------------------------------------------------------------------

    def _retain(self, topic: Callable[[Topics, str], str], payload: bytes) -> PublishToken | None:
        if self._listener is None or self._config.mqtt is None:
            return None
        return self._listener.retain(topic(Topics(self._config.mqtt.topic), self._config.name), payload)

    def _on_answer(self, answer: Published) -> None:
        self._price_topic.on_answer(answer)
        self._alert_topic.on_answer(answer)
        self._port_topic.on_answer(answer)

    def _on_frame(self, meter: str) -> None:
        if meter in self._clients.meters:
            self._publish_state(meter)

    def _publish_state(self, meter: str) -> None:
        self._clients.publish(meter, "state", self._state_event(meter))
        self._sent_at[meter] = time.monotonic()

    def _on_tick(self) -> None:
        """Publish prices and alerts; tell clients what no message says: a meter is silent, the stream lives."""
        self._price_topic.tick(time.monotonic())
        self._publish_alerts()
        self._publish_ports()
        watched = self._clients.meters
        if NO_METER in watched and self._state.meters():
            self._clients.close_meter(NO_METER)  # they come back, and then it is the meter that they watch
        for meter in [meter for meter in self._sent_at if meter not in watched]:
            del self._sent_at[meter]
            self._sent_links.pop(meter, None)
        for meter in watched:
            text = self._links_text(meter)
            # A browser does not show pings to the page, which could not tell a silent meter from a dead stream.
            quiet = time.monotonic() - self._sent_at.get(meter, float("-inf")) >= REPEAT_EVERY
            if quiet or self._sent_links.get(meter) != text:
                self._sent_links[meter] = text
                self._clients.publish(meter, "link", event("link", text))
                self._publish_state(meter)

    def _publish_ports(self) -> None:
        if not self._state.connected:
            self._port_topic.on_disconnected()
        elif (chosen := self._chosen).reader is not None:
            self._port_topic.show(write_choice(chosen.reader, chosen.ports, chosen.labels))

    def _publish_alerts(self) -> None:
        """Tell MQTT and all clients what is wrong, when it changes."""
        connected = self._state.connected
        source = connected, self.alerts.events(), self.named_meters(), self._config.household
        if source == self._alerts_source:
            return
        self._alerts_source = source
        if not connected:
            self._alert_topic.on_disconnected()
        elif (message := self.alerts.message()) is not None:
            self._alert_topic.show(message)
        text = self._alerts_text()
        if text != self._sent_alerts:
            self._sent_alerts = text
            for meter in self._clients.meters:
                self._clients.publish(meter, "alerts", event("alerts", text))
