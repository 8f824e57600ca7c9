"""What happens on a connection to a broker."""

from dataclasses import dataclass

NOBODY_SUBSCRIBED = 0x10  # a PUBACK that means: taken, and thrown away
REFUSED = 0x80  # from here on, a PUBACK means no
TOO_LARGE = 0x95  # larger than the broker takes: it was not sent


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in."""

    session_present: bool  # it knew us, and has kept what came for us


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone."""


@dataclass(frozen=True, slots=True)
class Published:
    """The broker answered for one of our messages."""

    token: "PublishToken"
    reason_code: int


@dataclass(frozen=True, slots=True)
class PublishToken:
    """One of our messages on its way: ids begin anew with each connection."""

    connection: int
    mid: int


@dataclass(frozen=True, slots=True)
class Message:
    """Somebody's message for us."""

    topic: str
    payload: bytes
    retained: bool
    mid: int
    qos: int
    connection: int  # which of our connections brought it


Event = Connected | Disconnected | Published | Message
