"""What is derived from the last values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from reader.line.filters import PlausibilityFilter
from reader.meter.state import MeterState
from reader.simulator.meter import KINDS
from tests.reader.meter.meters import (
    SIX_AM,
    changed,
    current,
    first,
    historic,
    simulated,
    standard,
    state_of,
    without,
)

RED = {"contract": "tempo", "period": "HPJR", "tempo_today": "red", "tempo_tomorrow": "unknown"}
PEAK = {"peak": True, "peak_notice": False}
EJP_PEAK = standard(NGTF="      EJP       ", LTARF="  HEURE POINTE  ", NTARF=2, STGE="403A4401")
TARIFFS: list[tuple[Frame, dict[str, Any]]] = [
    (first("historic-single-phase-base"), {"contract": "base", "period": "TH"}),
    (first("historic-single-phase-hchp"), {"contract": "hchp", "period": "HP"}),
    (first("historic-single-phase-ejp"), {"contract": "ejp", "period": "PM"} | PEAK),
    (first("historic-three-phase-tempo"), RED),
    (first("standard-single-phase-base"), {"contract": "base", "period": "TH"}),
    (standard(NGTF="H PLEINE/CREUSE ", LTARF=" HEURE  PLEINE  ", NTARF=2), {"contract": "hchp", "period": "HP"}),
    (EJP_PEAK, {"contract": "ejp", "period": "PM"} | PEAK),
    (first("standard-single-phase-tempo"), RED | PEAK),  # a red day is a mobile peak
    (first("standard-single-phase-weekend"), {"contract": "HC et Week-End", "period": "HEURE PLEINE"}),
    (first("standard-three-phase-producer"), {"contract": "PRODUCTEUR", "period": "INDEX NON CONSO"}),
]
ALL_TARIFFS = {"contract", "period", "tempo_today", "tempo_tomorrow", "peak", "peak_notice"}


@pytest.mark.parametrize(("frame", "expected"), TARIFFS)
def test_both_modes_name_contract_and_period_alike(frame: Frame, expected: dict[str, Any]) -> None:
    state = state_of(frame)
    assert {key: state[key] for key in ALL_TARIFFS & state.keys()} == expected
    assert state["mode"] == frame.mode


def test_offers_that_historic_mode_does_not_know_have_readable_names() -> None:
    state = state_of(standard(NGTF="   PRODUCTEUR   ", LTARF="INDEX NON CONSO ", NTARF=1))
    assert (state["contract"], state["contract_name"]) == ("PRODUCTEUR", "Producteur")
    assert (state["period"], state["period_name"]) == ("INDEX NON CONSO", "Index unique (producteur)")
    state = state_of(standard(NGTF="H PLEINE/CREUSE ", LTARF="HEURE  CREUSE   ", NTARF=1))
    assert not state.keys() & {"contract_name", "period_name"}  # theirs are known, in every language


@pytest.mark.parametrize(("option", "contract"), [("EJP.", "ejp"), ("EJP ", "ejp"), ("HC..", "hchp"), ("X...", "X")])
def test_the_padding_of_an_option_does_not_matter(option: str, contract: str) -> None:
    assert state_of(historic(OPTARIF=option))["contract"] == contract


@pytest.mark.parametrize("kind", ["historic-three-phase-tempo", "standard-single-phase-tempo"])
def test_every_tempo_period_and_colour_is_named_alike(kind: str) -> None:
    seen = set()
    for day in range(70):
        for hours in (3, 15, 23):
            state = state_of(first(kind, start=SIX_AM + timedelta(days=day, hours=hours - 6)))
            seen.add((state["period"], state["tempo_today"]))
    assert seen == {
        (f"H{hours}J{letter}", colour)
        for hours in "CP"
        for letter, colour in (("B", "blue"), ("W", "white"), ("R", "red"))
    }


@pytest.mark.parametrize(
    ("code", "colour"), [("----", "unknown"), ("BLEU", "blue"), ("BLAN", "white"), ("ROUG", "red")]
)
def test_tomorrow_in_historic_mode(code: str, colour: str) -> None:
    assert state_of(historic(OPTARIF="BBR1", PTEC="HCJB", DEMAIN=code))["tempo_tomorrow"] == colour


def test_tomorrow_in_standard_mode() -> None:
    state = state_of(standard(NGTF="     TEMPO      ", STGE="9B3A9000", NTARF=5, RELAIS=1))
    expected = {
        "period": "HCJR", "tempo_today": "red", "tempo_tomorrow": "white", "peak_notice": True, "peak": True,
        "contact": "closed", "cutoff": "closed", "supplier_index": 5, "distributor_index": 3, "relay_1": True,
        "relay_2": False, "relay_8": False, "plc": "new_lock", "plc_synchronised": False, "clock_degraded": False,
        "cover_open": False, "overvoltage": False, "producer": False, "exporting": False, "overload": False,
    }  # fmt: skip
    assert {key: state[key] for key in expected} == expected


def test_other_contracts_have_mobile_peaks_once_one_was_seen() -> None:
    quiet = standard(NGTF="ZEN Flex", STGE="003A0001")
    noticed = standard(NGTF="ZEN Flex", STGE="103A0001")
    assert "peak" not in state_of(quiet)
    state = state_of(quiet, noticed, quiet)
    assert (state["peak_notice"], state["peak"]) == (False, False)
    assert "peak" not in state_of(noticed, standard(NGTF="OTHER", STGE="003A0001"))


def test_a_notice_is_over_when_the_peak_begins() -> None:
    """Meters before Linky send PEJP until the peak ends."""
    noticed = historic(OPTARIF="EJP.", PTEC="HN..", PEJP=30)
    state = state_of(noticed)
    assert (state["peak_notice"], state["peak"]) == (True, False)
    state = state_of(noticed, changed(noticed, PTEC="PM.."))
    assert (state["peak_notice"], state["peak"]) == (False, True)


@pytest.mark.parametrize(
    ("frame", "overload"),
    [
        (historic(PAPP=100), False),
        (historic(PAPP=9900, ADPS=46), True),
        (standard(STGE="00000000"), False),
        (standard(STGE="00000080"), True),
    ],
)
def test_overload(frame: Frame, overload: bool) -> None:
    assert state_of(frame)["overload"] is overload


def test_an_overload_of_a_three_phase_meter_lasts_through_its_full_frames() -> None:
    long = historic(OPTARIF="BASE", ISOUSC=20, BASE=1000, PTEC="TH..", IINST1=5, IINST2=5, IINST3=5, PAPP=3450)
    warned = historic(ADIR1=23, IINST1=23, IINST2=9, IINST3=9)
    calm = historic(IINST1=8, IINST2=9, IINST3=9)
    state = state_of(long, warned)
    assert (state["overload"], state["ADIR1"], state["BASE"]) == (True, 23, 1000)
    assert state["headroom_current"] == -3
    assert state["headroom_power"] == 12_000 - 41 * 230
    assert state_of(long, warned, long)["overload"] is True  # the twenty-first frame of a cycle
    assert state_of(long, warned, calm)["overload"] is False  # short frames go on for a minute
    assert state_of(long, warned, long, long)["overload"] is False
    both = historic(ADIR1=23, ADIR3=21, IINST1=23, IINST2=9, IINST3=21)
    assert state_of(long, both, warned).keys() & {"ADIR1", "ADIR3"} == {"ADIR1"}
    # what short frames never carry stays
    others = changed(long, PEJP=30)
    assert "PEJP" in state_of(others, calm)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        # one phase, standard: what is left below PCOUP
        (standard(PREF=9, PCOUP=9, SINSTS=2000, URMS1=230, IRMS1=9), (9000, 30, 7000)),
        (standard(PREF=9, PCOUP=6, SINSTS=6500, URMS1=230), (9000, -3, -500)),
        (standard(PREF=9, SINSTS=2000), (9000, None, 7000)),
        (standard(PREF=0, SINSTS=2000), (None, None, None)),
        (standard(PREF=9, SINST1=2000, URMS1=230), (9000, 30, 7000)),  # of the pilot
        # three phases: the tightest; one that says nonsense is taken by its current
        (
            standard(PREF=12, PCOUP=12, SINSTS=4000, SINSTS1=500, SINSTS2=3000, SINSTS3=500, URMS1=230, URMS2=230,
                     URMS3=230, IRMS1=2, IRMS2=13, IRMS3=2),
            (12_000, 4, 8000),
        ),
        (
            standard(PREF=12, PCOUP=12, SINSTS=1300, SINSTS1=48_370, SINSTS2=300, SINSTS3=500, URMS1=230, URMS2=230,
                     URMS3=230, IRMS1=2, IRMS2=1, IRMS3=2),
            (12_000, 15, 10_700),
        ),
        # historic
        (historic(ISOUSC=45, IINST=10, PAPP=2300), (9000, 35, 6700)),
        (historic(ISOUSC=45, IINST=46, PAPP=10_580), (9000, -1, -1580)),
        (historic(ISOUSC=45, IINST=10), (9000, 35, 6700)),  # old meters say no power
        (historic(ISOUSC=20, IINST1=10, IINST2=3, IINST3=0, PAPP=3000, PTEC="TH.."), (12_000, 10, 9000)),
    ],
)  # fmt: skip
def test_subscribed_power_and_headroom(frame: Frame, expected: tuple[int | None, ...]) -> None:
    state = state_of(frame)
    assert tuple(state.get(key) for key in ("subscribed_power", "headroom_current", "headroom_power")) == expected


def test_exporting() -> None:
    kind = "standard-three-phase-producer"
    noon = state_of(first(kind, start=datetime(2026, 6, 21, 12, 0, tzinfo=UTC)))
    night = state_of(first(kind, start=datetime(2026, 6, 21, 23, 0, tzinfo=UTC)))
    assert (noon["producer"], noon["exporting"]) == (True, True)
    assert (night["producer"], night["exporting"]) == (True, False)
    assert night["export_total"] == night["EAIT"]
    assert state_of(standard(STGE="00000200"))["exporting"] is True  # a plug-in roof behind a consumer's meter


def test_import_total_is_the_sum_of_the_registers() -> None:
    for kind in KINDS:
        frame = first(kind)
        registers = (
            [frame.values["EAST"]]
            if frame.mode is Mode.STANDARD
            else [value for label, value in frame.values.items() if label[:2] in ("BA", "HC", "EJ", "BB")]
        )
        assert state_of(frame)["import_total"] == sum(int(value) for value in registers), kind


def test_import_total_waits_for_all_registers() -> None:
    frame = first("historic-single-phase-hchp")
    assert "import_total" not in state_of(without(frame, "HCHP", dropped=1), without(frame, "HCHP"))


@pytest.mark.parametrize(
    "glitch",
    [
        changed(first("historic-single-phase-hchp"), HCHP=0),
        without(first("historic-single-phase-hchp"), "HCHC", "HCHP", "OPTARIF", dropped=3),
        historic(PAPP=300, dropped=9),
    ],
)
@pytest.mark.parametrize("at", [0, 1, 2, 5])
def test_a_glitch_never_lowers_import_total(glitch: Frame, at: int) -> None:
    state, plausibility, totals = MeterState(every=1, refresh=1), PlausibilityFilter(), []
    for number, frame in enumerate(simulated("historic-single-phase-hchp", 12)):
        taken, _, _ = plausibility.apply(replace(glitch, meter=frame.meter) if number == at else frame, number * 2.0)
        state.update(taken, number * 2.0)
        for published in (state.due(number * 2.0), current(state)):
            if published and "import_total" in published:
                totals.append(published["import_total"])
    true = state_of(first("historic-single-phase-hchp"))["import_total"]
    assert totals == sorted(totals)
    assert totals[0] >= true


def test_the_next_day() -> None:
    state = state_of(first("standard-single-phase-weekend"))
    assert state["next_day"][:2] == [
        {"from": "00:00", "index": 2, "contact": "open", "relays": []},
        {"from": "01:56", "index": 1, "contact": "closed", "relays": []},
    ]
    assert "next_day" not in state_of(standard(PREF=9))
    state = state_of(first("standard-single-phase-tempo"))
