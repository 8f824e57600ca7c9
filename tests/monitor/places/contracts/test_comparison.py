"""What offers would have cost, and which are ranked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.calendar import midnight
from monitor.money.bill import Bill, Cost, Missing
from monitor.money.calendars import Calendars
from monitor.money.dated_files import SpotPrices
from monitor.money.prices import DatedAmount, Kind, PricedOffer, PriceRow, PriceTable
from monitor.money.rule_document import read_rule
from monitor.money.rules import Rule, Span, Spot
from monitor.places.contracts.comparison import Comparison, Measured, OfferCost, Question, compare, extent
from monitor.places.contracts.usage_curve import UsageCurve, Why
from monitor.readings.periods import HourEnergy
from tests.support.prices import BASE as ONE_PRICE
from tests.support.prices import REGULATED, price_file

PARIS = ZoneInfo("Europe/Paris")
START, END = (midnight(date(2026, 1, day), PARIS) for day in (5, 7))  # Monday and Tuesday, 48 hours
TODAY = date(2026, 3, 1)
NIGHT = (22 * 60, 6 * 60)
CHOSEN = read_rule(
    {
        "choice": {"weekday": ["mon", "fri"]},
        "days": {"cheap": {"weekdays": ["choice"]}, "any": "always"},
        "hours": {"cheap": {"C": "rest"}, "any": {"X": "rest"}},
    },
    "chosen",
)


def row(offer: str, start: str = "2025-08-01", **kwh: str) -> PriceRow:
    prices = {period: Decimal(price) for period, price in kwh.items()}
    return PriceRow(offer, date.fromisoformat(start), {0: prices}, {9: Decimal(365)})


BASE = row("base", BASE="0.20")
OFF_PEAK = row("hchp", HCHC="0.10", HCHP="0.30")
TEMPO = row("tempo", BBRHCJB="0.1", BBRHPJB="0.2", BBRHCJW="0.3", BBRHPJW="0.4", BBRHCJR="0.5", BBRHPJR="0.9")


def curve(register: str | None = "BASE", count: int = 48, start: datetime = START) -> list[HourEnergy]:
    """One kWh an hour."""
    return [
        HourEnergy(start + timedelta(hours=n), 1000, register, 3600, recovered=False, imported=False)
        for n in range(count)
    ]


def market(name: str, rule: Rule | None, checked: str | None = None, **more: object) -> PricedOffer:
    day = None if checked is None else date.fromisoformat(checked)
    return PricedOffer(name, "Supplier", name, **{"kind": Kind.INDEXED, "rule": rule, "checked": day, **more})  # type: ignore[arg-type]


def result(
    *rows: PriceRow,
    usage: str | Sequence[HourEnergy] | None = "BASE",
    offers: Sequence[PricedOffer] = (),
    calendars: Calendars | None = None,
    off_peak: tuple[Span, ...] | None = None,
    yours: str | None = "base",
    read: int = 48,
    recovered_wh: int = 0,
    own: Cost | None = None,
    then: bool = False,
    shift: float = 0,
    today: date = TODAY,
    start: datetime = START,
    end: datetime = END,
    accise: tuple[DatedAmount, ...] = (),
    spot: SpotPrices | None = None,
) -> Comparison:
    known = {offer.id: offer for offer in offers}
    names = dict.fromkeys([*(one.offer for one in rows), *known])
    described = tuple(known.get(name) or REGULATED.get(name) or market(name, ONE_PRICE) for name in names)
    prices = PriceTable([price_file("mine", rows, offers=described, accise=accise)], spot)
    bill = Bill(prices, [], PARIS, datetime(2027, 1, 1, tzinfo=UTC))
    pieces = usage if isinstance(usage, list) else curve(usage)  # type: ignore[arg-type]
    rules = list({id(offer.rule): offer.rule for offer in described if offer.rule is not None}.values())
    changes = prices.changes(None, start.astimezone(PARIS).date(), end.astimezone(PARIS).date()) if then else []
    gathered = UsageCurve(
        pieces,
        rules,
        calendars or Calendars(),
        PARIS,
        lambda _: off_peak,
        changes=changes,
        quarters=spot is not None,
    )
    question = Question(start, end, 9, yours, today, then, shift)
    return compare(prices, gathered, bill, question, Measured(Decimal(48), read, recovered_wh), own)


def offer(comparison: Comparison, name: str) -> OfferCost:
    return next(cost for cost in comparison.offers if cost.offer.id == name)


def test_off_peak_hours_cost_what_the_price_of_each_says() -> None:
    # Two days: 2 x 8 hours at 0.10, 2 x 16 hours at 0.30.
    cost = offer(result(OFF_PEAK, off_peak=(NIGHT,)), "hchp")
    assert (cost.energy, cost.wh_by_period) == (Decimal("11.2"), {"HCHC": 16_000, "HCHP": 32_000})
    assert cost.by_period == {"HCHC": Decimal("1.6"), "HCHP": Decimal("9.6")}


def test_an_offer_whose_hours_nobody_knows_is_refused() -> None:
    cost = offer(result(OFF_PEAK), "hchp")
    assert (cost.unknown, cost.hours, cost.rank) == ({Why.WINDOWS: 48}, 0, None)
    unruly = offer(result(row("mine", A="0.1"), offers=[market("mine", None)]), "mine")
    assert (unruly.refused, unruly.rank) == (Why.RULE, None)


def test_an_offer_without_a_subscription_of_this_power_says_so_and_counts_no_hours() -> None:
    cost = offer(result(replace(BASE, subscription={6: Decimal(120)})), "base")
    assert (cost.unknown, cost.rank, cost.hours) == ({Why.SUBSCRIPTION: 0}, None, 48)


def test_all_offers_are_ranked_at_the_prices_of_today_or_of_then() -> None:
    dearer = row("base", "2026-02-01", BASE="0.50")
    assert offer(result(BASE, dearer), "base").energy == Decimal(24)
    assert offer(result(BASE, dearer, then=True), "base").energy == Decimal("9.6")


def test_a_price_that_changes_within_the_range_counts_from_local_midnight_on() -> None:
    changed = replace(row("base", "2026-01-06", BASE="0.50"), subscription={9: Decimal(730)})
    cost = offer(result(BASE, changed, then=True), "base")
    # Monday 24 kWh at 0.20 and 1 EUR, Tuesday 24 at 0.50 and 2 EUR.
    assert (cost.energy, cost.subscription) == (Decimal("16.8"), Decimal(3))


def test_an_offer_without_a_price_on_some_days_is_not_ranked_at_the_prices_of_then() -> None:
    late = row("late", "2026-01-06", BASE="0.1")
    cost = offer(result(late, then=True), "late")
    assert (cost.hours, cost.rank) == (24, None)
    assert cost.unknown == {Why.PRICES: 24}
    assert offer(result(late), "late").rank == 1


@pytest.mark.parametrize(
    ("checked", "why", "then"),
    [
        ("2026-03-01", None, False),
        ("2025-08-23", None, False),  # 190 days
        ("2025-08-22", Why.OLD, False),
        ("2025-08-22", None, True),
    ],
)
def test_prices_of_the_market_that_nobody_looked_at_for_half_a_year_are_not_ranked(
    checked: str, why: Why | None, then: bool
) -> None:
    comparison = result(BASE, row("zen", BASE="0.1"), offers=[market("zen", ONE_PRICE, checked)], then=then)
    cost = offer(comparison, "zen")
    assert (cost.refused, cost.energy, cost.rank) == (why, Decimal("4.8"), None if why else 1)
    assert offer(comparison, "base").rank == (1 if why else 2)


def test_prices_of_the_market_from_before_a_change_of_taxes_are_not_ranked() -> None:
    accise = (DatedAmount(date(2025, 8, 1), Decimal(20)), DatedAmount(date(2026, 2, 1), Decimal(30)))
    offers = [market("before", ONE_PRICE, "2026-01-31"), market("after", ONE_PRICE, "2026-02-01")]
    comparison = result(row("before", BASE="0.1"), row("after", BASE="0.1"), BASE, offers=offers, accise=accise)
    assert {cost.offer.id: cost.refused for cost in comparison.offers} == {
        "before": Why.TAXES, "after": None, "base": None,
    }  # fmt: skip


def test_ones_own_offer_is_ranked_however_old_its_prices_are() -> None:
    comparison = result(row("zen", BASE="0.1"), offers=[market("zen", ONE_PRICE, "2024-01-01")], yours="zen")
    assert offer(comparison, "zen").rank == 1


def test_of_what_a_customer_may_choose_the_best_is_ranked_and_each_is_told() -> None:
    friday = midnight(date(2026, 1, 9), PARIS)
    usage = curve(count=24) + [replace(piece, wh=3000) for piece in curve(count=24, start=friday)]
    end = friday + timedelta(hours=24)
    cost = offer(
        result(row("zen", C="0.10", X="0.20"), offers=[market("zen", CHOSEN)], usage=usage, end=end, read=120), "zen"
    )
    # Monday: 24 x 0.10 + 72 x 0.20 = 16.8; Friday: 24 x 0.20 + 72 x 0.10 = 12.
    assert cost.energy == Decimal(12)
    assert [(one.weekday, one.total - cost.subscription) for one in cost.choices] == [
        (4, Decimal(12)), (0, Decimal("16.8")),
    ]  # fmt: skip


def test_what_if_a_quarter_of_the_use_in_peak_hours_moved() -> None:
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), shift=0.25)
    # 32 kWh in peak hours become 24: 24 x 0.10 + 24 x 0.30.
    assert offer(comparison, "hchp").energy == Decimal("9.6")
    assert offer(comparison, "base").energy == Decimal("9.6")


SPOT = Spot(
    network={True: Decimal("0.06"), False: Decimal("0.01")},
    cap={True: Decimal("0.25"), False: Decimal("0.14")},
    fees=Decimal("0.02"),
    vat=Decimal("0.25"),
)


MARKET = PriceRow("sobry", date(2025, 8, 1), {}, {9: Decimal(365)}, spot=SPOT)
SOBRY = PricedOffer("sobry", "Sobry", "Spot", Kind.SPOT)


def quarter(number: int) -> datetime:
    return START + timedelta(minutes=15 * number)


def quarters(count: int, wh: int = 1000, first: int = 0) -> list[HourEnergy]:
    """The same energy in each quarter of an hour from one on; the first of each hour is known to begin it."""
    return [
        replace(piece, start=quarter(first + n), wh=wh, divided=True, slices=int(n % 4 == 0))
        for n, piece in enumerate(curve(count=count))
    ]


def by_market(usage: Sequence[HourEnergy], mwh: Mapping[int, int], *rows: PriceRow, **more: Any) -> Comparison:
    """Compare with the market, whose prices are known of some quarters, EUR a MWh."""
    spot = SpotPrices.of_starts({int(quarter(n).timestamp()): Decimal(price) for n, price in mwh.items()})
    accise = (DatedAmount(date(2020, 1, 1), Decimal(20)),)
    return result(*rows, MARKET, offers=[SOBRY], usage=usage, spot=spot, accise=accise, **more)


def test_a_price_of_the_market_counts_by_quarter_hour_up_to_its_cap() -> None:
    cost = offer(by_market(quarters(12), {n: 100 if n else 900 for n in range(8)}), "sobry")
    # (0.90 + 0.06 + 0.02, but at most 0.25, + 0.02) x 1.25 = 0.3375; (0.10 + 0.06 + 0.02 + 0.02) x 1.25 = 0.25 x 7.
    assert (cost.energy, cost.wh_by_period) == (Decimal("2.0875"), {"SPOT": 8000})
    assert cost.unknown == {Why.SPOT: 4}  # the quarters of the third hour have no price
    assert offer(result(MARKET, offers=[SOBRY]), "sobry").refused is Why.SPOT


@pytest.mark.parametrize(
    ("known", "usage", "unknown"),
    [
        ([0, 1, 3], quarters(4), {Why.SPOT: 1}),  # not the first quarter of its hour
        ([-1, 0, 4], quarters(4), {Why.SPOT: 3}),  # three quarters are missing, no hour begins
        ([0, 1, 2, 3], curve(count=1), {Why.MINUTES: 1}),
        ([0, 1, 3], curve(count=1), {Why.SPOT: 1}),
    ],
)
def test_a_quarter_without_a_price_of_the_market_is_never_guessed(
    known: list[int], usage: list[HourEnergy], unknown: dict[Why, int]
) -> None:
    cost = offer(by_market(usage, {n: 100 + n for n in known}), "sobry")
    assert (cost.unknown, cost.rank) == (unknown, None)


# Base costs 0.20, the market 0.15 for the one kWh that was drawn; other quarters cost 0.125 (at 0) and 0.3375 (at 900).
@pytest.mark.parametrize(("recovered_wh", "withheld"), [(235, None), (236, Why.RECOVERED)])
def test_recovered_energy_may_belong_to_dearer_quarters_of_the_market(recovered_wh: int, withheld: Why | None) -> None:
    first, *others = quarters(4, wh=250)
    usage, mwh = [replace(first, recovered=True), *others], {0: 20, 1: 20, 2: 20, 3: 20, 8: 0, 9: 900}
    found = by_market(usage, mwh, BASE, recovered_wh=recovered_wh)
    assert offer(found, "sobry").energy == Decimal("0.15")
    assert found.withheld is withheld


def test_what_if_use_moved_between_prices_of_the_market() -> None:
    # The last quarter of the night, 05:45, then the first of the day.
    found = by_market(quarters(2, first=23), {23: 0, 24: 40}, shift=0.5)
    # 1.5 kWh x (0.06 + 0.02 + 0.02) x 1.25 and 0.5 kWh x (0.04 + 0.06 + 0.02 + 0.02) x 1.25.
    assert offer(found, "sobry").energy == Decimal("0.275")


def test_a_range_that_was_hardly_measured_is_not_ranked() -> None:
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), read=0, recovered_wh=47_000)
    assert (comparison.withheld, comparison.recovered_wh) == (Why.HOURS, 47_000)
    assert [(cost.rank, cost.withheld) for cost in comparison.offers] == [(None, Why.HOURS)] * 2


# Base costs 9.60, off-peak 11.20; each recovered kWh may be 0.20 dearer or cheaper off-peak than where it was counted.
@pytest.mark.parametrize(("recovered_wh", "withheld"), [(7_900, None), (7_999, None), (8_000, Why.RECOVERED)])
def test_recovered_energy_that_could_make_another_offer_the_cheapest_forbids_a_verdict(
    recovered_wh: int, withheld: Why | None
) -> None:
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), recovered_wh=recovered_wh)
    assert comparison.withheld is withheld
    assert [cost.rankable for cost in comparison.offers] == [withheld is None] * 2


def test_recovered_energy_may_belong_to_hours_of_which_nothing_was_measured() -> None:
    # All that was measured is off-peak, where the offer is the cheapest: 4.80 against 9.60.
    assert result(BASE, OFF_PEAK, usage="HCHC", recovered_wh=23_000).withheld is None
    assert result(BASE, OFF_PEAK, usage="HCHC", recovered_wh=24_000).withheld is Why.RECOVERED


def test_recovered_energy_forbids_nothing_between_offers_that_no_hour_makes_dearer() -> None:
    # At the prices of then one's own contract is computed from its registers, and Base has one price.
    own = Cost(energy=Decimal("9.50"))
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), yours="hchp", recovered_wh=48_000, own=own, then=True)
    assert comparison.withheld is None
    assert [cost.offer.id for cost in comparison.offers] == ["hchp", "base"]


def test_ones_own_bill_that_lacks_a_price_is_not_taken_for_the_offers_cost() -> None:
    partial = Cost(energy=Decimal("0.01"), missing=[Missing(date(2026, 1, 5), "base", "BASE")])
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), own=partial, then=True)
    assert offer(comparison, "base").energy == Decimal("9.6")  # 48 kWh at 0.20, as of any offer
    whole = Cost(energy=Decimal("9.5"))
    then = result(BASE, OFF_PEAK, off_peak=(NIGHT,), own=whole, then=True)
    assert offer(then, "base").energy == Decimal("9.5")


def test_offers_that_cost_the_same_stand_by_id_and_those_without_a_price_last() -> None:
    comparison = result(row("b", BASE="0.2"), row("a", BASE="0.2"), OFF_PEAK, row("c", BASE="0.1"))
    assert [(one.offer.id, one.rank) for one in comparison.offers] == [("c", 1), ("a", 2), ("b", 3), ("hchp", None)]


def test_nine_tenths_of_the_hours_are_enough() -> None:
    # 50 hours: 45 are nine tenths.
    end = START + timedelta(hours=50)
    assert [result(BASE, end=end, read=read).withheld for read in (44, 45)] == [Why.HOURS, None]


def test_recovered_energy_decides_between_offers_that_cost_the_same_only_if_one_has_dearer_hours() -> None:
    assert result(row("a", BASE="0.2"), row("b", BASE="0.2"), recovered_wh=40_000).withheld is None
    # 16 kWh at 0.10 and 32 at 0.25 are 9.60, too: ten Wh may decide.
    even = row("hchp", HCHC="0.10", HCHP="0.25")
    assert result(BASE, even, off_peak=(NIGHT,), recovered_wh=10).withheld is Why.RECOVERED


@pytest.mark.parametrize(
    ("first", "last", "days", "without"),
    [
        ("2026-03-01", "2026-05-31", 92, "winter"),  # of both: winter is told
        ("2025-12-01", "2026-05-31", 182, "summer"),
        ("2025-12-01", "2026-06-01", 183, None),
        ("2026-02-28", "2026-08-31", 185, None),
        ("2026-03-01", "2026-11-30", 275, "winter"),
        ("2026-03-01", "2026-12-01", 276, None),
        ("2026-01-31", "2026-05-31", 121, "summer"),
        ("2026-07-01", "2026-12-31", 184, None),
        ("2026-08-31", "2027-01-01", 124, None),
        ("2026-09-01", "2027-05-31", 273, "summer"),
        ("2026-07-31", "2027-01-31", 185, None),
        ("2026-01-15", "2026-01-20", 6, "summer"),
        ("2026-07-15", "2026-07-20", 6, "winter"),
        ("2026-01-01", "2026-12-25", 359, None),
        ("2026-01-01", "2026-12-26", 360, None),
    ],
)
def test_a_part_of_a_year_is_told_by_its_days_and_the_season_that_it_lacks(
    first: str, last: str, days: int, without: str | None
) -> None:
    found = extent(date.fromisoformat(first), date.fromisoformat(last))
    assert (found.days, found.without) == (days, without)
    assert found.whole_year == (days >= 360)
