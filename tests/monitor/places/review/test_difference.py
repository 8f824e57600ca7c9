"""Parts of a difference: all amounts are computed by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.places.review.difference import (
    BaseLoad,
    Colour,
    HoursOfUse,
    KwhPrice,
    Level,
    Part,
    Side,
    Slot,
    explain,
    mean_of,
)
from monitor.sources.weather import WeatherEffect

HOUR = 3600
BASE = {"BASE": Decimal("0.2")}


def side(wh: Sequence[int], base: int | None = 100, price: str | None = "0.2", first: int = 0) -> Side:
    """Return hours of one register, from a local hour on."""
    total = sum(wh)
    return Side(
        {"BASE": total},
        None if price is None else {"BASE": Decimal(price) * total / 1000},
        {hour: Slot(drawn, HOUR) for hour, drawn in enumerate(wh, first)},
        base,
    )


def of_registers(amounts: Mapping[str, tuple[int, str]]) -> Side:
    """Return registers with what they drew and the price of their kWh."""
    cost = {name: Decimal(wh) / 1000 * Decimal(price) for name, (wh, price) in amounts.items()}
    return Side({name: wh for name, (wh, _) in amounts.items()}, cost, {}, None)


def use(start: int, end: int, wh: int, cost: str | None, *, whole: bool = False) -> Part:
    """Return a part of hours of use; `whole`: no base load is known of them."""
    return Part(HoursOfUse(start, end, all=whole), wh, None if cost is None else Decimal(cost))


HALF_PAST = Level(5400, 14400, 1000, {1: 1800, 2: HOUR, 3: HOUR})
THREE_HOURS = Level(3600, 14400, 1000, {1: HOUR, 2: HOUR, 3: HOUR})
LEVELS = [Level(3600, 7200, 1000, {1: HOUR}), Level(10_800, 14_400, 800, {3: HOUR})]
LITTLE = Level(3600, 7200, 300, {1: HOUR})
COLD = WeatherEffect(8.0, 5.0, 1500)
TEMPO = {"BLUE": Decimal("0.1"), "RED": Decimal("0.6")}


@pytest.mark.parametrize(
    ("now", "before", "known", "parts"),
    [
        # The base load counts in each hour; hours of use are what is above it: 1350 - 300 - 50, and 1150 - 100 - 50.
        (
            side([150, 150, 150, 1350, 1150, 150], base=150),
            side([100, 100, 100, 300, 100, 100]),
            {},
            [use(3, 5, 2000, "0.4"), Part(BaseLoad(100, 150), 300, Decimal("0.06"))],
        ),
        # A low day has less of them.
        (side([100, 100, 200]), side([100, 1100, 1200]), {}, [use(1, 3, -2000, "-0.4")]),
        # A boiler ran all night: the least hour of the day says what always runs; 50 Wh are the rest.
        (side([2000, 2000, 150, 100], base=2000), side([100] * 4), {}, [use(0, 2, 3800, "0.76")]),
        # A roof left 20 W of the base load to draw at 2 o'clock, and nothing at 3.
        (
            replace(side([150, 150, 20, 0], base=150), injects=True),
            replace(side([100, 100, 20, 0], base=100), injects=True),
            {"matters": False},
            [Part(BaseLoad(100, 150), 100, Decimal("0.02"))],
        ),
        # No base load is known.
        (side([600, 600], None), side([100, 100], None), {}, [use(0, 2, 1000, "0.2", whole=True)]),
        # From 1:30 to the end, 1000 W: 500 + 1000, and of hour 3 only the 300 that are more than before.
        (
            side([100, 600, 1100, 1100]),
            side([100, 100, 100, 800]),
            {"levels": [HALF_PAST]},
            [Part(HALF_PAST, 1800, Decimal("0.36"))],
        ),
        # A level of whose 3000 Wh hours before had all but 1400 explains nothing; nor does one of every day,
        # one that explains less than a tenth, or one that rose on a day on which less was drawn.
        (
            side([100, 1100, 1100, 1100]),
            side([100, 300, 700, 900]),
            {"levels": [THREE_HOURS]},
            [use(1, 4, 1400, "0.28")],
        ),
        (side([900, 1100]), side([100, 1100]), {"levels": LEVELS[:1]}, [use(0, 1, 800, "0.16")]),
        (side([100, 400, 5000]), side([100] * 3), {"levels": [LITTLE]}, [use(1, 3, 5200, "1.04")]),
        (
            side([100, 1100, 100]),
            side([100, 100, 5000]),
            {"levels": LEVELS[:1], "large": True},
            [use(2, 3, -4900, "-0.98")],
        ),
        # 1000 Wh more in hour 2 than in hour 3: two thirds of the 1500 Wh of the weather are there.
        (
            side([1000, 1000, 3000, 2000], None),
            side([1000] * 4, None),
            {"weather": COLD},
            [Part(COLD, 1500, Decimal("0.3")), use(2, 4, 1500, "0.3")],
        ),
        # Where the weather counts a base load is heating.
        (
            side([600] * 4, base=600),
            side([100] * 4),
            {"weather": COLD},
            [Part(COLD, 1500, Decimal("0.3")), use(0, 4, 500, "0.1", whole=True)],
        ),
        # The greatest three: two levels and an hour of use; the base load of 50 W is left to the rest.
        (
            side([150, 1150, 150, 950, 150, 750], base=150),
            side([100] * 6),
            {"levels": LEVELS},
            [Part(LEVELS[0], 1000, Decimal("0.2")), Part(LEVELS[1], 800, Decimal("0.16")), use(5, 6, 600, "0.12")],
        ),
        # A twentieth of 3000 Wh is 150: an hour of 149 is no hour of use, and one of 150 and more is.
        (side([149, 2551, 0, 300, 149, 0], 0), side([0] * 6, 0), {}, [use(1, 4, 2851, "0.5702")]),
        (side([160, 2540, 0, 140, 160, 0], 0), side([0] * 6, 0), {}, [use(0, 5, 3000, "0.6")]),
        # A red day costs more, and not for its energy; a cheap day names the register that it was spared.
        (
            of_registers({"RED": (10_000, "0.6")}),
            of_registers({"BLUE": (10_000, "0.1")}),
            {"prices": TEMPO},
            [Part(Colour("RED", 0.0, 1.0), 0, Decimal(5))],
        ),
        (
            of_registers({"BLUE": (10_000, "0.1")}),
            of_registers({"BLUE": (8000, "0.1"), "RED": (2000, "0.6")}),
            {"prices": TEMPO},
            [Part(Colour("RED", 0.2, 0.0), 0, Decimal(-1))],
        ),
        # At prices of before 0.20 + 1.60 = 1.80 EUR: 0.30 for the registers, and 0.36 for the prices that rose.
        (
            of_registers({"HC": (2000, "0.12"), "HP": (8000, "0.24")}),
            of_registers({"HC": (5000, "0.1"), "HP": (5000, "0.2")}),
            {"prices": {"HC": Decimal("0.1"), "HP": Decimal("0.2")}},
            [
                Part(KwhPrice(Decimal("0.18"), Decimal("0.216")), 0, Decimal("0.36")),
                Part(Colour("HP", 0.5, 0.8), 0, Decimal("0.3")),
            ],
        ),
        # A register without a price of before leaves one price of the kWh.
        (
            of_registers({"HP": (10_000, "0.3")}),
            of_registers({"BASE": (10_000, "0.2")}),
            {},
            [Part(KwhPrice(Decimal("0.2"), Decimal("0.3")), 0, Decimal(1))],
        ),
        # Where nothing was drawn before energy is worth its own price; without prices energy alone is told.
        (side([0, 2000], 0), side([0, 0], 0), {"prices": {}}, [use(1, 2, 2000, "0.4")]),
        (side([100, 2100], price=None), side([100, 100]), {"prices": {}}, [use(1, 2, 2000, None)]),
    ],
)
def test_a_difference_has_its_greatest_parts(
    now: Side, before: Side, known: Mapping[str, Any], parts: list[Part]
) -> None:
    found = explain(now, before, known.get("levels", ()), known.get("prices", BASE), known.get("weather"))
    assert (found.matters, found.rest_is_large) == (known.get("matters", True), known.get("large", False))
    assert found.parts == parts
    assert found.rest.wh == now.total_wh - before.total_wh - sum(part.wh for part in parts)


@pytest.mark.parametrize(("last", "wh", "hours"), [(0, 1000, -3000), (5000, 4000, -1000)])
def test_colder_days_of_which_less_was_drawn_otherwise_name_both(last: int, wh: int, hours: int) -> None:
    weather = WeatherEffect(8.0, 5.0, wh)
    found = explain(side([1000, 1000, last], None), side([1000, 1000, 2000], None), (), BASE, weather)
    assert {(part.what, part.wh) for part in found.parts} == {(HoursOfUse(2, 3, all=False), hours), (weather, wh)}


@pytest.mark.parametrize(("wh", "told"), [(200, True), (199, False)])
def test_weather_that_explains_less_than_a_tenth_is_left_out(wh: int, told: bool) -> None:
    found = explain(side([2100], None), side([100], None), (), BASE, WeatherEffect(8.0, 7.0, wh))
    assert any(isinstance(part.what, WeatherEffect) for part in found.parts) is told


@pytest.mark.parametrize(
    ("now", "before", "price", "matters"),
    [
        (5499, 5000, None, False),  # 499 Wh
        (5500, 5000, None, True),  # a tenth, and 500 Wh
        (10_999, 10_000, None, False),  # less than a tenth
        (500, 0, None, True),
        (4500, 5000, None, True),
        (4400, 4000, "0.25", True),  # 400 Wh, and 0.10 EUR
        (4400, 4000, "0.24", False),
    ],
)
def test_a_small_difference_does_not_matter(now: int, before: int, price: str | None, matters: bool) -> None:
    assert explain(side([now], price=price), side([before], price=price), (), {}).matters is matters


def test_energy_is_a_part_also_on_a_day_whose_colour_costs_much_more() -> None:
    """10 kWh at 0.10, and 12 kWh at 0.60: 0.20 for 2 kWh, and 6.00 for the colour."""
    hours = {1: Slot(0, HOUR)}
    before = Side({"BLUE": 10_000}, {"BLUE": Decimal(1)}, hours, 0)
    now = Side({"RED": 12_000}, {"RED": Decimal("7.2")}, {1: Slot(2000, HOUR)}, 0)
    found = explain(now, before, (), {"BLUE": Decimal("0.1"), "RED": Decimal("0.6")})
    assert found.parts == [
        Part(Colour("RED", 0.0, 1.0), 0, Decimal(6)),
        Part(HoursOfUse(1, 2, all=True), 2000, Decimal("0.2")),
    ]
    little = replace(now, wh={"RED": 10_100}, cost={"RED": Decimal("6.06")}, hours={1: Slot(100, HOUR)})
    assert len(explain(little, before, (), {"BLUE": Decimal("0.1"), "RED": Decimal("0.6")}).parts) == 1
    unknown = explain(replace(now, hours={}), before, (), {"BLUE": Decimal("0.1"), "RED": Decimal("0.6")})
    assert (unknown.rest, unknown.rest_is_large) == (Part(None, 2000, Decimal("0.2")), True)


def test_what_no_hour_tells_is_a_large_rest() -> None:
    found = explain(Side({"BASE": 3000}, None, {}, None), Side({"BASE": 1000}, None, {}, None), (), {})
    assert (found.parts, found.rest, found.rest_is_large) == ([], Part(None, 2000, None), True)


@pytest.mark.parametrize(("known", "large"), [(1500, True), (1501, False)])
def test_a_rest_is_large_from_a_quarter_on(known: int, large: bool) -> None:
    now = Side({"BASE": 2000}, None, {1: Slot(known, HOUR)}, 0)
    found = explain(now, Side({}, None, {1: Slot(0, HOUR)}, 0), (), {})
    assert (found.rest.wh, found.rest_is_large) == (2000 - known, large)


def test_the_mean_of_sides_is_that_of_each_register_hour_and_night() -> None:
    sides = [
        Side({"HC": 100, "HP": 301}, {"HC": Decimal(1), "HP": Decimal(2)}, {2: Slot(100, HOUR)}, 80),
        Side({"HP": 100}, {"HP": Decimal(4)}, {2: Slot(301, 2 * HOUR), 3: Slot(7, HOUR)}, None),
    ]
    assert mean_of(sides) == Side(
        {"HC": 50, "HP": 200},
        {"HC": Decimal("0.5"), "HP": Decimal(3)},
        {2: Slot(200, 5400), 3: Slot(7, HOUR)},
        80,
    )
    assert mean_of([*sides, Side({}, None, {}, None)]).cost is None


def sides() -> st.SearchStrategy[Side]:
    wh = st.integers(0, 20_000)
    slots = st.builds(Slot, wh, st.just(HOUR))
    return st.builds(
        lambda drawn, prices, hours, base: Side(
            drawn, {name: Decimal(drawn[name]) / 1000 * Decimal(prices[name]) / 10_000 for name in drawn}, hours, base
        ),
        st.fixed_dictionaries({"HC": wh, "HP": wh}),
        st.fixed_dictionaries({"HC": st.integers(0, 9999), "HP": st.integers(0, 9999)}),
        st.dictionaries(st.integers(0, 23), slots),
        st.none() | st.integers(0, 3000),
    )


@given(sides(), sides(), st.lists(st.builds(Level, st.just(0), st.just(0), st.integers(300, 9000),
                                            st.dictionaries(st.integers(0, 23), st.integers(0, HOUR)))),
       st.none() | st.builds(WeatherEffect, st.just(8.0), st.just(5.0), st.integers(-9000, 9000)))  # fmt: skip
def test_parts_and_rest_add_up_to_the_difference(
    now: Side, before: Side, levels: list[Level], weather: WeatherEffect | None
) -> None:
    found = explain(now, before, levels, {"HC": Decimal("0.1234"), "HP": Decimal("0.5")}, weather)
    assert len(found.parts) <= 3
    assert sum(part.wh for part in [*found.parts, found.rest]) == now.total_wh - before.total_wh
    costs = [part.cost for part in [*found.parts, found.rest] if part.cost is not None]
    assert now.total_cost is not None
    assert before.total_cost is not None
    assert sum(costs) == now.total_cost - before.total_cost
    assert all(cost == cost.quantize(Decimal("0.0001")) for cost in costs)
