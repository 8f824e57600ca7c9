"""When a meter is announced, and what is kept of earlier announcements."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from reader.home_assistant.discovery import MIN_INTERVAL
from reader.meter.state import MeterState
from tests.reader.home_assistant.expected import expected
from tests.reader.home_assistant.meters import METER, WEEK_END, Meter, discovery_of, names, watch
from tests.reader.meter.irregular import irregular


def test_the_message_is_published_once_while_nothing_changes() -> None:
    discovery = discovery_of()
    payloads = []
    for frame, state, now in watch("standard-single-phase-tempo", 200):
        discovery.update(frame, state, now)
        payloads += [payload for payload in [discovery.due(now)] if payload]
    assert len(payloads) == 1
    assert discovery.message() == payloads[0]


def test_an_extension_waits_for_the_minimum_interval() -> None:
    meter = Meter()
    meter.see({"EAST": 5}, 100)
    began = meter.now
    (message,) = meter.see({"EAST": 5, "MSG2": "x"}, 100)
    assert "msg2" in message["cmps"]
    assert meter.now - began > MIN_INTERVAL
    # It comes and goes, its entity stays.
    assert meter.see({"EAST": 5}, 100) == []
    assert json.loads(meter.discovery.message() or b"")["cmps"].keys() >= {"msg2"}


def test_two_messages_keep_the_minimum_interval() -> None:
    meter = Meter()
    times = []
    for number in range(8):
        state = {"EAST": 5, **{f"relay_{n}": n <= number for n in range(1, 9)}}
        for _ in range(10):
            times += [meter.now] * len(meter.see(state))
    assert times
    assert all(after - before >= MIN_INTERVAL for before, after in pairwise(times))


def test_another_contract_removes_what_it_does_not_need_except_registers() -> None:
    meter = Meter()
    both: dict[str, object] = {"EAST": 5, "EASF01": 5, "EASF02": 5}
    tempo = {"contract": "tempo", "period": "HPJB", "off_peak": False, "tempo_today": "blue", "EASF06": 5}
    (before,) = meter.see(both | tempo, 100)
    base = {"contract": "base", "period": "TH", "off_peak": False}
    removal, after = meter.see(both | base, 200)
    gone = {key for key, component in removal["cmps"].items() if len(component) == 1}
    assert gone == {"tempo_today", "off_peak"}
    assert removal["cmps"]["off_peak"] == {"p": "binary_sensor"}
    assert removal["cmps"]["tempo_today"] == {"p": "sensor"}
    assert after["cmps"].keys() == removal["cmps"].keys() - gone
    # The register is not sent any more: Home Assistant keeps it, and its statistics, when it is left out.
    assert "easf06" in before["cmps"]
    assert "easf06" not in removal["cmps"]
    # That of Tempo's peak hours is sent, and stays.
    assert names(after)["easf02"] == "Énergie index 2"
    assert names(after)["easf01"] == "Énergie option Base"


def test_another_mode_is_announced_once_complete() -> None:
    discovery = discovery_of()
    messages = []
    for kind, offset in (("historic-single-phase-hchp", 0.0), ("standard-single-phase-tempo", 400.0)):
        for frame, state, now in watch(kind, 100):
            discovery.update(replace(frame, meter=METER), state, offset + now)
            messages += [json.loads(payload) for payload in [discovery.due(offset + now)] if payload]
    assert len(messages) == 3
    assert set(messages[0]["cmps"]) == expected("historic-single-phase-hchp")
    assert set(messages[2]["cmps"]) == expected("standard-single-phase-tempo")
    removal = {key for key, component in messages[1]["cmps"].items() if len(component) == 1}
    assert removal == {"adco", "isousc", "papp", "iinst"}


def test_a_run_continues_where_the_previous_one_ended() -> None:
    meter = Meter()
    off_peak = WEEK_END | {
        "supplier_index": 1,
        "LTARF": "HEURE CREUSE",
        "period": "HEURE CREUSE",
        "off_peak": True,
        "MSG2": "x",
    }
    meter.see(off_peak, 100)
    retained = meter.discovery.message()
    assert retained is not None
    after = Meter()
    after.discovery.restore(retained)
    (message,) = after.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE WEEK-END", "period": "HEURE WEEK-END"}, 100)
    assert names(message)["easf01"] == "Énergie heure creuse"
    assert message["cmps"].keys() >= {"off_peak", "msg2"}


def test_what_became_unnecessary_between_two_runs_is_removed() -> None:
    before, after = Meter(), Meter()
    before.see({"EAST": 5, "contract": "tempo", "tempo_today": "blue"}, 10)
    after.discovery.restore(before.discovery.message() or b"")
    removal, last = after.see({"EAST": 5, "contract": "base"}, 100)
    assert removal["cmps"]["tempo_today"] == {"p": "sensor"}
    assert "tempo_today" not in last["cmps"]


@pytest.mark.parametrize("seed", range(6))
def test_a_meter_is_announced_as_if_no_frame_was_left_out(seed: int) -> None:
    discovery, plain, state = discovery_of(), discovery_of(), MeterState()
    announced = left_out = 0
    for number, frame in enumerate(irregular(seed, 400)):
        now = 1.0 * number
        state.update(frame, now)
        if state.complete:
            if discovery.is_indifferent(frame, state.changed):
                left_out += 1
            else:
                discovery.update(frame, state.snapshot(), now)
            plain.update(frame, state.snapshot(), now)
        if number % 90 == 70:
            state.set_online(number % 180 == 70)
        if number == 250:
            assert discovery.on_cleared(now) == plain.on_cleared(now)
        message = discovery.due(now)
        assert message == plain.due(now)
        announced += message is not None
    assert announced > 2
    assert left_out > 20
