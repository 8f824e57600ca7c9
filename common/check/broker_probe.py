"""Asks a broker what one of the programs needs of it, disturbing no other: connection, rights, limits, certificate.

A right to publish is asked for with a message of QoS 2 that is never released: the broker answers whether it may be
published (PUBREC with a reason code), but delivers it to no client before our PUBREL, and drops it when we disconnect.
paho sends the PUBREL by itself and ignores the reason, so that one method of its client is replaced.

mosquitto accepts a subscription that its access rules forbid, and delivers nothing.
"""

import json
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.errors import NotReady, TeleinfoError
from common.mqtt.events import REFUSED, Limits, read_limits
from common.settings.config import Broker, Tls

_KEEPALIVE = 10  # seconds
_TIMEOUT = 5.0  # seconds for each answer
_ECHO_TIME = 0.2  # seconds until our own message would have come back
_CLOSED, _NOT_MQTT = "it closed the connection", "what it sends is not MQTT"


class Failure(StrEnum):
    """Why there is no connection."""

    NAME = auto()  # no such host
    REFUSED = auto()  # nothing listens on the port
    UNREACHABLE = auto()  # no route to the host, or no TCP connection in time
    SILENT = auto()  # connected, but no answer in time
    PASSWORD_FILE = auto()  # cannot be read
    TLS_FILES = auto()  # certificates or key of the configuration cannot be used
    TLS_CERTIFICATE = auto()  # the broker's is for another name or time, or of another authority
    TLS_NONE = auto()  # the port does not use TLS
    TLS_REFUSED = auto()  # our certificate, or its absence, is not accepted
    NOT_MQTT = auto()  # closed, or something else than MQTT 5 sent, instead of an answer to CONNECT
    CLOSED = auto()  # the connection was lost after the broker had accepted it
    QOS = auto()  # QoS 0 only
    CREDENTIALS = auto()
    OTHER = auto()


_REASONS = {0x84: Failure.NOT_MQTT, 0x86: Failure.CREDENTIALS, 0x87: Failure.CREDENTIALS}


class ConnectionFailed(TeleinfoError):
    """There is no connection to the broker, or it was lost."""

    def __init__(self, detail: str, failure: Failure = Failure.OTHER) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """What a broker answered."""

    host: str
    port: int
    username: str | None = None
    tls: bool = False
    failure: Failure | None = None
    detail: str = ""
    certificate_ends: float | None = None  # Unix time
    published: tuple[str, ...] = ()  # topics whose right to publish was asked for
    denied: tuple[str, ...] = ()  # those of them that may not be published
    not_asked: bool = False  # asking for these rights is not possible with this broker
    limits: Limits = Limits()
    refused: tuple[str, ...] = ()  # subscriptions
    messages: tuple[Received, ...] = ()
    failed: tuple["BrokerFacts", ...] = ()  # other hosts of the configuration, which do not accept the connection

    @property
    def where(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def probe_broker(
    settings: Broker,
    *,
    publish: Sequence[str],
    subscribe: Sequence[str],
    extra_topics: Sequence[str] = (),
    seconds: float,
    timeout: float = _TIMEOUT,
) -> BrokerFacts:
    """Ask for the rights, and listen, at the first host that accepts the connection; no client receives anything.

    Args:
        settings: where the broker is.
        publish: topics that the program must be allowed to publish; a message on the first must do no harm.
        subscribe: topic filters that it must be allowed to subscribe to.
        extra_topics: topic filters that help to diagnose; no harm if they are forbidden.
        seconds: how long to listen.
        timeout: seconds for each answer.
    """
    failed: list[BrokerFacts] = []
    for host in settings.hosts:
        here = settings.at(host)
        facts = BrokerFacts(host=host, port=here.port, username=here.username, tls=here.tls is not None)
        try:
            facts = _ask(facts, here, publish, timeout)
            facts = _listen(facts, here, [*subscribe, *extra_topics], seconds, timeout)
        except ConnectionFailed as error:
            failed.append(replace(facts, failure=error.failure, detail=error.detail))
        else:
            refused = tuple(name for name in subscribe if name in facts.refused)
            return replace(facts, refused=refused, failed=tuple(failed))
    return replace(failed[0], failed=tuple(failed[1:]))


def _ask(facts: BrokerFacts, settings: Broker, topics: Sequence[str], timeout: float) -> BrokerFacts:
    """Return the facts with the rights to publish.

    To ask, the broker must take QoS 2 and, as mosquitto does and MQTT does not require, deliver no message before it is
    released. Where we may not read the first topic, we cannot know.
    """
    reasons: dict[str, int] = {}
    while remaining := [topic for topic in topics if topic not in reasons]:
        # A message that is never released stays in flight, and a connection takes only so many.
        with Probe(settings, timeout=timeout) as probe:
            if not probe.can_ask:
                return replace(facts, not_asked=True)
            if reasons:
                reasons |= probe.may_publish(remaining[: probe.can_ask])
                continue
            probe.subscribe(remaining[:1])
            reasons = probe.may_publish(remaining[:1])
            if any(message.topic == remaining[0] and not message.retained for message in probe.listen(_ECHO_TIME)):
                return replace(facts, not_asked=True)
    denied = tuple(topic for topic, reason in reasons.items() if reason >= REFUSED)
    return replace(facts, published=tuple(reasons), denied=denied)


def _listen(
    facts: BrokerFacts, settings: Broker, filters: Sequence[str], seconds: float, timeout: float
) -> BrokerFacts:
    """Return the facts with the messages; some brokers close the connection after a filter that they refuse.

    Raises:
        ConnectionFailed: it was lost, and not for such a filter.
    """
    refused: list[str] = []
    while True:
        wanted = [name for name in dict.fromkeys(filters) if name not in refused]
        refusals: list[str] = []
        try:
            with Probe(settings, timeout=timeout) as probe:
                answers = probe.subscribe(wanted) if wanted else {}
                refusals = [name for name, reason in answers.items() if reason >= REFUSED]
                if len(answers) == len(wanted):
                    return replace(
                        facts,
                        messages=tuple(probe.listen(seconds)),
                        refused=(*refused, *refusals),
                        limits=probe.limits,
                        certificate_ends=probe.certificate_ends,
                    )
        except ConnectionFailed:
            if not refusals:
                raise
        refused += refusals  # for one of those it was closed


class _Client(paho.Client):
    """Keeps the answers to subscriptions and to messages of QoS 2, and releases none of these."""

    def __init__(self) -> None:
        name = f"teleinfo-check-{secrets.token_hex(4)}"  # of the program's own the broker would disconnect that one
        super().__init__(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5, reconnect_on_failure=False)
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

    def __init__(self, settings: Broker, *, timeout: float = _TIMEOUT) -> None:
        """Connect without will and without a session that outlives the connection."""
        self.certificate_ends: float | None = None  # Unix time
        self.limits = Limits()
        self._settings = settings
        self._timeout = timeout
        self._answer: ReasonCode | None = None  # to CONNECT
        self._messages: list[Received] = []
        self._client = _Client()
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
        self._wait_for(lambda: self._client.answers.keys() >= set(ids.values()))
        return {topic: self._client.answers[mid] for topic, mid in ids.items()}

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
            return ConnectionFailed(f"it ended the connection: {end}", _REASONS.get(end.value, Failure.CLOSED))
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
            context = _tls_context(settings.tls)
            self.certificate_ends = _shake_hands(host, settings.port, context, self._timeout)
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_message = lambda _, __, one: self._messages.append(
            Received(one.topic, bytes(one.payload), one.retain)
        )
        try:
            code = client.connect(host, settings.port, _KEEPALIVE)
        except (OSError, ValueError) as error:
            raise _of_tcp(error) from error
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
    return ConnectionFailed(str(reason), _REASONS.get(reason.value, Failure.OTHER))


def _of_tcp(error: Exception) -> ConnectionFailed:
    """Return why there is no TCP connection."""
    if isinstance(error, socket.gaierror) or not isinstance(error, OSError):
        return ConnectionFailed(_reason_of(error), Failure.NAME)
    refused = isinstance(error, ConnectionRefusedError)
    return ConnectionFailed(_reason_of(error), Failure.REFUSED if refused else Failure.UNREACHABLE)


def _tls_context(tls: Tls) -> ssl.SSLContext:
    """Return what a connection as configured is made with.

    Raises:
        ConnectionFailed: the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if tls.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        files = ", ".join(name for name in (tls.ca, tls.certificate, tls.key) if name)
        raise ConnectionFailed(f"{files}: {_reason_of(error)}", Failure.TLS_FILES) from error
    return context


def _shake_hands(host: str, port: int, context: ssl.SSLContext, timeout: float) -> float | None:
    """Connect and disconnect; return when the broker's certificate ends, in Unix time.

    Raises:
        ConnectionFailed: it did not succeed.
    """
    try:
        plain = socket.create_connection((host, port), timeout)
    except (OSError, ValueError) as error:
        raise _of_tcp(error) from error
    try:
        with plain, context.wrap_socket(plain, server_hostname=host) as secure:
            end = (secure.getpeercert() or {}).get("notAfter")
    except ssl.SSLCertVerificationError as error:
        raise ConnectionFailed(error.verify_message, Failure.TLS_CERTIFICATE) from error
    except (OSError, ValueError) as error:
        alert = isinstance(error, ssl.SSLError) and error.reason and "ALERT" in error.reason
        raise ConnectionFailed(_reason_of(error), Failure.TLS_REFUSED if alert else Failure.TLS_NONE) from error
    return ssl.cert_time_to_seconds(end) if isinstance(end, str) else None


def _reason_of(error: Exception) -> str:
    """Return what an error says, for people."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
