"""Digests as people read them on a phone (digest.fr.txt, digest.en.txt), and when one is due, by the local clock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.alerts.digest import Digest, digest_due, digest_text
from monitor.base.alert_settings import AlertSettings
from monitor.base.calendar import midnight
from monitor.base.formats import Formats
from monitor.money.bill import Cost, Missing
from monitor.money.costs import Answer, Period
from monitor.money.forecast import Forecast
from monitor.money.price_status import PricedAs
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from monitor.readings.power import Peak
from monitor.sources.weather import AtEqualWeather, Fit, WhyNot
from tests.support.golden import check_sentences

PARIS = ZoneInfo("Europe/Paris")
METER = Meter(1, "031961000001", None, None)
TEMPO = {"BBRHCJB": 20_100, "BBRHPJB": 40_200, "BBRHCJW": 5000, "BBRHPJW": 11_000, "BBRHCJR": 3000, "BBRHPJR": 4900}
PEAK = Peak(datetime(2026, 11, 20, 19, 4, tzinfo=UTC), 6420, None)


def period(
    first: date, end: date, wh: Mapping[str, int], cost: Cost | None = None, missing: int = 0, **energy: Any
) -> Period:
    start, until = midnight(first, PARIS), midnight(end, PARIS)
    seconds = int((until - start).total_seconds())
    found = Energy(start, until, wh, None, 0, 0, seconds - missing, seconds)
    return Period(replace(found, **energy), cost or Cost(missing=[Missing(first, None, "contract")]))


def priced(subscription: str = "0", **registers: str) -> Cost:
    amounts = {name: Decimal(amount) for name, amount in registers.items()}
    return Cost(sum(amounts.values(), Decimal(0)), Decimal(subscription), amounts)


def week(wh: Mapping[str, int], cost: Cost | None = None, **energy: Any) -> Period:
    return period(date(2026, 11, 16), date(2026, 11, 23), wh, cost, **energy)


def digest(whole: Period, by: str = "week", meter: Meter = METER, **more: Any) -> Digest:
    known = {
        "before": None,
        "peak": None,
        "base_load": None,
        "tempo_left": None,
        "forecast": None,
        "weather": None,
        **more,
    }
    return Digest(by, Answer(meter, [whole], whole, {}, [], []), **known)


NOVEMBER = Forecast(
    midnight(date(2026, 11, 1), PARIS),
    midnight(date(2026, 12, 1), PARIS),
    midnight(date(2026, 11, 23), PARIS),
    so_far_wh=310_000,
    so_far_cost=700_000,
    expected_wh=412_400,
    low_wh=390_000,
    high_wh=450_000,
    expected_cost=824_000,
    low_cost=744_900,
    high_cost=911_000,
)
FULL = digest(
    week(
        TEMPO,
        priced("3.20", BBRHCJB="2.66", BBRHPJB="6.48", BBRHCJW="0.75", BBRHPJW="2.06", BBRHCJR="0.47", BBRHPJR="3.46"),
        missing=3600 * 5,
        recovered_wh=3200,
    ),
    before=period(date(2026, 11, 9), date(2026, 11, 16), {"BBRHPJB": 78_700}, priced(BBRHPJB="15.90")),
    peak=PEAK,
    base_load=180,
    tempo_left={"blue": 280, "white": 30, "red": 12},
    forecast=NOVEMBER,
)


DAY = period(date(2026, 11, 24), date(2026, 11, 25), {"BASE": 9500}, priced("0.50", BASE="1.84"))
DAY_BEFORE = period(date(2026, 11, 17), date(2026, 11, 18), {"BASE": 9500}, priced("0.50", BASE="1.90"))
DECEMBER = period(date(2026, 12, 1), date(2027, 1, 1), {"BASE": 620_000}, priced(BASE="31"))
JANUARY = period(date(2027, 1, 1), date(2027, 2, 1), {"BASE": 310_000}, priced(BASE="62"))
FEBRUARY = period(date(2027, 2, 1), date(2027, 3, 1), {"BASE": 280_000}, priced(BASE="56"))
COLDER = AtEqualWeather(31, 409.6, 315.0, 900_000, 878_000, Fit(2140, 0.784), None, -0.1232)
WEEK_BEFORE = period(date(2026, 11, 9), date(2026, 11, 16), {"BASE": 4500}, priced(BASE="1"))
PARTLY = Cost(Decimal("1.5"), missing=[Missing(date(2026, 11, 20), "base", "BASE")])
UNTOLD = Forecast(NOVEMBER.start, NOVEMBER.end, NOVEMBER.until, 1000, None, "few_days")
NINE = week({"BASE": 9000})
THREE_DAYS = 3 * 86_400
DIGESTS: Mapping[str, Sequence[Digest]] = {
    "all there is to say fits a phone": [FULL],
    "prices that are assumed": [replace(FULL, answer=replace(FULL.answer, priced_as=PricedAs("EDF", assumed=True)))],
    "a day of one register is short": [digest(DAY, "day", before=DAY_BEFORE, peak=PEAK)],
    "the first of a month": [digest(period(date(2026, 12, 1), date(2026, 12, 2), {"BASE": 9500}), "day")],
    "January against December of the year before": [digest(JANUARY, "month", before=DECEMBER)],
    "months are compared by the day": [digest(FEBRUARY, "month", before=JANUARY)],
    "a cost that is not known is neither shown nor compared": [digest(NINE, before=WEEK_BEFORE)],
    "nor is one that is partial": [digest(week({"BASE": 9000}, PARTLY), before=WEEK_BEFORE)],
    "a forecast without prices is of energy": [
        digest(NINE, forecast=replace(NOVEMBER, expected_cost=None, low_cost=None, high_cost=None))
    ],
    "one that says why not is left out": [digest(NINE, forecast=UNTOLD)],
    "two kinds of hours have a line each and the subscription another": [
        digest(week({"HCHP": 6000, "HCHC": 3000}, priced("4.53", HCHP="1.24", HCHC="0.47")))
    ],
    "the first week says since when": [digest(week({"BASE": 9000}, covered=THREE_DAYS, expected=THREE_DAYS))],
    "what was exported": [digest(week({"BASE": 9000}, injected_wh=12_300))],
    "the smallest of many registers share a line": [
        digest(
            week(
                {f"EASF{number:02}": 1000 * number for number in range(1, 7)},
                priced(EASF01="0.1", EASF02="0.2", EASF06="0.6"),
            )
        )
    ],
    "two meters share ten lines and keep what matters": [
        replace(FULL, answer=replace(FULL.answer, meter=replace(METER, name="Maison"))),
        digest(week({"BASE": 1000}), meter=Meter(2, "031961000002", None, None, name="Garage")),
    ],
    "a month at equal weather": [digest(JANUARY, "month", weather=COLDER)],
    "weather that explains little has no line": [
        digest(JANUARY, "month", weather=replace(COLDER, why_not=WhyNot.WEAK, change=None))
    ],
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_digests_are_short_and_say_what_matters(language: str) -> None:
    told: list[str] = []
    for name, digests in DIGESTS.items():
        title, lines = digest_text(digests, Formats(language, PARIS))
        told += [f"== {name}", title, *lines]
    check_sentences(Path(__file__).with_name("digest"), language, told)


NIGHT = Window(time(22), time(8, 15))


@pytest.mark.parametrize(
    ("digest", "local", "quiet", "period"),
    [
        ("daily", "2026-11-24 07:29", None, None),
        ("daily", "2026-11-24 07:30", None, "2026-11-23"),
        ("daily", "2026-11-24 23:59", None, "2026-11-23"),  # the monitor started late
        ("daily", "2026-11-24 23:59", NIGHT, None),
        ("daily", "2026-11-25 07:29", None, None),
        ("daily", "2026-11-24 08:14", NIGHT, None),
        ("daily", "2026-11-24 08:15", NIGHT, "2026-11-23"),
        ("daily", "2026-11-24 07:30", Window(time(13), time(14)), "2026-11-23"),
        ("weekly", "2026-11-23 07:30", None, "2026-11-16"),  # a Monday
        ("weekly", "2026-11-24 07:29", None, "2026-11-16"),
        ("weekly", "2026-11-24 07:30", None, None),  # too late: nobody waits for it any more
        ("weekly", "2026-03-30 07:30", None, "2026-03-23"),  # 167 hours
        ("weekly", "2026-10-26 07:29", None, None),  # 169 hours
        ("weekly", "2026-10-26 07:30", None, "2026-10-19"),
        ("monthly", "2027-01-01 07:30", None, "2026-12-01"),
        ("monthly", "2027-01-02 07:30", None, None),
        (None, "2026-11-24 07:30", None, None),
    ],
)
def test_a_digest_is_due_for_a_day_from_half_past_seven_or_the_end_of_quiet_hours(
    digest: Literal["daily", "weekly", "monthly"] | None, local: str, quiet: Window | None, period: str | None
) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=PARIS)
    due = digest_due(AlertSettings(digest=digest, quiet=quiet), now, PARIS)
    assert due == (None if period is None else f"digest/{digest}/{period}")
