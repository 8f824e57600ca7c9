"""Somebody who comes to the broker, and writes down what it is told."""

import ssl
import threading
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

WITHIN = 15.0  # seconds


class Refused(Exception):
    """The broker did not let us in."""


class Guest:
    """A client of MQTT 5; a context manager."""

    def __init__(
        self,
        port: int,
        name: str | None = None,
        password: str | None = None,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        will: str | None = None,
        client_id: str = "",
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._address = (host, port)
        self._answered = threading.Event()
        self._reason = ""
        self._subscribed: set[int] = set()
        self._published: dict[int, int] = {}
        self._ended = False
        self._changed = threading.Condition()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        self._client.max_inflight_messages_set(0)
        if name is not None:
            self._client.username_pw_set(name, password)
        if tls is not None:
            self._client.tls_set_context(tls)
        if will is not None:
            self._client.will_set(will, f"{name}|{will}", qos=1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._on_disconnect

    def __enter__(self) -> Self:
        self._client.connect(*self._address)
        self._client.loop_start()
        assert self._answered.wait(WITHIN), "the broker does not answer"
        if self._reason:
            self._leave()
            raise Refused(self._reason)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        sock: Any = self._client.socket()
        if sock is not None:  # the broker has not ended it
            sock.close()

    def break_off(self) -> None:
        """Go without a word: the broker publishes the last will."""
        sock: Any = self._client.socket()
        sock.shutdown(2)

    def subscribe(self, *topics: str) -> None:
        """Subscribe; whatever the broker sent before it answered has been heard when this returns."""
        _, mid = self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        assert mid is not None
        with self._changed:
            assert self._changed.wait_for(lambda: mid in self._subscribed, WITHIN), "no answer to a subscription"

    def publish(self, topic: str, payload: str) -> int:
        """Publish; return the broker's reason code."""
        mid = self._client.publish(topic, payload, qos=1).mid
        with self._changed:
            assert self._changed.wait_for(lambda: mid in self._published or self._ended, WITHIN), "no answer"
        if mid not in self._published:
            raise Refused("the broker ended the connection")
        return self._published[mid]

    def wait_for(self, topic: str) -> bytes:
        """Wait for a message on a topic."""

        def found() -> bytes | None:
            return next((payload for name, payload in self.heard if name == topic), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, WITHIN)
        payload = found()
        assert payload is not None, f"nothing on {topic}"
        return payload

    def _on_connect(self, _client: paho.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        self._reason = str(reason) if reason.is_failure else ""
        self._answered.set()

    def _on_disconnect(self, _client: paho.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if not self._answered.is_set():
            self._reason = f"the broker ended the connection: {reason}"
            self._answered.set()

    def _on_message(self, _client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.heard.append((message.topic, bytes(message.payload)))
            self._changed.notify_all()

    def _on_subscribe(self, _client: paho.Client, _: Any, mid: int, __: Any, ___: Any) -> None:
        with self._changed:
            self._subscribed.add(mid)
            self._changed.notify_all()

    def _on_publish(self, _client: paho.Client, _: Any, mid: int, reason: Any, __: Any) -> None:
        with self._changed:
            self._published[mid] = reason.value
            self._changed.notify_all()
