"""What an audit prints, and its exit code."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from storer.export.audit import Hour, report

METER, OTHER = "031961123456", "041361000001"
START = datetime(2026, 11, 24, 20, tzinfo=UTC)

Line = tuple[str | int, ...]


def hour(place: int, counted: int | None, stored: int, meter: str = METER) -> Hour:
    return Hour(meter, START + place * timedelta(hours=1), counted, stored)


def facts(out: io.StringIO) -> list[Line]:
    """What each line means: when, meter, state and numbers of an hour; the numbers of hours and frames of the last."""
    *hours, total = out.getvalue().splitlines()
    result: list[Line] = []
    for line in hours:
        when, meter, text = line.split("  ")
        state, _, rest = text.partition(": ")
        result.append((when, meter, state, *map(int, re.findall(r"\d+", rest))))
    return [*result, tuple(map(int, re.findall(r"\d+", total)))]


@pytest.mark.parametrize(
    ("hours", "code", "lines"),
    [
        pytest.param([], 0, [(0, 0, 0, 0)], id="nothing"),
        pytest.param([hour(place, 3600, 3600) for place in range(24)], 0, [(24, 0, 0, 0)], id="complete"),
        pytest.param(
            [hour(0, 1, 1), hour(1, 3600, 3599)],
            1,
            [("2026-11-24T21:00:00Z", METER, "incomplete", 3600, 3599, 1), (1, 1, 0, 1)],
            id="incomplete",
        ),
        # The frames that a power cut lost were not counted either. A surplus makes up for nothing.
        pytest.param(
            [hour(0, 1790, 3590), hour(1, 10, 5)],
            1,
            [
                ("2026-11-24T20:00:00Z", METER, "unknown", 1790, 3590),
                ("2026-11-24T21:00:00Z", METER, "incomplete", 10, 5, 5),
                (0, 1, 1, 5),
            ],
            id="a surplus",
        ),
        # One line until an hour with a tally comes, also where nothing was stored in between.
        pytest.param(
            [*(hour(place, None, 9) for place in (0, 1, 2, 9)), hour(10, 9, 9), hour(11, None, 9)],
            0,
            [
                ("2026-11-24T20:00:00Z to 2026-11-25T05:00:00Z", METER, "unknown", 4),
                ("2026-11-25T07:00:00Z", METER, "unknown", 1),
                (1, 0, 5, 0),
            ],
            id="without a tally",
        ),
        pytest.param(
            [
                one
                for place in range(3)
                for one in (hour(place, None, 1), hour(place, 2 if place == 1 else None, 1, meter=OTHER))
            ],
            1,
            [
                ("2026-11-24T20:00:00Z", OTHER, "unknown", 1),
                ("2026-11-24T21:00:00Z", OTHER, "incomplete", 2, 1, 1),
                ("2026-11-24T20:00:00Z to 2026-11-24T22:00:00Z", METER, "unknown", 3),
                ("2026-11-24T22:00:00Z", OTHER, "unknown", 1),
                (0, 1, 5, 1),
            ],
            id="two meters",
        ),
    ],
)
def test_hours_that_are_not_complete_are_lines(hours: list[Hour], code: int, lines: list[Line]) -> None:
    out = io.StringIO()
    assert report(hours, out) == code
    assert facts(out) == lines
