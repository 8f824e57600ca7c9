"""Events of a connection to a broker, and the reason codes of its answers."""

from dataclasses import dataclass

NOBODY_SUBSCRIBED = 0x10  # of a PUBACK: accepted, and dropped because nobody has subscribed
REFUSED = 0x80  # from here on, a reason code is an error
TOO_LARGE = 0x95  # larger than the broker accepts: not sent


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker accepted the connection."""

    session_present: bool  # the broker had our session, and kept the messages for it


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is over."""


@dataclass(frozen=True, slots=True)
class Published:
    """The broker answered to one of our messages."""

    token: "PublishToken"
    reason_code: int


@dataclass(frozen=True, slots=True)
class PublishToken:
    """Identifies one of our messages in flight: message ids start anew with each connection."""

    connection: int
    mid: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message for us."""

    topic: str
    payload: bytes
    retained: bool
    mid: int
    qos: int
    connection: int  # the number of the connection on which it came


Event = Connected | Disconnected | Published | Message
