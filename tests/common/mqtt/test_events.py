"""What a broker says of itself in its CONNACK, and what of it is less than needed."""

import math
from types import SimpleNamespace

import pytest

from common.mqtt.events import NEVER_EXPIRES, Limits, read_limits


@pytest.mark.parametrize("properties", [None, SimpleNamespace()])
def test_absent_properties_have_the_defaults_of_mqtt_5(properties: object) -> None:
    assert read_limits(properties) == Limits(2, True, True, True, 0, 65_535, math.inf)
    assert read_limits(properties, asked_expiry=NEVER_EXPIRES).session_expiry == NEVER_EXPIRES


def test_all_properties_are_read() -> None:
    said = SimpleNamespace(
        MaximumQoS=1,
        RetainAvailable=0,
        WildcardSubscriptionAvailable=0,
        SharedSubscriptionAvailable=0,
        SessionExpiryInterval=86_400,
        ReceiveMaximum=10,
        MaximumPacketSize=1000,
    )
    assert read_limits(said, asked_expiry=NEVER_EXPIRES) == Limits(1, False, False, False, 86_400, 10, 1000)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(session_expiry=NEVER_EXPIRES), []),
        (Limits(session_expiry=86_400, shared_subscriptions=False, receive_maximum=10), []),
        (Limits(session_expiry=86_400, retain=False), ["retains no messages"]),
        (Limits(session_expiry=86_400, wildcards=False), ["wildcards"]),
        (Limits(session_expiry=60), ["our session for 60 s only"]),
    ],
)
def test_what_is_less_than_needed_is_named(limits: Limits, words: list[str]) -> None:
    found = list(limits.shortcomings(session=True))
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_who_asks_for_no_session_does_not_miss_it() -> None:
    assert list(Limits(session_expiry=0).shortcomings(session=False)) == []
