"""One connection to an MQTT 5 broker, from CONNECT to its end: a paho client that does not reconnect.

One thread calls `work` again and again, and paho calls its callbacks from there. They only pass on what has happened:
an exception in one ends the program.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.errors import NotReady
from common.mqtt.events import (
    ALLOW_QOS_1,
    KEEPALIVE_TIMEOUT,
    NEVER_EXPIRES,
    REFUSED,
    SESSION_TAKEN_OVER,
    Connected,
    Event,
    Limits,
    Message,
    Published,
    PublishToken,
    connect_advice,
    read_limits,
    subscribe_advice,
)
from common.mqtt.unanswered import Sent, Unanswered
from common.private_members import check_members
from common.settings.config import Broker

KEEPALIVE = 15  # seconds; a broker that hangs is noticed after about two of them
_AT_ONCE = 2.0  # seconds; a broker that refuses something by closing the connection does it within
_MESSAGES_AT_ONCE = 50  # received before something is sent: an answer to the broker, say
_NEEDED = "MQTT 5 is needed, as mosquitto 2.0 or newer has it"


class Will(NamedTuple):
    """The message that the broker publishes, retained, when the connection breaks."""

    topic: str
    payload: bytes


class Options(NamedTuple):
    """What all connections of a session have in common; see `Session` for their meaning."""

    settings: Broker
    client_id: str
    will: Will | None
    persistent: bool
    manual: bool  # messages are acknowledged by `acknowledge` only
    receive_maximum: int

    @property
    def address(self) -> str:
        """Host and port."""
        return self.settings.address


class BrokerConnection:
    """One connection, or one attempt at it."""

    # A table: half of it says what the arguments are, the rest sets an attribute or a callback a line.
    def __init__(
        self,
        number: int,
        options: Options,
        *,
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
        notice: Callable[[str], None],
        accepted: Callable[["BrokerConnection"], None],
        wake: Callable[[], None] | None,
    ) -> None:
        """Prepare the client; nothing is opened.

        Args:
            number: tells this connection from others of the session.
            options: the session's.
            emit: takes the events, all but `Disconnected`.
            warn: logs why the attempt failed.
            notice: logs what this broker does not do: a text that follows its name.
            accepted: called once the broker has accepted the connection, before `Connected` is emitted; it subscribes.
            wake: ends the wait of the thread that works, for another that publishes; None: no other publishes.

        Raises:
            NotReady: the password or a TLS file cannot be read.
        """
        self.number = number
        self.answered = threading.Event()  # there was an answer to CONNECT; or it has ended
        self.ended = threading.Event()
        self.limits = Limits()  # the broker disconnects a client that exceeds them
        self.lost_because: str | None = None  # where the broker or the network ended it
        self.taken_over = False  # another client with our client id ended it
        self.closed_after: list[Sent] = []  # what was sent last and has no answer, where the broker closed it
        self._options = options
        self._emit, self._warn, self._notice, self._accepted = emit, warn, notice, accepted
        self._unanswered: Unanswered[ReasonCode] = Unanswered()
        self._refused: list[Sent] = []
        self._sending: Sent | None = None  # the broker may close the connection before we know the message's id
        self._sent_at = 0.0  # monotonic
        self._opened = self._given_up = False
        self._received = 0  # messages
        self._client = _new_client(options)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_socket_open = _on_socket_open
        self._sends_at_once = wake is None
        if wake is not None:
            # With this callback, paho only queues what is to be sent. Without, the thread that publishes sends it.
            self._client.on_socket_register_write = lambda *_: wake()

    def open(self) -> None:
        """Connect; `ended` is set when that has failed, or, later, when the connection is over."""
        try:
            self._client.connect(
                self._options.settings.hosts[0],
                self._options.settings.port,
                keepalive=KEEPALIVE,
                clean_start=not self._options.persistent,
                properties=_connect_properties(self._options),
            )
        except OSError as error:
            self._on_connect_fail(error)
        self._opened = True

    def work(self, timeout: float, wakeup: int) -> bool | None:
        """Wait until there is something to receive or to send, or `wakeup` is readable, and do it.

        Waits for `timeout` seconds at most; returns whether `wakeup` is readable. None without a connection, at once.
        """
        sock = self.socket() if self._opened else None
        if sock is None:
            return None
        if self._given_up:
            self._given_up = False
            self._client.disconnect()
            return False
        pending = self._options.settings.tls is not None and sock.pending() > 0  # decrypted already
        writing = [sock] if self._client.want_write() else []
        ready = select.select([sock, wakeup], writing, [], 0.0 if pending else timeout)[0]
        if sock in ready or pending:
            self._read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()
        return wakeup in ready

    def _read(self) -> None:
        """Receive messages while there are some: to wait for each would take longer."""
        for _ in range(_MESSAGES_AT_ONCE):
            received = self._received
            self._client.loop_read()
            if self._received == received:
                break

    def socket(self) -> Any:
        """Return the client's socket; None if there is none."""
        return self._client.socket()

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> PublishToken | None:
        """Send a message, QoS 1; None if it was not sent."""
        if self._sends_at_once and self._has_ended():
            return None
        sent = Sent(topic, subscription=False)
        self._sent_at, self._sending = time.monotonic(), sent
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return None
        self._unanswered.sent(info.mid, sent)
        self._sending = None
        return PublishToken(self.number, info.mid)

    def _has_ended(self) -> bool:
        """Whether the broker has closed the connection; what it has sent before, such as why, is then received.

        To send a message on it would only show that it is broken.
        """
        sock = self.socket()
        if sock is None:
            return True
        poll = select.poll()
        poll.register(sock, select.POLLRDHUP)
        if not poll.poll(0):
            return False
        while self._client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            pass
        return True

    @property
    def refused(self) -> list[str]:
        """The topic filters that the broker refuses to subscribe us to."""
        return [sent.topic for sent in self._refused]

    @property
    def waiting(self) -> bool:
        """Whether answers of the broker are still to come."""
        return not self.ended.is_set() and bool(self._unanswered.oldest())

    def subscribe(self, filters: Sequence[str]) -> None:
        """Subscribe to these topic filters.

        One a packet: RabbitMQ refuses all filters of a packet with one that it refuses, and AWS IoT Core takes only 8.
        """
        for name in filters:
            _, mid = self._client.subscribe(name, options=SubscribeOptions(qos=1))
            if mid is None:
                return  # the connection is lost
            self._sent_at = time.monotonic()
            reason = self._unanswered.sent(mid, Sent(name, subscription=True))
            if reason is not None:
                self._check_granted(name, reason)

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Acknowledge messages that came on this connection."""
        for message in messages:
            self._client.ack(message.mid, message.qos)

    def disconnect(self) -> None:
        """Send DISCONNECT, if connected; the will is not published."""
        if self._opened:  # not while another thread connects
            self._client.disconnect()

    def give_up(self, seconds: float) -> None:
        """End an attempt because the broker has not answered CONNECT within so many seconds."""
        self._warn(
            f"The broker {self._options.address} accepts connections, but has not answered within {seconds:.0f} s:"
            f" check mqtt.port; {_NEEDED}; trying again"
        )
        self._given_up = True

    def end(self) -> None:
        """Note that it has ended."""
        self.answered.set()
        self.ended.set()

    def release(self) -> None:
        """Break the reference cycle of client and callbacks: paho closes its sockets when the last reference goes."""
        client = self._client
        client.on_connect = client.on_disconnect = client.on_message = client.on_publish = client.on_subscribe = None
        client.on_socket_register_write = None

    # -- in the thread that works --------------------------------------------------------------------------------------

    def _on_connect(
        self, _client: paho.Client, _: Any, flags: paho.ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        where = self._options.address
        if reason.is_failure:
            self._warn(f"The broker {where} refused the connection: {reason}; {connect_advice(reason.value, _NEEDED)}")
            self.answered.set()
            return
        self.limits = read_limits(properties, asked_expiry=_session_expiry(self._options))
        if self.limits.maximum_qos < 1:
            self._warn(f"The broker {where} accepts only QoS 0, which may lose messages: {ALLOW_QOS_1}; trying again")
            self.answered.set()
            self._client.disconnect()
            return
        if self.limits.limits_in_flight:
            # paho sends no more than that. It has a method for this, but only before it connects.
            self._client._max_inflight_messages = self.limits.receive_maximum
        self.answered.set()
        self._accepted(self)
        self._emit(Connected(flags.session_present))

    def _on_connect_fail(self, error: OSError) -> None:
        tls = self._options.settings.tls is not None  # without, ssl is not loaded: common/runtime/deferred_module.py
        advice = "check mqtt.tls.ca and mqtt.host; " if tls and isinstance(error, ssl.SSLError) else ""
        self._warn(
            f"The broker {self._options.address} cannot be reached: {error.strerror or error}; {advice}trying again"
        )
        self.end()

    def _on_disconnect(
        self, client: paho.Client, _: Any, flags: paho.DisconnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server and not reason.is_failure:
            reason = _reason_in_packet(client, reason)
        if reason.is_failure:
            self.lost_because = str(reason)
            self.taken_over = reason.value == SESSION_TAKEN_OVER
            if reason.value != KEEPALIVE_TIMEOUT and time.monotonic() - self._sent_at < _AT_ONCE:
                self.closed_after = self._refused or self._without_answer()
            if not self.answered.is_set():
                # With TLS 1.3, also a client without the right certificate: the handshake itself succeeds.
                advice = "check mqtt.tls" if self._options.settings.tls else f"check mqtt.port; {_NEEDED}"
                where = self._options.address
                self._warn(
                    f"The broker {where} closed the connection before accepting it ({reason}); {advice}; trying again"
                )
        self.end()

    def _without_answer(self) -> list[Sent]:
        sending = self._sending
        return list(dict.fromkeys([*self._unanswered.oldest(), *([] if sending is None else [sending])]))

    def _on_message(self, _client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        self._received += 1
        payload = bytes(message.payload)
        self._emit(Message(message.topic, payload, message.retain, message.mid, message.qos, self.number))

    def _on_publish(self, _client: paho.Client, _: Any, mid: int, reason: ReasonCode, __: Properties | None) -> None:
        self._unanswered.answered(mid, reason)
        self._emit(Published(PublishToken(self.number, mid), reason.value))

    def _on_subscribe(
        self, _client: paho.Client, _: Any, mid: int, reasons: list[ReasonCode], __: Properties | None
    ) -> None:
        sent = self._unanswered.answered(mid, reasons[0])
        if sent is not None:
            self._check_granted(sent.topic, reasons[0])

    def _check_granted(self, name: str, reason: ReasonCode) -> None:
        if reason.value >= REFUSED:
            self._refused.append(Sent(name, subscription=True))
            self._notice(f"refuses the subscription to {name} ({reason}): {subscribe_advice(reason.value)}")
        elif reason.value < 1:
            self._notice(f"grants the subscription to {name} with QoS 0 only: messages may be lost")


def check_library() -> None:
    """Check that this version of the library can keep to what a broker accepts.

    Raises:
        ConfigError: it cannot.
    """
    check_members("paho-mqtt", paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5))


def packet_size(topic: str, payload: bytes) -> int:
    """Return the bytes of a PUBLISH of QoS 1 without properties."""
    rest = 2 + len(topic.encode()) + 2 + 1 + len(payload)
    return 1 + max(1, -(-rest.bit_length() // 7)) + rest


def _new_client(options: Options) -> paho.Client:
    settings = options.settings
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=options.client_id,
        protocol=paho.MQTTv5,
        manual_ack=options.manual,
        reconnect_on_failure=False,
    )
    client.max_inflight_messages_set(0)  # no limit: the publisher limits what is in flight
    if settings.username is not None:
        try:
            client.username_pw_set(settings.username, settings.secret())
        except NotReady as error:
            raise NotReady(f"mqtt.{error}") from error
    if settings.tls is not None:
        settings.tls.check_readable("mqtt")
        try:
            client.tls_set(ca_certs=settings.tls.ca, certfile=settings.tls.certificate, keyfile=settings.tls.key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise NotReady(
                f"mqtt.tls: the files cannot be used: {error}; certificates and key must be PEM, of one pair"
            ) from error
    if options.will is not None:
        client.will_set(options.will.topic, options.will.payload, qos=1, retain=True)
    return client


def _on_socket_open(_client: paho.Client, _: Any, sock: Any) -> None:
    # Nagle's algorithm and delayed acknowledgements together cost 80 ms a frame.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _session_expiry(options: Options) -> int:
    return NEVER_EXPIRES if options.persistent else 0


def _connect_properties(options: Options) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = _session_expiry(options)
    properties.ReceiveMaximum = options.receive_maximum
    return properties


def _reason_in_packet(client: paho.Client, reason: ReasonCode) -> ReasonCode:
    """Return the reason of the DISCONNECT that is being handled: paho before 2.2 loses one without properties."""
    packet = client._in_packet["packet"]
    return ReasonCode(PacketTypes.DISCONNECT, identifier=packet[0]) if packet else reason
