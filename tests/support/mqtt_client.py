"""A client of MQTT 5 that is independent of the project's own: it keeps each message that it receives."""

import contextlib
import json
import ssl
import threading
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.settings import config
from tests.support.servers import HOST, Broker

WITHIN = 180.0  # seconds, for what should take one


class Refused(Exception):
    """The broker refused the connection, or closed it."""


class MqttClient:
    """A context manager, connected while it is entered; it does not reconnect."""

    def __init__(
        self,
        port: int,
        username: str | None = None,
        password: str | None = None,
        *,
        host: str = HOST,
        tls: ssl.SSLContext | None = None,
        will: str | None = None,
        client_id: str = "",
        subscribe: tuple[str, ...] = (),
    ) -> None:
        """Prepare it; `will` is the topic of its last will, whose payload is `USERNAME|TOPIC`."""
        self.messages: list[tuple[str, bytes]] = []
        self._address = (host, port)
        self._subscribe = subscribe
        self._connected = threading.Event()
        self._refusal = ""
        self._closed = False
        self._subscribed: set[int] = set()
        self._published: dict[int, int] = {}
        self._changed = threading.Condition()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        self._client.max_inflight_messages_set(0)
        if username is not None:
            self._client.username_pw_set(username, password)
        if tls is not None:
            self._client.tls_set_context(tls)
        if will is not None:
            self._client.will_set(will, f"{username}|{will}", qos=1)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        self._client.connect(*self._address)
        self._client.loop_start()
        assert self._connected.wait(WITHIN), "the broker does not answer"
        if self._refusal:
            self._disconnect()
            raise Refused(self._refusal)
        if self._subscribe:
            self.subscribe(*self._subscribe)
        return self

    def __exit__(self, *_: object) -> None:
        self._disconnect()

    def _disconnect(self) -> None:
        self._client.disconnect()
        with contextlib.suppress(AttributeError):  # its thread may end while paho looks for it
            self._client.loop_stop()
        sock: Any = self._client.socket()
        if sock is not None:  # the broker has not closed it
            sock.close()
        # paho closes the others when the last reference to it goes; in a cycle, they may be collected before it.
        client = self._client
        client.on_connect = client.on_disconnect = client.on_message = client.on_publish = client.on_subscribe = None

    def drop_connection(self) -> None:
        """Close the connection without DISCONNECT: the broker publishes the last will."""
        sock: Any = self._client.socket()
        sock.shutdown(2)

    def subscribe(self, *topics: str) -> None:
        """Subscribe; what the broker sent before its answer is in `messages` when this returns."""
        _, mid = self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        assert mid is not None
        assert self.wait(lambda: mid in self._subscribed), "no answer to a subscription"

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> int:
        """Publish with QoS 1; return the broker's reason code."""
        mid = self.send(topic, payload, retain=retain)
        assert self.wait(lambda: mid in self._published or self._closed), "no answer to what was published"
        if mid not in self._published:
            raise Refused("the broker ended the connection")
        return self._published[mid]

    def retain(self, topic: str, payload: bytes | str) -> None:
        """Publish a message that the broker retains."""
        self.publish(topic, payload, retain=True)

    def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> int:
        """Publish with QoS 1 without waiting for the broker; return the packet's identifier."""
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def wait(self, condition: Callable[[], bool]) -> bool:
        """Wait until a condition on what was received holds; return whether it does."""
        with self._changed:
            return self._changed.wait_for(condition, WITHIN)

    def wait_for(self, topic: str) -> bytes:
        """Wait for a message on a topic; return the payload of the first."""
        assert self.wait(lambda: bool(self.payloads(topic))), f"nothing on {topic}"
        return self.payloads(topic)[0]

    def payloads(self, topic: str) -> list[bytes]:
        """Return the payloads that were received on a topic."""
        return [payload for name, payload in self.messages if name == topic]

    def on(self, topic: str) -> list[Any]:
        """Return the payloads that were received on a topic, parsed as JSON; without empty ones."""
        return [json.loads(payload) for payload in self.payloads(topic) if payload]

    def _on_connect(self, _: paho.Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        self._refusal = str(reason) if reason.is_failure else ""
        self._connected.set()

    def _on_disconnect(self, _: paho.Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if not self._connected.is_set():
            self._refusal = f"the broker ended the connection: {reason}"
            self._connected.set()

    def _on_message(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.messages.append((message.topic, bytes(message.payload)))
            self._changed.notify_all()

    def _on_subscribe(self, _: paho.Client, __: Any, mid: int, ___: Any, ____: Any) -> None:
        with self._changed:
            self._subscribed.add(mid)
            self._changed.notify_all()

    def _on_publish(self, _: paho.Client, __: Any, mid: int, reason: ReasonCode, ___: Any) -> None:
        with self._changed:
            self._published[mid] = reason.value
            self._changed.notify_all()


def listen(broker: Broker) -> MqttClient:
    """Return a client of a broker that receives every message."""
    return MqttClient(broker.port, host=broker.host, subscribe=("#",))


def log_in(settings: config.Broker) -> MqttClient:
    """Return a client that connects with an account, as `mqtt` of a configuration has it."""
    return MqttClient(settings.port, settings.username, settings.password, host=settings.hosts[0])
