"""A meter as MQTT tells of it, second by second, with clocks that are wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.contract.frame import Frame
from monitor.live.meter import SILENT_AFTER, LiveMeter, clock_of
from tests.support.frames import ADDRESS, standard

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def frame(at: datetime, power: int = 1840) -> Frame:
    return replace(standard(SINSTS=power, URMS1=234), timestamp=at)


def tempo(period: str) -> dict[str, object]:
    return {"contract": "tempo", "period": period, "subscribed_power": 9000}


def test_nothing_is_known_of_a_meter_of_which_nothing_came() -> None:
    view = LiveMeter(ADDRESS, 100.0).view(101.0)
    assert not view.heard
    assert not view.speaking
    assert view.last_frame is None
    assert clock_of(view, NOON) == NOON


def test_a_retained_state_shows_the_last_values_and_a_silent_meter() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_link(False, 0.0)
    meter.on_state(tempo("HPJB") | {"SINSTS": 700}, 0.0)
    view = meter.view(1.0)
    assert view.heard
    assert not view.speaking
    assert view.measures.power == 700
    assert view.tariff.register == "BBRHPJB"


def test_a_retained_online_counts_only_until_frames_should_have_come() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_link(True, 0.0)  # of a reader that was killed together with its broker
    assert meter.view(SILENT_AFTER).speaking
    assert not meter.view(SILENT_AFTER + 1).speaking


def test_the_newest_frame_goes_before_the_state() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(frame(NOON), 0.0)
    meter.on_state(tempo("HPJB") | {"SINSTS": 700}, 0.1)
    assert meter.view(0.2).measures.power == 1840


def test_it_is_silent_once_no_frame_comes_for_some_time_and_speaks_with_the_next() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_link(True, 0.0)
    meter.on_frame(frame(NOON), 10.0)
    assert meter.view(10.0 + SILENT_AFTER).speaking
    silent = meter.view(10.0 + SILENT_AFTER + 0.1)
    assert not silent.speaking
    assert silent.last_frame == NOON
    meter.on_frame(frame(NOON + 60 * SECOND), 70.0)
    assert meter.view(70.0).speaking


def test_the_reader_says_earlier_that_it_is_silent() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(frame(NOON), 0.0)
    meter.on_link(False, 10.0)
    assert not meter.view(10.0).speaking


def test_how_long_it_is_silent_does_not_depend_on_either_clock() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    an_hour_fast = NOON + timedelta(hours=1)
    meter.on_frame(frame(an_hour_fast), 0.0)
    view = meter.view(180.0)
    for ours in (NOON, NOON - timedelta(days=9000)):
        assert clock_of(view, ours) == an_hour_fast + timedelta(minutes=3)


def test_a_reader_whose_clock_is_set_back_is_followed() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(frame(NOON, 500), 0.0)
    earlier = NOON - timedelta(minutes=5)
    meter.on_frame(frame(earlier, 600), 1.0)
    view = meter.view(1.0)
    assert (view.last_frame, view.speaking) == (earlier, True)
    assert [power for power in meter.ring(earlier) if power is not None] == [600]


def test_a_change_of_register_that_was_watched_has_its_time_and_another_has_none() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(frame(NOON), 0.0)
    meter.on_state(tempo("HCJB"), 0.1)
    assert meter.view(0.1).register_since is None  # it may run for hours
    meter.on_frame(frame(NOON + SECOND), 1.0)
    meter.on_state(tempo("HPJB"), 1.1)
    assert meter.view(1.1).register_since == NOON + SECOND
    meter.on_state(tempo("HCJB"), 4000.0)  # after an hour of silence
    assert meter.view(4000.0).register_since is None


def test_a_connection_that_comes_back_is_not_a_meter_that_speaks() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(frame(NOON), 0.0)
    meter.on_connected(300.0)
    assert not meter.view(301.0).speaking
