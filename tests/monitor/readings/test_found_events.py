from datetime import UTC, datetime, timedelta

from monitor.readings.curves import MinuteFacts
from monitor.readings.events import BadVoltage, Overload, bad_voltages, is_outage, joined_overloads
from monitor.readings.power import VoltageMinute

AT = datetime(2026, 1, 5, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minute(number: int, power: int | None, second: int, overload: int | None, frames: int = 60) -> MinuteFacts:
    return MinuteFacts(int(AT.timestamp()) + number * 60, 60, frames, 1, 1, 1, power, second, overload)


def test_minutes_of_an_overload_that_follow_each_other_are_one_with_the_highest_power() -> None:
    line = [minute(0, 9300, 50, 10), minute(1, 9800, 3, 20), minute(2, 500, 0, None), minute(5, None, 0, 1)]
    assert joined_overloads(line) == [
        Overload(AT + MINUTE + timedelta(seconds=3), 30, 9800),
        Overload(AT + 5 * MINUTE, 1, None),
    ]


def test_an_overload_lasts_as_long_as_its_share_of_frames_also_of_a_slow_line() -> None:
    assert joined_overloads([minute(0, 9300, 0, 10, frames=40)])[0].seconds == 15
    assert joined_overloads([minute(0, 9300, 0, 1, frames=600)])[0].seconds == 1


def test_a_bad_voltage_has_the_worst_of_its_phase() -> None:
    found = bad_voltages(
        [
            VoltageMinute(AT, 1, 250, 256),
            VoltageMinute(AT, 2, 201, 230),
            VoltageMinute(AT + MINUTE, 1, 250, 254),
            VoltageMinute(AT + 3 * MINUTE, 1, 250, 255),
        ]
    )
    assert found == [
        BadVoltage(AT, AT + 2 * MINUTE, 256, 1),
        BadVoltage(AT, AT + MINUTE, 201, 2),
        BadVoltage(AT + 3 * MINUTE, AT + 4 * MINUTE, 255, 1),
    ]


def test_what_was_fed_in_had_current() -> None:
    assert not is_outage(0, 40, 500, 60)


def test_a_short_gap_or_an_unknown_index_is_no_outage() -> None:
    assert is_outage(0, 0, 500, 10)
    assert not is_outage(0, 0, 500, 9)
    assert not is_outage(None, 0, 500, 60)
    assert not is_outage(3, 0, 500, 60)
    assert not is_outage(0, 0, None, 60)
