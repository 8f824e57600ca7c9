"""What a broker can do, by the properties of its CONNACK, and what of that is less than the programs need. Pure."""

import math
from collections.abc import Iterator
from typing import NamedTuple

NEVER_EXPIRES = 0xFFFFFFFF  # of a session: the highest Session Expiry Interval
_LEAST_EXPIRY = 3600  # seconds; what is dropped is sent again by the reader, but only after its backoff
_MOST_RECEIVE_MAXIMUM = 65_535


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
