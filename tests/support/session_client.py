"""A client with the project's own MQTT session, which keeps each event that the session emits."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Self, TypeVar

from common.mqtt.events import Connected, Disconnected, Event, Message, Published
from common.mqtt.session import Session
from common.settings.config import Broker as Settings

WITHIN = 180.0  # seconds, for what should take one or two

E = TypeVar("E", bound=Event)


class SessionClient:
    """A context manager that starts the session and ends it; `connect` and `close` also wait until it has done so."""

    def __init__(self, settings: Settings, client_id: str, *subscriptions: str, **options: Any) -> None:
        """Prepare it; `options` are those of Session."""
        self.events: list[Event] = []
        self._taken: Counter[type] = Counter()  # by `next`
        self._changed = threading.Condition()
        self.session = Session(settings, client_id, subscriptions=subscriptions, emit=self._on_event, **options)

    def __enter__(self) -> Self:
        self.session.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def connect(self) -> Self:
        self.session.start()
        self.wait(Connected)
        return self

    def close(self) -> None:
        after = len(self.events)
        self.session.close()
        self.wait(Disconnected, after)

    @property
    def session_present(self) -> bool:
        """Whether the broker had a session for us when we connected first."""
        return self.wait(Connected).session_present

    def all(self, kind: type[E], after: int = 0) -> list[E]:
        """Return the events of a kind that came after the first `after` events."""
        return [event for event in self.events[after:] if isinstance(event, kind)]

    def payloads(self, after: int = 0) -> list[bytes]:
        """Return the payloads of the messages that came after the first `after` events."""
        return [message.payload for message in self.all(Message, after)]

    def wait(
        self, kind: type[E], after: int = 0, that: Callable[[E], bool] = lambda _: True, within: float = WITHIN
    ) -> E:
        """Wait for an event that came after the first `after` events."""

        def found() -> list[E]:
            return [event for event in self.all(kind, after) if that(event)]

        with self._changed:
            assert self._changed.wait_for(found, within), f"no such {kind.__name__}: {self.events}"
            return found()[0]

    def next(self, kind: type[E]) -> E:
        """Wait for the next event of a kind: each is returned once."""
        with self._changed:
            place = self._taken[kind]
            assert self._changed.wait_for(lambda: len(self.all(kind)) > place, WITHIN), f"no more {kind.__name__}"
            self._taken[kind] += 1
            return self.all(kind)[place]

    def publish(self, topic: str, payload: bytes | str, **options: bool) -> int:
        """Publish a message; return the broker's reason code."""
        token = self.session.publish(topic, payload, **options)
        assert token is not None
        return self.wait(Published, that=lambda event: event.token == token).reason_code

    def retain(self, topic: str, payload: bytes | str) -> None:
        """Publish a message that the broker retains."""
        self.publish(topic, payload, retain=True)

    def _on_event(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
