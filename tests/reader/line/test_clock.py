"""The time of frames: never the same twice, whatever is done to the host's clock."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.line.clock import ASK, RESIDUES, ReaderClock, Timestamper

NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
BUILT = datetime(2025, 1, 1, tzinfo=UTC)
AFTER_BOOT = datetime(2025, 5, 13, 0, 0, tzinfo=UTC)  # what a Pi believes until somebody tells it
PATIENCE = 300.0


class FakeClock:
    def __init__(
        self,
        now: datetime = NOON,
        *,
        uptime: float = 86_400.0,
        synchronised: bool = True,
        build_date: datetime = BUILT,
    ) -> None:
        self.wall = now
        self.build_date = build_date
        self.warned: list[datetime] = []
        self.up = uptime
        self.is_synchronised = synchronised
        self.asked = 0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.up

    def uptime(self) -> float:
        return self.up

    def synchronised(self) -> bool:
        self.asked += 1
        return self.is_synchronised

    def warn_of_build_date(self, now: datetime) -> None:
        self.warned.append(now)

    def go_on(self, seconds: float) -> None:
        self.up += seconds
        self.wall += timedelta(seconds=seconds)

    def step(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


def stamper_of(clock: FakeClock, *, patience: float = PATIENCE, phase: int | None = 0) -> Timestamper:
    return Timestamper(clock, patience=patience, phase=phase)


def stamp_now(stamper: Timestamper, clock: FakeClock) -> datetime:
    return stamper.timestamp(clock.monotonic())[0]


def phase_of(instant: datetime) -> int:
    return instant.microsecond % RESIDUES


# Time


def test_a_frame_has_the_time_at_which_it_came_in_rounded_down_to_16_microseconds_with_the_phase() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=5)
    assert stamp_now(stamper, clock) == NOON.replace(microsecond=123456 // 16 * 16 + 5)


def test_the_last_phase_of_the_last_microseconds_of_a_second_stays_in_the_second() -> None:
    clock = FakeClock(NOON.replace(microsecond=999_999))
    assert stamp_now(stamper_of(clock, phase=15), clock) == NOON.replace(microsecond=999_999)


def test_a_frame_that_is_stamped_later_has_the_time_at_which_it_came_in() -> None:
    clock = FakeClock()
    came_in = clock.monotonic()
    clock.go_on(2.5)
    instant, _ = stamper_of(clock).timestamp(came_in)
    assert instant == NOON


def test_timestamps_are_aware_and_in_utc() -> None:
    clock = FakeClock()
    assert stamp_now(stamper_of(clock), clock).tzinfo is UTC


def test_frames_of_the_same_instant_are_16_microseconds_apart() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=3)
    given_out = [stamp_now(stamper, clock) for _ in range(1000)]
    assert {later - earlier for earlier, later in pairwise(given_out)} == {timedelta(microseconds=RESIDUES)}
    assert stamper.steps_back == 0


def test_a_clock_that_falls_by_a_second_is_waited_for() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    before = stamp_now(stamper, clock)
    clock.step(-1)
    assert stamp_now(stamper, clock) == before + timedelta(microseconds=RESIDUES)
    clock.go_on(1.5)
    assert stamp_now(stamper, clock) == NOON + timedelta(seconds=0.5)
    assert stamper.steps_back == 0


def test_a_clock_that_falls_by_more_is_followed_and_counted_with_the_next_phase() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=15)
    stamp_now(stamper, clock)
    clock.step(-3600)
    assert stamp_now(stamper, clock) == NOON - timedelta(hours=1)  # phase 0: after 15 comes 0
    assert stamper.steps_back == 1
    clock.go_on(1)
    assert stamp_now(stamper, clock) == NOON - timedelta(hours=1) + timedelta(seconds=1)
    assert stamper.steps_back == 1


@pytest.mark.parametrize(("fall", "steps_back"), [(1.0, 0), (1.000001, 1)])
def test_a_second_is_the_limit(fall: float, steps_back: int) -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    stamp_now(stamper, clock)
    clock.step(-fall)
    stamp_now(stamper, clock)
    assert stamper.steps_back == steps_back


def test_small_falls_that_add_up_to_more_than_a_second_are_followed() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    stamp_now(stamper, clock)
    for _ in range(3):
        clock.step(-0.6)
        stamp_now(stamper, clock)
    assert stamper.steps_back == 1
    assert abs(stamp_now(stamper, clock) - clock.now()) <= timedelta(seconds=1)


def test_a_clock_that_is_set_forward_is_followed_in_the_same_stretch() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=7)
    stamp_now(stamper, clock)
    clock.step(86_400)
    instant = stamp_now(stamper, clock)
    assert abs(instant - clock.now()) < timedelta(microseconds=RESIDUES)
    assert (phase_of(instant), stamper.steps_back) == (7, 0)


def test_the_same_second_lived_16_times_gives_no_timestamp_twice() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=9)
    given_out = []
    for _ in range(RESIDUES):
        for _ in range(100):
            given_out.append(stamp_now(stamper, clock))
            clock.go_on(0.1)
        clock.step(-10)
    assert stamper.steps_back == RESIDUES - 1
    assert len(set(given_out)) == len(given_out)
    assert {phase_of(instant) for instant in given_out} == set(range(RESIDUES))
    assert {instant.replace(microsecond=0) for instant in given_out[-100:]} <= {
        NOON.replace(microsecond=0) + timedelta(seconds=second) for second in range(11)
    }


def test_the_17th_time_goes_on_after_the_first_and_gives_no_timestamp_twice_either() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    given_out = []
    for _ in range(RESIDUES + 1):
        for _ in range(100):
            given_out.append(stamp_now(stamper, clock))
            clock.go_on(0.1)
        clock.step(-10)
    assert len(set(given_out)) == len(given_out)
    assert stamper.steps_back == RESIDUES
    assert given_out[-1] == given_out[99] + timedelta(microseconds=100 * RESIDUES)


def test_a_clock_that_two_sources_quarrel_about_is_followed_for_ever() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    given_out = []
    for _ in range(200):
        for _ in range(5):
            given_out.append(stamp_now(stamper, clock))
            assert abs(given_out[-1] - clock.now()) < timedelta(microseconds=RESIDUES)
            clock.go_on(1)
        clock.step(-3)
    assert stamper.steps_back == 199
    assert len(set(given_out)) == len(given_out)


def test_a_phase_whose_times_are_still_to_come_is_passed_over() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    clock.step(86_400)
    given_out = [stamp_now(stamper, clock)]  # phase 0, tomorrow
    clock.step(-86_400)
    for _ in range(100):
        given_out.append(stamp_now(stamper, clock))
        assert abs(given_out[-1] - clock.now()) < timedelta(microseconds=RESIDUES)
        clock.go_on(5)
        given_out.append(stamp_now(stamper, clock))
        clock.step(-2)
    assert stamper.steps_back == 100
    assert {phase_of(instant) for instant in given_out[1:]} == set(range(1, RESIDUES))


def test_when_no_phase_is_left_timestamps_go_on_after_the_stretch_that_reached_least_far() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    given_out = []
    for stretch in range(RESIDUES + 1):
        clock.wall = NOON + timedelta(seconds=-10 * stretch)
        given_out.append(stamp_now(stamper, clock))
        clock.wall = NOON + timedelta(hours=1 if stretch == 3 else 10)
        if stretch < RESIDUES:
            given_out.append(stamp_now(stamper, clock))
    assert len(set(given_out)) == len(given_out)
    assert stamper.steps_back == RESIDUES
    reached = given_out[2 * 3 + 1]
    assert given_out[-1] == reached + timedelta(microseconds=RESIDUES)
    # Once the clock has come that far, it is followed.
    clock.wall = NOON + timedelta(hours=2)
    assert abs(stamp_now(stamper, clock) - clock.now()) < timedelta(microseconds=RESIDUES)


def test_the_first_phase_is_random() -> None:
    clock = FakeClock()
    phases = {phase_of(stamp_now(stamper_of(clock, phase=None), clock)) for _ in range(500)}
    assert len(phases) > 8


@st.composite
def lives_of_a_clock(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    """For each frame: how long it takes, how the clock is set, and how late the frame is stamped."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from([0.0, 1e-6, 1e-5, 0.1, 1.0, 1.3]) | st.floats(0, 5),
                st.sampled_from([0.0, 0.0, 0.0, -1.0, -1.000001, -2.0, -3600.0, 3600.0]) | st.floats(-5, 5),
                st.sampled_from([0.0, 0.0, 0.5, 30.0]),
            ),
            max_size=200,
        )
    )


@given(lives_of_a_clock(), st.integers(0, RESIDUES - 1))
def test_whatever_is_done_to_the_clock_no_timestamp_comes_twice_and_they_fall_only_with_it(
    life: list[tuple[float, float, float]], phase: int
) -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=phase)
    seen = set()
    last, steps_back = None, 0
    for takes, is_set, late in life:
        clock.go_on(takes)
        clock.step(is_set)
        instant, _ = stamper.timestamp(clock.monotonic() - late)
        assert instant not in seen
        seen.add(instant)
        if last is not None and stamper.steps_back == steps_back:
            assert instant > last
        last, steps_back = instant, stamper.steps_back


@given(st.lists(st.integers(0, 3), min_size=17, max_size=300))
def test_a_clock_that_is_set_to_the_same_few_instants_again_and_again_gives_none_of_them_twice(
    visits: list[int],
) -> None:
    clock = FakeClock()
    stamper = stamper_of(clock, phase=None)
    given_out = []
    for visit in visits:
        clock.wall = NOON + timedelta(seconds=2 * visit)
        given_out.append(stamp_now(stamper, clock))
    assert len(set(given_out)) == len(given_out)


# Waiting for the clock


def test_frames_wait_for_the_clock_and_are_then_stamped_with_their_distances() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=20.0, synchronised=False)
    stamper = stamper_of(clock)
    came_in = []
    for _ in range(30):
        assert stamper.waiting_for_sync()
        came_in.append(clock.monotonic())
        clock.go_on(1.25)
    clock.wall, clock.is_synchronised = NOON, True
    clock.go_on(ASK)
    assert not stamper.waiting_for_sync()
    given_out = [stamper.timestamp(moment) for moment in came_in]
    assert all(synchronised for _, synchronised in given_out)
    for moment, (instant, _) in zip(came_in, given_out, strict=True):
        assert abs(instant - (NOON - timedelta(seconds=57.5 - moment))) < timedelta(microseconds=RESIDUES)
    for (earlier, _), (later, _) in pairwise(given_out):
        assert abs(later - earlier - timedelta(seconds=1.25)) < timedelta(microseconds=RESIDUES)
    assert stamper.steps_back == 0


def test_a_clock_that_is_synchronised_is_not_waited_for() -> None:
    clock = FakeClock(uptime=1.0)
    stamper = stamper_of(clock)
    assert not stamper.waiting_for_sync()
    assert stamper.timestamp(clock.monotonic()) == (NOON, True)


def test_without_patience_nothing_waits() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=0.0, synchronised=False)
    assert not stamper_of(clock, patience=0).waiting_for_sync()


def test_long_after_the_boot_nothing_waits() -> None:
    clock = FakeClock(uptime=PATIENCE, synchronised=False)
    assert not stamper_of(clock).waiting_for_sync()


def test_patience_ends_and_the_frames_are_stamped_with_a_mark() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=PATIENCE - 10, synchronised=False)
    stamper = stamper_of(clock)
    came_in = clock.monotonic()
    assert stamper.waiting_for_sync()
    clock.go_on(9.9)
    assert stamper.waiting_for_sync()
    clock.go_on(0.1)
    assert not stamper.waiting_for_sync()
    assert stamper.timestamp(came_in) == (AFTER_BOOT, False)
    assert not stamper.synchronised


def test_a_clock_that_is_set_after_the_patience_ended_is_followed_without_a_mark() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=PATIENCE, synchronised=False)
    stamper = stamper_of(clock)
    stamp_now(stamper, clock)
    clock.wall, clock.is_synchronised = NOON, True
    clock.go_on(ASK)
    assert stamper.timestamp(clock.monotonic() - ASK) == (NOON, True)
    assert stamper.steps_back == 0


def test_a_clock_that_loses_its_source_marks_frames_and_holds_none() -> None:
    clock = FakeClock(uptime=10.0)
    stamper = stamper_of(clock)
    assert not stamper.waiting_for_sync()
    clock.is_synchronised = False
    clock.go_on(ASK)
    assert not stamper.waiting_for_sync()
    assert stamper.timestamp(clock.monotonic())[1] is False
    assert not stamper.synchronised


def test_the_kernel_is_asked_every_few_seconds_at_most() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    for _ in range(1000):
        clock.go_on(0.1)
        stamper.waiting_for_sync()
        stamper.timestamp(clock.monotonic())
    assert clock.asked <= 1 + 100 / ASK


# A clock that cannot be right

LONG_AGO = datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_a_clock_before_the_build_is_not_believed_however_long_the_machine_is_up() -> None:
    clock = FakeClock(LONG_AGO, uptime=10 * 86_400.0, synchronised=True)
    stamper = stamper_of(clock)
    assert not stamper.waiting_for_sync()  # it may never be set: frames are not held for ever
    assert stamper.timestamp(clock.monotonic()) == (LONG_AGO, False)
    assert not stamper.synchronised
    assert clock.warned == [LONG_AGO]


def test_a_clock_before_the_build_is_waited_for_after_the_boot_although_the_kernel_trusts_it() -> None:
    clock = FakeClock(LONG_AGO, uptime=20.0, synchronised=True)
    stamper = stamper_of(clock)
    assert stamper.waiting_for_sync()
    came_in = clock.monotonic()
    clock.go_on(1)
    clock.wall = NOON
    assert not stamper.waiting_for_sync()
    assert stamper.timestamp(came_in) == (NOON - timedelta(seconds=1), True)
    assert clock.warned == []  # no frame has got a wrong time


def test_the_build_date_itself_is_late_enough() -> None:
    for now, synchronised in ((BUILT - timedelta(microseconds=1), False), (BUILT, True)):
        clock = FakeClock(now)
        assert stamper_of(clock).timestamp(clock.monotonic())[1] is synchronised


def test_a_clock_that_falls_before_the_build_marks_the_very_next_frame_and_none_after_it_was_set() -> None:
    clock = FakeClock()
    stamper = stamper_of(clock)
    marks = [stamper.timestamp(clock.monotonic())[1]]
    for instant in (LONG_AGO, NOON):
        clock.go_on(0.1)  # less than the kernel is asked again after
        clock.wall = instant
        marks.append(stamper.timestamp(clock.monotonic())[1])
    assert marks == [True, False, True]


def test_a_wrong_clock_gives_no_timestamp_twice_either() -> None:
    clock = FakeClock(LONG_AGO)
    stamper = stamper_of(clock)
    given_out = []
    for wall in (LONG_AGO, NOON, LONG_AGO, NOON, LONG_AGO):
        clock.wall = wall
        given_out += [stamp_now(stamper, clock) for _ in range(100)]
    assert len(set(given_out)) == len(given_out)


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_host_clock_warns_once_however_many_lines_ask(caplog: pytest.LogCaptureFixture) -> None:
    clock = ReaderClock(object(), build_date=datetime(2100, 1, 1, tzinfo=UTC))
    for stamper in (Timestamper(clock, patience=0), Timestamper(clock, patience=0)):
        for _ in range(10):
            assert stamper.timestamp(clock.monotonic())[1] is False
    (warning,) = warnings_of(caplog)
    assert f"{datetime.now(UTC):%Y-%m-%d}" in warning
    assert "2100-01-01" in warning
    assert "timedatectl" in warning


def test_frames_are_stamped_by_this_machine() -> None:
    clock = ReaderClock()
    stamper = Timestamper(clock, patience=0)
    before = clock.now()
    given_out = [stamper.timestamp(clock.monotonic())[0] for _ in range(100)]
    assert all(earlier < later for earlier, later in pairwise(given_out))
    assert abs(given_out[0] - before) < timedelta(seconds=30)
