"""What was counted on registers that an offer has no prices for, divided by the curve."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from monitor.money.profile_billing import by_period
from monitor.readings.periods import Energy, HourEnergy

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def piece(**wh: int) -> Energy:
    return Energy(START, START + 4 * HOUR, wh, None, 0, 0, 14_400, 14_400)


def slots(*drawn: tuple[str, int]) -> list[HourEnergy]:
    """An hour each, with the register that ran."""
    return [
        HourEnergy(START + number * HOUR, wh, register, 3600, recovered=False, imported=False)
        for number, (register, wh) in enumerate(drawn)
    ]


def early(slot: HourEnergy) -> str | None:
    """The first two hours are cheap."""
    return "CHEAP" if slot.start < START + 2 * HOUR else "DEAR"


BASE = (("BASE", 100), ("BASE", 300), ("BASE", 200), ("BASE", 400))


@pytest.mark.parametrize(
    ("counted", "drawn", "expected"),
    [
        ({"BASE": 1000}, BASE, {("BASE", "CHEAP"): 400, ("BASE", "DEAR"): 600}),
        # What was rounded stays counted: 1001 = 400 + 601.
        ({"BASE": 1001}, BASE, {("BASE", "CHEAP"): 400, ("BASE", "DEAR"): 601}),
        (
            {"HCHC": 400, "HCHP": 600},
            (("HCHC", 100), ("HCHP", 300), ("HCHC", 300), ("HCHP", 300)),
            {("HCHC", "CHEAP"): 100, ("HCHC", "DEAR"): 300, ("HCHP", "CHEAP"): 300, ("HCHP", "DEAR"): 300},
        ),
        # Each register rounds by itself: the curve says what ran.
        ({"HCHC": -1, "HCHP": 401}, (("HCHP", 400), ("HCHP", 0)), {("HCHP", "CHEAP"): 400}),
        ({"BASE": 0}, (("BASE", 0),), {("BASE", "CHEAP"): 0}),
        ({"BASE": 1000}, (), None),
        ({"BASE": 1000}, (("BASE", 800),), None),  # a fifth of it is not in the curve
    ],
)
def test_what_was_counted_is_divided_as_the_curve(
    counted: Mapping[str, int], drawn: tuple[tuple[str, int], ...], expected: Mapping[tuple[str, str], int] | None
) -> None:
    assert by_period(piece(**counted), slots(*drawn), early) == expected
