"""Now or later: the answer of `later`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.prices import PriceSpan
from monitor.live.later import later
from monitor.live.values import Tariff
from monitor.places.now.routes import LATER
from tests.support.api import sent
from tests.support.json_schema import check

PARIS = ZoneInfo("Europe/Paris")
TEMPO = Tariff(colour="white", tomorrow="blue")


def at(text: str) -> datetime:
    """An instant of 25 to 27 November 2026, such as `25 18:30`, in Paris."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=PARIS)


def asked(
    *spans: tuple[str, float],
    end: str = "26 18:00",
    tariff: Tariff = TEMPO,
    surplus: int | None = None,
    feed_in: str | None = None,
) -> Mapping[str, Any]:
    """Ask at 18:30 on 25 November; each price holds until the next."""
    ends = [at(start) for start, _ in spans[1:]] + [at(end)]
    known = [PriceSpan(at(start), until, value) for (start, value), until in zip(spans, ends, strict=True)]
    sold = None if feed_in is None else Decimal(feed_in)
    answer: Mapping[str, Any] = sent(
        later("031961123456", known, tariff, at("25 18:30").astimezone(UTC), PARIS, surplus, sold)
    )
    check(answer, LATER.schema)
    return answer


def test_the_next_cheaper_price_and_the_cheapest_are_told() -> None:
    assert asked(("25 06:00", 0.1871), ("25 22:00", 0.1499), ("26 06:00", 0.1412), ("26 14:00", 0.1871)) == {
        "meter": "031961123456",
        "price": 1871,
        "assumed": False,
        "surplus": None,
        "change": {"at": "2026-11-25T21:00:00Z", "price": 1499},
        "cheaper": [
            {"at": "2026-11-25T21:00:00Z", "price": 1499, "colour": None},
            {"at": "2026-11-26T05:00:00Z", "price": 1412, "colour": "blue"},
        ],
    }


def test_a_price_that_is_only_assumed_is_told_as_such() -> None:
    span = PriceSpan(at("25 06:00"), at("26 06:00"), 0.1871, assumed=True)
    answer = sent(later("031961123456", [span], TEMPO, at("25 18:30").astimezone(UTC), PARIS))
    assert answer["assumed"] is True


def test_of_many_prices_of_a_market_two_are_told() -> None:
    answer = asked(("25 18:15", 0.30), ("25 18:45", 0.28), ("25 19:00", 0.25), ("26 03:00", 0.10), ("26 04:00", 0.10))
    assert [one["price"] for one in answer["cheaper"]] == [2800, 1000]
    assert answer["cheaper"][1]["at"] == "2026-11-26T02:00:00Z"


@pytest.mark.parametrize(
    ("spans", "change"),
    [
        ([("25 00:00", 0.1952)], None),  # Base
        ([("25 06:00", 0.1952), ("25 22:00", 0.1951)], None),  # by less than a cent
        ([("25 06:00", 0.15), ("25 22:00", 0.1502), ("26 06:00", 0.20)], {"at": "2026-11-26T05:00:00Z", "price": 2000}),
    ],
)
def test_where_no_price_is_cheaper_the_next_one_that_differs_by_a_cent_is_told(
    spans: list[tuple[str, float]], change: Any
) -> None:
    answer = asked(*spans)
    assert (answer["change"], answer["cheaper"]) == (change, [])


def test_colours_are_those_of_the_next_tempo_day_as_far_as_it_is_known() -> None:
    spans = ("25 06:00", 0.19), ("26 06:00", 0.14)
    assert [one["colour"] for one in asked(*spans)["cheaper"]] == ["blue"]
    for tariff in (Tariff(colour="white"), Tariff()):
        assert [one["colour"] for one in asked(*spans, tariff=tariff)["cheaper"]] == [None]


def test_a_price_that_is_over_is_none() -> None:
    answer = asked(("25 06:00", 0.19), end="25 18:30")
    assert (answer["price"], answer["change"], answer["cheaper"]) == (None, None, [])


@pytest.mark.parametrize(
    ("surplus", "feed_in", "price"),
    [
        (377, "0.1269", 1483),  # 0.623 x 0.1612 + 0.377 x 0.1269 = 0.14827
        (377, None, 1004),  # 0.623 x 0.1612 = 0.10043
        (1460, "0.1269", 1269),
        (1460, None, 0),
    ],
)
def test_while_a_roof_exports_a_kwh_costs_what_its_export_would_bring_as_far_as_that_goes(
    surplus: int, feed_in: str | None, price: int
) -> None:
    answer = asked(("25 06:00", 0.1612), ("25 22:00", 0.1499), surplus=surplus, feed_in=feed_in)
    assert (answer["price"], answer["surplus"]) == (1612, {"power": surplus, "price": price})


def test_later_is_advised_only_where_it_is_cheaper_than_now_with_the_surplus() -> None:
    spans = ("25 06:00", 0.1612), ("25 22:00", 0.1299)
    assert [one["price"] for one in asked(*spans)["cheaper"]] == [1299]
    assert [one["price"] for one in asked(*spans, surplus=377, feed_in="0.1269")["cheaper"]] == [1299]  # 0.15 now
    assert asked(*spans, surplus=377)["cheaper"] == []  # 0.10 now


@pytest.mark.parametrize("surplus", [0, 99])
def test_a_roof_that_exports_next_to_nothing_changes_nothing(surplus: int) -> None:
    spans = ("25 06:00", 0.1612), ("25 22:00", 0.1299)
    assert asked(*spans, surplus=surplus, feed_in="0.1269") == asked(*spans)
