from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.calendar import midnight
from monitor.cost.bill import Bill, Cost, Missing, Parts
from monitor.cost.clock_rules import OfferClock, Why
from monitor.cost.comparison import Comparison, OfferCost, compare
from monitor.prices.model import Bands, OffPeak, PriceFile, PriceRow, PriceTable, Tax
from monitor.readings.periods import HourEnergy

PARIS = ZoneInfo("Europe/Paris")
START, END = (midnight(date(2026, 1, day), PARIS) for day in (5, 7))  # Monday and Tuesday, 48 hours
NIGHT = OffPeak(date(2020, 1, 1), *[(Window(time(22), time(6)),)] * 2)


def row(offer: str, weekend: str | None = None, **kwh: str) -> PriceRow:
    prices = {register: Decimal(price) for register, price in kwh.items()}
    return PriceRow(offer, date(2025, 8, 1), {0: prices}, {9: Decimal(365)}, weekend=weekend)


BASE = row("base", BASE="0.20")
OFF_PEAK = row("hchp", HCHC="0.10", HCHP="0.30")
TEMPO = row("tempo", BBRHCJB="0.1", BBRHPJB="0.2", BBRHCJW="0.3", BBRHPJW="0.4", BBRHCJR="0.5", BBRHPJR="0.9")


def curve(register: str | None = "BASE") -> list[HourEnergy]:
    """One kWh an hour."""
    return [
        HourEnergy(START + timedelta(hours=n), 1000, register, 3600, recovered=False, imported=False) for n in range(48)
    ]


def result(
    *rows: PriceRow,
    lived: str | None = "BASE",
    colours: dict[date, str] | None = None,
    off_peak: tuple[OffPeak, ...] = (),
    yours: str = "base",
    read: int = 48,
    recovered_wh: int = 0,
    own: Cost | None = None,
) -> Comparison:
    prices = PriceTable([PriceFile("mine", rows, off_peak=off_peak)])
    bill = Bill(prices, [], PARIS, datetime(2027, 1, 1, tzinfo=UTC))
    clock = OfferClock(prices, colours or {}, PARIS)
    return compare(prices, clock, curve(lived), 9, yours, bill, START, END, read, own, recovered_wh)


def offer(comparison: Comparison, name: str) -> OfferCost:
    return next(cost for cost in comparison.offers if cost.offer == name)


def test_base_prices_every_hour_alike() -> None:
    comparison = result(BASE)
    cost = offer(comparison, "base")
    assert (comparison.hours, comparison.covered, comparison.wh) == (48, Decimal(48), 48_000)
    assert (cost.energy, cost.subscription, cost.hours) == (Decimal("9.6"), Decimal(2), 48)
    assert cost.yours
    assert cost.rankable


@pytest.mark.parametrize(
    ("priced", "lived", "off_peak", "energy", "wh"),
    [
        # Two days: 2 x 8 hours off-peak, 2 x 16 hours peak.
        (OFF_PEAK, "BASE", (NIGHT,), "11.2", {"HCHC": 16_000, "HCHP": 32_000}),
        # The registers of the meter's own contract tell its hours.
        (OFF_PEAK, "HCHC", (), "4.8", {"HCHC": 48_000}),
        (row("zen-plus", EASF01="0.2", EASF02="0.1"), "EASF02", (), "4.8", {"EASF02": 48_000}),
        # Monday and Tuesday; a register may have a name that the meter has for another one.
        (row("zen", weekend="WE", BASE="0.2", WE="0.1"), "BASE", (), "9.6", {"BASE": 48_000}),
        (row("mine", weekend="HCHC", BASE="0.20", HCHC="0.10"), "HCHP", (), "9.6", {"BASE": 48_000}),
        # Monday before 06:00 is of Sunday, Wednesday has not begun.
        (
            TEMPO,
            "BASE",
            (),
            "23.6",  # 1.8 + 14.4 + 4.0 + 3.2 + 0.2
            {"BBRHCJW": 6_000, "BBRHPJR": 16_000, "BBRHCJR": 8_000, "BBRHPJB": 16_000, "BBRHCJB": 2_000},
        ),
    ],
)
def test_an_offer_costs_what_its_registers_do(
    priced: PriceRow, lived: str, off_peak: tuple[OffPeak, ...], energy: str, wh: dict[str, int]
) -> None:
    colours = {date(2026, 1, 4): "white", date(2026, 1, 5): "red", date(2026, 1, 6): "blue"}
    cost = offer(result(priced, lived=lived, off_peak=off_peak, colours=colours), priced.offer)
    assert (cost.wh_by_register, cost.energy, cost.rankable) == (wh, Decimal(energy), True)


@pytest.mark.parametrize(
    ("priced", "why"), [(OFF_PEAK, Why.WINDOWS), (row("zen-plus", EASF01="0.2", EASF02="0.1"), Why.CALENDAR)]
)
def test_an_offer_whose_hours_nobody_knows_is_refused(priced: PriceRow, why: Why) -> None:
    cost = offer(result(priced), priced.offer)
    assert (cost.unknown, cost.hours, cost.rankable) == ({why: 48}, 0, False)


def test_tempo_with_unknown_colours_is_partial_and_not_ranked() -> None:
    comparison = result(BASE, TEMPO, colours={date(2026, 1, 5): "red"})
    cost = offer(comparison, "tempo")
    assert (cost.hours, cost.unknown) == (24, {Why.COLOURS: 24})
    assert not cost.rankable
    assert [one.offer for one in comparison.offers] == ["base", "tempo"]


def test_an_offer_without_a_subscription_of_this_power_says_so_and_counts_no_hours() -> None:
    cost = offer(result(replace(BASE, subscription={6: Decimal(120)})), "base")
    assert (cost.no_subscription, cost.rankable, cost.unknown, cost.hours) == (True, False, {}, 48)


def test_an_offer_without_a_price_on_some_days_is_not_ranked() -> None:
    late = PriceRow("late", date(2026, 1, 6), {0: {"BASE": Decimal("0.1")}}, {9: Decimal(365)})
    cost = offer(result(late), "late")
    assert cost.hours == 24
    assert cost.unknown[Why.PRICES] >= 24


def test_hours_gathered_cost_what_they_cost_one_by_one() -> None:
    """A year with all kinds of rows, against the price of each hour looked up alone."""
    random = Random(14)
    rows = [
        row("base", BASE="0.20"),
        row("hchp", HCHC="0.10", HCHP="0.30"),
        row("weekend", "WE", WE="0.07", HCHC="0.11", HCHP="0.31"),
        row("tempo", BBRHCJB="0.1", BBRHPJB="0.2", BBRHCJW="0.3", BBRHPJW="0.4", BBRHCJR="0.5", BBRHPJR="0.9"),
    ]
    changed = [replace(one, start=date(2026, 4, 3), kwh=_times(one.kwh, "1.5")) for one in rows]
    changed.append(PriceRow("late", date(2026, 9, 1), {0: {"BASE": Decimal("0.2")}}, {9: Decimal(365)}))
    summer = OffPeak(
        date(2026, 3, 1), (Window(time(22), time(6)),), (Window(time(1, 30), time(7)), Window(time(12), time(14)))
    )
    prices = PriceTable([PriceFile("mine", (*rows, *changed), off_peak=(summer,))])
    colours = {
        date(2026, 1, 1) + timedelta(n): random.choice(["blue", "white", "red"]) for n in range(-1, 366) if n % 50
    }
    start, end = midnight(date(2026, 1, 1), PARIS), midnight(date(2027, 1, 1), PARIS)
    slots = [
        HourEnergy(
            start + n * timedelta(minutes=30), random.randrange(3) * random.randrange(900),
            random.choice([None, "HCHC", "HCHP", "BBRHCJR"]), 1800, recovered=False, imported=False,
        )
        for n in range(int((end - start) / timedelta(minutes=30)))
    ]  # fmt: skip
    bill = Bill(prices, [], PARIS, datetime(2027, 2, 1, tzinfo=UTC))
    clock = OfferClock(prices, colours, PARIS)
    comparison = compare(prices, clock, slots, 9, "base", bill, start, end, 8760)
    assert len(comparison.offers) == 5
    for cost in comparison.offers:
        energy, registers, unknown = Decimal(0), Counter[str](), Counter[Why]()
        for slot in slots:
            if not slot.wh:
                continue
            register = clock.register(cost.offer, slot.start, slot.register)
            price = None
            if isinstance(register, str):
                price = prices.kwh(cost.offer, register, 9, slot.start.astimezone(PARIS).date())
            if isinstance(register, Why) or price is None:
                unknown[register if isinstance(register, Why) else Why.PRICES] += 1
                continue
            registers[register] += slot.wh
            energy += price * slot.wh / 1000
        assert cost.no_subscription == (cost.offer == "late"), cost.offer
        assert (cost.energy, cost.wh_by_register, cost.unknown) == (energy, registers, unknown), cost.offer


def test_each_offer_has_the_parts_of_its_bill() -> None:
    accise, vat = (Tax(date(2020, 1, 1), Decimal(20)),), (Tax(date(2020, 1, 1), Decimal("0.25")),)
    prices = PriceTable([PriceFile("mine", (BASE,), accise=accise, vat=vat, vat_subscription=vat)])
    bill = Bill(prices, [], PARIS, datetime(2027, 1, 1, tzinfo=UTC))
    comparison = compare(prices, OfferClock(prices, {}, PARIS), curve(), 9, None, bill, START, END, 48)
    assert offer(comparison, "base").parts == Parts(
        energy=Decimal("6.72"), accise=Decimal("0.96"), subscription=Decimal("1.6"), vat=Decimal("2.32")
    )


def _times(bands: Bands, factor: str) -> Bands:
    return {power: {name: price * Decimal(factor) for name, price in band.items()} for power, band in bands.items()}


def test_a_range_that_was_hardly_measured_is_not_ranked() -> None:
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), read=0, recovered_wh=47_000)
    assert (comparison.withheld, comparison.recovered_wh) == (Why.HOURS, 47_000)
    assert [(cost.rankable, cost.withheld) for cost in comparison.offers] == [(False, Why.HOURS)] * 2


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
    assert result(BASE, OFF_PEAK, lived="HCHC", recovered_wh=23_000).withheld is None
    assert result(BASE, OFF_PEAK, lived="HCHC", recovered_wh=24_000).withheld is Why.RECOVERED


def test_recovered_energy_forbids_nothing_between_offers_that_no_hour_makes_dearer() -> None:
    # One's own contract is computed from its registers, and Base has one price.
    own = Cost(energy=Decimal("9.50"))
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), yours="hchp", recovered_wh=48_000, own=own)
    assert comparison.withheld is None
    assert [cost.offer for cost in comparison.offers] == ["hchp", "base"]


def test_another_suppliers_off_peak_hours_are_not_taken_for_the_meters_own() -> None:
    other = row("other", HCHC="0.01", HCHP="0.02")
    for windows, lived in (((NIGHT,), "BASE"), ((), "HCHC")):
        comparison = result(BASE, OFF_PEAK, other, off_peak=windows, lived=lived)
        cost = offer(comparison, "other")
        assert (cost.rankable, cost.withheld) == (False, Why.ASSUMED)
        assert offer(comparison, "hchp").rankable  # the network gives those of the meter to this one
        assert comparison.withheld is None
        assert comparison.offers[-1] is cost


def test_ones_own_offer_of_another_supplier_is_ranked() -> None:
    comparison = result(BASE, row("other", HCHC="0.01", HCHP="0.02"), lived="HCHC", yours="other")
    assert [(cost.offer, cost.rankable) for cost in comparison.offers] == [("other", True), ("base", True)]


def test_an_offer_with_a_weekend_and_off_peak_hours_assumes_them() -> None:
    zen = row("zen", weekend="WE", WE="0.1", HCHC="0.1", HCHP="0.2")
    assert offer(result(zen, lived="HCHP"), "zen").withheld is Why.ASSUMED


def test_the_weekend_of_each_offer_costs_by_hand() -> None:
    # Friday to Monday, 96 hours of 1 kWh: 48 at 0.20 and 48 at 0.10.
    prices = PriceTable([PriceFile("mine", (row("zen", weekend="WE", BASE="0.2", WE="0.1"),))])
    start, end = (midnight(date(2026, 1, day), PARIS) for day in (9, 13))
    hours = [replace(piece, start=start + n * timedelta(hours=1)) for n, piece in enumerate(curve() * 2)]
    bill = Bill(prices, [], PARIS, datetime(2027, 1, 1, tzinfo=UTC))
    (cost,) = compare(prices, OfferClock(prices, {}, PARIS), hours, 9, None, bill, start, end, 96).offers
    assert cost.wh_by_register == {"BASE": 48_000, "WE": 48_000}
    assert (cost.energy, cost.subscription, cost.total) == (Decimal("14.4"), Decimal(4), Decimal("18.4"))


def test_ones_own_bill_that_lacks_a_price_is_not_taken_for_the_offers_cost() -> None:
    partial = Cost(energy=Decimal("0.01"), missing=[Missing(date(2026, 1, 5), "base", "BASE")])
    comparison = result(BASE, OFF_PEAK, off_peak=(NIGHT,), own=partial)
    assert offer(comparison, "base").energy == Decimal("9.6")  # 48 kWh at 0.20, as of any offer
    whole = Cost(energy=Decimal("9.5"))
    assert offer(result(BASE, OFF_PEAK, off_peak=(NIGHT,), own=whole), "base").energy == Decimal("9.5")


def test_offers_that_cost_the_same_stand_by_name_and_those_without_a_price_last() -> None:
    comparison = result(row("b", BASE="0.2"), row("a", BASE="0.2"), TEMPO, row("c", BASE="0.1"))
    assert [one.offer for one in comparison.offers] == ["c", "a", "b", "tempo"]


def test_hours_that_have_no_price_of_their_register_are_counted() -> None:
    rows = [replace(OFF_PEAK, kwh={0: {"HCHC": Decimal("0.1")}, 12: {"HCHP": Decimal("0.3")}})]
    cost = offer(result(*rows, off_peak=(NIGHT,)), "hchp")
    assert (cost.hours, cost.unknown, cost.rankable) == (16, {Why.PRICES: 32}, False)


def test_nine_tenths_of_the_hours_are_enough() -> None:
    # 50 hours: 45 are nine tenths.
    prices = PriceTable([PriceFile("mine", (BASE,))])
    bill = Bill(prices, [], PARIS, datetime(2027, 1, 1, tzinfo=UTC))
    clock, end = OfferClock(prices, {}, PARIS), START + timedelta(hours=50)
    found = [compare(prices, clock, curve(), 9, "base", bill, START, end, read).withheld for read in (44, 45)]
    assert found == [Why.HOURS, None]


def test_recovered_energy_decides_between_offers_that_cost_the_same_only_if_one_has_dearer_hours() -> None:
    assert result(row("a", BASE="0.2"), row("b", BASE="0.2"), recovered_wh=40_000).withheld is None
    # 16 kWh at 0.10 and 32 at 0.25 are 9.60, too: ten Wh may decide.
    even = row("hchp", HCHC="0.10", HCHP="0.25")
    assert result(BASE, even, off_peak=(NIGHT,), recovered_wh=10).withheld is Why.RECOVERED


def test_off_peak_hours_that_were_assumed_for_a_part_of_the_range_forbid_a_rank() -> None:
    first = row("other", BASE="0.1")
    later = replace(row("other", HCHC="0.01", HCHP="0.02"), start=date(2026, 1, 6))
    cost = offer(result(BASE, first, later, lived="HCHC"), "other")
    assert (cost.wh_by_register, cost.withheld) == ({"BASE": 24_000, "HCHC": 24_000}, Why.ASSUMED)
