"""What comes from a broker: events, the limits that its CONNACK names, and what to do about a reason code. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

NOBODY_SUBSCRIBED = 0x10  # of a PUBACK: accepted, and dropped for lack of a subscriber
REFUSED = 0x80  # from here on, a reason code is an error
TOO_LARGE = 0x95  # larger than the broker accepts: not sent

NEVER_EXPIRES = 0xFFFFFFFF  # of a session: the highest Session Expiry Interval
_LEAST_EXPIRY = 3600  # seconds; what is dropped is sent again by the reader, but only after its backoff
_MOST_RECEIVE_MAXIMUM = 65_535
IMPLEMENTATION_SPECIFIC, QUOTA_EXCEEDED = 0x83, 0x97
UNSUPPORTED_VERSION, BAD_CREDENTIALS, NOT_AUTHORIZED = 0x84, 0x86, 0x87
KEEPALIVE_TIMEOUT, SESSION_TAKEN_OVER = 0x8D, 0x8E
RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED = 0x9A, 0x9B  # mosquitto refuses our last will so
SHARED_NOT_SUPPORTED, WILDCARDS_NOT_SUPPORTED = 0x9E, 0xA2
_NO_ROOM = (IMPLEMENTATION_SPECIFIC, QUOTA_EXCEEDED)
NO_ROOM = "the broker has no room, or a queue of it is away: see its log"
ALLOW_RETAINED = "allow retained messages in its configuration (mosquitto: retain_available true)"
ALLOW_QOS_1 = "remove max_qos 0 from its configuration"
NO_SHARE = "remove mqtt.share, and give each storer base topics of its own"


class Connected(NamedTuple):
    """The broker accepted the connection."""

    session_present: bool  # the broker had our session, and kept the messages for it


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is over."""


class Published(NamedTuple):
    """The broker answered to one of our messages."""

    token: "PublishToken"
    reason_code: int


class PublishToken(NamedTuple):
    """Identifies one of our messages in flight: message ids start anew with each connection."""

    connection: int
    mid: int


class Message(NamedTuple):
    """A message for us."""

    topic: str
    payload: bytes
    retained: bool
    mid: int
    qos: int
    connection: int  # the number of the connection on which it came


Event = Connected | Disconnected | Published | Message


class Limits(NamedTuple):
    """The defaults are those of MQTT 5 for a property that is absent."""

    maximum_qos: int = 2
    retain: bool = True
    wildcards: bool = True
    shared_subscriptions: bool = True
    session_expiry: int = 0  # seconds for which the broker keeps our session
    receive_maximum: int = _MOST_RECEIVE_MAXIMUM  # messages of QoS 1 that may wait for its answer
    max_packet_size: float = math.inf  # bytes

    @property
    def limits_in_flight(self) -> bool:
        """Whether the broker limits the messages in flight."""
        return self.receive_maximum < _MOST_RECEIVE_MAXIMUM

    def shortcomings(self, *, session: bool) -> Iterator[str]:
        """Yield what is less than needed, and what follows from it; `session`: the broker is to keep our session."""
        if not self.retain:
            yield (
                "it retains no messages (it may refuse us, since our status is one, and Home Assistant knows no meter"
                " when it starts)"
            )
        if not self.wildcards:
            yield "it has no subscriptions with wildcards (a storer receives no frames from it)"
        if session and self.session_expiry < _LEAST_EXPIRY:
            yield (
                f"it keeps our session for {self.session_expiry} s only (frames of a longer absence arrive later, as"
                " replays)"
            )


def read_limits(properties: object, *, asked_expiry: int = 0) -> Limits:
    """Read the properties of a CONNACK, as attributes; `asked_expiry`: the Session Expiry Interval of CONNECT."""

    def of(name: str, default: int) -> int:
        value = getattr(properties, name, default)
        return value if isinstance(value, int) else default

    largest = getattr(properties, "MaximumPacketSize", None)
    return Limits(
        maximum_qos=of("MaximumQoS", 2),
        retain=bool(of("RetainAvailable", 1)),
        wildcards=bool(of("WildcardSubscriptionAvailable", 1)),
        shared_subscriptions=bool(of("SharedSubscriptionAvailable", 1)),
        session_expiry=of("SessionExpiryInterval", asked_expiry),
        receive_maximum=of("ReceiveMaximum", _MOST_RECEIVE_MAXIMUM),
        max_packet_size=math.inf if largest is None else largest,
    )


def publish_advice(code: int) -> str:
    """Return what to do about a message that is refused."""
    return NO_ROOM if code in _NO_ROOM else "check its access rules"


def connect_advice(code: int, needed: str) -> str:
    """Return what to do about a connection that is refused; `needed` is the version of MQTT."""
    if code == UNSUPPORTED_VERSION:
        return f"{needed}; trying again"
    if code in (BAD_CREDENTIALS, NOT_AUTHORIZED):
        return "check mqtt.username and mqtt.password, and the broker's access rules"
    if code == RETAIN_NOT_SUPPORTED:
        return f"{ALLOW_RETAINED}; trying again"
    if code == QOS_NOT_SUPPORTED:
        return f"{ALLOW_QOS_1}; trying again"
    return f"{NO_ROOM}; trying again" if code in _NO_ROOM else "trying again"


def subscribe_advice(code: int) -> str:
    """Return what to do about a subscription that is refused."""
    if code == SHARED_NOT_SUPPORTED:
        return NO_SHARE
    if code == WILDCARDS_NOT_SUPPORTED:
        return "see docs/brokers.md"
    return NO_ROOM if code in _NO_ROOM else "allow reading it in its access rules"
