"""A connection to an MQTT broker that comes back by itself, and says what happens as events.

- Everything that happens is emitted, in order, to one function; nothing else runs in paho's threads. An exception there
  kills the thread while its client still claims to be connected.
- Each connection has a client of its own, and reads certificates and password anew. A client that reconnects by itself
  sends again what it held, be it an hour later; says "not connected" of messages that it keeps; and refuses the
  65,536th. A new one holds nothing: what was not answered for is the business of whoever published it.
"""

import contextlib
import logging
import math
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.config import Broker, Tls
from common.errors import NotReady
from common.mqtt.backoff import Backoff
from common.mqtt.events import TOO_LARGE, Connected, Disconnected, Event, Message, Published, PublishToken
from common.runtime.logs import RateLimiter

log = logging.getLogger(__name__)

KEEPALIVE = 15  # seconds; a broker that hangs is noticed after about two of them
LAST_ANSWER = 1.0  # seconds; how long a good-bye waits for the broker's answer to what was published last
FOR_EVER = 0xFFFFFFFF  # seconds; the longest that a session may outlive its connection
_TAKEN_OVER = 0x8E
_NEEDED = "MQTT 5 is needed, as mosquitto 2.0 or newer has it"


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us, retained, when we are gone."""

    topic: str
    payload: bytes


@dataclass(slots=True, eq=False)
class _Connection:
    """One connection, or one try at it."""

    number: int
    client: paho.Client
    ended: threading.Event
    largest: float = math.inf  # bytes of a packet; the broker hangs up on whoever sends more
    reason: ReasonCode | None = None  # why the broker, or the network, ended it


class Session:
    """One client of the broker; `emit` is called from other threads, and must only put the event into a queue."""

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        *,
        subscriptions: Sequence[str],
        emit: Callable[[Event], None],
        will: Will | None = None,
        persistent: bool = False,
        receive_maximum: int = 100,
    ) -> None:
        """Prepare the client; nothing is opened.

        Args:
            settings: where the broker is.
            client_id: must be the same at each start for `persistent` to find its session again.
            subscriptions: topic filters, subscribed at each connection.
            emit: takes the events.
            will: published by the broker when the connection breaks.
            persistent: the broker keeps the session, and messages are acknowledged by `acknowledge` only.
            receive_maximum: how many messages the broker may send before the first is acknowledged.
        """
        self._settings = settings
        self._client_id = client_id
        self._where = f"{settings.host}:{settings.port}"
        self._subscriptions = subscriptions
        self._emit = emit
        self._will = will
        self._persistent = persistent
        self._receive_maximum = receive_maximum
        self._said = ""
        self._seldom = RateLimiter()
        self._backoff = Backoff()
        self._unsent = 0
        self._closing = threading.Event()
        self._live: _Connection | None = None  # the connection, while there is one
        self._last: paho.MQTTMessageInfo | None = None  # what was handed over last
        self._line: _Connection | None = None  # the last try; None before the first and at the end
        self._supervisor = threading.Thread(target=self._supervise, name="mqtt", daemon=True)
        self.last_activity = math.inf
        """Monotonic seconds when its threads last did something: a try to connect, an answer, a message. While they
        wait for the next try, the time of that; infinite before the start."""

    @property
    def connected(self) -> bool:
        """Whether the broker has taken us in."""
        return self._live is not None

    @property
    def largest(self) -> float:
        """How many bytes of a packet the broker takes; infinite where it has set no limit, or is away."""
        live = self._live
        return math.inf if live is None else live.largest

    @property
    def taken_over(self) -> int:
        """How often another program with our client id has taken our session lately: twice is no accident."""
        return self._backoff.taken_over(time.monotonic())

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost, for ever."""
        self._supervisor.start()

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Hand a message to the broker, QoS 1; the answer comes in `Published`.

        None when there is no connection: nothing was handed over then. When the connection is lost before the broker
        has answered, nobody knows whether it has the message, and nobody sends it again. What is larger than the broker
        takes is not sent: the answer is TOO_LARGE.
        """
        live = self._live
        if live is None:
            return None
        payload = payload.encode() if isinstance(payload, str) else payload
        size = _packet_size(topic, payload)
        if size > live.largest:
            return self._refuse(live, topic, size)
        info = live.client.publish(topic, payload, qos=1, retain=retain)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return None
        self._last = info
        return PublishToken(live.number, info.mid)

    def _refuse(self, live: _Connection, topic: str, size: int) -> PublishToken:
        if self._seldom.allow(topic, time.monotonic()):
            log.warning(
                "%s: a message of %d bytes is not sent: the broker %s takes %d at most; raise its max_packet_size."
                " Frames are kept until then",
                topic,
                size,
                self._where,
                live.largest,
            )
        self._unsent += 1
        handed = PublishToken(live.number, -self._unsent)  # no id of a message that was sent
        self._emit(Published(handed, TOO_LARGE))
        return handed

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that it can forget the message; in the order of arrival.

        Only on the connection that brought it: message ids start anew with each, so a late answer would acknowledge
        somebody else's message.
        """
        live = self._live
        if message.qos and live is not None and live.number == message.connection:
            live.client.ack(message.mid, message.qos)

    def reconnect(self) -> None:
        """Give up a connection that is no good; `Disconnected` is emitted, then `Connected` from a new one."""
        live = self._live
        if live is not None:
            live.client.disconnect()

    def close(self) -> None:
        """Say good-bye; `Disconnected` is emitted when that is done. The last will is not sent.

        The broker has what was published before, unless it does not answer within LAST_ANSWER: a connection that is
        closed while an answer is still on its way is reset, and mosquitto throws away what it has not read of it.
        """
        self._closing.set()
        line, last = self._line, self._last
        if line is None:
            return
        if self._live is not None and last is not None:
            with contextlib.suppress(RuntimeError):  # it was handed to a connection that is gone
                last.wait_for_publish(LAST_ANSWER)
        line.client.disconnect()
        if self._live is None:
            line.ended.set()  # a client that never came in ends without a word

    def join(self, timeout: float) -> None:
        """Wait after `close` until nothing is open any more, or for `timeout` seconds."""
        self._supervisor.join(timeout)

    def _supervise(self) -> None:
        number = 0
        while not self._closing.is_set():
            number += 1
            self.last_activity = time.monotonic()
            wait = self._connect(number) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
            self.last_activity = time.monotonic() + wait
            self._closing.wait(wait)
        # paho closes what it has when nobody knows it any more, and whoever had an error may know us for long.
        self._line = None

    def _connect(self, number: int) -> float:
        """Connect and return when that has failed or ended, with the seconds to wait, on average, before the next."""
        try:
            line = self._new_line(number)
        except NotReady as error:
            self._say(logging.WARNING, f"{error}; trying again")
            return self._backoff.failed()
        self._line = line
        if self._closing.is_set():  # `close` has not seen it
            return 0.0
        line.client.connect_async(
            self._settings.host,
            self._settings.port,
            keepalive=KEEPALIVE,
            clean_start=not self._persistent,
            properties=self._connect_properties(),
        )
        line.client.loop_start()  # tries once, and ends with the connection
        good = self._stay(line)
        _let_go(line.client)
        was_live, self._live, self._last = self._live is not None, None, None
        if not was_live:
            return self._backoff.failed()
        wait = self._backoff.lost(time.monotonic(), good=good, taken_over=_is_taken_over(line))
        if line.reason is not None:
            self._say(logging.WARNING, self._loss(line.reason))
        self._emit(Disconnected())
        return wait

    def _stay(self, line: _Connection) -> bool:
        """Return when the connection has ended; whether it had lasted."""
        while not line.ended.wait(self._backoff.good_after(time.monotonic())):
            if self._live is line:
                self._backoff.good()
                self._say(logging.INFO, f"Connected to the broker {self._where}")
                line.ended.wait()
                return True
        return False

    def _loss(self, reason: ReasonCode) -> str:
        if self._backoff.contested(time.monotonic()):
            return (
                f"Another program named {self._client_id} uses the broker {self._where}, and each takes the other's"
                " session: give one of the two another name; trying again, ever more slowly"
            )
        return f"The connection to the broker {self._where} is lost ({reason}); trying again"

    def _connect_properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = FOR_EVER if self._persistent else 0
        properties.ReceiveMaximum = self._receive_maximum
        return properties

    def _new_line(self, number: int) -> _Connection:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=paho.MQTTv5,
            manual_ack=self._persistent,
            reconnect_on_failure=False,
        )
        line = _Connection(number, client, threading.Event())
        client.max_inflight_messages_set(0)  # whoever publishes keeps the window, and knows what is in it
        if self._settings.username is not None:
            try:
                client.username_pw_set(self._settings.username, self._settings.secret())
            except NotReady as error:
                raise NotReady(f"mqtt.{error}") from error
        if self._settings.tls is not None:
            tls = self._settings.tls
            _check_readable(tls)
            try:
                client.tls_set(ca_certs=tls.ca, certfile=tls.certificate, keyfile=tls.key)
            except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
                raise NotReady(
                    f"mqtt.tls: the files cannot be used: {error}; certificates and key must be PEM, of one pair"
                ) from error
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
        self._listen(line)
        return line

    def _listen(self, line: _Connection) -> None:
        client = line.client
        answered = False

        def on_connect(
            _client: paho.Client, _: Any, flags: paho.ConnectFlags, reason: ReasonCode, properties: Properties | None
        ) -> None:
            nonlocal answered
            answered = True
            now = self.last_activity = time.monotonic()
            if reason.is_failure:
                self._say(logging.WARNING, f"The broker {self._where} refuses us: {reason}; {_cure(reason)}")
                return
            if getattr(properties, "MaximumQoS", 1) < 1:
                text = f"The broker {self._where} takes only messages of QoS 0, which may be lost without a word"
                self._say(logging.WARNING, f"{text}: take max_qos 0 out of its configuration; trying again")
                client.disconnect()
                return
            line.largest = getattr(properties, "MaximumPacketSize", math.inf)
            if not self._backoff.quiet(now):
                self._say(logging.INFO, f"Connected to the broker {self._where}")
            self._live = line
            if self._subscriptions:
                client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._subscriptions])
            self._emit(Connected(flags.session_present))

        def on_connect_fail(_client: paho.Client, _: Any) -> None:
            error = sys.exc_info()[1]
            reason = (getattr(error, "strerror", None) or str(error)) if error else "no answer"
            cure = "check mqtt.tls.ca and mqtt.host; " if isinstance(error, ssl.SSLError) else ""
            self._say(logging.WARNING, f"The broker {self._where} cannot be reached: {reason}; {cure}trying again")
            line.ended.set()  # paho's thread ends without another word

        def on_disconnect(
            _client: paho.Client, _: Any, __: paho.DisconnectFlags, reason: ReasonCode, ___: Properties | None
        ) -> None:
            line.reason = reason if reason.is_failure else None
            if not answered and reason.is_failure:
                # So does TLS 1.3 refuse a client without the right certificate: the handshake itself succeeds.
                cure = "check mqtt.tls" if self._settings.tls else f"check mqtt.port; {_NEEDED}"
                text = f"The broker {self._where} ended the connection before it let us in ({reason}); {cure}"
                self._say(logging.WARNING, f"{text}; trying again")
            line.ended.set()

        def on_message(_client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
            self.last_activity = time.monotonic()
            payload = bytes(message.payload)
            self._emit(Message(message.topic, payload, message.retain, message.mid, message.qos, line.number))

        def on_publish(_client: paho.Client, _: Any, mid: int, reason: ReasonCode, __: Properties | None) -> None:
            self.last_activity = time.monotonic()
            self._emit(Published(PublishToken(line.number, mid), reason.value))

        def on_socket_open(_client: paho.Client, _: Any, sock: Any) -> None:
            # Nagle's algorithm and delayed acknowledgements together cost 80 ms a frame.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        client.on_connect = on_connect
        client.on_connect_fail = on_connect_fail
        client.on_disconnect = on_disconnect
        client.on_message = on_message
        client.on_publish = on_publish
        client.on_socket_open = on_socket_open

    def _say(self, level: int, text: str) -> None:
        if text != self._said:  # once a change, not once a try
            log.log(level, "%s", text)
        self._said = text


def _check_readable(tls: Tls) -> None:
    """Name the file that is not there: the library that reads them does not."""
    for option, file in (("ca", tls.ca), ("certificate", tls.certificate), ("key", tls.key)):
        try:
            if file is not None:
                open(file, "rb").close()
        except OSError as error:
            raise NotReady(f"mqtt.tls.{option}: {file} cannot be read: {error.strerror}") from error


def _let_go(client: paho.Client) -> None:
    """Break the circle of client and callbacks: paho closes its sockets when the last reference to it goes."""
    client.on_connect = client.on_connect_fail = client.on_disconnect = None
    client.on_message = client.on_publish = client.on_socket_open = None


def _is_taken_over(line: _Connection) -> bool:
    return line.reason is not None and line.reason.value == _TAKEN_OVER


def _packet_size(topic: str, payload: bytes) -> int:
    """Return the bytes of a PUBLISH of QoS 1 without properties."""
    rest = 2 + len(topic.encode()) + 2 + 1 + len(payload)
    return 1 + max(1, -(-rest.bit_length() // 7)) + rest


def _cure(reason: ReasonCode) -> str:
    if reason.value == 0x84:
        return f"{_NEEDED}; trying again"
    if reason.value in (0x86, 0x87):
        return "check mqtt.username and mqtt.password, and the broker's access rules"
    return "trying again"
