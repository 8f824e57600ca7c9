from decimal import Decimal

import pytest

from monitor.sources.sun_energy import Contradiction, Sun, add_up, contradiction


def sun(production: int | None, injected: int | None, drawn: int = 0, heard: int = 3600, **amounts: Decimal) -> Sun:
    return Sun(production, injected, drawn, heard, amounts.get("saved"), amounts.get("earned"))


@pytest.mark.parametrize(
    ("production", "injected", "drawn", "used", "self_consumption", "self_sufficiency"),
    [
        (1000, 600, 400, 400, 0.4, 0.5),
        (1000, 0, 0, 1000, 1.0, 1.0),
        (1000, 1000, 500, 0, 0.0, 0.0),
        (0, 0, 500, 0, None, 0.0),
        (0, 0, 0, 0, None, None),
        (500, 700, 300, -200, None, None),  # counted after a gap, or contradictory
        (None, 700, 300, None, None, None),
        (500, None, 300, None, None, None),
    ],
)
def test_what_is_made_is_used_at_home_or_injected(
    production: int | None,
    injected: int | None,
    drawn: int,
    used: int | None,
    self_consumption: float | None,
    self_sufficiency: float | None,
) -> None:
    found = sun(production, injected, drawn)
    assert (found.self_consumed_wh, found.self_consumption, found.self_sufficiency) == (
        used,
        self_consumption,
        self_sufficiency,
    )


def test_periods_add_up_to_those_of_which_all_is_known() -> None:
    known = [
        sun(1000, 600, 400, saved=Decimal("0.08"), earned=Decimal("0.024")),
        sun(500, 700, 100, 60, saved=Decimal("-0.04"), earned=Decimal("0.028")),
    ]
    total = Sun(1500, 1300, 500, 3660, Decimal("0.04"), Decimal("0.052"))
    assert add_up([sun(None, 900, 50), *known, sun(300, None, 20)]) == total
    assert add_up([sun(300, None, 20), sun(None, None, 5)]) == sun(300, None, 20)
    assert add_up([sun(None, 900)]) is None
    assert add_up([known[0], sun(1, 0, saved=Decimal(1))]) == sun(1001, 600, 400, 7200, saved=Decimal("1.08"))


@pytest.mark.parametrize(
    ("periods", "found"),
    [
        ([sun(10_000, 10_300)], None),
        ([sun(10_000, 10_307)], Contradiction(1, 10_000, 10_307)),
        ([sun(10_000, 12_000), sun(9000, 8000), sun(0, 500)], Contradiction(2, 10_000, 12_500)),
        ([sun(0, 12_000, heard=0)], None),  # a gap, not a contradiction
        ([sun(None, 12_000), sun(10_000, None)], None),
    ],
)
def test_less_made_than_injected_is_a_contradiction(periods: list[Sun], found: Contradiction | None) -> None:
    assert contradiction(periods) == found
