"""The numbers on the page are those of the database, by plain SQL over frames, readings and hours."""

import re
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from playwright.sync_api import Page

from tests.browser.conftest import Visits
from tests.browser.home import Home
from tests.browser.test_views import PARIS, YESTERDAY, with_meter


def of_day(house: Home, meter: str) -> tuple[int, int]:
    """Return what a meter drew yesterday in Wh, and its highest power in VA, from the hours' own columns."""
    start = datetime.combine(YESTERDAY, time(), PARIS).astimezone(UTC)
    end = datetime.combine(YESTERDAY + timedelta(days=1), time(), PARIS).astimezone(UTC)
    ((drawn, power),) = house.query(
        "SELECT SUM(h.drawn_wh), MAX(h.power_max) FROM hours h JOIN meters m ON m.id = h.meter_id"
        " WHERE m.identifier = %s AND h.hour >= %s AND h.hour < %s",
        meter,
        start.replace(tzinfo=None),
        end.replace(tzinfo=None),
    )
    return int(drawn), int(power)


def numbers(text: str) -> list[float]:
    """Return the numbers of a French text."""
    joined = re.sub(r"(?<=\d)[\u202f\u00a0 ](?=\d{3}\b)", "", text)
    return [float(number.replace(",", ".")) for number in re.findall(r"\d+(?:,\d+)?", joined)]


def fact(page: Page, name: str) -> str:
    """Return what stands beside a name in the list of facts."""
    line = page.locator("dl div", has=page.locator("dt", has_text=re.compile(f"^{name}")))
    text: str = line.locator("dd").first.inner_text()
    return text


def test_a_day_has_the_energy_and_the_peak_of_its_hours(visit: Visits, house: Home) -> None:
    drawn, power = of_day(house, house.tempo)
    page = visit(with_meter(f"jour/{YESTERDAY}", house.tempo))
    assert numbers(fact(page, "Énergie"))[0] == rounded(drawn)
    assert numbers(fact(page, "Pointe"))[0] == power


def test_the_days_of_a_period_are_those_of_their_hours(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"bilan/{YESTERDAY - timedelta(days=7)}..{YESTERDAY}", house.tempo))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    table = page.locator("details.figures table", has_text="Total (kWh)").first
    names = table.locator("thead th").all_inner_texts()
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    totals = [numbers(row[names.index("Total (kWh)")])[0] for row in rows]
    assert len(totals) == 8
    yesterday, _ = of_day(house, house.tempo)
    assert totals[-1] == rounded(yesterday)
    for row, total in zip(rows, totals, strict=True):
        cells = row[1 : names.index("Total (kWh)")]
        assert abs(total - sum(numbers(cell)[0] for cell in cells)) < 0.05 * len(row)  # each is rounded


def rounded(wh: int) -> float:
    """Return kWh with as many digits as the page writes; a half is rounded up, as JavaScript does."""
    kwh = Decimal(wh) / 1000
    digits = 2 if kwh < 10 else 1 if kwh < 100 else 0
    return float(kwh.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
