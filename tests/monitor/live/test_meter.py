"""A meter from MQTT: its newest frame and state, the mean of its index, ten minutes of power."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.contract.frame import Frame
from monitor.live.meter import (
    HOLDS,
    LEAST,
    SECONDS,
    SILENT_AFTER,
    Adapter,
    IndexMean,
    LiveMeter,
    Mean,
    RingBuffer,
    clock_of,
)
from tests.support.frames import ADDRESS, standard

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def frame(at: datetime, power: int = 1840) -> Frame:
    return replace(standard(SINSTS=power, URMS1=234), timestamp=at)


def tempo(period: str) -> dict[str, object]:
    return {"contract": "tempo", "period": period, "subscribed_power": 9000}


def test_nothing_is_known_of_a_meter_of_which_nothing_came() -> None:
    view = LiveMeter(ADDRESS, 100.0).view(101.0)
    assert not view.received
    assert not view.speaking
    assert view.last_frame is None
    assert clock_of(view, NOON) == NOON


def test_a_retained_state_shows_the_last_values_and_a_silent_meter() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_link(False, 0.0)
    meter.on_state(tempo("HPJB") | {"SINSTS": 700}, 0.0)
    view = meter.view(1.0)
    assert view.received
    assert not view.speaking
    assert view.values.power == 700
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
    assert meter.view(0.2).values.power == 1840


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


def mean_of_index(*readings: tuple[int, int]) -> IndexMean:
    found = IndexMean()
    for second, wh in readings:
        found.add(second, wh)
    return found


def test_it_is_what_the_index_says_over_the_last_ten_minutes() -> None:
    # 1,800 W until 1000, then 3,600 W.
    readings = [(second, second // 2 if second <= 1000 else 500 + (second - 1000)) for second in range(1601)]
    mean = mean_of_index(*readings).mean()
    assert mean is not None
    assert mean.watts == 3600
    assert 590 <= mean.seconds <= 600  # not each reading is kept


def test_little_is_not_told() -> None:
    assert IndexMean().mean() is None
    assert mean_of_index((0, 1000), (LEAST - 1, 1100)).mean() is None
    assert mean_of_index((0, 1000), (LEAST, 1100)).mean() == Mean(1200, LEAST)


def test_an_index_that_fell_and_a_clock_that_was_set_back_begin_anew() -> None:
    assert mean_of_index((0, 1000), (400, 10), (500, 20)).mean() is None
    assert mean_of_index((1000, 10), (400, 20), (700, 45)).mean() == Mean(300, 300)


def test_minutes_without_a_frame_do_not_matter_but_a_long_silence_begins_anew() -> None:
    assert mean_of_index((0, 0), (10, 5), (540, 270)).mean() == Mean(1800, 540)
    assert mean_of_index((0, 0), (10, 5), (4000, 2000)).mean() is None


BEGIN = 1_795_608_000


def test_each_second_has_its_value_and_the_last_one_is_the_end() -> None:
    ring = RingBuffer()
    for second in range(SECONDS + 50):
        ring.add(BEGIN + second, second)
    values = ring.until(BEGIN + SECONDS + 49)
    assert values == list(range(50, SECONDS + 50))


def test_a_value_holds_until_the_next_frame_of_a_slow_meter_and_no_longer() -> None:
    ring = RingBuffer()
    ring.add(BEGIN, 500)
    ring.add(BEGIN + 3, 700)
    last = ring.until(BEGIN + 3 + HOLDS)[-(4 + HOLDS) :]
    assert last == [500, 500, 500, *[700] * HOLDS, None]


def test_what_is_older_than_ten_minutes_is_not_shown_again() -> None:
    ring = RingBuffer()
    ring.add(BEGIN, 500)
    assert ring.until(BEGIN + SECONDS - 1)[0] == 500
    assert set(ring.until(BEGIN + SECONDS + HOLDS)) == {None}


def test_a_clock_that_is_set_forward_leaves_a_gap_and_one_that_is_set_back_shows_nothing_of_the_future() -> None:
    ring = RingBuffer()
    ring.add(BEGIN, 500)
    ring.add(BEGIN + 3607, 600)
    assert [value for value in ring.until(BEGIN + 3607) if value is not None] == [600]
    ring.add(BEGIN + 10, 700)
    assert ring.until(BEGIN + 10)[-11:] == [500] * HOLDS + [None] * (10 - HOLDS) + [700]


def test_values_that_no_meter_sends_do_not_end_it() -> None:
    ring = RingBuffer()
    ring.add(BEGIN, -5)
    ring.add(BEGIN + 1, 2**40)
    assert ring.until(BEGIN + 1)[-2:] == [0, 2**31 - 1]


def test_what_was_stored_fills_holes_and_goes_before_nothing_that_was_seen() -> None:
    ring = RingBuffer()
    ring.add(BEGIN + 3, 700)
    ring.fill(BEGIN, 500)
    ring.fill(BEGIN + 3, 800)
    assert ring.until(BEGIN + 3)[-4:] == [500, 500, 500, 700]
    ring.fill(BEGIN + 3 - SECONDS, 900)  # of the same place, ten minutes earlier
    assert ring.until(BEGIN + 3)[-1] == 700


def decoded(at: datetime, interval: int = 60, power: int = 1840) -> Frame:
    return replace(frame(at, power), source="zigbee2mqtt", interval=interval)


def test_a_meter_that_arrives_decoded_speaks_until_three_of_its_usual_intervals_are_over() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(decoded(NOON), 100.0)
    assert [meter.view(100.0 + after).speaking for after in (16, 179, 181)] == [True, True, False]
    assert meter.view(100.0).adapter == Adapter("zigbee2mqtt", 60)


def test_a_line_that_takes_a_meter_over_from_an_adapter_is_silent_as_soon_as_lines_are() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(decoded(NOON), 100.0)
    meter.on_frame(frame(NOON + timedelta(seconds=20)), 120.0)
    assert not meter.view(136.0).speaking
    assert meter.view(136.0).adapter is None


def test_before_its_first_frame_a_decoded_meter_is_waited_for_as_its_reader_says() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_link(online=True, now=0.0)
    meter.on_adapter(Adapter("tasmota", 300))
    assert meter.view(899.0).speaking
    assert not meter.view(901.0).speaking


def test_a_value_of_an_adapter_holds_for_its_usual_interval_and_a_tenth_more() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(decoded(NOON, power=900), 100.0)
    ring = meter.ring(NOON + timedelta(seconds=70))
    assert ring[-71:] == [900] * 66 + [None] * 5
    assert ring[:-71] == [None] * 529


def test_of_an_index_that_an_adapter_reports_in_large_steps_no_mean_is_told() -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    for minute in range(10):
        at = NOON + timedelta(minutes=minute)
        meter.on_frame(replace(decoded(at), values={"EAST": 5_000 + 100 * (minute // 5)}), 60.0 * minute)
    assert meter.view(600.0).mean is None
