"""A connection to an MQTT broker that comes back by itself, and says what happens as events.

Everything that happens is posted, in order, to one function; nothing else runs in paho's thread. An exception there
would kill that thread while the client still claims to be connected.
"""

import logging
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.config import Broker
from common.errors import ConfigError
from common.mqtt_events import Connected, Disconnected, Event, Message, Published

log = logging.getLogger(__name__)

KEEPALIVE = 20  # seconds; a broker that hangs is noticed after about two of them
SLOWEST_RETRY = 30  # seconds
FOR_EVER = 0xFFFFFFFF  # seconds; the longest that a session may outlive its connection


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us, retained, when we are gone."""

    topic: str
    payload: bytes


class Session:
    """One client of the broker; `post` is called from its thread, and must only put the event somewhere."""

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        *,
        will: Will,
        subscriptions: Sequence[str],
        post: Callable[[Event], None],
        keep: bool = False,
        unacknowledged: int = 100,
    ) -> None:
        """Prepare the client; nothing is opened.

        Args:
            settings: where the broker is.
            client_id: must be the same at each start for `keep` to find its session again.
            will: published by the broker when the connection breaks.
            subscriptions: topic filters, subscribed at each connection.
            post: takes the events.
            keep: the broker keeps the session, and messages are acknowledged by `acknowledge` only.
            unacknowledged: how many messages the broker may send before the first is acknowledged.

        Raises:
            ConfigError: a TLS file is unusable.
        """
        self._settings = settings
        self._where = f"{settings.host}:{settings.port}"
        self._subscriptions = subscriptions
        self._post = post
        self._keep = keep
        self._connection = 0
        self._said = ""
        self.connected = False
        self._connect_properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        self._connect_properties.SessionExpiryInterval = FOR_EVER if keep else 0
        self._connect_properties.ReceiveMaximum = unacknowledged
        self._client = self._new_client(client_id)
        self._client.will_set(will.topic, will.payload, qos=1, retain=True)

    def _new_client(self, client_id: str) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=self._keep
        )
        client.max_inflight_messages_set(0)  # whoever publishes keeps the window, and knows what is in it
        client.reconnect_delay_set(1, SLOWEST_RETRY)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._settings.secret())
        if self._settings.tls is not None:
            tls = self._settings.tls
            try:
                client.tls_set(ca_certs=tls.ca, certfile=tls.certificate, keyfile=tls.key)
            except (OSError, ValueError, ssl.SSLError) as error:
                raise ConfigError(f"mqtt.tls: the files cannot be used: {error}") from error
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_open = self._on_socket_open
        return client

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost, for ever."""
        self._client.connect_async(
            self._settings.host,
            self._settings.port,
            keepalive=KEEPALIVE,
            clean_start=not self._keep,
            properties=self._connect_properties,
        )
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> int | None:
        """Hand a message to the broker, QoS 1; return its id, which comes back in `Published`.

        None when there is no connection, or no room: nothing was handed over then. What was handed over is sent again
        by paho at the next connection if the broker has not answered for it.
        """
        if not self.connected:
            return None
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        # "Not connected" is no refusal: paho has kept the message, and sends it later.
        return None if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else info.mid

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that it can forget the message; in the order of arrival.

        Only on the connection that brought it: message ids start anew with each, so a late answer would acknowledge
        somebody else's message.
        """
        if message.qos and message.connection == self._connection:
            self._client.ack(message.mid, message.qos)

    def close(self) -> None:
        """Say good-bye; `Disconnected` is posted when that is done. The last will is not sent."""
        self._client.disconnect()

    def _on_connect(
        self, client: paho.Client, _: Any, flags: paho.ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(logging.WARNING, f"The broker {self._where} refuses us: {reason}; {_cure(reason)}")
            return
        self._say(logging.INFO, f"Connected to the broker {self._where}")
        self._connection += 1
        self.connected = True
        if self._subscriptions:
            client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._subscriptions])
        self._post(Connected(flags.session_present))

    def _on_connect_fail(self, _client: paho.Client, _: Any) -> None:
        error = sys.exc_info()[1]
        reason = (getattr(error, "strerror", None) or str(error)) if error else "no answer"
        self._say(logging.WARNING, f"The broker {self._where} cannot be reached: {reason}; trying again")

    def _on_disconnect(
        self, _client: paho.Client, _: Any, __: paho.DisconnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if not self.connected:
            return  # it never took us in, and that has been said
        self.connected = False
        if reason.is_failure:
            self._say(logging.WARNING, f"The connection to the broker {self._where} is lost ({reason}); trying again")
        self._post(Disconnected())

    def _on_message(self, _client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        self._post(
            Message(message.topic, bytes(message.payload), message.retain, message.mid, message.qos, self._connection)
        )

    def _on_publish(self, _client: paho.Client, _: Any, mid: int, reason: ReasonCode, __: Properties | None) -> None:
        self._post(Published(mid, reason.value))

    def _on_socket_open(self, _client: paho.Client, _: Any, sock: Any) -> None:
        # Nagle's algorithm and delayed acknowledgements together cost 80 ms a frame.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _say(self, level: int, text: str) -> None:
        if text != self._said:  # once a change, not once a try
            log.log(level, "%s", text)
        self._said = text


def _cure(reason: ReasonCode) -> str:
    if reason.value in (0x86, 0x87):
        return "check mqtt.username and mqtt.password, and the broker's access rules"
    return "trying again"
