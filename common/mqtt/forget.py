"""Makes a broker forget a program or a meter that will not come back: what it retains of it, and keeps for it."""

import contextlib
import json
import logging
import queue
import secrets
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from common.config import Broker, client_name
from common.deployment import here
from common.errors import ConfigError, TeleinfoError
from common.mqtt.events import REFUSED, Connected, Disconnected, Event, Message, Published
from common.mqtt.session import Session
from common.topics import Topics

_RUNNING = ("online", "stalled")  # stalled: it waits for its database
SHUTDOWN_TIMEOUT = 2.0  # seconds to say good-bye


class ForgetFailed(TeleinfoError):
    """Somebody is in the way: the line says who, and what to do."""


class NotAllowed(ForgetFailed):
    """The broker's access rules are in the way."""


class NotKnown(ForgetFailed):
    """There is nobody of this name: the line says who there is."""


def forget_program(settings: Broker, topics: Topics, own: str, name: str, remembered: bool = False) -> list[str]:
    """Forget the reader and the storer of a name, those of them that do not run; return them, such as `storer main`.

    Args:
        settings: where the broker is, and the account of the program `own`, `reader` or `storer`.
        topics: the program's.
        own: the program that asks.
        name: the name that is not to be known any more.
        remembered: a reader has remembered a storer of this name, which the broker need not know.

    Raises:
        ConfigError: this is no name.
        NotKnown: neither broker nor reader knows anybody of this name.
        NotForgotten: it is running, or the broker did not do as it was told.
    """
    _check_name(name)
    known = _known_programs(settings, topics, own)
    programs = [program for program in ("reader", "storer") if f"{program} {name}" in known]
    if not programs and not remembered:
        there = f"known are: {', '.join(known)}" if known else "the broker knows of nobody"
        raise NotKnown(f"no such name: {name}; {there}")
    forgotten = [f"storer {name}"] if remembered else []
    trouble: ForgetFailed | None = None
    for program in programs:
        try:
            _refuse_running(program, name, known[f"{program} {name}"])
            forget(settings, topics, program, name)
        except NotAllowed as error:
            command = here(f"teleinfo-{program}").run(f"teleinfo-{program}", f"forget {name}")
            trouble = NotAllowed(f"{error}; with a {program}'s account: {command}")
        except ForgetFailed as error:
            trouble = error
        else:
            forgotten.append(f"{program} {name}")
    # What this program may not do is to be known, unless somebody of the name is merely running.
    if trouble is not None and (not forgotten or isinstance(trouble, NotAllowed)):
        raise trouble
    return list(dict.fromkeys(forgotten))


def _known_programs(settings: Broker, topics: Topics, own: str) -> dict[str, str | None]:
    """Return the status of each reader and storer that the broker retains one of, by names such as `reader home`."""
    unused = topics.health(own, _own_id())
    return {
        f"{program} {name}": _status(payload)
        for program in ("reader", "storer")
        for name, payload in _retained(settings, topics.status(program, "+"), unused).items()
    }


def known_meters(settings: Broker, topics: Topics) -> list[str]:
    """Return the meters of which the broker retains whether they are there."""
    return list(_retained(settings, topics.link("+"), topics.health("reader", _own_id())))


def _retained(settings: Broker, wanted: str, unused: str, timeout: float = 10) -> dict[str, bytes]:
    """Return what is retained on `wanted`, by what is there in the place of its `+`.

    What comes before our own message on `unused` is all there is; nobody else has that topic, and we may read it.
    """
    deadline = time.monotonic() + timeout
    begin, end = wanted.split("+")
    with (
        captured_warnings() as troubles,
        RetainedClient(settings, _own_id(), [wanted, unused], deadline, troubles) as talk,
    ):
        found = {message.topic: message.payload for message in talk.clear(unused) if message.payload}
    return {topic.removeprefix(begin).removesuffix(end): found[topic] for topic in sorted(found)}


def _refuse_running(program: str, name: str, status: str | None) -> None:
    if status in _RUNNING:
        raise ForgetFailed(f"the {program} {name} is running, its status is {status!r}: stop it first")


def _own_id() -> str:
    return f"teleinfo-forget-{secrets.token_hex(4)}"


def _check_name(name: str) -> None:
    try:
        client_name(name)
    except ValueError as error:
        raise ConfigError(f"NAME: {error}") from error


def forget(settings: Broker, topics: Topics, program: str, name: str, timeout: float = 10) -> bool:
    """Clear status and health of a `reader` or `storer`, and end its session; return whether it had a status.

    Whoever listens to the status hears that it was cleared, known or not. Safe to repeat.

    Raises:
        ConfigError: this is no name, or the settings cannot be used.
        NotForgotten: it is running, or the broker did not do as it was told within `timeout` seconds.
    """
    _check_name(name)
    deadline = time.monotonic() + timeout
    status, health = topics.status(program, name), topics.health(program, name)
    with (
        captured_warnings() as troubles,
        RetainedClient(settings, _own_id(), [status, health], deadline, troubles) as talk,
    ):
        # What the broker retains it sends when we subscribe, so before our own message comes back. A program that
        # is running after all soon publishes its health again.
        messages = talk.clear(health)
        known = next((message.payload for message in reversed(messages) if message.topic == status), b"")
        _refuse_running(program, name, _status(known))
        # The session before the status: a program that is running after all loses its connection by that, and its
        # last will must not be what remains.
        with RetainedClient(settings, f"teleinfo-{program}-{name}", [], deadline, troubles):
            pass
        talk.clear(status)
    return bool(known)


def forget_meter(settings: Broker, topics: Topics, meter: str, announcement: str, timeout: float = 10) -> bool:
    """Clear what is retained of a meter that is read no more; return whether there was something.

    Args:
        settings: where the broker is.
        topics: the reader's.
        meter: its address.
        announcement: the topic on which it is announced to Home Assistant.
        timeout: seconds until all of it must be done.

    Raises:
        NotForgotten: a reader reads it, or the broker did not do as it was told within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    link, state = topics.link(meter), topics.state(meter)
    subscriptions = [topics.status("reader", "+"), state, announcement, link]
    with (
        captured_warnings() as troubles,
        RetainedClient(settings, _own_id(), subscriptions, deadline, troubles) as talk,
    ):
        # Nothing complains of a link that is empty for a moment, should we have to put it back.
        retained = {message.topic: message.payload for message in talk.clear(link) if message.retained}
        readers = _readers(retained, topics, retained.get(announcement, b""))
        if retained.get(link) == b"online" and readers:
            talk.put(link, b"online")
            raise ForgetFailed(
                f"the meter {meter} is being read by the reader {readers[0]}: take its port out of that reader's"
                " configuration, and restart it, first"
            )
        talk.clear(announcement)  # first: Home Assistant would complain of a state that is empty
        talk.clear(state)
    return any(retained.get(topic) for topic in (link, state, announcement))


def _readers(retained: Mapping[str, bytes], topics: Topics, announcement: bytes) -> list[str]:
    """Return the readers that run: of those, the one that has announced the meter, if it was announced."""
    begin, end = topics.status("reader", "+").split("+")
    running = [
        topic.removeprefix(begin).removesuffix(end)
        for topic, payload in sorted(retained.items())
        if topic.startswith(begin) and _status(payload) in _RUNNING
    ]
    return [name for name in running if not announcement or topics.status("reader", name).encode() in announcement]


class RetainedClient:
    """A few words with the broker, all of them before the deadline."""

    def __init__(
        self, settings: Broker, client_id: str, subscriptions: list[str], deadline: float, troubles: list[str]
    ) -> None:
        self._where = f"{settings.host}:{settings.port}"
        self._deadline = deadline
        self._troubles = troubles
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        # Not kept: by a clean start the broker drops what it had under this client id, and at our end what it has now.
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
        self._session.join(SHUTDOWN_TIMEOUT)

    def clear(self, topic: str) -> list[Message]:
        """Clear what is retained on a topic that we listen to; return what came in before that was done."""
        return self.put(topic, b"")

    def put(self, topic: str, payload: bytes) -> list[Message]:
        """Retain a payload on a topic that we listen to; return what came in before that was done."""
        lost = ForgetFailed(f"the connection to the broker {self._where} was lost: try again")
        handed = self._session.publish(topic, payload, retain=True)
        if handed is None:
            raise lost
        messages: list[Message] = []
        answered = returned = False
        while not (answered and returned):
            event = self._next(f"it does not let us read {topic}: check its access rules")
            if isinstance(event, Disconnected):
                raise lost
            if isinstance(event, Published) and event.token == handed:
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
            trouble = self._troubles[-1] if self._troubles else f"the broker {self._where}: {otherwise}"
            text = trouble[:1].lower() + trouble[1:].removesuffix("; trying again")
            raise ForgetFailed(f"{text}; gave up waiting") from None


@contextlib.contextmanager
def captured_warnings() -> Iterator[list[str]]:
    """Yield what a connection complains of from now on: here it is part of one line for a person, not of a log."""
    texts: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            texts.append(record.getMessage())
        return False

    logger = logging.getLogger("common.mqtt.session")
    logger.addFilter(keep)
    try:
        yield texts
    finally:
        logger.removeFilter(keep)


def _status(payload: bytes) -> str | None:
    """Return what a retained status says, in JSON as the storer's or as a bare word as the reader's."""
    try:
        message = json.loads(payload.decode())
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")
    status = message.get("status") if isinstance(message, dict) else None
    return status if isinstance(status, str) else None
