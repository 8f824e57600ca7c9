"""ESPHome: its owner says which label each name is."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from reader.decoded.publishers.esphome import step_of
from tests.support.decoded import decoder, read, refusal

PORT: dict[str, Any] = {
    "topic": "mqtt:linky/sensor/+/state",
    "labels": {"linky_east": "EAST", "hp_bleu": "EASF02", "power": "SINSTS", "period": "LTARF", "serial": "ADSC"},
    "unit": "Wh",
}


def test_each_message_is_a_reading_of_one_label() -> None:
    using = decoder(PORT)
    assert (using.filter, using.publisher) == ("linky/sensor/+/state", "esphome")
    reading = read("linky/sensor/linky_east/state", "12345678", using=using)
    assert (reading.publisher, reading.mode, reading.labels, reading.steps) == (
        "esphome", Mode.STANDARD, {"EAST": 12345678}, {},
    )  # fmt: skip
    assert read("linky/sensor/power/state", "783.0", using=using).labels == {"SINSTS": 783}
    assert read("linky/sensor/period/state", "HP BLEU", using=using).labels == {"LTARF": "HP BLEU"}
    read("linky/sensor/serial/state", "021961000001", using=using)
    assert read("linky/sensor/power/state", "790", using=using).meter == "021961000001"


def test_kwh_are_read_as_the_owner_says() -> None:
    using = decoder(PORT | {"unit": "kWh"})
    assert read("linky/sensor/linky_east/state", "16494.4", using=using).labels == {"EAST": 16494400}
    assert read("linky/sensor/power/state", "783", using=using).labels == {"SINSTS": 783}


# A float of 32 bits has 24 binary digits.
@pytest.mark.parametrize(
    ("sent", "unit", "step"),
    [
        ("16777215", "Wh", 1),
        ("16777216", "Wh", 2),
        ("33554431", "Wh", 2),
        ("33554432", "Wh", 4),
        ("67108864", "Wh", 8),
        ("40123.457", "kWh", 4),  # 3.9 Wh
        ("40123.4", "kWh", 100),
        ("40123", "kWh", 1000),
        ("40123", "Wh", 1),
    ],
)
def test_a_register_moves_by_steps(sent: str, unit: str, step: int) -> None:
    reading = read("linky/sensor/linky_east/state", sent, using=decoder(PORT | {"unit": unit}))
    assert reading.steps.get("EAST", 1) == step


@given(st.integers(1, 999_999_999))
def test_the_step_is_that_of_a_float_of_32_bits(register: int) -> None:
    import struct

    (bits,) = struct.unpack("<I", struct.pack("<f", register))
    here, following = struct.unpack("<ff", struct.pack("<II", bits, bits + 1))
    assert step_of(Decimal(int(here)), 1) == max(1, following - here)


def test_a_step_of_nothing_is_one() -> None:
    assert step_of(Decimal(0), 1) == 1


@pytest.mark.parametrize("sent", ["unknown", "unavailable", "", "nan", "-1", "12 kWh", '{"EAST": 12}'])
def test_what_is_no_value_is_not_read(sent: str) -> None:
    assert refusal("linky/sensor/linky_east/state", sent, using=decoder(PORT)) is Refusal.NOTHING


def test_other_names_are_not_read() -> None:
    using = decoder(PORT)
    assert refusal("linky/sensor/uptime/state", "1234", using=using) is Refusal.NOTHING
    assert refusal("linky", "1234", using=using) is Refusal.NOTHING


def test_without_labels_a_message_is_found_and_not_read() -> None:
    assert recognise("linky/sensor/linky_east/state", b"12345678") == "esphome"
    assert recognise("homeassistant/sensor/index_hchp/state", b"2275.5") == "esphome"
    assert recognise("linky/sensor/uptime/state", b"1234") is None
    assert recognise("linky/sensor/linky_east/config", b"12345678") is None
    assert refusal("linky/sensor/linky_east/state", "12345678") is Refusal.NO_LABELS
