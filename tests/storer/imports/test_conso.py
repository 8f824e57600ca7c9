"""Answers of Conso API: the days when the clock changes, steps, holes, values that cannot be taken."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from common.errors import FileRefused
from storer.imports.conso import parse_conso, read_prm
from storer.imports.model import Parsed
from tests.support.imports import PARIS, content, energy, of

_CURVE = "consumption_load_curve"
_Rows = Sequence[tuple[str, int | str | None]]


def file(*answers: tuple[str, _Rows], step: str = "PT30M") -> bytes:
    """Make a file of readings: (type, (date, value)…)."""
    made: list[dict[str, Any]] = []
    for kind, readings in answers:
        rows = [{"value": None if value is None else str(value), "date": stamp} for stamp, value in readings]
        if "curve" in kind:
            rows = [row | {"interval_length": step} for row in rows]
        made.append({"type": kind, "interval_reading": rows})
    return json.dumps({"conso": 1, "answers": made}).encode()


def curve(stamps: Iterable[str], watts: int = 1000) -> list[tuple[str, int | str | None]]:
    return [(stamp, watts) for stamp in stamps]


def half_hours(day: str, *, without: Sequence[str] = ()) -> list[str]:
    """Return the 48 ends of the half-hours of an ordinary day, the last at midnight of the next one."""
    begin = datetime.fromisoformat(day)
    stamps = [f"{begin + number * timedelta(minutes=30):%Y-%m-%d %H:%M:%S}" for number in range(1, 49)]
    return [stamp for stamp in stamps if stamp[11:16] not in without]


def parsed(*answers: tuple[str, _Rows], step: str = "PT30M") -> Parsed:
    return parse_conso(file(*answers, step=step), PARIS)


def test_the_mean_power_of_steps_that_end_at_local_times_becomes_whole_hours_and_other_days_stay_days() -> None:
    found = parse_conso(content("conso.json"), PARIS)
    # (1001 + 1000) / 2 = 1000.5 rounds to even; the day of 23 hours ends at 22:00 UTC; quarters: 2402 / 4 = 600.5.
    assert [(f"{one.end:%d %H:%M}", one.hours, one.wh) for one in of(found)] == [
        ("29 23:00", 24, 11000),
        ("30 22:00", 23, 9000),
        ("30 23:00", 1, 600),
    ]
    assert found.left_out == {"empty values": 1, "days whose load curve has holes, kept as their daily value": 1}


def test_what_rounding_leaves_is_carried_on_within_the_day() -> None:
    stamps = half_hours("2026-11-20")
    watts = [1, 0] * 24  # 0.5 Wh an hour: 12 Wh
    found = parsed((_CURVE, list(zip(stamps, watts, strict=True))))
    assert sum(one.wh for one in found.periods) == 12
    assert len(found.periods) == 24


@pytest.mark.parametrize(
    ("step", "minutes"), [("PT10M", 10), ("PT15M", 15), ("PT30M", 30), ("PT60M", 60), ("PT1H", 60)]
)
def test_steps_of_older_meters_are_read(step: str, minutes: int) -> None:
    begin = datetime.fromisoformat("2026-06-01")
    ends = [begin + number * timedelta(minutes=minutes) for number in range(1, 1440 // minutes + 1)]
    found = parsed((_CURVE, curve(f"{end:%Y-%m-%d %H:%M:%S}" for end in ends)), step=step)
    assert [one.wh for one in found.periods] == [1000] * 24


def october(second: str) -> list[tuple[str, int | str | None]]:
    """Return the 50 half-hours of 25 October 2026: 100 W, and 200, 300, 400, 500 W from 02:00 summer to 03:00 winter.

    `second` says how the ends of the repeated hours are written: at 03:00 of summer it is 02:00 of winter.
    """
    ends = half_hours("2026-10-25")
    day = "2026-10-25 "
    repeated = ["02:30", "03:00", "02:30", "03:00"] if second == "by start" else ["02:30", "02:00", "02:30", "03:00"]
    twice = [f"{day}{time}:00" for time in repeated]
    values = [100] * 4 + [200, 300, 400, 500] + [100] * 42
    return list(zip([*ends[:4], *twice, *ends[6:]], values, strict=True))


@pytest.mark.parametrize("second", ["by start", "by end"])
def test_the_repeated_hour_of_october_is_told_apart_by_order(second: str) -> None:
    found = parsed((_CURVE, october(second)))
    by_end = energy(found)
    assert len(by_end) == 25
    assert [by_end[f"2026-10-25 0{hour}:00"] for hour in range(4)] == [100, 250, 450, 100]
    assert found.left_out == {}


@pytest.mark.parametrize("first", ["02:00", "03:00"])
def test_the_day_of_23_hours_is_whole_however_its_gap_is_written(first: str) -> None:
    stamps = half_hours("2026-03-29", without=("02:00", "02:30", "03:00"))
    stamps.insert(3, f"2026-03-29 {first}:00")
    found = parsed((_CURVE, curve(stamps)))
    assert len(stamps) == 46
    assert [one.wh for one in found.periods] == [1000] * 23
    assert f"{found.periods[0].start:%d %H:%M} {found.periods[-1].end:%d %H:%M}" == "28 23:00 29 22:00"


def test_half_hours_that_march_skips_are_left_out_and_the_others_stay() -> None:
    found = parsed((_CURVE, curve(half_hours("2026-03-29"))))
    assert len(found.periods) == 23  # the hour from 01:00 has 01:30, and 03:00, which is its end
    assert found.left_out["times that the clock skips in March"] == 2


def test_a_day_of_october_with_a_hole_in_its_repeated_hour_loses_no_other_hour() -> None:
    readings = october("by end")
    del readings[5]
    found = parsed((_CURVE, readings))
    assert len(found.periods) == 23  # the two hours that the lost 02:00 is the end of, or in the middle of
    assert "2026-10-25 04:00" in energy(found)


def test_a_day_with_a_hole_is_its_daily_value_and_without_one_its_whole_hours() -> None:
    holes = curve(half_hours("2026-11-20", without=("12:30", "18:00")))
    days: _Rows = [("2026-11-20", 24100)]
    found = parsed((_CURVE, holes), ("daily_consumption", days))
    assert [(one.hours, one.wh) for one in found.periods] == [(24, 24100)]
    assert found.left_out["days whose load curve has holes, kept as their daily value"] == 1
    assert len(parsed((_CURVE, holes)).periods) == 22


@pytest.mark.parametrize(("day", "differs"), [(24000, 0), (24024, 0), (24025, 1), (23000, 1)])
def test_a_whole_curve_wins_over_the_daily_value_and_a_real_difference_is_counted(day: int, differs: int) -> None:
    # Whole watts of 48 half-hours may leave out up to 24 Wh.
    found = parsed((_CURVE, curve(half_hours("2026-11-20"))), ("daily_consumption", [("2026-11-20", day)]))
    assert sum(one.wh for one in found.periods) == 24000
    assert found.left_out["days whose daily value differs from their load curve, which is kept"] == differs


def test_production_is_what_is_injected() -> None:
    found = parsed(
        ("production_load_curve", curve(half_hours("2026-06-01"), 300)),
        ("daily_production", [("2026-05-31", 4000)]),
        ("daily_consumption", [("2026-05-31", 7000)]),
    )
    assert sum(one.wh for one in of(found, "injected")) == 24 * 300 + 4000
    assert [one.wh for one in of(found)] == [7000]


def test_doubled_half_hours_count_once_and_times_off_the_grid_not_at_all() -> None:
    stamps = half_hours("2026-11-20")
    readings = [*curve(stamps), *curve(stamps), *curve(["2026-11-20 12:14:10"])]
    found = parsed((_CURVE, readings))
    assert [one.wh for one in found.periods] == [1000] * 24
    assert found.left_out == {"doubled lines": 48, "times that are not those of a step": 1}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2000, "times that have several values"),
        (-1, "values that no such meter counts"),
        (40_001, "values that no such meter counts"),
        (None, "empty values"),
    ],
)
def test_one_bad_half_hour_costs_its_hour_only(value: int | None, reason: str) -> None:
    stamps = half_hours("2026-11-20")
    readings = curve(stamps)
    if reason.startswith("times"):
        readings.append((stamps[7], value))
    else:
        readings[7] = (stamps[7], value)
    found = parsed((_CURVE, readings))
    assert len(found.periods) == 23
    assert "2026-11-20 03:00" not in energy(found)
    assert found.left_out[reason] == 1


def test_of_two_answers_for_one_time_the_later_one_counts() -> None:
    stamps = half_hours("2026-11-20")
    found = parsed((_CURVE, curve(stamps)), (_CURVE, curve(stamps, 2000)), ("daily_consumption", []))
    assert {one.wh for one in found.periods} == {2000}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"start,register,wh\n", "JSON is expected"),
        (b"[]", "no collection of answers"),
        (b'{"conso": 2, "answers": []}', "no collection of answers"),
        (b'{"conso": 1}', "are missing"),
        (b'{"conso": 1, "answers": [{"type": ["x"], "interval_reading": []}]}', "answer 1 of Conso API"),
        (b'{"conso": 1, "answers": [{"type": "daily_consumption"}]}', "answer 1 of Conso API"),
        (file((_CURVE, [("2026-11-20 00:30:00", 1)]), step="P1D"), "a step such as PT30M"),
        (file((_CURVE, [("20/11/2026 99:30", 1)])), "a time is expected"),
        (file(("daily_consumption", [("2026-11-31", 1)])), "a day is expected"),
        (file(("daily_consumption", [("2026-11-30", "many")])), "a number is expected"),
        (b'{"conso": 1, "answers": [{"type": "daily_consumption", "interval_reading": [{"value": "1"}]}]}', "'date'"),
    ],
)
def test_what_is_no_answer_of_conso_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        parse_conso(data, PARIS)


def test_a_file_names_its_delivery_point() -> None:
    assert read_prm(b'{"conso": 1, "prm": "12345678901234", "answers": []}') == "12345678901234"
    assert [read_prm(data) for data in (b"x", b"[]", b'{"prm": "12345678901234"}', b'{"conso": 1, "prm": 7}')] == [
        None
    ] * 4
