"""Removes a program or a meter that will not come back from a broker: its retained messages and its session."""

import json
import queue
import re
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Self

from common.contract.topics import Topics
from common.errors import TeleinfoError
from common.mqtt.events import REFUSED, Connected, Disconnected, Event, Message, Published
from common.mqtt.session import Session
from common.settings.config import Broker

_RUNNING = ("online", "stalled")  # stalled: it waits for its database
_CLOSE_TIMEOUT = 2.0  # seconds


class ForgetFailed(TeleinfoError):
    """Not done: the text says why, and what to do."""


class NotAllowed(ForgetFailed):
    """The broker's access rules do not permit it."""


class Running(ForgetFailed):
    """It is not gone."""


def _refuse_running(program: str, name: str, status: str | None) -> None:
    if status in _RUNNING:
        raise Running(f"the {program} {name} is running, its status is {status!r}: stop it first")


def _own_id() -> str:
    return f"teleinfo-forget-{secrets.token_hex(4)}"


def forget(settings: Broker, topics: Topics, program: str, name: str, timeout: float = 10) -> bool:
    """Clear what a `reader` or `storer` has retained about itself, and end its session; return if it had a status.

    Subscribers of the status get the empty message, even if there was none to clear. Safe to repeat.

    Raises:
        ForgetFailed: it is running, or not all was done within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    status, health, ports = (topic(program, name) for topic in (topics.status, topics.health, topics.ports))
    with RetainedClient(settings, _own_id(), [status, health, ports], deadline) as client:
        # The broker sends what it retains when we subscribe, so before our own message comes back. A program that is
        # running after all soon publishes its health again.
        messages = client.clear(health)
        last_status = next((message.payload for message in reversed(messages) if message.topic == status), b"")
        _refuse_running(program, name, _status(last_status))
        # The session before the status: a program that is running after all is disconnected by that, and its will must
        # not remain.
        with RetainedClient(settings, f"teleinfo-{program}-{name}", [], deadline):
            pass
        if any(message.topic == ports and message.payload for message in messages):
            client.clear(ports)
        client.clear(status)
    return bool(last_status)


def forget_monitor(settings: Broker, topics: Topics, name: str, now: datetime, timeout: float = 10) -> None:
    """Clear prices and alerts that a monitor has retained which is gone. Safe to repeat.

    Raises:
        ForgetFailed: it is running, or not all was done within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    price, alerts = topics.price(name), topics.alerts(name)
    with RetainedClient(settings, _own_id(), [price, alerts], deadline) as client:
        last = next((one.payload for one in reversed(client.clear(price)) if one.payload), b"")
        if _has_prices(last, now):  # of the hours to come: none is published by what is gone
            client.put(price, last)
            raise Running(f"the monitor {name} is running, or was a few hours ago")
        client.clear(alerts)


def _has_prices(payload: bytes, now: datetime) -> bool:
    """Return whether a message of prices has one that ends after now."""
    try:
        meters = json.loads(payload)
        ends = [span["end"] for one in meters.values() for span in one["next_prices"]]
        return any(datetime.fromisoformat(end) > now for end in ends)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def forget_meter(settings: Broker, topics: Topics, meter: str, announcement: str, timeout: float = 10) -> bool:
    """Clear the retained messages of a meter that is no longer read; return whether there were any.

    Args:
        settings: where the broker is.
        topics: the reader's.
        meter: its address.
        announcement: the topic on which it is announced to Home Assistant.
        timeout: seconds until all of it must be done.

    Raises:
        ForgetFailed: a reader reads it, or not all was done within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    link, state = topics.link(meter), topics.state(meter)
    subscriptions = [topics.status("reader", "+"), state, announcement, link]
    with RetainedClient(settings, _own_id(), subscriptions, deadline) as client:
        # The link first: it may be empty for a moment without harm, should we have to restore it.
        retained = {message.topic: message.payload for message in client.clear(link) if message.retained}
        announcers = _announcers(topics, retained.get(announcement, b""))
        if announcers:  # some brokers send what they retain only to exact filters
            client.subscribe([topics.status("reader", name) for name in announcers])
            retained |= {message.topic: message.payload for message in client.clear(link) if message.retained}
        readers = _readers(retained, topics, retained.get(announcement, b""))
        if retained.get(link) == b"online" and readers:
            client.put(link, b"online")
            raise Running(
                f"the meter {meter} is being read by the reader {readers[0]}: take its port out of that reader's"
                " configuration and restart it first"
            )
        client.clear(announcement)  # first: Home Assistant would log an error about an empty state
        client.clear(state)
    return any(retained.get(topic) for topic in (link, state, announcement))


def _announcers(topics: Topics, announcement: bytes) -> list[str]:
    """Return the readers that an announcement names."""
    begin, end = (re.escape(part.encode()) for part in topics.status("reader", "+").split("+"))
    return sorted({name.decode() for name in re.findall(begin + rb"([0-9A-Za-z_.-]{1,64})" + end, announcement)})


def _readers(retained: Mapping[str, bytes], topics: Topics, announcement: bytes) -> list[str]:
    """Return the running readers; if the meter is announced, only the one that announced it."""
    begin, end = topics.status("reader", "+").split("+")
    running = [
        topic.removeprefix(begin).removesuffix(end)
        for topic, payload in sorted(retained.items())
        if topic.startswith(begin) and _status(payload) in _RUNNING
    ]
    return [name for name in running if not announcement or topics.status("reader", name).encode() in announcement]


class RetainedClient:
    """A client that reads and replaces retained messages, until a deadline."""

    def __init__(self, settings: Broker, client_id: str, subscriptions: list[str], deadline: float) -> None:
        self._where = settings.address
        self._deadline = deadline
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        # Not persistent: the broker drops a session that it has of this client id.
        self._session = Session(settings, client_id, subscriptions=subscriptions, emit=self._events.put)

    def __enter__(self) -> Self:
        self._session.start()
        try:
            while not isinstance(self._next("it does not answer"), Connected):
                pass
        except ForgetFailed:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._session.close()
        self._session.join(_CLOSE_TIMEOUT)

    def subscribe(self, filters: list[str]) -> None:
        """Subscribe to further topic filters."""
        self._session.subscribe(filters)

    def clear(self, topic: str) -> list[Message]:
        """Clear the retained message of a subscribed topic; return the messages that came in before that was done."""
        return self.put(topic, b"")

    def put(self, topic: str, payload: bytes) -> list[Message]:
        """Retain a payload on a subscribed topic; return the messages that came in before that was done."""
        lost = ForgetFailed(f"the connection to the broker {self._where} was lost: try again")
        token = self._session.publish(topic, payload, retain=True)
        if token is None:
            raise lost
        messages: list[Message] = []
        answered = returned = False
        while not (answered and returned):
            event = self._next(f"it does not let us read {topic}: check its access rules")
            if isinstance(event, Disconnected):
                raise lost
            if isinstance(event, Published) and event.token == token:
                if event.reason_code >= REFUSED:
                    raise NotAllowed(
                        f"the broker {self._where} refuses {topic} (0x{event.reason_code:02x}): check its access rules"
                    )
                answered = True
            elif isinstance(event, Message):
                returned = returned or (event.topic == topic and event.payload == payload)
                messages.append(event)
        return messages

    def _next(self, otherwise: str) -> Event:
        try:
            return self._events.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise ForgetFailed(f"the broker {self._where}: {otherwise}; gave up waiting") from None


def _status(payload: bytes) -> str | None:
    """Return a retained status: in JSON as the storer's, or a bare word as the reader's."""
    try:
        message = json.loads(payload.decode())
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")
    status = message.get("status") if isinstance(message, dict) else None
    return status if isinstance(status, str) else None
