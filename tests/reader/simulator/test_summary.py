"""A minute's summary says what the frames of the minute say."""

from datetime import UTC, datetime, timedelta

import pytest

from reader.simulator.meter import KINDS, SimulatedMeter
from reader.simulator.summary import MinuteSummary
from tests.support.frames import simulated

SECOND = timedelta(seconds=1)
#: A switch of Tempo in the night of a clock change, an evening with an overload, and a noon.
EVENINGS = (
    datetime(2026, 10, 25, 4, 57, tzinfo=UTC),
    datetime(2026, 11, 24, 18, 15, tzinfo=UTC),
    datetime(2026, 6, 21, 11, 58, tzinfo=UTC),
)
MINUTES = 5


def frames_of(kind: str, start: datetime) -> list[dict[str, object]]:
    return [dict(frame.values) for frame in simulated(kind, MINUTES * 60, start=start, every=SECOND)]


def numbers(values: list[dict[str, object]], label: str) -> list[int]:
    return [value for frame in values if isinstance(value := frame.get(label), int)]


@pytest.mark.parametrize("kind", ["standard-single-phase-tempo", "standard-three-phase-producer"])
@pytest.mark.parametrize("start", EVENINGS)
def test_a_summary_is_that_of_the_frames(kind: str, start: datetime) -> None:
    frames = frames_of(kind, start)
    summaries = list(SimulatedMeter(kind).minutes(start, start + MINUTES * timedelta(minutes=1)))
    assert len(summaries) == MINUTES
    for number, summary in enumerate(summaries):
        of_minute = frames[60 * number : 60 * number + 60]
        assert summary.start == (start + number * timedelta(minutes=1)).timestamp()
        assert summary.supplier == of_minute[-1]["NTARF"]
        assert summary.total == (of_minute[0]["EAST"], of_minute[-1]["EAST"])
        if "EAIT" in of_minute[0]:
            assert summary.exported == (of_minute[0]["EAIT"], of_minute[-1]["EAIT"])
            fed = numbers(of_minute, "SINSTI")
            assert summary.exported_power == pytest.approx((sum(fed) / 60, max(fed)), rel=0.02, abs=2)
        drawn = numbers(of_minute, "SINSTS")
        assert summary.power == pytest.approx((min(drawn), sum(drawn) / 60, max(drawn)), rel=0.02, abs=25)
        assert abs(summary.overloads - sum(int(str(frame["STGE"]), 16) >> 7 & 1 for frame in of_minute)) <= 1
        for phase, one in enumerate(summary.phases, 1):
            volts = numbers(of_minute, f"URMS{phase}")
            assert (one.voltage_min, one.voltage_mean, one.voltage_max) == pytest.approx(
                (min(volts), sum(volts) / 60, max(volts)), abs=1
            )
            assert one.current_max == pytest.approx(max(numbers(of_minute, f"IRMS{phase}")), abs=1)


def test_the_peak_is_in_a_second_of_the_highest_load() -> None:
    meter = SimulatedMeter("standard-single-phase-tempo")
    begin, _ = overload_after(meter, EVENINGS[1])
    minute = begin.replace(second=0)
    (summary,) = meter.minutes(minute, minute + timedelta(minutes=1))
    assert summary.power_max_second >= begin.second
    assert summary.overloads


def overload_after(meter: SimulatedMeter, start: datetime) -> tuple[datetime, datetime]:
    return next(found for day in range(60) if (found := meter.overload(start + timedelta(days=day))))


@pytest.mark.parametrize("kind", ["standard-single-phase-tempo", "standard-three-phase-producer"])
def test_a_summary_has_the_overload_of_its_frames(kind: str) -> None:
    begin, _ = overload_after(SimulatedMeter(kind), EVENINGS[0])
    minute = begin.astimezone(UTC).replace(second=0) + timedelta(minutes=1)
    frames = frames_of(kind, minute)[:60]
    (summary,) = SimulatedMeter(kind).minutes(minute, minute + timedelta(minutes=1))
    assert abs(summary.overloads - sum(int(str(frame["STGE"]), 16) >> 7 & 1 for frame in frames)) <= 1
    assert summary.overloads > 50
    assert summary.power[2] == pytest.approx(max(numbers(frames, "SINSTS")), rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_minutes_and_their_indexes_go_on(kind: str) -> None:
    start = datetime(2027, 3, 27, 23, 30, tzinfo=UTC)  # the night with 23 hours
    summaries: list[MinuteSummary] = list(SimulatedMeter(kind).minutes(start, start + timedelta(hours=2)))
    indexes = [index for summary in summaries for index in summary.total]
    assert indexes == sorted(indexes)
    assert [summary.start for summary in summaries] == [int(start.timestamp()) + 60 * n for n in range(120)]


@pytest.mark.parametrize("start", [datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC), datetime(2022, 12, 31, tzinfo=UTC)])
def test_minutes_are_whole_and_not_before_the_household_begins(start: datetime) -> None:
    with pytest.raises(ValueError, match="whole minutes since 2023"):
        SimulatedMeter(KINDS[0]).minutes(start, start + timedelta(hours=1))
