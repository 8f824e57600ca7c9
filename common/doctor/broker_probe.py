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
_CLOSED, _NOT_MQTT = "it closed the connection", "what it sends is not MQTT"


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
    """Keeps the answers to subscriptions and to messages of QoS 2, and releases none of these."""

    def __init__(self, client_id: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False)
        self.answers: dict[int | None, int] = {}  # reason code by message id
        self.ends: list[ReasonCode] = []  # of the broker's DISCONNECT
        answers, ends = self.answers, self.ends  # not self: in a circle, its sockets would stay open
        self.on_subscribe = lambda _, __, mid, reasons, ___: answers.update({mid: reasons[0].value})
        self.on_disconnect = lambda _, __, flags, reason, ___: ends.extend(
            [reason] if flags.is_disconnect_packet_from_server else []
        )

    def _handle_pubrec(self) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        self.answers[int.from_bytes(packet[:2], "big")] = packet[2] if len(packet) > 2 else 0
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class Probe:
    """One short connection; every method raises `ConnectionFailed` when it is lost, or has no answer in time."""

    def __init__(self, settings: Broker, client_id: str, *, timeout: float = 5.0) -> None:
        """Connect without will and without a session that outlives the connection."""
        self.certificate_ends: float | None = None  # Unix time
        self.limits = Limits()
        self._settings = settings
        self._timeout = timeout
        self._answer: ReasonCode | None = None  # to CONNECT
        self._messages: list[Received] = []
        self._client = _Client(client_id)
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
        answers = self._client.answers
        self._wait_for(lambda: answers.keys() >= set(ids.values()))
        return {topic: answers[mid] for topic, mid in ids.items()}

    def subscribe(self, filters: Sequence[str]) -> dict[str, int]:
        """Subscribe; return the reason code for each topic filter, a refusal from 0x80 on.

        A broker may close the connection after a refusal: then the filters that it has not answered are not there.
        """
        answers: dict[str, int] = {}
        try:
            # One by one: a request that is under way when the broker closes costs us the answer before it, too.
            for name in filters:
                mid = self._client.subscribe(name, options=SubscribeOptions(qos=0))[1]
                self._wait_for(lambda mid=mid: mid in self._client.answers)  # type: ignore[misc]
                answers[name] = self._client.answers[mid]
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

    def _wait_for(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._timeout
        while not done():
            if (remaining := deadline - time.monotonic()) <= 0:
                raise ConnectionFailed(f"no answer within {self._timeout:g} s", Failure.SILENT)
            self._loop(remaining)

    def _loop(self, seconds: float) -> None:
        try:
            code = self._client.loop(seconds)
        except Exception as error:  # packets that are not MQTT raise all sorts
            raise ConnectionFailed(_NOT_MQTT, Failure.NOT_MQTT) from error
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._lost(code)

    def _lost(self, code: MQTTErrorCode) -> ConnectionFailed:
        """Return why the connection has ended."""
        if self._answer is not None and self._answer.is_failure:
            return _refusal(self._answer)
        if self._client.ends:
            end = self._client.ends[0]
            return ConnectionFailed(f"it ended the connection: {end}", of_code(end.value, Failure.CLOSED))
        if self._answer is not None:
            return ConnectionFailed(_CLOSED, Failure.CLOSED)
        if code == MQTTErrorCode.MQTT_ERR_PROTOCOL:
            return ConnectionFailed(_NOT_MQTT, Failure.NOT_MQTT)
        # TLS 1.3 refuses a client only after the handshake.
        return ConnectionFailed(_CLOSED, Failure.TLS_REFUSED if self._settings.tls else Failure.NOT_MQTT)

    def _connect(self) -> None:
        settings, client, host = self._settings, self._client, self._settings.hosts[0]
        client.connect_timeout = self._timeout
        client.max_inflight_messages_set(0)  # no limit: messages that are not released count as in flight
        try:
            if settings.username is not None:
                client.username_pw_set(settings.username, settings.secret())
        except NotReady as error:
            raise ConnectionFailed(f"mqtt.{error}", Failure.PASSWORD_FILE) from error
        if settings.tls is not None:  # first without paho, which leaves the socket open when the handshake fails
            context = tls_context(settings.tls)
            self.certificate_ends = shake_hands(host, settings.port, context, self._timeout)
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_message = lambda _, __, one: self._messages.append(
            Received(one.topic, bytes(one.payload), one.retain)
        )
        try:
            code = client.connect(host, settings.port, _KEEPALIVE)
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

    def _on_connect(
        self, _: paho.Client, __: Any, ___: paho.ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._answer, self.limits = reason, read_limits(properties)


def _refusal(reason: ReasonCode) -> ConnectionFailed:
    return ConnectionFailed(str(reason), of_code(reason.value, Failure.OTHER))
