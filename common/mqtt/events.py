"""Events of a connection to a broker, and the reason codes of its answers."""

from dataclasses import dataclass
from typing import NamedTuple

NOBODY_SUBSCRIBED = 0x10  # of a PUBACK: accepted, and dropped because nobody has subscribed
REFUSED = 0x80  # from here on, a reason code is an error
TOO_LARGE = 0x95  # larger than the broker accepts: not sent


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
