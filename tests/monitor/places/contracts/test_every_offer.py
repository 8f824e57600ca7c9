"""Every bundled offer, minute by minute, against a plain reading of its file that shares no code with the product.

The days are those where rules differ: both changes of time, 29 February, holidays on a Saturday and after Easter, the
New Year, the first days of seasons, red days of Tempo, peak days of EJP.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from monitor.money.bill import Bill
from monitor.money.calendars import Calendars
from monitor.money.price_files import BUNDLED, MARKET, all_prices, load_tables
from monitor.money.prices import PriceTable
from monitor.places.contracts.comparison import Comparison, Measured, Question, compare
from monitor.places.contracts.usage_curve import UsageCurve, Why
from monitor.readings.periods import HourEnergy

PARIS = ZoneInfo("Europe/Paris")
TODAY, POWER = date(2026, 10, 1), 9
DAYS = [
    "2024-02-29", "2025-10-26", "2025-11-01", "2025-11-11", "2026-01-01", "2026-01-05", "2026-01-06", "2026-03-29",
    "2026-03-31", "2026-04-01", "2026-04-06", "2026-08-15", "2026-01-07",
]  # fmt: skip
#: Bank holidays among these days, by the calendar on the wall.
HOLIDAYS = {"2025-11-01", "2025-11-11", "2026-01-01", "2026-04-06", "2026-08-15"}
#: As the public calendars have them: EJP's peak days, and Tempo's colours, of these days and of those before.
PEAK = {"2026-01-05", "2026-01-06", "2026-01-07"}


def _tempo() -> Mapping[str, str]:
    seasons = yaml.safe_load(BUNDLED.with_name("tempo_days.yaml").read_text())["seasons"]
    return {
        (date(year, 9, 1) + timedelta(n)).isoformat(): {"B": "blue", "W": "white", "R": "red"}[letter]
        for year, letters in seasons.items()
        for n, letter in enumerate(letters)
    }


def _listed(name: str) -> set[str]:
    seasons = yaml.safe_load(BUNDLED.with_name("other_days.yaml").read_text())[name]["days"]
    return {day.isoformat() for season in seasons.values() for day in season}


@pytest.fixture(scope="module")
def minutes() -> list[tuple[datetime, int, bool]]:
    """Local time, Wh and whether the meter's off-peak hours ran, for each minute of the days."""
    random = Random(24)
    found = []
    for text in DAYS:
        day = date.fromisoformat(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
        while (local := moment.astimezone(PARIS)).date() == day:
            cheap = (local.hour, local.minute) >= (22, 12) or (local.hour, local.minute) < (6, 12)
            found.append((local, random.randrange(1, 60), cheap))
            moment += timedelta(minutes=1)
    return found


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> PriceTable:
    return all_prices(load_tables(tmp_path_factory.mktemp("prices")))


@pytest.fixture(scope="module")
def comparison(minutes: list[tuple[datetime, int, bool]], prices: PriceTable) -> Comparison:
    pieces = [
        HourEnergy(
            local.astimezone(UTC), wh, "HCHC" if cheap else "HCHP", 60, recovered=False, imported=False, divided=True
        )
        for local, wh, cheap in minutes
    ]
    rules = list({id(offer.rule): offer.rule for offer in prices.offers if offer.rule is not None}.values())
    usage = UsageCurve(pieces, rules, Calendars(), PARIS)
    start, end = datetime(2026, 1, 1, 0, tzinfo=PARIS), datetime(2026, 1, 31, 0, tzinfo=PARIS)
    question = Question(start, end, POWER, None, TODAY)
    bill = Bill(prices, [], PARIS, datetime(2026, 10, 1, tzinfo=UTC))
    return compare(prices, usage, bill, question, Measured(Decimal(720), 720))


def _documents() -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    for file in (BUNDLED, MARKET):
        document = yaml.safe_load(Path(file).read_text())
        for offer in document["offers"]:
            rule = offer.get("rule")
            yield offer, document["rules"][rule] if isinstance(rule, str) else rule


TEMPO, EJP, FLEX = _tempo(), _listed("ejp"), _listed("zen-flex")


def _in(window: str, clock: str) -> bool:
    start, end = window.split("-")
    return start <= clock < end if start < end else clock >= start or clock < end


def _matches(test: Any, day: date, choice: str | None) -> bool | None:
    if test == "always":
        return True
    text = day.isoformat()
    if "from" in test:
        first, last = test["from"], test["to"]
        inside = first <= text[5:] <= last if first <= last else text[5:] >= first or text[5:] <= last
        if not inside:
            return False
    names = [choice if name == "choice" else name for name in test.get("weekdays", [])]
    by_day = "weekdays" in test or "holidays" in test
    holiday = "holidays" in test and (text in HOLIDAYS or text[5:] == "12-25")
    if by_day and day.strftime("%a").lower() not in names and not holiday:
        return False
    match test.get("calendar"):
        case None:
            return True
        case "tempo":
            return bool(TEMPO[text] == test["is"])
        case "ejp":
            return text in EJP
        case "zen-flex":
            # Sobriety days are complete from the first that is listed to the last.
            return text in FLEX if "2023-11-29" <= text <= "2026-03-26" else None
    return None


def _period(rule: dict[str, Any], local: datetime, choice: str | None, *, cheap: bool) -> str | None:
    clock = f"{local:%H:%M}"
    starts, day = rule.get("day_starts", "00:00"), local.date()
    if starts.endswith("of the day before"):
        day += timedelta(days=clock >= starts[:5])
    elif clock < starts:
        day -= timedelta(days=1)
    for name, test in rule.get("days", {"any": "always"}).items():
        match _matches(test, day, choice):
            case None:
                return None
            case False:
                continue
        for period, spec in rule["hours"][name].items():
            if (
                spec == "rest"
                or (spec == "meter" and cheap)
                or (spec == "choice" and choice is not None and _in(choice, clock))
                or (isinstance(spec, list) and any(_in(window, clock) for window in spec))
            ):
                return str(period)
    return None


_counted: dict[tuple[int, str | None], dict[str | None, int]] = {}  # fifty offers have the same rule


def _by_period(
    rule: dict[str, Any], choice: str | None, minutes: list[tuple[datetime, int, bool]]
) -> dict[str | None, int]:
    if (id(rule), choice) not in _counted:
        wh = _counted[id(rule), choice] = {}
        for local, drawn, cheap in minutes:
            period = _period(rule, local, choice, cheap=cheap)
            wh[period] = wh.get(period, 0) + drawn
    return _counted[id(rule), choice]


def _price(offer: dict[str, Any], period: str) -> Decimal | None:
    rows = [row for row in offer["rows"] if row["from"] <= TODAY and (row.get("to") is None or row["to"] > TODAY)]
    if not rows:
        return None
    found = rows[-1].get("kwh", {}).get(period)
    for power, band in sorted(rows[-1].get("kwh_from", {}).items()):
        if power <= POWER:
            found = band.get(period, found)
    return None if found is None else Decimal(str(found))


def test_an_offer_costs_what_its_file_says_minute_by_minute(
    minutes: list[tuple[datetime, int, bool]], comparison: Comparison
) -> None:
    compared = {one.offer.id: one for one in comparison.offers}
    for offer, rule in _documents():
        if rule is None:
            continue
        choice = rule.get("choice", {})
        cost = compared[offer["id"]]
        found = {}
        for chosen in choice.get("weekday") or choice.get("slot") or [None]:
            total, unknown = Decimal(0), 0
            for period, drawn in _by_period(rule, chosen, minutes).items():
                price = None if period is None else _price(offer, period)
                if price is None:
                    unknown += drawn
                else:
                    total += Decimal(drawn) / 1000 * price
            found[chosen] = (total, unknown)
        energy, unknown = min(found.values())
        assert cost.energy == energy, offer["id"]
        assert bool({Why.COLOURS, Why.CALENDAR, Why.PRICES} & cost.unknown.keys()) == bool(unknown), offer["id"]
        if len(found) > 1 and cost.rankable:
            spread = sorted(total for total, _ in found.values())
            assert [choice.total - cost.subscription for choice in cost.choices] == spread, offer["id"]


def test_the_subscription_is_that_of_today_for_the_days_of_the_range(comparison: Comparison) -> None:
    (tempo,) = [one for one in comparison.offers if one.offer.id == "trv-tempo"]
    # 19.70 a month; 30 days of a year of 365.
    assert tempo.subscription == Decimal("19.70") * 12 * 30 / 365


def test_what_no_meter_can_tell_is_refused(comparison: Comparison) -> None:
    refused = {one.offer.id: one.refused for one in comparison.offers}
    assert refused["octopus-intelligent"] is Why.DRIVEN_CHARGE
    assert refused["sobry-socap"] is Why.SPOT
    assert refused["ohm-modulo"] is Why.CALENDAR
