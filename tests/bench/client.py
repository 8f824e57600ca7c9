"""An MQTT client that calls a function for each message, in its own thread: the least between a broker and a figure."""

import json
import threading
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.servers import HOST

WITHIN = 20.0  # seconds, for what should take a moment


class Client:
    """A context manager, connected and subscribed while it is entered; `publish` is for one thread."""

    def __init__(self, port: int, on_message: Callable[[str, bytes], None] | None = None, *topics: str) -> None:
        self._port, self._on_message, self._topics = port, on_message, topics
        self._ready = threading.Event()
        self._answered = threading.Condition()
        self._published = self._answers = 0
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self.client.max_inflight_messages_set(0)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._received
        self.client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        self.client.connect(HOST, self._port)
        self.client.loop_start()
        assert self._ready.wait(WITHIN), "the broker does not answer"
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish with QoS 1."""
        # Not under the lock: paho calls back while it holds a lock that publish() needs.
        self._published += 1
        self.client.publish(topic, payload, qos=1, retain=retain)

    def wait_published(self, most: int = 0) -> None:
        """Wait until the broker has answered all but `most` of what was published."""
        if self._published - self._answers <= most:
            return
        with self._answered:
            answered = self._answered.wait_for(lambda: self._published - self._answers <= most, 60)
        assert answered, "the broker does not answer"

    def _on_connect(self, *_: Any) -> None:
        if self._topics:
            self.client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._ready.set()

    def _on_subscribe(self, *_: Any) -> None:
        self._ready.set()

    def _received(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is not None:
            self._on_message(message.topic, bytes(message.payload))

    def _on_publish(self, *_: Any) -> None:
        with self._answered:
            self._answers += 1
            self._answered.notify_all()


class FakeStorer(Client):
    """Confirms each frame at once, as a storer does, without storing it; `count` is how many it confirmed."""

    def __init__(self, port: int) -> None:
        super().__init__(port, self._confirm, "teleinfo/+/frame", "teleinfo/+/replay")
        self.count = 0

    def __enter__(self) -> Self:
        super().__enter__()
        self.publish("teleinfo/storer/bench/status", json.dumps({"status": "online", "wait": 0}), retain=True)
        return self

    def _confirm(self, topic: str, payload: bytes) -> None:
        content = json.loads(payload)
        frames = content if isinstance(content, list) else [content]  # a block of frames on `replay`
        confirmation = {"storer": "bench", "timestamps": [frame["timestamp"] for frame in frames], "rejected": []}
        self.publish(f"{topic.rpartition('/')[0]}/stored", json.dumps(confirmation))
        self.count += len(frames)
