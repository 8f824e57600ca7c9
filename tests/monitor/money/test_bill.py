import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.base.calendar import midnight
from monitor.money.bill import Bill, Cost, Missing, Parts, add_up
from monitor.money.contracts import Contract
from monitor.money.prices import Cta, DatedAmount, PricedOffer, PriceFile, PriceRow, PriceTable
from monitor.money.rule_document import read_rule
from monitor.readings.periods import Energy
from tests.support.prices import price_table

PARIS = ZoneInfo("Europe/Paris")
LATER = datetime(2030, 1, 1, tzinfo=UTC)
CENT = Decimal("0.01")


def at(day: str) -> datetime:
    return midnight(date.fromisoformat(day), PARIS)


def hchp(start: str, off_peak: str, peak: str, yearly: str) -> PriceRow:
    return PriceRow(
        offer="hchp",
        start=date.fromisoformat(start),
        kwh={0: {"HCHC": Decimal(off_peak), "HCHP": Decimal(peak)}},
        subscription={9: Decimal(yearly)},
    )


PRICES = PriceTable(
    [
        PriceFile(
            "mine",
            (hchp("2026-01-01", "0.1600", "0.2000", "219.00"), hchp("2026-02-11", "0.1700", "0.2200", "255.50")),
            accise=(DatedAmount(date(2025, 1, 1), Decimal(30)),),
            vat=(DatedAmount(date(2014, 1, 1), Decimal("0.2")),),
            vat_subscription=(
                DatedAmount(date(2014, 1, 1), Decimal("0.055")),
                DatedAmount(date(2025, 8, 1), Decimal("0.2")),
            ),
        )
    ]
)
CONTRACT = Contract(at("2026-01-01"), at("2027-01-01"), "hchp", 9)


def bill(prices: PriceTable = PRICES, now: datetime = LATER, *contracts: Contract) -> Bill:
    return Bill(prices, contracts or (CONTRACT,), PARIS, now)


def costs(one: Bill, boundaries: Sequence[datetime], energy) -> list[Cost]:  # type: ignore[no-untyped-def]
    """Return the cost of each period between neighbouring boundaries."""
    cuts = one.cuts(boundaries[0], boundaries[-1])
    periods = itertools.pairwise(boundaries)
    return [one.cost(energy([low, *(cut for cut in cuts if low < cut < high), high])) for low, high in periods]


def steady(off_peak: int, peak: int):  # type: ignore[no-untyped-def]
    """Give so many Wh an hour to each register, whatever is asked."""

    def energy(boundaries: Sequence[datetime]) -> list[Energy]:
        pieces = []
        for start, end in itertools.pairwise(boundaries):
            hours = (end - start) // timedelta(hours=1)
            wh = {"HCHC": off_peak * hours, "HCHP": peak * hours}
            pieces.append(Energy(start, end, wh, None, 0, 0, hours * 3600, hours * 3600))
        return pieces

    return energy


def test_a_bill_of_february_by_hand() -> None:
    # 28 days, 672 hours; the prices change on the 11th: 240 hours before it, 432 from it on.
    # Off-peak 100 Wh an hour: 24.0 kWh at 0.16 = 3.84; 43.2 kWh at 0.17 = 7.344. Together 11.184.
    # Peak 250 Wh an hour: 60.0 kWh at 0.20 = 12.00; 108.0 kWh at 0.22 = 23.76. Together 35.76.
    # Subscription: 10 days at 219.00 / 365 = 0.60 a day = 6.00; 18 days at 255.50 / 365 = 0.70 a day = 12.60.
    (cost,) = costs(bill(), [at("2026-02-01"), at("2026-03-01")], steady(100, 250))
    assert cost.energy == Decimal("46.944")
    assert dict(cost.by_register.items()) == {
        "HCHC": Decimal("11.184"),
        "HCHP": Decimal("35.76"),
    }
    assert cost.subscription.quantize(CENT) == Decimal("18.60")
    assert cost.total.quantize(CENT) == Decimal("65.54")
    assert not cost.partial


def test_the_parts_of_a_bill_make_the_bill() -> None:
    # 67.2 + 168 kWh = 235.2 kWh; accise at 30 EUR a MWh: 7.056.
    # Energy without VAT: 46.944 / 1.2 = 39.12; without accise: 32.064.
    (cost,) = costs(bill(), [at("2026-02-01"), at("2026-03-01")], steady(100, 250))
    assert cost.parts is not None
    assert cost.parts.accise == Decimal("7.056")
    assert cost.parts.energy.quantize(Decimal("0.0001")) == Decimal("32.0640")
    assert cost.parts.subscription.quantize(CENT) == Decimal("15.50")
    total = cost.parts.energy + cost.parts.accise + cost.parts.subscription + cost.parts.vat
    assert abs(total - cost.total) < Decimal("1e-20")


def test_the_cta_is_a_part_of_its_own_as_far_as_it_is_known() -> None:
    row = PriceRow("base", date(2025, 8, 1), {0: {"BASE": Decimal("0.2")}}, {9: Decimal("109.5")})
    known = Cta(date(2025, 8, 1), Decimal("0.1"), Decimal(145), Decimal(22), Decimal(0))  # 34.30 EUR a year
    table = price_table(
        row,
        accise=(DatedAmount(date(2025, 1, 1), Decimal(30)),),
        vat=(DatedAmount(date(2014, 1, 1), Decimal("0.2")),),
        vat_subscription=(DatedAmount(date(2014, 1, 1), Decimal("0.2")),),
        cta=(known, Cta(date(2026, 2, 11), None)),
    )
    contract = Contract(at("2026-01-01"), at("2027-01-01"), "base", 9)
    first, both = (
        add_up(costs(bill(table, LATER, contract), [at("2026-02-01"), at(end)], steady(100, 250)))
        for end in ("2026-02-11", "2026-02-21")
    )
    assert first.parts is not None
    assert both.parts is not None
    # Ten days: 3 EUR with VAT are 2.50 without, of which 0.94 are CTA (34.30 x 10 / 365).
    assert (first.parts.cta.quantize(CENT), first.parts.subscription.quantize(CENT)) == (
        Decimal("0.94"), Decimal("1.56"),
    )  # fmt: skip
    assert (first.parts.cta_known, both.parts.cta_known) == (True, False)
    assert (both.parts.cta + both.parts.subscription).quantize(CENT) == Decimal("5.00")


def yearly(subscription: int) -> PriceTable:
    kwh = {0: {"HCHC": Decimal("0.1"), "HCHP": Decimal("0.1")}}
    twice = {6: Decimal(subscription) / 2, 9: Decimal(subscription)}
    return PriceTable([PriceFile("mine", (PriceRow("hchp", date(2023, 1, 1), kwh, twice),))])


@pytest.mark.parametrize(
    ("year", "start", "end", "subscription"),
    [
        # Of a leap year a day is a 366th, and days of 23 and 25 hours are days.
        (366, "2024-02-29", "2024-03-01", 1),
        (366, "2024-03-31", "2024-04-01", 1),
        (366, "2024-10-27", "2024-10-28", 1),
        (366, "2025-01-01", "2026-01-01", 366),
        # Over the new year: three days of 2027 at 1/365 and four of 2028 at 1/366 of 133,590 = 365 x 366.
        (133_590, "2027-12-29", "2028-01-05", 3 * 366 + 4 * 365),
        (133_590, "2027-07-01", "2028-07-01", 184 * 366 + 182 * 365),
        # An hour is its share of the day; 575 = 23 x 25 a day.
        (209_875, "2026-03-29", "2026-03-29T01", 25),
        (209_875, "2026-10-25", "2026-10-25T01", 23),
        # With another power from 11 January 2026 on: half as much before it.
        (730, "2026-01-01", "2026-02-01", 10 * 1 + 21 * 2),
        # The time to come is not owed yet.
        (365, "2029-12-30", "2030-02-01", 2),
        (365, "2030-01-01", "2030-02-01", 0),
    ],
)
def test_a_subscription_is_a_price_a_year(year: int, start: str, end: str, subscription: int) -> None:
    day, _, hours = end.partition("T")
    six = Contract(at("2026-01-01"), at("2026-01-11"), "hchp", 6)
    before, after = Contract(at("2023-01-01"), six.start, "hchp", 9), Contract(six.end, at("2031-01-01"), "hchp", 9)
    contracts = (before, six, after) if year == 730 else (Contract(before.start, after.end, "hchp", 9),)
    boundaries = [at(start), at(day) + timedelta(hours=int(hours or 0))]
    (cost,) = costs(bill(yearly(year), at("2030-01-01"), *contracts), boundaries, steady(0, 0))
    assert cost.subscription.quantize(CENT) == subscription


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 364), st.integers(1, 70), st.integers(0, 3000), st.integers(0, 3000))
def test_hours_days_and_the_whole_add_up(first: int, days: int, off_peak: int, peak: int) -> None:
    start = date(2026, 1, 1) + timedelta(first)
    contract = Contract(at("2026-01-01"), at("2028-01-01"), "hchp", 9)
    by_day = [midnight(start + timedelta(number), PARIS) for number in range(days + 1)]
    by_hour = [
        by_day[0] + timedelta(hours=number) for number in range((by_day[-1] - by_day[0]) // timedelta(hours=1) + 1)
    ]
    computed = bill(PRICES, LATER, contract)
    (whole,) = costs(computed, [by_day[0], by_day[-1]], steady(off_peak, peak))
    for boundaries in (by_day, by_hour):
        found = costs(computed, boundaries, steady(off_peak, peak))
        assert len(found) == len(boundaries) - 1
        assert sum(cost.energy for cost in found) == whole.energy
        assert abs(sum(cost.subscription for cost in found) - whole.subscription) < Decimal("1e-20")


def test_energy_without_a_price_makes_the_cost_partial_and_says_why() -> None:
    contract = Contract(at("2025-12-01"), at("2026-02-01"), "hchp", 9)
    (cost,) = costs(bill(PRICES, LATER, contract), [at("2025-12-01"), at("2026-01-02")], steady(100, 250))
    assert cost.energy == Decimal("0.100") * 24 * Decimal("0.16") + Decimal("0.250") * 24 * Decimal("0.20")
    assert {(missing.offer, missing.what) for missing in cost.missing} == {
        ("hchp", "HCHC"),
        ("hchp", "HCHP"),
        ("hchp", "subscription"),
    }
    assert cost.partial


def test_an_unknown_contract_is_partial_only_if_something_was_drawn() -> None:
    unknown = Contract(at("2026-01-01"), at("2026-02-01"), None, 9)
    period = [at("2026-01-01"), at("2026-01-02")]
    (drawn,) = costs(bill(PRICES, LATER, unknown), period, steady(1, 1))
    (nothing,) = costs(bill(PRICES, LATER, unknown), period, steady(0, 0))
    assert [missing.what for missing in drawn.missing] == ["contract"]
    assert nothing == Cost()


def test_costs_of_periods_add_up_to_that_of_the_whole() -> None:
    days = [at("2026-02-09"), at("2026-02-10"), at("2026-02-11"), at("2026-02-12")]
    pieces = steady(100, 300)(days)
    one = bill()
    added, whole = add_up(one.cost([piece]) for piece in pieces), one.cost(pieces)
    assert added.missing == whole.missing == []
    assert (added.energy, added.by_register) == (whole.energy, whole.by_register)
    for name in ("energy", "accise", "subscription", "vat"):
        assert abs(getattr(added.parts, name) - getattr(whole.parts, name)) < CENT**9
    assert abs(added.total - whole.total) < CENT**9


def test_a_cost_is_known_once_anything_of_it_is() -> None:
    nothing_missing, nothing_known = Cost(), Cost(missing=[Missing(date(2026, 1, 1), None, "contract")])
    a_part = Cost(energy=Decimal(1), missing=nothing_known.missing)
    assert [cost.known for cost in (nothing_missing, nothing_known, a_part)] == [True, False, True]


def test_costs_of_which_one_has_no_known_taxes_have_none_together() -> None:
    known, unknown = Cost(parts=Parts(energy=Decimal(1))), Cost(parts=None)
    assert add_up([known, known]).parts == Parts(energy=Decimal(2))
    for costs in ([known, unknown], [unknown, known], [unknown, unknown]):
        assert add_up(costs).parts is None


def test_a_register_and_a_subscription_that_lack_a_price_are_told_once_each() -> None:
    contract = Contract(at("2025-12-01"), at("2027-01-01"), "hchp", 9)
    days = [at(f"2025-12-{day:02}") for day in range(1, 5)]
    (cost,) = costs(bill(PRICES, LATER, contract), [days[0], days[-1]], steady(1, 0))
    assert [missing.what for missing in cost.missing] == ["HCHC", "subscription"]
    assert add_up(costs(bill(PRICES, LATER, contract), days, steady(1, 0))).missing == cost.missing


@pytest.mark.parametrize(
    ("start", "end", "cuts"),
    [
        (at("2026-02-01"), at("2026-04-01"), ["2026-02-11", "2026-03-05"]),
        # What changes at the ends of a range cuts nothing in it.
        (at("2026-02-11"), at("2026-03-05"), []),
        (at("2026-02-10"), at("2026-03-01"), ["2026-02-11"]),
        (at("2026-02-11") - timedelta(minutes=30), at("2026-03-01"), ["2026-02-11"]),
        (at("2026-02-01"), at("2026-02-11") + timedelta(minutes=30), ["2026-02-11"]),
        (at("2026-02-11"), at("2026-02-11") + timedelta(minutes=30), []),
    ],
)
def test_prices_cut_a_range_on_the_days_on_which_they_change_and_contracts_where_they_end(
    start: datetime, end: datetime, cuts: list[str]
) -> None:
    six = Contract(at("2026-01-01"), at("2026-03-05"), "hchp", 6)
    nine = Contract(at("2026-03-05"), at("2027-01-01"), "hchp", 9)
    assert bill(PRICES, LATER, six, nine).cuts(start, end) == [at(day) for day in cuts]


@pytest.mark.parametrize(
    ("first", "last", "cut"), [("2026-02-20", "2027-01-01", "2026-02-20"), ("2025-01-01", "2026-02-05", "2026-02-05")]
)
def test_a_price_that_changes_while_the_contract_does_not_hold_cuts_nothing(first: str, last: str, cut: str) -> None:
    contract = Contract(at(first), at(last), "hchp", 9)
    assert bill(PRICES, LATER, contract).cuts(at("2026-01-05"), at("2026-04-01")) == [at(cut)]


def test_own_energy_of_the_day_on_which_the_first_contract_begins_has_its_prices() -> None:
    """1500 Wh at 0.17, from a midnight that is before the first frame; the day before has no contract."""
    first = Contract(at("2026-03-01") + timedelta(hours=9), at("2027-01-01"), "hchp", 9)
    one = bill(PRICES, LATER, first)
    assert one.cost_of([(at("2026-03-01"), {"HCHC": 1500})]) == Decimal("0.255")
    assert one.cost_of([(at("2026-02-28"), {"HCHC": 1500})]) is None


def test_a_price_that_is_there_but_of_which_nobody_knows_when_it_held_is_not_called_missing() -> None:
    rule = read_rule(
        {"days": {"we": {"weekdays": ["sat"]}, "w": "always"}, "hours": {"we": {"WE": "rest"}, "w": {"W": "rest"}}},
        "mine",
    )
    row = PriceRow("hchp", date(2026, 1, 1), {0: {"W": Decimal(1)}}, {9: Decimal(365)})
    table = PriceTable([PriceFile("mine", (row,), (PricedOffer("hchp", rule=rule),))])
    cost, rates = Cost(), bill(table).rates(CONTRACT, date(2026, 1, 5))
    bill(table).add_energy(cost, {"HCHP": 1000, "WE": 1000}, rates, date(2026, 1, 5))
    assert [(one.what, one.untold) for one in cost.missing] == [("HCHP", True), ("WE", False)]
