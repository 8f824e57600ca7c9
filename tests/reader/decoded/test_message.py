"""Messages of a port become readings, or are refused: within bounds, whatever they hold."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.contract.labels import Mode
from reader.decoded.conversion import MODE_OF
from reader.decoded.message import PUBLISHERS, Decoder, recognise
from reader.decoded.publisher import Refusal
from reader.decoded.publishers import zlinky
from reader.decoded.reading import Reading
from tests.support.decoded import decoder, payload, read, refusal

SENSOR = "tele/linky/SENSOR"


def tic(**labels: object) -> dict[str, Any]:
    return {"TIC": labels}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"", Refusal.NO_METER),
        (b"21.5", Refusal.NO_METER),
        (b"{}", Refusal.NO_METER),
        (b"[]", Refusal.NO_METER),
        (b"null", Refusal.NO_METER),
        (b"\xff\xfe", Refusal.NOT_TEXT),
        (b'{"TIC": {"PAPP": 310}', Refusal.NOT_TEXT),
        (b'{"TIC": {"PAPP": ' + b"[" * 20_000, Refusal.NOT_TEXT),
        (b'{"TIC": {"PAPP": 310, "x": "' + b"x" * 70_000 + b'"}}', Refusal.TOO_LONG),
        (b'{"TIC": {"PAPP": ' + b"9" * 60_000 + b"}}", Refusal.NOTHING),
        (b'{"TIC": {"PAPP": 0.' + b"9" * 60_000 + b"}}", Refusal.NOTHING),
        (b'{"TIC": {"PAPP": 1e999999999}}', Refusal.NOTHING),
        (b'{"TIC": {"PAPP": 1e-999999999}}', Refusal.NOTHING),
        (b'{"TIC": {"PAPP": 1e99999999999999}}', Refusal.NOTHING),
        (b'{"TIC": {"PAPP": NaN}}', Refusal.NOTHING),
        (b'{"TIC": {"PAPP": -Infinity}}', Refusal.NOTHING),
        (b'{"TIC": {"PAPP": {"TIC": 310}}}', Refusal.NOTHING),
        (b'{"TIC": {"PAPP": true}}', Refusal.NOTHING),
    ],
)
def test_what_is_no_reading_is_refused(message: bytes, why: Refusal) -> None:
    assert decoder(f"mqtt:{SENSOR}").read(SENSOR, message) is why


@pytest.mark.parametrize(
    "message",
    [b'{"TIC": ' * 5000 + b"1" + b"}" * 5000, b'{"TIC": {"PAPP": ' + b"[" * 20_000 + b"]" * 20_000 + b"}}"],
)
def test_what_is_nested_deeply_is_refused(message: bytes) -> None:
    # How deep a version of Python reads is its own: so why it is refused is left open.
    assert isinstance(decoder(f"mqtt:{SENSOR}").read(SENSOR, message), Refusal)


def test_the_last_of_two_values_counts() -> None:
    reading = decoder(f"mqtt:{SENSOR}").read(SENSOR, b'{"TIC": {"PAPP": 310, "PAPP": 320}}')
    assert isinstance(reading, Reading)
    assert reading.labels == {"PAPP": 320}


def test_labels_come_in_the_order_of_the_line_and_of_one_mode() -> None:
    reading = read(SENSOR, tic(PAPP=310, EAST=1, PTEC="HP..", ADCO="021961000001"))
    assert list(reading.labels) == ["ADCO", "PTEC", "PAPP"]
    assert reading.mode is Mode.HISTORIC


def test_the_meter_is_remembered_until_another_one_is_named() -> None:
    using = decoder(f"mqtt:{SENSOR}")
    assert read(SENSOR, tic(PAPP=310), using=using).meter is None
    assert read(SENSOR, tic(ADCO="021961000001"), using=using).meter == "021961000001"
    assert read(SENSOR, tic(PAPP=310), using=using).meter == "021961000001"
    assert read(SENSOR, tic(ADSC=21961000002, SINSTS=310), using=using).meter == "021961000002"
    reading = read(SENSOR, tic(SINSTS=310), using=using)
    assert (reading.meter, reading.mode) == ("021961000002", Mode.STANDARD)


def test_each_device_of_a_port_has_a_memory_of_its_own() -> None:
    using = decoder("mqtt:zigbee2mqtt/+")
    first, second = "zigbee2mqtt/Linky", "zigbee2mqtt/Linky 2"
    read(first, {"current_price": "HP BLEU", "meter_serial_number": "021961000001"}, using=using)
    read(second, {"active_register_tier_delivered": "HP..", "meter_serial_number": "021961000002"}, using=using)
    for _ in range(2):
        reading = read(first, {"apparent_power": 310}, using=using)
        assert (reading.meter, reading.labels) == ("021961000001", {"SINSTS": 310})
        reading = read(second, {"apparent_power": 320}, using=using)
        assert (reading.meter, reading.labels) == ("021961000002", {"PAPP": 320})
    assert refusal("zigbee2mqtt/Prise", {"apparent_power": 310}, using=using) is Refusal.NO_METER


def test_the_memory_is_bounded() -> None:
    using = decoder("mqtt:zigbee2mqtt/+")
    read("zigbee2mqtt/Linky", {"current_price": "HP BLEU"}, using=using)
    for number in range(100):
        read("zigbee2mqtt/Linky", {"apparent_power": number}, using=using)
        read(f"zigbee2mqtt/{number}", {"current_price": "HP BLEU"}, using=using)
    assert read("zigbee2mqtt/Linky", {"apparent_power": 310}, using=using).labels == {"SINSTS": 310}
    assert refusal("zigbee2mqtt/5", {"apparent_power": 310}, using=using) is Refusal.NO_METER


def test_a_port_whose_publisher_is_known_reads_no_other() -> None:
    using = decoder("mqtt:TICMeter/AB12CD")
    assert refusal("TICMeter/AB12CD/PAPP", tic(PAPP=310), using=using) is Refusal.NOTHING
    assert decoder("mqtt:zigbee2mqtt/Linky").publisher is None


def test_nothing_of_our_own_is_recognised() -> None:
    frame = Frame(
        meter="021961000001", timestamp=datetime(2026, 7, 20, tzinfo=UTC), mode=Mode.HISTORIC, values={"PAPP": 310}
    )
    assert recognise("teleinfo/021961000001/frame", frame.to_json()) is None
    assert recognise("teleinfo/021961000001/state", payload({"mode": "historic", "PAPP": 310, "EAST": 5})) is None
    assert recognise("teleinfo/021961000001/link", b"online") is None


# Whatever comes in.

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["HP..", "BASE", "HP BLEU"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=4,
)
KEYS = sorted(
    {
        *MODE_OF, *(key for labels in zlinky._LABELS.values() for key in labels), *zlinky._TIERS, "tic_mode",
        "elec_mode", "contract_type", "serial", "CONSO", "PROD", "HC..", "BASE", "HC BLEU", "PH", "PSUB", "P", "raw",
        "timestamp", "value_1794_0", "value_65382_768",
    }
)  # fmt: skip
FLAT = st.dictionaries(
    st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3), max_size=8
)
CONTENT = FLAT | st.fixed_dictionaries({}, optional={"TIC": FLAT | JSON, "METER": FLAT | JSON, "CONTRACT": FLAT | JSON})
TOPICS = st.sampled_from(
    [
        "zigbee2mqtt/Linky", SENSOR, "teleinfo/021961000001", "TICMeter/AB12CD/EAST", "a/sensor/east/state",
        "homeassistant/sensor/00158d0006000001_1794_0/state", "homeassistant/sensor/00158d0006000001_65382_768/state",
    ]
) | st.text(max_size=20)  # fmt: skip
PORTS: list[Any] = [
    "mqtt:x/+", "mqtt:TICMeter/AB12CD", "mqtt:homeassistant/sensor/00158d0006000001",
    {"topic": "mqtt:a/sensor/+/state", "labels": {"east": "EAST"}, "unit": "kWh"},
]  # fmt: skip


@given(
    st.sampled_from(PORTS), st.lists(st.tuples(TOPICS, CONTENT | JSON | st.binary(max_size=40)), min_size=1, max_size=4)
)
def test_whatever_comes_a_reading_makes_a_frame(port: Any, messages: list[tuple[str, Any]]) -> None:
    using = decoder(port)
    for topic, content in messages:
        message = content if isinstance(content, bytes) else json.dumps(content).encode()
        assert recognise(topic, message) in {None, *(publisher.name for publisher in PUBLISHERS)}
        reading = using.read(topic, message)
        if isinstance(reading, Reading):
            assert reading.mode is not None
            assert {MODE_OF[label] for label in reading.labels} == {reading.mode}
            assert reading.steps.keys() | reading.stamps.keys() <= reading.labels.keys()
            assert all(type(step) is int and step > 1 for step in reading.steps.values())
            frame = Frame(
                meter=reading.meter or "unknown", timestamp=datetime(2026, 7, 20, tzinfo=UTC), mode=reading.mode,
                values=reading.labels, stamps=reading.stamps,
            )  # fmt: skip
            assert Frame.from_json(frame.to_json()) == frame


@given(st.text(max_size=30))
def test_any_topic_is_a_port_or_refused(topic: str) -> None:
    try:
        using = decoder(f"mqtt:{topic}")
    except ValueError:
        return
    assert isinstance(using, Decoder)
    assert using.filter.startswith(topic) or using.publisher == "lixee_box"
