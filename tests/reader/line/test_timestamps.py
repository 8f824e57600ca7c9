"""Timestamps of frames: unique, whatever is done to the host's clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.line.timestamps import CHECK_EVERY, RESIDUES, RESOLUTION, ReaderClock, Timestamper
from tests.support.clock import BUILT, NOON, FakeClock
from tests.support.wording import warnings_of

MILLISECOND = timedelta(milliseconds=1)
AFTER_BOOT = datetime(2025, 5, 13, 0, 0, tzinfo=UTC)  # the clock of a Pi until it is set
PATIENCE = 300.0


def timestamper_of(clock: FakeClock, *, patience: float = PATIENCE, residue: int = 0) -> Timestamper:
    return Timestamper(clock, patience=patience, residue=residue)


def stamp_now(timestamper: Timestamper, clock: FakeClock) -> datetime:
    return timestamper.timestamp(clock.monotonic())[0]


def residue_of(instant: datetime) -> int:
    return instant.microsecond % RESOLUTION % RESIDUES


# Time


@pytest.mark.parametrize(("arrival", "residue", "expected"), [(123_456, 5, 123_005), (999_999, 15, 999_015)])
def test_a_frame_has_its_arrival_time_rounded_down_to_a_millisecond_with_the_residue(
    arrival: int, residue: int, expected: int
) -> None:
    clock = FakeClock(NOON.replace(microsecond=arrival))
    assert stamp_now(timestamper_of(clock, residue=residue), clock) == NOON.replace(microsecond=expected)


def test_a_frame_that_is_timestamped_later_has_its_arrival_time() -> None:
    clock = FakeClock()
    arrival = clock.monotonic()
    clock.advance(2.5)
    instant, _ = timestamper_of(clock).timestamp(arrival)
    assert instant == NOON


@pytest.mark.parametrize("residue", [0, 3, 7, 8, 15])
def test_frames_of_the_same_instant_are_16_microseconds_apart_and_keep_their_residue(residue: int) -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock, residue=residue)
    given_out = [stamp_now(timestamper, clock) for _ in range(1000)]
    first = NOON.replace(microsecond=123_000 + residue)
    assert given_out[:62] == [first + step * timedelta(microseconds=RESIDUES) for step in range(62)]
    assert given_out[62] == first + MILLISECOND  # the next one of this millisecond would be another residue's, or none
    assert {residue_of(instant) for instant in given_out} == {residue}
    assert timestamper.steps_back == 0


def test_timestamps_wait_for_a_clock_that_falls_by_a_second() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock)
    before = stamp_now(timestamper, clock)
    clock.step(-1)
    assert stamp_now(timestamper, clock) == before + timedelta(microseconds=RESIDUES)
    clock.advance(1.5)
    assert stamp_now(timestamper, clock) == NOON + timedelta(seconds=0.5)
    assert timestamper.steps_back == 0


@pytest.mark.parametrize(("fall", "steps_back"), [(1.0, 0), (1.000001, 1), (3600.0, 1)])
def test_a_clock_that_falls_by_more_than_a_second_is_followed_with_the_next_residue(
    fall: float, steps_back: int
) -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock, residue=15)
    stamp_now(timestamper, clock)
    clock.step(-fall)
    assert residue_of(stamp_now(timestamper, clock)) == (0 if steps_back else 15)
    clock.advance(1)
    if steps_back:
        assert abs(stamp_now(timestamper, clock) - clock.now()) < MILLISECOND
    assert timestamper.steps_back == steps_back


def test_small_falls_that_add_up_to_more_than_a_second_are_followed() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock)
    stamp_now(timestamper, clock)
    for _ in range(3):
        clock.step(-0.6)
        stamp_now(timestamper, clock)
    assert timestamper.steps_back == 1
    assert abs(stamp_now(timestamper, clock) - clock.now()) <= timedelta(seconds=1)


def test_a_clock_that_is_set_forward_is_followed_in_the_same_stretch() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock, residue=7)
    stamp_now(timestamper, clock)
    clock.step(86_400)
    instant = stamp_now(timestamper, clock)
    assert abs(instant - clock.now()) < MILLISECOND
    assert (residue_of(instant), timestamper.steps_back) == (7, 0)


def test_skips_a_residue_that_was_used_for_later_times() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock)
    clock.step(86_400)
    given_out = [stamp_now(timestamper, clock)]  # residue 0, tomorrow
    clock.step(-86_400)
    for _ in range(100):
        given_out.append(stamp_now(timestamper, clock))
        assert abs(given_out[-1] - clock.now()) < MILLISECOND
        clock.advance(5)
        given_out.append(stamp_now(timestamper, clock))
        clock.step(-2)
    assert timestamper.steps_back == 100
    assert {residue_of(instant) for instant in given_out[1:]} == set(range(1, RESIDUES))


def test_when_no_residue_is_left_timestamps_continue_after_the_earliest_stretch() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock)
    given_out = []
    for stretch in range(RESIDUES + 1):
        clock.wall = NOON + timedelta(seconds=-10 * stretch)
        given_out.append(stamp_now(timestamper, clock))
        clock.wall = NOON + timedelta(hours=1 if stretch == 3 else 10)
        if stretch < RESIDUES:
            given_out.append(stamp_now(timestamper, clock))
    assert len(set(given_out)) == len(given_out)
    assert timestamper.steps_back == RESIDUES
    reached = given_out[2 * 3 + 1]
    assert given_out[-1] == reached + timedelta(microseconds=RESIDUES)
    # Once the clock has come that far, it is followed.
    clock.wall = NOON + timedelta(hours=2)
    assert abs(stamp_now(timestamper, clock) - clock.now()) < MILLISECOND


@st.composite
def histories_of_a_clock(draw: st.DrawFn) -> list[tuple[float, float, float]]:
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


@given(histories_of_a_clock(), st.integers(0, RESIDUES - 1))
def test_timestamps_are_unique_and_fall_only_with_the_clock(
    history: list[tuple[float, float, float]], residue: int
) -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock, residue=residue)
    seen = set()
    last, steps_back = None, 0
    for takes, is_set, late in history:
        clock.advance(takes)
        clock.step(is_set)
        instant, _ = timestamper.timestamp(clock.monotonic() - late)
        assert instant not in seen
        seen.add(instant)
        if last is not None and timestamper.steps_back == steps_back:
            assert instant > last
        last, steps_back = instant, timestamper.steps_back


# Waiting for the clock


def test_frames_that_waited_for_the_clock_keep_their_distances() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=20.0, synchronised=False)
    timestamper = timestamper_of(clock)
    arrivals = []
    for _ in range(30):
        assert timestamper.waiting_for_sync()
        arrivals.append(clock.monotonic())
        clock.advance(1.25)
    clock.wall, clock.is_synchronised = NOON, True
    clock.advance(CHECK_EVERY)
    assert not timestamper.waiting_for_sync()
    given_out = [timestamper.timestamp(moment) for moment in arrivals]
    assert all(synchronised for _, synchronised in given_out)
    for moment, (instant, _) in zip(arrivals, given_out, strict=True):
        assert abs(instant - (NOON - timedelta(seconds=57.5 - moment))) < MILLISECOND
    for (earlier, _), (later, _) in pairwise(given_out):
        assert abs(later - earlier - timedelta(seconds=1.25)) < MILLISECOND
    assert timestamper.steps_back == 0


@pytest.mark.parametrize(
    ("uptime", "synchronised", "patience"),
    [(1.0, True, PATIENCE), (0.0, False, 0.0), (PATIENCE, False, PATIENCE)],
    ids=["synchronised", "no patience", "long after the boot"],
)
def test_does_not_wait(uptime: float, synchronised: bool, patience: float) -> None:
    clock = FakeClock(uptime=uptime, synchronised=synchronised)
    timestamper = timestamper_of(clock, patience=patience)
    assert not timestamper.waiting_for_sync()
    assert timestamper.timestamp(clock.monotonic()) == (NOON, synchronised)


def test_after_the_patience_frames_are_marked_unsynchronised() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=PATIENCE - 10, synchronised=False)
    timestamper = timestamper_of(clock)
    arrival = clock.monotonic()
    assert timestamper.waiting_for_sync()
    clock.advance(9.9)
    assert timestamper.waiting_for_sync()
    clock.advance(0.1)
    assert not timestamper.waiting_for_sync()
    assert timestamper.timestamp(arrival) == (AFTER_BOOT, False)
    assert not timestamper.synchronised


def test_a_clock_that_is_set_after_the_patience_ends_the_mark() -> None:
    clock = FakeClock(AFTER_BOOT, uptime=PATIENCE, synchronised=False)
    timestamper = timestamper_of(clock)
    stamp_now(timestamper, clock)
    clock.wall, clock.is_synchronised = NOON, True
    clock.advance(CHECK_EVERY)
    assert timestamper.timestamp(clock.monotonic() - CHECK_EVERY) == (NOON, True)
    assert timestamper.steps_back == 0


def test_a_clock_that_loses_its_source_marks_frames_without_waiting() -> None:
    clock = FakeClock(uptime=10.0)
    timestamper = timestamper_of(clock)
    assert not timestamper.waiting_for_sync()
    clock.is_synchronised = False
    clock.advance(CHECK_EVERY)
    assert not timestamper.waiting_for_sync()
    assert timestamper.timestamp(clock.monotonic())[1] is False
    assert not timestamper.synchronised


def test_checks_the_kernel_at_most_every_few_seconds() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock)
    for _ in range(1000):
        clock.advance(0.1)
        timestamper.waiting_for_sync()
        timestamper.timestamp(clock.monotonic())
    assert clock.checks <= 1 + 100 / CHECK_EVERY


# A clock that cannot be right

LONG_AGO = datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_a_clock_before_the_build_date_is_never_trusted() -> None:
    clock = FakeClock(LONG_AGO, uptime=10 * 86_400.0, synchronised=True)
    timestamper = timestamper_of(clock)
    assert not timestamper.waiting_for_sync()  # it may never be set: frames are not held for ever
    assert timestamper.timestamp(clock.monotonic()) == (LONG_AGO, False)
    assert not timestamper.synchronised
    assert clock.warned == [LONG_AGO]


def test_waits_for_a_clock_before_the_build_date_even_if_the_kernel_trusts_it() -> None:
    clock = FakeClock(LONG_AGO, uptime=20.0, synchronised=True)
    timestamper = timestamper_of(clock)
    assert timestamper.waiting_for_sync()
    arrival = clock.monotonic()
    clock.advance(1)
    clock.wall = NOON
    assert not timestamper.waiting_for_sync()
    assert timestamper.timestamp(arrival) == (NOON - timedelta(seconds=1), True)
    assert clock.warned == []  # no frame has got a wrong time


def test_the_build_date_itself_is_trusted() -> None:
    for now, synchronised in ((BUILT - timedelta(microseconds=1), False), (BUILT, True)):
        clock = FakeClock(now)
        assert timestamper_of(clock).timestamp(clock.monotonic())[1] is synchronised


def test_a_clock_before_the_build_date_marks_the_next_frame_until_it_is_set() -> None:
    clock = FakeClock()
    timestamper = timestamper_of(clock)
    marks = [timestamper.timestamp(clock.monotonic())[1]]
    for instant in (LONG_AGO, NOON):
        clock.advance(0.1)  # less than the kernel is asked again after
        clock.wall = instant
        marks.append(timestamper.timestamp(clock.monotonic())[1])
    assert marks == [True, False, True]


def test_the_host_clock_warns_once_for_all_lines(caplog: pytest.LogCaptureFixture) -> None:
    before = datetime.now(UTC)
    clock = ReaderClock(object(), build_date=datetime(2100, 1, 1, tzinfo=UTC))
    for timestamper in (Timestamper(clock, patience=0), Timestamper(clock, patience=0)):
        for _ in range(10):
            assert timestamper.timestamp(clock.monotonic())[1] is False
    (warning,) = warnings_of(caplog)
    assert any(f"{day:%Y-%m-%d}" in warning for day in (before, datetime.now(UTC)))  # midnight may pass meanwhile
    assert "2100-01-01" in warning
    assert "timedatectl" in warning


def test_timestamps_come_from_the_clock_of_this_machine() -> None:
    clock = ReaderClock()
    timestamper = Timestamper(clock, patience=0)
    before = clock.now()
    given_out = [timestamper.timestamp(clock.monotonic())[0] for _ in range(100)]
    assert all(earlier < later for earlier, later in pairwise(given_out))
    assert abs(given_out[0] - before) < timedelta(seconds=30)
