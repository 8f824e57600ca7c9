"""What frames and states say, for each kind of meter: as the reader's own state has it."""

from datetime import timedelta

import pytest

from common.contract.frame import Frame
from monitor.live.values import Tariff, Values, read_values, tariff
from reader.meter.state import MeterState
from reader.simulator.meter import KINDS
from tests.support.frames import historic, simulated, standard

REGISTERS = {
    "tempo": {"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"},
    "hchp": {"HCHC", "HCHP"},
    "ejp": {"EJPHN", "EJPHPM"},
    "base": {"BASE"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_of_each_kind_of_meter_power_and_register_are_known(kind: str) -> None:
    state = MeterState()
    for number, frame in enumerate(simulated(kind, 4, every=timedelta(seconds=2))):
        state.update(frame, 2.0 * number)
    snapshot = state.snapshot()
    found, rate = read_values(snapshot), tariff(snapshot)
    assert found == read_values(frame.values).after(found)  # the state says nothing else than the frame
    assert found.power is not None
    assert (found.phases is not None) == ("three-phase" in kind)
    assert (found.volts is not None) == kind.startswith("standard")
    assert (found.injected is not None) == (kind.startswith("standard") and kind.endswith("producer"))
    assert rate.subscribed == snapshot["subscribed_power"]
    contract = snapshot["contract"]
    if contract in REGISTERS:
        assert rate.register in REGISTERS[contract]
        # What the historic mode calls by a name is the register that the standard mode numbers.
        assert rate.offer == contract
    else:
        assert rate.register == f"EASF{snapshot['supplier_index']:02}"
        assert (rate.offer, rate.name) == (None, snapshot["period_name"])


def test_a_short_frame_of_an_overload_has_a_power_from_its_currents() -> None:
    frame = historic(ADIR1=38, IINST1=48, IINST2=1, IINST3=1)
    found = read_values(frame.values)
    assert (found.power, found.phases) == (50 * 230, (48 * 230, 230, 230))


def test_what_a_damaged_frame_lacks_is_as_before() -> None:
    before = read_values(
        standard(SINSTS=900, SINSTS1=300, SINSTS2=300, SINSTS3=300, URMS1=231, URMS2=232, URMS3=233).values
    )
    after = read_values(standard(SINSTS1=400, SINSTS3=500).values).after(before)
    assert after == Values(900, None, (400, 300, 500), (231, 232, 233))


def test_a_phase_power_that_the_first_linkys_make_up_is_not_shown() -> None:
    frame = standard(SINSTS=800, SINSTS1=48370, IRMS1=2, URMS1=230, SINSTS2=200, IRMS2=1, URMS2=230)
    assert read_values(frame.values).phases == (None, 200, None)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"contract": 5, "period": [], "subscribed_power": "9000", "overload": "true", "SMAXSN": True},
        {"contract": "tempo", "period": "HPJX", "tempo_today": "unknown", "tempo_tomorrow": 7},
        {"supplier_index": 11},
        {"SMAXSN": 2**40, "SMAXSN_at": "2026-11-25T05:00:00Z"},
    ],
)
def test_a_state_of_another_program_is_nothing_known(state: dict[str, object]) -> None:
    found = tariff(state)
    assert found == Tariff(offer=found.offer)
    assert read_values({"SINSTS": True, "PAPP": "1840", "URMS1": None}) == Values()


@pytest.mark.parametrize(
    ("frame", "warned"),
    [
        (standard(STGE="003A0081"), (0,)),
        (standard(STGE="003A0001"), ()),
        (standard(SINSTS=900), None),
        (historic(PTEC="TH..", ADPS=48), (0,)),
        (historic(PTEC="TH.."), ()),
        (historic(ADIR1=38, ADIR3=40, IINST1=38), (1, 3)),
        (historic(PAPP=900), None),
    ],
)
def test_a_frame_says_which_phases_are_above_their_limit(frame: Frame, warned: tuple[int, ...] | None) -> None:
    assert read_values(frame.values).warned == warned


def test_a_warning_goes_on_where_a_frame_lacks_its_status() -> None:
    assert read_values(standard(SINSTS=900).values).after(read_values(standard(STGE="003A0081").values)).warned == (0,)


def test_an_announced_colour_in_the_state_is_not_the_meters_own_word() -> None:
    state = {"contract": "tempo", "tempo_tomorrow": "unknown", "tempo_announced": "red"}
    assert tariff(state).tomorrow is None
