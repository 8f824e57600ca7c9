"""What is observed of a meter, and what its registers are called."""

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from reader.home_assistant.profile import COMPLETE_FRAMES, NAME_FRAMES
from reader.meter.last_values import DAMAGED_TOGETHER
from tests.reader.home_assistant.meters import METER, NOON, WEEK_END, Meter, discovery_of, names


def test_nothing_is_announced_before_three_complete_frames() -> None:
    meter = Meter()
    assert meter.see({"EAST": 5}, DAMAGED_TOGETHER - 1, dropped=1) == []
    assert meter.discovery.message() is None
    assert meter.see({"EAST": 5}, COMPLETE_FRAMES - 1) == []
    assert len(meter.see({"EAST": 5})) == 1


def test_a_meter_that_another_device_decodes_is_announced_with_its_first_frame() -> None:
    (message,) = Meter().see({"EAST": 5}, source="zigbee2mqtt")
    assert "east" in message["cmps"]


def test_a_line_with_damaged_frames_only_is_announced() -> None:
    meter = Meter()
    assert meter.see({"EAST": 5}, COMPLETE_FRAMES * DAMAGED_TOGETHER - 1, dropped=1) == []
    assert len(meter.see({"EAST": 5}, dropped=1)) == 1


def test_overload_frames_do_not_count() -> None:
    discovery = discovery_of()
    short = Frame(meter=METER, timestamp=NOON, mode=Mode.HISTORIC, values={"ADCO": METER, "IINST1": 5})
    for number in range(20):
        discovery.update(short, {"mode": "historic", "IINST1": 5}, float(number))
        assert discovery.due(float(number)) is None


def test_registers_of_other_offers_are_named_by_the_meter() -> None:
    meter = Meter()
    peak = {"supplier_index": 1, "LTARF": "HEURE CREUSE", "period": "HEURE CREUSE", "off_peak": True}
    (message,) = meter.see(WEEK_END | peak, 100)
    assert names(message)["easf01"] == "Énergie heure creuse"
    assert names(message)["easf03"] == "Énergie index 3"
    assert "off_peak" in message["cmps"]
    assert message["cmps"]["period"]["val_tpl"] == "{{value_json.get('period_name',value_json.get('period'))}}"
    week_end = {"supplier_index": 3, "LTARF": "HEURE WEEK-END", "period": "HEURE WEEK-END"}
    messages = meter.see(WEEK_END | week_end, NAME_FRAMES + 100)
    assert names(messages[-1])["easf03"] == "Énergie heure week-end"
    assert len(messages) == 1
    assert messages[-1]["cmps"]["easf03"]["uniq_id"] == message["cmps"]["easf03"]["uniq_id"]
    assert meter.see(WEEK_END | peak, 100) == []


@pytest.mark.parametrize(
    ("language", "name"),
    [("fr", "Énergie index unique du producteur"), ("en", "Energy single register of the producer")],
)
def test_the_register_of_a_producer_has_its_own_name_which_is_restored(language: str, name: str) -> None:
    state: dict[str, object] = {"EAST": 9, "EASF01": 9, "contract": "PRODUCTEUR"}
    before, after = Meter(language=language), Meter(language=language)
    (message,) = before.see(state | {"supplier_index": 1, "LTARF": "INDEX NON CONSO"}, 100)
    assert names(message)["easf01"] == name
    after.discovery.restore(before.discovery.message() or b"")
    message = after.see(state, 100)[-1]
    assert names(message)["easf01"] == name


def test_a_text_that_lags_behind_is_not_learned() -> None:
    meter = Meter()
    meter.see(WEEK_END | {"supplier_index": 1, "LTARF": "HEURE CREUSE"}, 100)
    late = meter.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE CREUSE"}, NAME_FRAMES - 1)
    late += meter.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE WEEK-END"}, NAME_FRAMES + 100)
    assert {names(message)["easf03"] for message in late} == {"Énergie heure week-end"}


def test_registers_with_the_same_text_get_their_numbers() -> None:
    meter = Meter()
    meter.see(WEEK_END | {"supplier_index": 1, "LTARF": "HEURE"}, 100)
    (message,) = meter.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE"}, NAME_FRAMES + 100)
    assert names(message)["easf01"] == "Énergie heure (index 1)"
    assert names(message)["easf03"] == "Énergie heure (index 3)"
