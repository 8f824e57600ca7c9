"""What days to come will cost; figures by hand."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import BY_ID
from monitor.base.calendar import midnight
from monitor.money.bill import Bill
from monitor.money.contracts import Contract
from monitor.money.forecast import ComingEnergy, Habits
from monitor.money.forecast_model import Chances
from monitor.money.prices import PriceRow
from tests.support.prices import price_table

PARIS = ZoneInfo("Europe/Paris")
DAYS = [date(2026, 11, day) for day in (9, 10)]
OFF_PEAK = {"HCHC": 3000, "HCHP": 7000}
TEMPO = {"BBRHCJB": 40_000, "BBRHPJB": 60_000, "BBRHCJR": 8_000, "BBRHPJR": 2_000}
START, END = midnight(DAYS[0], PARIS), midnight(date(2026, 11, 11), PARIS)
#: Without tax, nothing changes within the day: EUR per kWh by colour.
ROW = PriceRow(
    "tempo",
    date(2026, 8, 1),
    {
        0: {
            f"BBRH{period}J{letter}": Decimal(price)
            for period in "CP"
            for letter, price in (("B", "0.10"), ("W", "0.10"), ("R", "0.60"))
        }
    },
    {9: Decimal(365)},
)


class Likely(Chances):
    """Blue days, of which one more or less may be red."""

    def __init__(self) -> None:
        super().__init__({}, DAYS[0])

    def of(self, day: date) -> Mapping[str, float]:
        return {"blue": 1.0}

    def spread(self, days: Iterable[date], colour: str) -> float:
        return 1.0 if colour == "red" else 0.0


def test_one_red_day_more_or_less_changes_what_ten_kwh_cost() -> None:
    habits = Habits({"BBRHCJB": 1, "BBRHPJB": 1}, {})
    coming = ComingEnergy(START, END, dict.fromkeys(DAYS, 10_000.0), habits, Likely(), PARIS)
    contract = Contract(START, END, "tempo", 9)
    found = coming.cost(
        Bill(price_table(ROW), [contract], PARIS, datetime(2027, 1, 1, tzinfo=UTC)), [contract], BY_ID.get
    )
    assert found is not None
    assert (found.energy, found.subscription) == (Decimal("2.0"), Decimal(2))  # 20 kWh at 0.10; two days of 365
    assert found.spread == pytest.approx(10 * (0.60 - 0.10))


@pytest.mark.parametrize(
    ("recent", "offer", "split"),
    [
        ({"BASE": 9}, "base", {None: {"BASE": 1}}),
        (OFF_PEAK, "hchp", {None: {"HCHC": 0.3, "HCHP": 0.7}}),
        (OFF_PEAK, "base", {None: {"BASE": 1}}),  # the offer changes
        ({"BASE": 9}, "hchp", None),  # nobody knows what will run at night
        ({"EJPHN": 9, "EJPHPM": 1}, "ejp", {None: {"EJPHN": 0.9, "EJPHPM": 0.1}}),
        (OFF_PEAK, "ejp", None),
        ({"EASF01": 1, "EASF02": 3}, None, {None: {"EASF01": 0.25, "EASF02": 0.75}}),
        ({}, None, None),
    ],
)
def test_a_day_is_divided_as_the_last_weeks_were(recent: dict[str, int], offer: str | None, split: object) -> None:
    assert Habits(recent, recent).split(None if offer is None else BY_ID[offer]) == split


def test_days_of_each_colour_are_divided_as_those_of_the_last_year_were() -> None:
    split = Habits({"BBRHCJB": 1000, "BBRHPJB": 3000}, TEMPO).split(BY_ID["tempo"])
    assert split is not None
    assert split["blue"] == pytest.approx({"BBRHCJB": 0.4, "BBRHPJB": 0.6})
    assert split["white"] == pytest.approx({"BBRHCJW": 0.25, "BBRHPJW": 0.75})  # there was none: as lately
    assert split["red"] == pytest.approx({"BBRHCJR": 0.8, "BBRHPJR": 0.2})
