"""Asks a broker what it lets us do, and disturbs nobody.

A right to publish is asked for with a message of QoS 2 that is never released: the broker answers whether it may be
published (PUBREC with a reason code), but passes it to nobody before our PUBREL, and forgets it when we disconnect.
paho sends the PUBREL by itself and ignores the reason, so that one method of its client is replaced.

mosquitto accepts a subscription that its access rules forbid, and delivers nothing.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.doctor.connection_failure import ConnectionFailed, Failure, of_code, of_tcp, shake_hands, tls_context
from common.errors import NotReady
from common.mqtt.events import REFUSED
from common.mqtt.limits import Limits, read_limits
from common.settings.config import Broker

_KEEPALIVE = 10  # seconds


@dataclass(frozen=True, slots=True)
class Received:
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a JSON object; empty when the payload is none."""
        try:
            message = json.loads(self.payload)
        except (ValueError, RecursionError):
            return {}
        return message if isinstance(message, dict) else {}


class _Client(paho.Client):
    """Keeps the answers to messages of QoS 2, and releases none of these."""

    def __init__(self, client_id: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False)
        self.pubrecs: dict[int, int] = {}  # reason code by message id

    def _handle_pubrec(self) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        self.pubrecs[int.from_bytes(packet[:2], "big")] = packet[2] if len(packet) > 2 else 0
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class Probe:
    """One short connection; every method raises `ConnectionFailed` when it is lost, or has no answer in time."""

    def __init__(self, settings: Broker, client_id: str, *, timeout: float = 5.0) -> None:
        """Connect without will and without a session that outlives the connection."""
        self.certificate_ends: float | None = None  # Unix time
        self.limits = Limits()
        self._settings = settings
        self._host = settings.hosts[0]
        self._timeout = timeout
        self._answer: ReasonCode | None = None  # to CONNECT
        self._end: ReasonCode | None = None  # of the broker's DISCONNECT
        self._subacks: dict[int | None, int] = {}  # reason code by message id
        self._messages: list[Received] = []
        self._client = self._new_client(client_id)
        try:
            self._connect()
        except BaseException:
            self._client.disconnect()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        del self._client  # so that it closes all its sockets now

    @property
    def can_ask(self) -> int:
        """How many rights to publish can be asked for on one connection: none without QoS 2."""
        return self.limits.receive_maximum if self.limits.maximum_qos == 2 else 0

    def may_publish(self, topics: Sequence[str]) -> dict[str, int]:
        """Return the reason code for each topic, a refusal from 0x80 on; at most `can_ask` topics."""
        ids = {topic: self._client.publish(topic, b"", qos=2).mid for topic in topics}
        pubrecs = self._client.pubrecs
        self._wait_for(lambda: pubrecs.keys() >= set(ids.values()))
        return {topic: pubrecs[mid] for topic, mid in ids.items()}

    def subscribe(self, filters: Sequence[str]) -> dict[str, int]:
        """Subscribe; return the reason code for each topic filter, a refusal from 0x80 on.

        A broker may close the connection after a refusal: then the filters that it has not answered are not there.
        """
        answers: dict[str, int] = {}
        try:
            # One by one: a request that is under way when the broker closes costs us the answer before it, too.
            for name in filters:
                mid = self._client.subscribe(name, options=SubscribeOptions(qos=0))[1]
                self._wait_for(lambda mid=mid: mid in self._subacks)  # type: ignore[misc]
                answers[name] = self._subacks[mid]
        except ConnectionFailed:
            if not any(reason >= REFUSED for reason in answers.values()):
                raise
        return answers

    def listen(self, seconds: float) -> list[Received]:
        """Return the messages of the next seconds, and those that came in before."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            self._loop(remaining)
        messages, self._messages = self._messages, []
        return messages

    # -- paho ----------------------------------------------------------------------------------------------------------

    def _wait_for(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._timeout
        while not done():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise ConnectionFailed(f"no answer within {self._timeout:g} s", Failure.SILENT)
            self._loop(remaining)

    def _loop(self, seconds: float) -> None:
        try:
            code = self._client.loop(seconds)
        except Exception as error:  # packets that are not MQTT raise all sorts
            raise ConnectionFailed("what it sends is not MQTT", Failure.NOT_MQTT) from error
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._lost(code)

    def _lost(self, code: MQTTErrorCode) -> ConnectionFailed:
        """Return why the connection has ended."""
        if self._answer is not None and self._answer.is_failure:
            return _refusal(self._answer)
        if self._end is not None:
            reason = self._end
            return ConnectionFailed(f"it ended the connection: {reason}", of_code(reason.value, Failure.CLOSED))
        detail = "it closed the connection"
        if self._answer is not None:
            return ConnectionFailed(detail, Failure.CLOSED)
        if code == MQTTErrorCode.MQTT_ERR_PROTOCOL:
            return ConnectionFailed("what it sends is not MQTT", Failure.NOT_MQTT)
        # TLS 1.3 refuses a client only after the handshake.
        return ConnectionFailed(detail, Failure.TLS_REFUSED if self._settings.tls else Failure.NOT_MQTT)

    def _new_client(self, client_id: str) -> _Client:
        settings = self._settings
        client = _Client(client_id)
        client.connect_timeout = self._timeout
        client.max_inflight_messages_set(0)  # no limit: messages that are not released count as in flight
        if settings.username is not None:
            try:
                client.username_pw_set(settings.username, settings.secret())
            except NotReady as error:
                raise ConnectionFailed(f"mqtt.{error}", Failure.PASSWORD_FILE) from error
        if settings.tls is not None:
            client.tls_set_context(tls_context(settings.tls))

        def on_connect(
            _client: paho.Client, _: Any, __: paho.ConnectFlags, reason: ReasonCode, properties: Properties | None
        ) -> None:
            self._answer = reason
            self.limits = read_limits(properties)

        def on_disconnect(
            _client: paho.Client, _: Any, flags: paho.DisconnectFlags, reason: ReasonCode, __: Properties | None
        ) -> None:
            if flags.is_disconnect_packet_from_server:
                self._end = reason

        def on_subscribe(
            _client: paho.Client, _: Any, mid: int, reasons: list[ReasonCode], __: Properties | None
        ) -> None:
            self._subacks[mid] = reasons[0].value

        def on_message(_client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
            self._messages.append(Received(message.topic, bytes(message.payload), message.retain))

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        return client

    # -- connecting ----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        settings = self._settings
        if settings.tls is not None:  # without paho, which leaves the socket open when the handshake fails
            self.certificate_ends = shake_hands(self._host, settings.port, tls_context(settings.tls), self._timeout)
        try:
            code = self._client.connect(self._host, settings.port, _KEEPALIVE)
        except (OSError, ValueError) as error:
            raise of_tcp(error) from error
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._lost(code)
        self._wait_for(lambda: self._answer is not None)
        assert self._answer is not None
        if self._answer.is_failure:
            raise _refusal(self._answer)
        if self.limits.maximum_qos == 0:
            raise ConnectionFailed("Maximum QoS 0", Failure.QOS)


def _refusal(reason: ReasonCode) -> ConnectionFailed:
    return ConnectionFailed(str(reason), of_code(reason.value, Failure.OTHER))
