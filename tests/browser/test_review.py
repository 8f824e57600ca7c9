"""A period that began today is set against the same hours of the one before, whose data are there."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Request, expect

from tests.browser.stand import Stand

PARIS = ZoneInfo("Europe/Paris")


def asked(stand: Stand, path: str, now: str) -> set[tuple[str, ...]]:
    """Open a period; return the ranges, from and to, of which the energy was asked for as one."""
    found = []

    def take(request: Request) -> None:
        if "/interval?" in request.url:
            query = dict(part.split("=") for part in request.url.partition("?")[2].split("&"))
            found.append(tuple(query[key].replace("%3A", ":").removesuffix(":00:00.000Z") for key in ("from", "to")))

    stand.page.on("request", take)
    stand.open(path, datetime.fromisoformat(now).replace(tzinfo=PARIS))
    expect(stand.page.locator(".against > div").first).to_be_visible()
    return set(found)


MINE = {
    "2027-01-01": ("2026-12-31T23", "2027-01-01T13"),
    "2026-11-30": ("2026-11-29T23", "2026-11-30T13"),
    "2027-05-01": ("2027-04-30T22", "2027-05-01T12"),
    "2027-04-01": ("2027-03-31T22", "2027-04-01T12"),
}


@pytest.mark.parametrize(
    ("day", "period", "others"),
    [
        ("2027-01-01", "2027", [("2025-12-31T23", "2026-01-01T13")]),
        ("2027-01-01", "2027-01", [("2026-11-30T23", "2026-12-01T13"), ("2025-12-31T23", "2026-01-01T13")]),
        ("2026-11-30", "2026-W49", [("2026-11-22T23", "2026-11-23T13"), ("2025-11-29T23", "2025-11-30T13")]),
        ("2027-05-01", "2027-05", [("2027-03-31T22", "2027-04-01T12"), ("2026-04-30T22", "2026-05-01T12")]),
        ("2027-04-01", "2027-04", [("2027-02-28T23", "2027-03-01T13"), ("2026-03-31T22", "2026-04-01T12")]),  # DST
    ],
)
def test_on_its_first_day_a_period_is_compared_until_the_same_hour(
    stand: Stand, day: str, period: str, others: list[tuple[str, str]]
) -> None:
    assert asked(stand, f"bilan/{period}", f"{day}T14:20") == {MINE[day], *others}
    lines = stand.page.locator(".against > div")
    expect(lines).to_have_count(len(others))
    for text in lines.all_inner_texts():
        assert "jusqu’à 14" in text
        assert "kWh" in text
        assert "pas de données" not in text


def test_on_its_first_day_a_period_is_not_set_against_hours_before_the_meter(stand: Stand) -> None:
    stand.ask("stage/young")
    assert asked(stand, "bilan/2027-01", "2027-01-01T14:20") == {MINE["2027-01-01"]}


@pytest.mark.parametrize("period", ["2027", "2027-01"])
def test_before_the_first_hour_of_a_period_it_is_said_when_it_will_be_compared(stand: Stand, period: str) -> None:
    assert asked(stand, f"bilan/{period}", "2027-01-01T00:20") == set()
    for text in stand.page.locator(".against > div").all_inner_texts():
        assert "comparaison à partir de 1" in text


def test_the_last_day_of_a_longer_month_is_compared_with_the_whole_month_before(stand: Stand) -> None:
    assert asked(stand, "bilan/2027-05", "2027-05-31T14:20") == set()
    before = stand.page.locator(".against > div").first
    expect(before).to_contain_text("à la même date")
    expect(before).not_to_contain_text("pas de données")


def test_a_period_that_has_not_begun_asks_for_no_comparison(stand: Stand) -> None:
    stand.open("bilan/2027-02", datetime(2027, 1, 31, 14, 20, tzinfo=PARIS))
    expect(stand.page.locator(".blank")).to_contain_text("pas encore commencé")
