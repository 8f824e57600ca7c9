"""Asks a broker what it lets us do, and disturbs nobody.

A right to publish is asked for with a message of QoS 2 that is never released: the broker answers whether it may be
published (PUBREC with a reason code), but passes it to nobody before our PUBREL, and forgets it when we disconnect.
paho sends the PUBREL by itself and ignores the reason, so that one method of its client is replaced.

mosquitto accepts a subscription that its access rules forbid, and delivers nothing.
"""

import contextlib
import errno
import json
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.errors import NotReady, TeleinfoError
from common.mqtt.events import REFUSED
from common.mqtt.limits import Limits, read_limits
from common.settings.config import Broker

_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64  # X509_V_ERR_…, of OpenSSL
_NOT_YET_VALID, _EXPIRED = 9, 10
_KEEPALIVE = 10  # seconds


class Failure(StrEnum):
    """Why there is no connection."""

    NAME = "name"  # no such host
    REFUSED = "refused"  # nothing listens on the port
    UNREACHABLE = "unreachable"  # no route to the host, or no TCP connection in time
    SILENT = "silent"  # connected, but no answer in time
    PASSWORD_FILE = "password file"  # noqa: S105 - cannot be read
    TLS_FILES = "tls files"  # certificates or key of the configuration cannot be used
    TLS_NAME = "tls name"  # the certificate is for another host name
    TLS_AUTHORITY = "tls authority"  # the certificate is not signed by an authority we trust
    TLS_EXPIRED = "tls expired"
    TLS_NOT_YET = "tls not yet"  # the certificate becomes valid later, by this machine's clock
    TLS_NONE = "no tls"  # the port does not use TLS
    TLS_REFUSED = "tls refused"  # our certificate, or its absence, is not accepted
    NOT_MQTT = "not mqtt"  # closed, or something else than MQTT sent, instead of an answer to CONNECT
    CLOSED = "closed"  # the connection was lost after the broker had accepted it
    VERSION = "version"  # no MQTT 5
    QOS = "qos"  # QoS 0 only
    CREDENTIALS = "credentials"
    BANNED = "banned"
    BUSY = "busy"
    OTHER = "other"


_REASONS = {
    0x84: Failure.VERSION,
    0x86: Failure.CREDENTIALS,
    0x87: Failure.CREDENTIALS,
    0x88: Failure.BUSY,
    0x89: Failure.BUSY,
    0x8A: Failure.BANNED,
    0x97: Failure.BUSY,
    0x9F: Failure.BUSY,
}
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


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
        self._error: OSError | None = None
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.disconnect()

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
            return ConnectionFailed(f"it ended the connection: {reason}", _REASONS.get(reason.value, Failure.CLOSED))
        detail = _text(self._error) if self._error else "it closed the connection"
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
            client.tls_set_context(self._tls_context())

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

        def on_log(_client: paho.Client, _: Any, __: int, ___: str) -> None:
            # paho tells why it lost a connection nowhere else.
            error = sys.exc_info()[1]
            self._error = error if isinstance(error, OSError) else self._error

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        client.on_log = on_log
        return client

    # -- connecting ----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        settings = self._settings
        if settings.tls is not None:
            self._check_tls()
        try:
            code = self._client.connect(self._host, settings.port, _KEEPALIVE)
        except (OSError, ValueError) as error:
            raise _no_tcp(error) from error
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._lost(code)
        self._wait_for(lambda: self._answer is not None)
        assert self._answer is not None
        if self._answer.is_failure:
            raise _refusal(self._answer)
        if self.limits.maximum_qos == 0:
            raise ConnectionFailed("Maximum QoS 0", Failure.QOS)

    def _check_tls(self) -> None:
        """Try the TLS handshake without paho, which leaves the socket open when it fails."""
        try:
            with self._handshake(self._tls_context()) as secure:
                end = (secure.getpeercert() or {}).get("notAfter")
        except ssl.SSLCertVerificationError as error:
            raise self._bad_certificate(error) from error
        except (OSError, ValueError) as error:
            alert = isinstance(error, ssl.SSLError) and error.reason and "ALERT" in error.reason
            raise ConnectionFailed(_text(error), Failure.TLS_REFUSED if alert else Failure.TLS_NONE) from error
        self.certificate_ends = ssl.cert_time_to_seconds(end) if isinstance(end, str) else None

    def _bad_certificate(self, error: ssl.SSLCertVerificationError) -> ConnectionFailed:
        if error.verify_code in (_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH):
            names: Sequence[Any] = ()
            with contextlib.suppress(OSError), self._handshake(self._tls_context(check_name=False)) as secure:
                names = (secure.getpeercert() or {}).get("subjectAltName", ())
            return ConnectionFailed(", ".join(name for _, name in names) or "another name", Failure.TLS_NAME)
        failures = {_EXPIRED: Failure.TLS_EXPIRED, _NOT_YET_VALID: Failure.TLS_NOT_YET}
        return ConnectionFailed(error.verify_message, failures.get(error.verify_code, Failure.TLS_AUTHORITY))

    def _handshake(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        settings = self._settings
        try:
            plain = socket.create_connection((self._host, settings.port), self._timeout)
        except (OSError, ValueError) as error:
            raise _no_tcp(error) from error
        try:
            return context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise

    def _tls_context(self, *, check_name: bool = True) -> ssl.SSLContext:
        tls = self._settings.tls
        assert tls is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = check_name
        try:
            if tls.ca is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(tls.ca)
            if tls.certificate is not None:
                context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(name for name in (tls.ca, tls.certificate, tls.key) if name)
            raise ConnectionFailed(f"{files}: {_text(error)}", Failure.TLS_FILES) from error
        return context


def _no_tcp(error: Exception) -> ConnectionFailed:
    if isinstance(error, socket.gaierror) or not isinstance(error, OSError):
        failure = Failure.NAME
    elif isinstance(error, ConnectionRefusedError):
        failure = Failure.REFUSED
    elif isinstance(error, TimeoutError) or error.errno in _UNREACHABLE:
        failure = Failure.UNREACHABLE
    else:
        failure = Failure.OTHER
    return ConnectionFailed(_text(error), failure)


def _refusal(reason: ReasonCode) -> ConnectionFailed:
    return ConnectionFailed(str(reason), _REASONS.get(reason.value, Failure.OTHER))


def _text(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
