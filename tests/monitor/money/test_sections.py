"""All sections, and what follows from them together: prices, calendars, the household."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.settings.fields import SectionError
from docs.tools import page_settings
from monitor.base.household import ContractLine, House, Household, Note
from monitor.money.prices import PriceTable
from monitor.money.sections import CALENDARS, PRICES, SECTIONS, OwnDays, OwnPrices, check_together, household_of
from tests.support import json_schema
from tests.support.prices import bundled_prices

METER = "031961123456"
OFFER = {"id": "mine", "rows": [{"from": "2025-02-01", "subscription": {"9": 15.86}, "kwh": {"BASE": 0.2001}}]}


def read(values: dict[str, Any]) -> dict[str, Any]:
    return {name: SECTIONS[name].read(value) for name, value in values.items()}


def table(own: OwnPrices) -> PriceTable:
    assert own.file is not None
    return PriceTable([own.file])


def mistakes(name: str, value: Any) -> list[str]:
    with pytest.raises(SectionError) as caught:
        SECTIONS[name].read(value)
    assert all(one.fr and one.en for one in caught.value.problems)
    return [one.at for one in caught.value.problems]


def test_there_are_fourteen_sections_and_all_defaults_are_right() -> None:
    assert list(SECTIONS) == [
        "meters", "contracts", "prices", "calendars", "notes", "budget",
        "alerts", "addresses", "sources", "retention", "ports", "fetch", "access", "page",
    ]  # fmt: skip
    for section in SECTIONS.values():
        section.read(section.default)
        section.schema()
        for language in ("fr", "en"):
            assert section.form(language)["label"]


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        (
            "contracts",
            [{"meter": METER, "from": "2025-02-01", "offer": "mine", "power": 9}],
            {"meter": f"{METER} it is"},
        ),
        (
            "contracts",
            [{"meter": METER, "from": "2025-02-01", "offer": "mine", "power": 9, "off_peak": ["22:00-06:00"]}],
            {"off_peak": ["at 22:00-06:00 or so"]},
        ),
        ("ports", {"ports": ["/dev/ttyUSB0", "socket://meter:7000"]}, {"ports": ["/dev/ttyUSB0;x"]}),
        ("ports", {"ports": ["/dev/ttyUSB0", "socket://meter:7000"]}, {"ports": ["x socket://meter:7000"]}),
        ("alerts", {"page": "https://energy.example.org"}, {"page": "see https://energy.example.org"}),
    ],
)
def test_the_schema_asks_for_the_whole_text_as_the_check_does(name: str, value: Any, wrong: dict[str, Any]) -> None:
    schema = SECTIONS[name].schema()
    SECTIONS[name].read(value)
    assert not list(json_schema.mistakes(value, schema))
    other = [{**value[0], **wrong}] if isinstance(value, list) else {**value, **wrong}
    assert mistakes(name, other)
    assert list(json_schema.mistakes(other, schema))


def test_only_addresses_are_secret() -> None:
    assert [name for name, section in SECTIONS.items() if section.secret] == ["addresses"]


def test_own_prices_are_offers_and_rows_as_in_a_table_of_prices() -> None:
    prices = table(PRICES.read({"offers": [OFFER]}))
    assert prices.kwh("mine", "BASE", 9, date(2026, 3, 1)) == Decimal("0.2001")
    assert prices.kwh("mine", "BASE", 9, date(2025, 1, 31)) is None
    assert prices.subscription("mine", 9, date(2026, 3, 1)) == Decimal("190.32")


def test_without_own_prices_there_is_no_table_of_them() -> None:
    assert PRICES.read({}) == OwnPrices(None)
    assert PRICES.read({"alsace_moselle": True}) == OwnPrices(None, alsace_moselle=True)


def own(**row: Any) -> dict[str, Any]:
    """Return own prices, the second offer with a second row."""
    rows = [*OFFER["rows"], {"from": "2026-02-01", "kwh": {"BASE": 0.2}, **row}]
    return {"offers": [OFFER, {"id": "other", "rows": rows}]}


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ([], "prices"),
        ({"alsace_moselle": "yes"}, "prices.alsace_moselle"),
        (own(kwh={"BASE": "abc"}), "prices.offers[1].rows[1].kwh.BASE"),
        (own(kwh={"BASE": 12}), "prices.offers[1].rows[1].kwh.BASE"),  # cents
        (own(subscription={"9": None}), "prices.offers[1].rows[1].subscription.9"),
        (own(subscription={"40": 12}), "prices.offers[1].rows[1].subscription.40"),
        (own(to="2026-02-01"), "prices.offers[1].rows[1]"),
        (own(**{"from": "2026-02-30"}), "prices.offers[1].rows[1].from"),
        (own(**{"from": None}), "prices.offers[1].rows[1].from"),
        ({"offers": [{"rows": OFFER["rows"]}]}, "prices.offers[0]"),
        ({"offers": [OFFER, OFFER]}, "prices.offers[1]"),
        ({"offers": "mine"}, "prices.offers"),
        ({"offrs": []}, "prices.offrs"),
        ({"offers": [{**OFFER, "rule": "of nobody"}]}, "prices.offers[0].rule"),
        ({"feed_in": [{"from": "2026-02-01", "price": 4}]}, "prices.feed_in[0].price"),
    ],
)
def test_a_wrong_price_is_refused_at_its_place(value: Any, at: str) -> None:
    assert mistakes("prices", value) == [at]


def test_it_is_said_in_both_languages_without_a_file_or_a_line() -> None:
    with pytest.raises(SectionError) as caught:
        PRICES.read(own(kwh={"BASE": "abc"}))
    (problem,) = caught.value.problems
    assert problem.en.startswith("other, row 2")
    assert "il faut un montant" in problem.fr


def test_days_and_market_prices_are_read_by_their_day_and_quarter() -> None:
    found = CALENDARS.read(
        {
            "tempo": {"2026-01-15": "red"},
            "days": {"ohm-modulo": {"2026-01-15": "serenity"}},
            "spot": {"2026-01-15T10:00:00Z": 85.2, "2026-01-15T12:15:00+01:00": -3},
        }
    )
    ten = int(datetime(2026, 1, 15, 10, tzinfo=UTC).timestamp())
    assert found == OwnDays(
        {date(2026, 1, 15): "red"},
        {"ohm-modulo": {date(2026, 1, 15): "serenity"}},
        {ten: 85.2, ten + 4500: -3.0},
    )


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"tempo": {"2026-01-15": "mauve"}}, "calendars.tempo.2026-01-15"),
        ({"tempo": {"15/01/2026": "red"}}, "calendars.tempo.15/01/2026"),
        ({"tempo": {"2026-02-30": "red"}}, "calendars.tempo.2026-02-30"),
        ({"days": {"mine": {"soon": "cheap"}}}, "calendars.days.mine.soon"),
        ({"spot": {"2026-01-15T10:07:00Z": 85}}, "calendars.spot.2026-01-15T10:07:00Z"),
        ({"spot": {"2026-01-15T10:00:00Z": "85"}}, "calendars.spot.2026-01-15T10:00:00Z"),
        ({"spot": [85]}, "calendars.spot"),
    ],
)
def test_a_wrong_day_is_refused_at_its_day(value: Any, at: str) -> None:
    assert mistakes("calendars", value) == [at]


def test_the_household_is_what_all_sections_say_in_the_order_of_time() -> None:
    line = {"meter": METER, "offer": "mine", "power": 9}
    values = read(
        {
            "meters": {METER: {"name": "Maison"}},
            "contracts": [{**line, "from": "2025-02-01"}, {**line, "from": "2023-05-10"}],
            "notes": [{"at": "2026-10-03", "text": "later"}, {"at": "2025-02-01", "text": "earlier"}],
            "budget": {"euros": 120},
            "alerts": {"digest": "weekly"},
            "page": {"language": "en"},
        }
    )
    found = household_of(values, ["ntfy://topic"])
    assert found.is_known
    assert found.meters == (House(METER, "Maison", ()),)
    assert [line.start for line in found.contracts] == [date(2023, 5, 10), date(2025, 2, 1)]
    assert found.notes == (Note(date(2025, 2, 1), "earlier"), Note(date(2026, 10, 3), "later"))
    assert (found.budget, found.alerts.digest, found.language) == (120, "weekly", "en")
    assert found.addresses == ("ntfy://topic",)


def test_a_household_of_which_nothing_was_written_is_the_default_one() -> None:
    assert household_of({}) == Household()


def test_a_contract_of_an_offer_that_does_not_exist_is_found() -> None:
    lines = [ContractLine(METER, date(2025, 1, 1), offer, 9) for offer in ("base", "zen")]
    (problem,) = check_together({"contracts": lines}, bundled_prices())
    assert (problem.at, "zen" in problem.fr, "zen" in problem.en) == ("contracts[1].offer", True, True)


def test_a_calendar_whose_words_no_offer_asks_for_is_found() -> None:
    days = read({"calendars": {"days": {"ohm-modulo": {"2026-01-15": "serenite"}}}})
    (problem,) = check_together(days, bundled_prices())
    assert (problem.at, "serenity" in problem.en) == ("calendars.days.ohm-modulo", True)


def test_the_committed_page_of_settings_is_that_of_the_sections() -> None:
    written = page_settings.FILE.read_text(encoding="utf-8")
    assert written == page_settings.page(), "run `.venv/bin/python -m docs.tools.page_settings`"
