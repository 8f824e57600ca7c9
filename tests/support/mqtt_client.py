"""Somebody at the broker who hears everything."""

import json
import threading
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from demo.servers import Broker

WITHIN = 40.0  # seconds, for what should take one


class Ear:
    """Hears all that is said on a broker, and speaks."""

    def __init__(self, broker: Broker) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._heard = threading.Condition()
        self._subscribed = threading.Event()
        self._broker = broker
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.max_inflight_messages_set(0)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(WITHIN)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        with self._heard:
            self.messages.append((message.topic, bytes(message.payload)))
            self._heard.notify_all()

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(WITHIN)

    def wait(self, holds: Callable[[], bool]) -> bool:
        """Wait for messages until it holds."""
        with self._heard:
            return self._heard.wait_for(holds, WITHIN)

    def on(self, topic: str) -> list[Any]:
        """What was said on a topic, read from JSON."""
        return [json.loads(payload) for name, payload in self.messages if name == topic and payload]
