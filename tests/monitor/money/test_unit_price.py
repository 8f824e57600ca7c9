"""What a kWh costs at an instant: the meter's register counts, else the rules of the offer."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.base.windows import OffPeak
from monitor.money.calendars import Calendars
from monitor.money.contracts import Contract
from monitor.money.prices import PricedOffer, PriceRow, PriceTable
from monitor.money.rule_document import read_rule
from monitor.money.unit_price import unit_price
from tests.support.prices import price_file

PARIS = ZoneInfo("Europe/Paris")
NIGHT = (Window(time(22), time(6)),)
# By power: 9 kVA and more pay less.
ROW = PriceRow(
    "hchp",
    date(2026, 2, 1),
    {0: {"HCHC": Decimal("0.15"), "HCHP": Decimal("0.20")}, 9: {"HCHP": Decimal("0.19")}},
    {},
)
PRICES = PriceTable([price_file("by hand", [ROW])])


@pytest.mark.parametrize(
    ("offer", "power", "clock", "register", "price"),
    [
        ("hchp", 6, "12:00", "HCHC", "0.15"),  # the meter's own hours, whatever the windows say
        ("hchp", 6, "12:00", None, "0.20"),
        ("hchp", 9, "12:00", None, "0.19"),
        ("hchp", 6, "23:00", None, "0.15"),
        ("hchp", 6, "12:00", "EASF01", "0.20"),  # another calendar than that of the contract
        ("hchp", None, "12:00", "HCHP", None),  # it depends on the power
        ("base", 6, "12:00", "HCHP", None),
        (None, 6, "12:00", "HCHP", None),
    ],
)
def test_the_price_at_an_instant(
    offer: str | None, power: int | None, clock: str, register: str | None, price: str | None
) -> None:
    moment = datetime.fromisoformat(f"2026-11-25T{clock}").replace(tzinfo=PARIS).astimezone(UTC)
    contract = Contract(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), offer, power, OffPeak(NIGHT, ())
    )
    found = unit_price(PRICES, Calendars(), PARIS, contract, moment, register)
    assert found == (None if price is None else Decimal(price))


def test_the_day_of_a_price_is_local() -> None:
    contract = Contract(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "hchp", 6)
    # 00:30 in Paris on the first day of the row, and an hour before.
    moments = [datetime(2026, 1, 31, hour, 30, tzinfo=UTC) for hour in (23, 22)]
    found = [unit_price(PRICES, Calendars(), PARIS, contract, moment, "HCHC") for moment in moments]
    assert found == [Decimal("0.15"), None]


@pytest.mark.parametrize(("written", "price"), [(True, "0.30"), (False, "0.20")])
def test_off_peak_hours_of_the_bill_go_before_the_register_of_an_offer_with_other_periods(
    written: bool, price: str
) -> None:
    days = {"sunday": {"weekdays": ["sun"]}, "any": "always"}
    rule = read_rule({"days": days, "hours": {"sunday": {"X": "rest"}, "any": {"LOW": "meter", "HIGH": "rest"}}}, "own")
    kwh = {"LOW": Decimal("0.20"), "HIGH": Decimal("0.30"), "X": Decimal("0.10")}
    row = PriceRow("own", date(2026, 2, 1), {0: kwh}, {})
    prices = PriceTable([price_file("by hand", [row], offers=(PricedOffer("own", rule=rule),))])
    year = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    contract = Contract(*year, "own", 6, OffPeak(NIGHT, NIGHT) if written else None)
    noon = datetime(2026, 11, 25, 11, tzinfo=UTC)
    assert unit_price(prices, Calendars(), PARIS, contract, noon, "HCHC") == Decimal(price)
