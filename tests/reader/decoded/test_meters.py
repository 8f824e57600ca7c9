"""From the messages of a port to what frames are made of."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.topic_port import read_topic_port
from reader.decoded.gather import QUIET, SETTLING
from reader.decoded.meters import MOST_METERS, BelievedReading, DecodedMeters
from reader.decoded.publisher import Refusal
from tests.support.decoded import payload

METER, OTHER = "021961000001", "031961000002"
LINKY, KIT, NODE = "zigbee2mqtt/Linky", "teleinfokit-A1B2C3", "mqtt:node/sensor/+/state"
ESPHOME = {"topic": NODE, "labels": {"linky_east": "EAST", "linky_power": "SINSTS"}, "unit": "Wh"}
START = 1000.0


def meters(port: Any = f"mqtt:{LINKY}") -> DecodedMeters:
    return DecodedMeters(read_topic_port(port))


def standard(meter: str = METER, **changes: Any) -> dict[str, Any]:
    """A message of zigbee2mqtt, of a ZLinky in standard mode; EAST is the sum of its registers."""
    return {
        "meter_serial_number": meter, "current_tarif": "TEMPO", "current_price": "HP  BLEU", "current_index_tarif": 2,
        "current_summ_delivered": 30.5, "current_tier1_summ_delivered": 10.25, "current_tier2_summ_delivered": 20.25,
        "apparent_power": 430, "available_power": 9, "rms_voltage": 231, "linkquality": 120,
    } | changes  # fmt: skip


def said(
    port: DecodedMeters, topic: str, content: Mapping[str, Any] | str, at: float, *, retained: bool = False
) -> bool:
    return port.read(topic, payload(content), at, retained=retained)


def believed(port: DecodedMeters, content: Mapping[str, Any], at: float) -> BelievedReading:
    """Return what is believed of a message of zigbee2mqtt."""
    assert said(port, LINKY, content, at)
    (reading,) = port.take(at + QUIET)
    return reading


def test_a_message_becomes_a_frame_that_says_where_it_comes_from() -> None:
    reading = believed(meters(), standard(), START)
    assert (reading.due, reading.at, reading.held_back, reading.implausible) == (True, START, 0, ())
    now = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)
    assert reading.to_frame(METER, now) == Frame(
        meter=METER,
        timestamp=now,
        mode=Mode.STANDARD,
        values={
            "ADSC": METER, "NGTF": "TEMPO", "LTARF": "HP  BLEU", "EAST": 30_500, "EASF01": 10_250, "EASF02": 20_250,
            "URMS1": 231, "PREF": 9, "SINSTS": 430, "NTARF": 2,
        },
        source="zigbee2mqtt",
        interval=900,
    )  # fmt: skip
    assert reading.to_frame(METER, now, synchronised=False).host_clock == "unsynchronised"


def test_a_frame_is_made_when_something_has_changed() -> None:
    port = meters()
    assert believed(port, standard(), START).due
    assert not believed(port, standard(linkquality=99), START + 60).due
    assert believed(port, standard(apparent_power=440), START + 120).due


def test_what_is_held_back_is_counted_and_missing() -> None:
    port = meters()
    believed(port, standard(), START)
    reading = believed(port, standard(current_tier1_summ_delivered=0.0, rms_voltage=65535), START + 60)
    assert "EASF01" not in reading.values
    assert reading.held_back == 1  # a voltage of five digits has no room in its label: it is no value at all
    assert [(index.label, index.value, index.accepted) for index in reading.implausible] == [("EASF01", 0, 10_250)]


def test_messages_that_say_nothing_are_counted_by_why() -> None:
    port = meters()
    for content in ("\xff", "[" * 100_000, {"state": "ON"}, standard(meter_serial_number=None)):
        assert not said(port, LINKY, content, START)
    assert port.refused == {Refusal.TOO_LONG: 1, Refusal.NO_METER: 2}
    assert port.no_address == 1
    assert port.take(START + 60) == []


def test_messages_of_before_the_meter_was_named_count_once_it_is() -> None:
    port = meters(f"mqtt:{KIT}")
    for label, value in (("BASE", "012345678"), ("PAPP", "00310")):
        assert not said(port, f"{KIT}/data/{label}", value, START)
    assert said(port, f"{KIT}/data/ADCO", METER, START + 1)
    (reading,) = port.take(START + SETTLING + 1)
    assert (reading.address, reading.values["PAPP"]) == (METER, 310)
    assert port.no_address == 2


def test_retained_labels_tell_the_contract_and_no_frame_comes_of_them() -> None:
    port = meters(f"mqtt:{KIT}")
    for label, value in (("OPTARIF", "HC.."), ("HCHC", "012345678"), ("PAPP", "09000"), ("ADCO", METER)):
        assert not said(port, f"{KIT}/data/{label}", value, START, retained=True)
    assert port.take(START + 1000) == []
    assert said(port, f"{KIT}/data/PAPP", "00310", START + 1000)
    (reading,) = port.take(START + 1000 + SETTLING)
    assert reading.values == {"ADCO": METER, "OPTARIF": "HC..", "HCHC": 12_345_678, "PAPP": 310}


def test_a_register_that_came_once_is_repeated() -> None:
    port = meters(f"mqtt:{KIT}")
    for label, value in (("ADCO", METER), ("OPTARIF", "HC.."), ("HCHC", "012345678"), ("HCHP", "9000")):
        said(port, f"{KIT}/data/{label}", value, START)
    assert port.take(START + SETTLING)
    said(port, f"{KIT}/data/HCHP", "9032", START + 120)
    (reading,) = port.take(START + 120 + QUIET)
    assert reading.values == {"ADCO": METER, "OPTARIF": "HC..", "HCHC": 12_345_678, "HCHP": 9032}


def test_a_meter_that_no_value_names_is_called_by_its_port() -> None:
    port = meters(ESPHOME)
    assert said(port, "node/sensor/linky_power/state", "430", START)
    (reading,) = port.take(START + SETTLING)
    assert (reading.address, reading.source, reading.values) == ("esphome-node", "esphome", {"SINSTS": 430})


def test_a_meter_that_a_value_names_waits_for_its_name() -> None:
    port = meters({**ESPHOME, "labels": {**ESPHOME["labels"], "serial": "ADSC"}})  # type: ignore[dict-item]
    assert not said(port, "node/sensor/linky_power/state", "430", START)
    assert said(port, "node/sensor/serial/state", METER, START)
    assert [reading.address for reading in port.take(START + SETTLING)] == [METER]


def test_two_meters_are_kept_apart() -> None:
    port = meters("mqtt:zigbee2mqtt/+")
    for at in (START, START + 60):
        said(port, "zigbee2mqtt/Linky", standard(apparent_power=int(at)), at)
        said(port, "zigbee2mqtt/Garage", standard(OTHER, apparent_power=int(at) + 1), at)
        readings = port.take(at + QUIET)
    assert [(reading.address, reading.values["SINSTS"]) for reading in readings] == [(METER, 1060), (OTHER, 1061)]


def test_another_address_counts_when_it_comes_twice() -> None:
    port = meters()
    believed(port, standard(), START)
    assert not said(port, LINKY, standard("099999999999"), START + 60)
    assert not said(port, LINKY, standard(OTHER), START + 120)
    assert believed(port, standard(OTHER), START + 180).address == OTHER
    assert port.address_mismatch == 2


def test_invented_meters_do_not_take_up_the_memory() -> None:
    port = meters("mqtt:zigbee2mqtt/+")
    for number in range(50):
        for _ in range(2):
            said(port, "zigbee2mqtt/Linky", standard(f"0219610000{number:02}"), START + number)
    assert len(port.take(START + 100)) == MOST_METERS
    assert port.too_many == 2 * (50 - MOST_METERS)


def test_a_restart_goes_on_with_what_was_believed() -> None:
    port = meters()
    believed(port, standard(), START)
    saved = json.loads(json.dumps(port.to_json(START + 10, 5000.0)))
    again = meters()
    again.resume(saved, 70.0, 5060.0)
    reading = believed(again, standard(current_summ_delivered=0.0, current_tier1_summ_delivered=10.26), 70.0)
    assert (reading.values["EASF01"], "EAST" in reading.values, reading.due) == (10_260, False, True)
    assert not believed(again, standard(current_summ_delivered=0.0, current_tier1_summ_delivered=10.26), 80.0).due


def test_what_another_port_believed_of_a_meter_counts_when_its_device_was_renamed() -> None:
    port = meters()
    believed(port, standard(), START)
    renamed = meters("mqtt:zigbee2mqtt/Compteur")
    renamed.remember(json.loads(json.dumps(port.to_json(START + 10, 5000.0))), 70.0, 5060.0)
    assert said(renamed, "zigbee2mqtt/Compteur", standard(current_summ_delivered=0.0), 70.0)
    (reading,) = renamed.take(70.0 + QUIET)
    assert "EAST" not in reading.values
    assert renamed.to_json(71.0, 5061.0)["beliefs"][0][:2] == ["zigbee2mqtt", METER]


def test_another_meter_that_another_port_had_changes_nothing_here() -> None:
    port, saved = meters(), meters()
    believed(saved, standard(OTHER), START)
    port.remember(json.loads(json.dumps(saved.to_json(START + 10, 5000.0))), 70.0, 5060.0)
    assert believed(port, standard(), 70.0).address == METER
    assert [row[1] for row in port.to_json(71.0, 5061.0)["beliefs"]] == [METER]


def test_a_restart_remembers_what_a_device_does_not_say_again() -> None:
    port = meters(f"mqtt:{KIT}")
    said(port, f"{KIT}/data/ADCO", METER, START)
    again = meters(f"mqtt:{KIT}")
    again.resume(json.loads(json.dumps(port.to_json(START, 5000.0))), 70.0, 5060.0)
    assert said(again, f"{KIT}/data/PAPP", "00310", 80.0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=10,
)
SAVED = ("clock", "devices", "beliefs", "kept")


@pytest.mark.parametrize("key", SAVED)
@given(other=JSON)
def test_a_file_that_is_damaged_does_no_harm(key: str, other: Any) -> None:
    port = meters()
    believed(port, standard(), START)
    saved = json.loads(json.dumps(port.to_json(START + 10, 5000.0)))
    again = meters()
    again.resume(saved | {key: other}, 70.0, 5060.0)
    again.remember(saved | {key: other}, 70.0, 5060.0)
    assert believed(again, standard(), 70.0).values["SINSTS"] == 430


@given(st.lists(st.tuples(st.sampled_from([*standard(), "status_register", "x"]), JSON), max_size=20))
def test_whatever_is_sent_no_value_comes_out_that_a_meter_could_not_send(messages: list[tuple[str, Any]]) -> None:
    port = meters()
    for number, (key, value) in enumerate(messages):
        said(port, LINKY, standard(**{key: value}), START + 10 * number)
        for reading in port.take(START + 10 * number + QUIET):
            frame = reading.to_frame(reading.address, datetime(2026, 11, 24, tzinfo=UTC))
            assert Frame.from_json(frame.to_json()) == frame
