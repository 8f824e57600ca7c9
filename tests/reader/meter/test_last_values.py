"""Which values are accepted, kept and dropped."""

from dataclasses import replace

import pytest

from common.contract.labels import Mode
from reader.meter.last_values import DAMAGED_TOGETHER, SETTLED, is_overload_frame
from reader.meter.state import MeterState
from tests.reader.meter.meters import NOON, changed, current, first, frame_of, historic, standard, state_of, without


def test_labels_are_there_as_enedis_spells_them() -> None:
    frame = first("standard-single-phase-tempo")
    state = state_of(frame)
    assert frame.values.keys() - state.keys() == {"DATE"}
    assert list(state)[:4] == ["ADSC", "VTIC", "NGTF", "LTARF"]  # in the order of the wire
    assert state["NGTF"] == "TEMPO"
    assert state["LTARF"] == "HP ROUGE"
    assert state["MSG1"] == "PAS DE MESSAGE"
    assert state["EAST"] == frame.values["EAST"]
    assert state["PREF"] == 9


def test_stamps_are_there_but_the_meters_clock() -> None:
    state = state_of(first("standard-single-phase-tempo"))
    assert {key for key in state if key.endswith("_at")} == {
        "SMAXSN_at", "SMAXSN-1_at", "CCASN_at", "CCASN-1_at", "UMOY1_at", "DPM2_at", "FPM2_at",
    }  # fmt: skip
    assert state["DPM2_at"] == "2026-11-24T05:00:00Z"


@pytest.mark.parametrize(
    "label", ["DPM1", "FPM3", "MSG2", "CCASN", "CCASN-1", "CCAIN", "PPOINTE"]
)  # fmt: skip
def test_a_transient_label_is_dropped_by_the_next_complete_frame_without_it(label: str) -> None:
    with_it = replace(frame_of(Mode.STANDARD, {"PREF": 9, label: "1"}), stamps={label: NOON})
    assert state_of(with_it)[f"{label}_at"] == "2026-11-24T12:00:00Z"
    after = state_of(with_it, standard(PREF=9))
    assert label not in after
    assert f"{label}_at" not in after


def test_a_damaged_frame_drops_no_label() -> None:
    frame = first("historic-single-phase-ejp")
    warned = changed(frame, ADPS=46)
    damaged = replace(historic(PAPP=500), meter=frame.meter, dropped=11)
    state = state_of(warned, damaged)
    assert state.keys() >= warned.values.keys()
    assert state["PAPP"] == 500
    assert state["overload"] is True
    assert state_of(warned, damaged, frame)["overload"] is False


def test_a_line_that_is_always_damaged_does_not_keep_a_warning_for_ever() -> None:
    warned, damaged = historic(PAPP=9900, ADPS=46), historic(PAPP=500, dropped=1)
    assert state_of(warned, *[damaged] * (DAMAGED_TOGETHER - 1))["overload"] is True
    assert state_of(warned, *[damaged] * DAMAGED_TOGETHER)["overload"] is False


def test_an_empty_value_changes_nothing() -> None:
    state = state_of(standard(SMAXSN=3000), standard(SMAXSN="", LTARF="      "))
    assert state["SMAXSN"] == 3000
    assert "LTARF" not in state


def test_a_message_that_becomes_blank_is_dropped() -> None:
    assert "MSG1" not in state_of(standard(MSG1="COUPURE DEMAIN"), standard(MSG1=" " * 32))


def test_another_contract_drops_the_labels_of_the_former_one() -> None:
    before, after = first("historic-single-phase-hchp"), first("historic-single-phase-base")
    after = replace(after, meter=before.meter)
    state = state_of(before, after, after)
    assert state.keys() >= {"HCHC", "HCHP", "BASE"}
    assert state["contract"] == "base"
    state = state_of(before, *[after] * SETTLED)
    assert state.keys() & {"HCHC", "HCHP", "BASE"} == {"BASE"}
    assert state["import_total"] == state["BASE"]


def test_a_producer_that_stops_being_one_loses_its_labels() -> None:
    before = first("standard-three-phase-producer")
    after = without(before, "EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4", "SINSTI", "SMAXIN", "SMAXIN-1", "CCAIN", "CCAIN-1")
    after = changed(after, STGE="00DA0001")
    state = state_of(before, *[after] * SETTLED)
    assert not state.keys() & {"EAIT", "ERQ1", "SINSTI", "SMAXIN_at", "export_total"}
    assert state["producer"] is False


@pytest.mark.parametrize("kind", ["historic-single-phase-hchp", "standard-three-phase-producer"])
def test_another_meter_or_mode_starts_again(kind: str) -> None:
    state = MeterState()
    for second in range(3):
        state.update(first("standard-single-phase-tempo"), second)
    other = first(kind)
    state.update(replace(other, dropped=1), 4)
    assert current(state) == {}
    assert state.due(4) is None
    state.update(other, 5)
    assert current(state).keys() >= other.values.keys() - {"DATE"}
    assert "tempo_today" not in current(state)


def test_a_frame_of_phases_alone_that_another_device_decodes_is_no_overload_frame() -> None:
    frame = historic(IINST1=20, IINST2=1, IINST3=1)
    assert is_overload_frame(frame)
    assert not is_overload_frame(replace(frame, source="teleinfokit"))
