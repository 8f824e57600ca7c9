"""The numbers on the page are those of the database, by plain SQL over frames, readings and hours."""

import re
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import YESTERDAY, Home
from tests.browser.test_views import BEGIN, END, with_meter


def of_day(house: Home, meter: str) -> tuple[int, int]:
    """Return what a meter drew yesterday in Wh, and its highest power in VA, from the hours' own columns."""
    ((drawn, power),) = house.query(
        "SELECT SUM(h.drawn_wh), MAX(h.power_max) FROM hours h JOIN meters m ON m.id = h.meter_id"
        " WHERE m.identifier = %s AND h.hour >= %s AND h.hour < %s",
        meter,
        BEGIN.replace(tzinfo=None),
        END.replace(tzinfo=None),
    )
    return int(drawn), int(power)


def numbers(text: str) -> list[float]:
    """Return the numbers of a French text."""
    joined = re.sub(r"(?<=\d)[\u202f\u00a0 ](?=\d{3}\b)", "", text)
    return [float(number.replace(",", ".")) for number in re.findall(r"\d+(?:,\d+)?", joined)]


def fact(page: Page, name: str, part: str = "dd") -> str:
    """Return what stands beside a name in the list of facts, or a part of it."""
    line = page.locator("dl.key-values div", has=page.locator("dt", has_text=re.compile(f"^{name}$")))
    text: str = line.locator(part).first.inner_text()
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
    expect(table.locator("tbody tr")).to_have_count(8)  # made when it is opened
    names = table.locator("thead th").all_inner_texts()
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    totals = [numbers(row[names.index("Total (kWh)")])[0] for row in rows]
    yesterday, _ = of_day(house, house.tempo)
    assert totals[-1] == rounded(yesterday)
    for row, total in zip(rows, totals, strict=True):
        cells = row[1 : names.index("Total (kWh)")]
        assert abs(total - sum(numbers(cell)[0] for cell in cells)) < 0.05 * len(row)  # each is rounded


def test_energy_and_cost_of_a_period_are_compared_each_with_its_own(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"bilan/{YESTERDAY - timedelta(days=6)}..{YESTERDAY}", house.tempo))
    now = whole(page, house.tempo, YESTERDAY - timedelta(days=6), YESTERDAY)
    before = whole(page, house.tempo, YESTERDAY - timedelta(days=13), YESTERDAY - timedelta(days=7))
    against = page.locator(".against > div").first.locator(".against-pair")
    expect(against).to_have_count(2)
    pairs = against.all_inner_texts()
    assert [signed(pair) for pair in pairs] == [
        percent(now["total_wh"], before["total_wh"]),
        percent(now["cost"]["total"], before["cost"]["total"]),
    ]
    assert numbers(pairs[0])[0] == rounded(before["total_wh"])


def test_the_compared_day_is_counted(visit: Visits, house: Home) -> None:
    other = YESTERDAY - timedelta(days=7)
    page = visit(with_meter(f"jour/{YESTERDAY}?c={other}&t=07:00..09:00", house.tempo))
    now, before = (whole(page, house.tempo, day, day) for day in (YESTERDAY, other))
    energy, cost = (fact(page, name, ".compare-text") for name in ("Énergie", "Coût"))
    assert f" {other.day} " in energy
    assert rounded(before["total_wh"]) in numbers(energy)
    assert signed(energy) == percent(now["total_wh"], before["total_wh"])
    assert signed(cost) == percent(now["cost"]["total"], before["cost"]["total"])
    expect(page.locator(".measured .compare-text")).to_contain_text("kWh")
    expect(page.locator(".bars .ghost").nth(22)).to_be_attached()  # where the clock changed, an hour has none
    expect(page.locator(".legend").first).to_contain_text(f" {other.day} ")


def test_a_day_without_data_cannot_be_compared_and_that_is_said(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"jour/{YESTERDAY}?c=2030-01-01", house.tempo))
    expect(page.locator(".notices")).to_contain_text("Aucune donnée le 1er janvier 2030.")


def test_the_base_load_is_that_of_the_period_and_not_of_the_newest_month(visit: Visits, house: Home) -> None:
    first, last = YESTERDAY - timedelta(days=40), YESTERDAY - timedelta(days=30)
    page = visit(with_meter(f"bilan/{first}..{last}", house.tempo))
    found = api(page, f"baseload?meter={house.tempo}&from={first}&to={last + timedelta(days=1)}")
    block = page.locator("section.block", has=page.locator("h2", has_text="Talon"))
    assert numbers(block.locator(".figure-l").inner_text()) == [found["median"]]


def api(page: Page, question: str) -> Any:
    """Return an answer of the API."""
    return page.request.get(f"{page.evaluate('document.baseURI')}api/v1/{question}").json()


def whole(page: Page, meter: str, first: date, last: date) -> Any:
    """Return what the API says of some days as one."""
    return api(page, f"energy?meter={meter}&by=day&from={first}&to={last + timedelta(days=1)}")["whole"]


def percent(now: int, before: int) -> int:
    """Return a change in percent; a half is rounded up, as JavaScript does."""
    return int((abs(Decimal(now) / before - 1) * 100).quantize(Decimal(1), ROUND_HALF_UP)) * (-1 if now < before else 1)


def signed(text: str) -> int:
    """Return the change that a text tells."""
    found = re.search("([+\u2212]?)(\\d+)\u202f%", text)
    assert found is not None, text
    return int(found[2]) * (-1 if found[1] == "\u2212" else 1)


def rounded(wh: int) -> float:
    """Return kWh with as many digits as the page writes; a half is rounded up, as JavaScript does."""
    kwh = Decimal(wh) / 1000
    digits = 2 if kwh < 10 else 1 if kwh < 100 else 0
    return float(kwh.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
