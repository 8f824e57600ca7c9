"""What is known of a meter, and when it is published."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.frame import Frame, Value
from common.labels import Mode
from reader.line.plausibility import PlausibilityFilter
from reader.meter.last_values import DAMAGED_TOGETHER, SETTLED
from reader.meter.state import MeterState
from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.decoder import Decoder
from tests.support.frames import frames

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
METER = "031961123456"
SIX_AM = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # in Paris: Tempo days begin


#: It sums up years before its first frame; then it is quick.
simulated_meter = cache(SimulatedMeter)


def simulated(kind: str, count: int, *, start: datetime = NOON, seconds: float = 2.0) -> Iterator[Frame]:
    """Yield what the reader makes of a simulated meter's frames."""
    meter, decoder = simulated_meter(kind), Decoder()
    for number in range(count):
        instant = start + timedelta(seconds=number * seconds)
        (reading,) = decoder.feed(meter.frame(instant))
        assert reading.address is not None
        yield reading.to_frame(reading.address, instant)


def first(kind: str, start: datetime = NOON) -> Frame:
    (frame,) = simulated(kind, 1, start=start)
    return frame


def frame_of(mode: Mode, values: Mapping[str, Value], **more: Any) -> Frame:
    return Frame(meter=METER, timestamp=NOON, mode=mode, values={"ADSC": METER, **values}, **more)


def standard(dropped: int = 0, **values: Value) -> Frame:
    return frame_of(Mode.STANDARD, values, dropped=dropped or None)


def historic(dropped: int = 0, **values: Value) -> Frame:
    values = {"ADCO": METER, **values}
    return Frame(meter=METER, timestamp=NOON, mode=Mode.HISTORIC, values=values, dropped=dropped or None)


def current(state: MeterState) -> dict[str, Any]:
    """Return the state as it is published after a birth message: nothing while it is not complete."""
    if not state.complete:
        return {}
    state.mark_published()
    return state.snapshot()


def state_of(*frames: Frame, seconds: float = 2.0) -> dict[str, Any]:
    """Return what is known after these frames, the first of them seen twice."""
    state = MeterState()
    for number, frame in enumerate((frames[0], *frames)):
        state.update(frame, number * seconds)
    return current(state)


def changed(frame: Frame, **values: Value) -> Frame:
    return replace(frame, values={**frame.values, **values})


def without(frame: Frame, *labels: str, dropped: int | None = None) -> Frame:
    return replace(
        frame,
        values={label: value for label, value in frame.values.items() if label not in labels},
        stamps={label: stamp for label, stamp in (frame.stamps or {}).items() if label not in labels},
        dropped=dropped,
    )


# Labels.


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
def test_what_is_sent_now_and_then_is_gone_with_the_next_whole_frame(label: str) -> None:
    with_it = replace(frame_of(Mode.STANDARD, {"PREF": 9, label: "1"}), stamps={label: NOON})
    assert state_of(with_it)[f"{label}_at"] == "2026-11-24T12:00:00Z"
    after = state_of(with_it, standard(PREF=9))
    assert label not in after
    assert f"{label}_at" not in after


def test_a_damaged_frame_makes_nothing_vanish() -> None:
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


def test_an_empty_value_says_nothing() -> None:
    state = state_of(standard(SMAXSN=3000), standard(SMAXSN="", LTARF="      "))
    assert state["SMAXSN"] == 3000
    assert "LTARF" not in state


def test_a_message_that_gives_way_to_blanks_is_none_any_more() -> None:
    assert "MSG1" not in state_of(standard(MSG1="COUPURE DEMAIN"), standard(MSG1=" " * 32))


def test_another_contract_makes_its_former_labels_vanish() -> None:
    before, after = first("historic-single-phase-hchp"), first("historic-single-phase-base")
    after = replace(after, meter=before.meter)
    state = state_of(before, after, after)
    assert state.keys() >= {"HCHC", "HCHP", "BASE"}
    assert state["contract"] == "base"
    state = state_of(before, *[after] * SETTLED)
    assert state.keys() & {"HCHC", "HCHP", "BASE"} == {"BASE"}
    assert state["import_total"] == state["BASE"]


def test_a_producer_that_ceases_to_be_one_loses_its_labels() -> None:
    before = first("standard-single-phase-producer")
    after = without(before, "EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4", "SINSTI", "SMAXIN", "SMAXIN-1", "CCAIN", "CCAIN-1")
    after = changed(after, STGE="00DA0001")
    state = state_of(before, *[after] * SETTLED)
    assert not state.keys() & {"EAIT", "ERQ1", "SINSTI", "SMAXIN_at", "export_total"}
    assert state["producer"] is False


@pytest.mark.parametrize("kind", ["historic-single-phase-hchp", "standard-three-phase-base"])
def test_another_meter_or_mode_begins_anew(kind: str) -> None:
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


# Derived.

TARIFFS: dict[str, dict[str, Any]] = {
    "base": {"contract": "base", "period": "TH"},
    "hchp": {"contract": "hchp", "period": "HP"},
    "ejp": {"contract": "ejp", "period": "PM", "peak": True, "peak_notice": False},
    "tempo": {"contract": "tempo", "period": "HPJR", "tempo_today": "red", "tempo_tomorrow": "unknown"},
}
ALL_TARIFFS = {"contract", "period", "tempo_today", "tempo_tomorrow", "peak", "peak_notice"}


@pytest.mark.parametrize("phases", ["single", "three"])
@pytest.mark.parametrize("mode", ["historic", "standard"])
@pytest.mark.parametrize("contract", TARIFFS)
def test_both_modes_name_contract_and_period_alike(mode: str, phases: str, contract: str) -> None:
    state = state_of(first(f"{mode}-{phases}-phase-{contract}"))
    expected = TARIFFS[contract]
    if contract == "tempo" and mode == "standard":  # a red day is a mobile peak
        expected = expected | {"peak": True, "peak_notice": False}
    assert {key: state[key] for key in ALL_TARIFFS & state.keys()} == expected
    assert state["mode"] == mode


@pytest.mark.parametrize(
    ("contract", "historic_period", "standard_contract", "standard_period"),
    [("weekend", "TH", "HC et Week-End", "HEURE PLEINE"), ("producer", "TH", "PRODUCTEUR", "INDEX NON CONSO")],
)
def test_offers_that_historic_mode_does_not_know_are_named_by_the_meter(
    contract: str, historic_period: str, standard_contract: str, standard_period: str
) -> None:
    state = state_of(first(f"historic-single-phase-{contract}"))
    assert (state["contract"], state["period"]) == ("base", historic_period)
    state = state_of(first(f"standard-single-phase-{contract}"))
    assert (state["contract"], state["period"]) == (standard_contract, standard_period)
    assert not state.keys() & {"tempo_today", "peak", "peak_notice"}


def test_offers_that_historic_mode_does_not_know_have_names_as_people_say_them() -> None:
    state = state_of(standard(NGTF="   PRODUCTEUR   ", LTARF="INDEX NON CONSO ", NTARF=1))
    assert (state["contract"], state["contract_name"]) == ("PRODUCTEUR", "Producteur")
    assert (state["period"], state["period_name"]) == ("INDEX NON CONSO", "Hors consommation")
    state = state_of(standard(NGTF="H PLEINE/CREUSE ", LTARF="HEURE  CREUSE   ", NTARF=1))
    assert not state.keys() & {"contract_name", "period_name"}  # theirs are known, in every language


@pytest.mark.parametrize(("option", "contract"), [("EJP.", "ejp"), ("EJP ", "ejp"), ("HC..", "hchp"), ("X...", "X")])
def test_the_padding_of_an_option_does_not_matter(option: str, contract: str) -> None:
    assert state_of(historic(OPTARIF=option))["contract"] == contract


@pytest.mark.parametrize("mode", ["historic", "standard"])
def test_every_tempo_period_and_colour_is_named_alike(mode: str) -> None:
    seen = set()
    for day in range(70):
        for hours in (3, 15, 23):
            state = state_of(first(f"{mode}-single-phase-tempo", start=SIX_AM + timedelta(days=day, hours=hours - 6)))
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


def test_other_contracts_show_mobile_peaks_once_one_was_seen() -> None:
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


def test_an_overload_of_a_three_phase_meter_lasts_through_its_long_frames() -> None:
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


def test_short_frames_of_a_simulated_overload() -> None:
    meter = SimulatedMeter("historic-three-phase-base")
    overload = meter.overload(NOON)
    assert overload is not None
    state = MeterState()
    flips, before, total = 0, False, 0
    for number, frame in enumerate(
        simulated("historic-three-phase-base", 600, start=overload[0] - timedelta(minutes=5))
    ):
        state.update(frame, number * 2.0)
        now = current(state)
        if now:
            flips += now["overload"] is not before
            before = bool(now["overload"])
            assert isinstance(now["import_total"], int)
            assert now["import_total"] >= total
            total = now["import_total"]
    assert flips == 2


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
def test_power_before_the_breaker(frame: Frame, expected: tuple[int | None, ...]) -> None:
    state = state_of(frame)
    assert tuple(state.get(key) for key in ("subscribed_power", "headroom_current", "headroom_power")) == expected


@pytest.mark.parametrize("phases", ["single", "three"])
def test_exporting(phases: str) -> None:
    kind = f"standard-{phases}-phase-producer"
    noon = state_of(first(kind, start=datetime(2026, 6, 21, 12, 0, tzinfo=UTC)))
    night = state_of(first(kind, start=datetime(2026, 6, 21, 23, 0, tzinfo=UTC)))
    assert (noon["producer"], noon["exporting"]) == (True, True)
    assert (night["producer"], night["exporting"]) == (True, False)
    assert night["export_total"] == night["EAIT"]
    assert state_of(standard(STGE="00000200"))["exporting"] is True  # a plug-in roof behind a consumer's meter


@pytest.mark.parametrize("kind", KINDS)
def test_import_total_is_what_the_household_drew(kind: str) -> None:
    frame = first(kind)
    registers = (
        [frame.values["EAST"]]
        if frame.mode is Mode.STANDARD
        else [value for label, value in frame.values.items() if label[:2] in ("BA", "HC", "EJ", "BB")]
    )
    assert state_of(frame)["import_total"] == sum(int(value) for value in registers)


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
    state = state_of(first("standard-single-phase-hchp"))
    assert state["next_day"][:2] == [
        {"from": "00:00", "index": 2, "contact": "open", "relays": []},
        {"from": "01:56", "index": 1, "contact": "closed", "relays": []},
    ]
    assert "next_day" not in state_of(standard(PREF=9))


@given(st.lists(frames(), min_size=1, max_size=6))
def test_any_frame_is_taken_and_nothing_is_null(some: list[Frame]) -> None:
    state = MeterState()
    for number, frame in enumerate(some):
        state.update(frame, float(number))
        assert None not in (state.due(number) or {}).values()
        assert None not in current(state).values()


# Publication.


def whole(**values: Value) -> Frame:
    said: dict[str, Value] = {"NGTF": "H PLEINE/CREUSE ", "STGE": "003A0401", "NTARF": 2, "SINSTS": 1000}
    return frame_of(Mode.STANDARD, said | values)


def published(frame: Frame, **options: float) -> MeterState:
    """Return a state that has just published, at second 0."""
    state = MeterState(**options)
    state.set_online(True)
    for _ in range(2):
        state.update(frame, 0.0)
    assert state.due(0.0) is not None
    assert state.due(0.0) is None
    return state


def test_nothing_is_published_before_a_whole_frame() -> None:
    state = MeterState()
    state.set_online(True)
    assert state.due(0.0) is None
    state.update(standard(SINSTS=300, dropped=2), 1.0)
    state.update(historic(IINST1=4, IINST2=4, IINST3=4), 2.0)
    assert state.due(100.0) is None
    assert current(state) == {}


def test_a_line_that_never_brings_a_whole_frame_is_heard_all_the_same() -> None:
    state, damaged = MeterState(), standard(SINSTS=300, EAST=5000, dropped=1)
    for second in range(1, DAMAGED_TOGETHER):
        state.update(damaged, float(second))
        assert state.due(float(second)) is None
    state.update(damaged, float(DAMAGED_TOGETHER))
    news = state.due(float(DAMAGED_TOGETHER))
    assert news is not None
    assert news["EAST"] == 5000


def test_a_line_that_never_brings_a_whole_frame_tells_another_contract() -> None:
    before = historic(OPTARIF="HC..", HCHC=5, HCHP=6, dropped=1)
    after = historic(OPTARIF="BASE", BASE=11, dropped=1)
    state = state_of(*[before] * DAMAGED_TOGETHER, *[after] * (SETTLED * DAMAGED_TOGETHER))
    assert state.keys() & {"HCHC", "HCHP", "BASE"} == {"BASE"}


def test_nothing_is_published_before_each_index_was_seen_twice_but_not_for_ever() -> None:
    state = MeterState()
    state.update(standard(EAST=5000, EASF01=0), 0.0)
    assert state.due(0.0) is None
    state.update(standard(EASF01=0), 1.0)
    assert state.due(1.0) is None
    for second in range(2, 6):
        state.update(standard(EASF01=0), float(second))
    news = state.due(6.0)
    assert news is not None
    assert "EAST" not in news


@pytest.mark.parametrize(
    "news",
    [
        {"NTARF": 1},  # the period
        {"NGTF": "     TEMPO      "},
        {"STGE": "003A0481"},  # overload
        {"STGE": "003A0400"},  # the contact
        {"STGE": "003A0403"},  # the cut-off device
        {"STGE": "103A0401"},  # notice of a peak
        {"RELAIS": 1},
        {"MSG1": "COUPURE DEMAIN"},
        {"MSG2": "COUPURE"},
    ],
)
def test_what_matters_is_published_at_once_and_whole(news: dict[str, Value]) -> None:
    state = published(whole())
    state.update(whole(SINSTS=1001, **news), 0.9)
    out = state.due(0.9)
    assert out == current(state)
    assert out["SINSTS"] == 1001


def test_another_direction_is_published_at_once_but_takes_no_trembling_along() -> None:
    state = published(whole(URMS1=230))
    state.update(whole(URMS1=230, SINSTS=1500), 59.0)
    assert state.due(59.0) is not None
    state.update(whole(URMS1=231, SINSTS=0, STGE="003A0601"), 60.0)
    out = state.due(60.0)
    assert out is not None
    assert (out["exporting"], out["SINSTS"], out["URMS1"]) == (True, 0, 230)


def test_the_rest_waits_its_turn() -> None:
    state = published(whole())
    state.update(whole(SINSTS=2000), 1.0)
    assert state.due(9.9) is None
    out = state.due(10.0)
    assert out is not None
    assert out["SINSTS"] == 2000
    state.update(whole(SINSTS=3000), 11.0)
    assert state.due(19.0) is None


@pytest.mark.parametrize(
    ("label", "before", "within", "beyond", "seconds"),
    [
        ("SINSTS", 100, 120, 121, 10),
        ("SINSTS", 5000, 4900, 4899, 10),
        ("IRMS1", 5, 6, 7, 10),
        ("URMS1", 230, 228, 227, 60),
        ("UMOY1", 230, 230, 231, 60),
        ("SMAXSN", 5000, 5000, 5001, 60),
        ("EAST", 5000, 5000, 5001, 60),
        ("NJOURF", 0, 0, 1, 10),
        ("VTIC", "02", "02", "03", 10),
    ],
)
def test_trembling_is_not_published(label: str, before: Value, within: Value, beyond: Value, seconds: float) -> None:
    state = published(frame_of(Mode.STANDARD, {label: before}))
    state.update(frame_of(Mode.STANDARD, {label: within}), 1.0)
    assert state.due(seconds) is None
    state.update(frame_of(Mode.STANDARD, {label: beyond}), 2.0)
    assert state.due(seconds - 0.1) is None
    out = state.due(seconds)
    assert out is not None
    assert out[label] == beyond


def test_what_only_trembled_stays_as_it_was_beside_what_moved() -> None:
    state = published(whole(URMS1=230, EAST=5000))
    state.update(whole(URMS1=231, EAST=5001, SINSTS=2000), 10.0)
    out = state.due(10.0)
    assert out is not None
    assert (out["SINSTS"], out["URMS1"], out["EAST"], out["import_total"]) == (2000, 230, 5000, 5000)


def test_everything_is_published_as_it_is_now_and_then() -> None:
    state = published(whole(URMS1=230))
    state.update(whole(URMS1=231, SINSTS=1001), 10.0)
    assert state.due(299.0) is None
    assert state.due(300.0) == current(state)
    assert state.due(310.0) is not None  # it was shown by current() as well
    assert state.due(599.0) is None
    assert state.due(610.0) is not None


def test_labels_that_come_and_go_are_told() -> None:
    state = published(whole())
    state.update(whole(CCASN=300), 10.0)
    assert "CCASN" in (state.due(10.0) or {})
    state.update(whole(), 20.0)
    out = state.due(20.0)
    assert out is not None
    assert "CCASN" not in out


def test_a_sign_that_trembles_is_not_told_each_time() -> None:
    state, told = published(whole()), []
    for second in range(1, 240):
        state.update(whole(STGE="003A0601" if second % 2 else "003A0401"), float(second))
        told += [news["exporting"] for news in [state.due(float(second))] if news]
    assert 2 <= sum(before is not after for before, after in pairwise(told)) <= 3


def test_what_was_shown_is_never_followed_by_something_older() -> None:
    state = published(whole(EAST=5000))
    state.update(whole(EAST=5001, SINSTS=2000), 5.0)
    assert current(state)["EAST"] == 5001  # to somebody who was born just now
    out = state.due(10.0)
    assert out is not None
    assert out["EAST"] == 5001


def test_the_link_is_told_at_once_and_silence_is_not_refreshed() -> None:
    state = published(whole())
    state.set_online(True)
    assert state.due(1.0) is None
    state.set_online(False)
    assert state.due(1.0) is not None
    assert state.due(1000.0) is None
    state.set_online(True)
    assert state.due(1001.0) is not None


def test_what_is_returned_is_the_callers() -> None:
    state = published(whole())
    current(state).clear()
    state.set_online(False)
    out = state.due(1.0)
    assert out
    out.clear()
    state.set_online(True)
    assert state.due(2.0)


# Estimated power.


def test_estimated_power_follows_the_household() -> None:
    state, plausibility = MeterState(), PlausibilityFilter()
    for number, frame in enumerate(simulated("standard-single-phase-base", 120, seconds=1.0)):
        state.update(plausibility.apply(frame, float(number))[0], float(number))
        if number < 60:
            assert "estimated_power" not in current(state)
    apparent = frame.values["SINSTS"]
    power = current(state)["estimated_power"]
    assert isinstance(apparent, int)
    assert isinstance(power, int)
    assert power % 10 == 0
    assert abs(power - 0.95 * apparent) < 100


def minutes_of(state: MeterState, watts: float, seconds: range, *, start: float = 5000.0) -> None:
    for second in seconds:
        state.update(whole(EAST=int(start + watts * second / 3600), PREF=9), float(second))


def test_estimated_power_begins_anew_after_silence_and_another_contract() -> None:
    state = MeterState()
    minutes_of(state, 1000, range(100))
    assert current(state)["estimated_power"] == pytest.approx(1000, abs=30)
    state.set_online(False)
    assert "estimated_power" not in current(state)
    state.set_online(True)
    minutes_of(state, 1000, range(100, 130))
    assert "estimated_power" not in current(state)
    minutes_of(state, 1000, range(130, 170))
    assert "estimated_power" in current(state)
    state.update(standard(NGTF="BASE", EAST=5050), 170.0)
    assert "estimated_power" not in current(state)


def test_estimated_power_never_comes_from_an_index_that_was_held_back() -> None:
    state, plausibility = MeterState(), PlausibilityFilter()
    for second in range(200):
        index = 5000 + 1000 * second // 3600
        # A glitch, and from 150 on a register that has leapt for good.
        index += 700_000 if second == 90 or second >= 150 else 0
        frame, _, _ = plausibility.apply(whole(EAST=index, PREF=9), float(second))
        state.update(frame, float(second))
        power = current(state).get("estimated_power")
        if 65 < second < 150:
            assert power == pytest.approx(1000, abs=60)
        elif second >= 153:
            assert power is None
