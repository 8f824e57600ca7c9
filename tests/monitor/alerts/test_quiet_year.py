"""A year of a simulated producer in which nothing happens: false alarms are counted."""

from datetime import UTC, date, datetime, timedelta

from monitor.alerts.rules.slow import signs
from monitor.alerts.signs import Holds
from monitor.base.calendar import midnight
from reader.simulator.contract import CONTRACTS
from reader.simulator.household import Household
from tests.support.made_facts import PARIS, made_facts, made_meter

FIRST, DAYS, PAST = date(2025, 3, 1), 365, 92


def test_a_year_has_no_false_alarm() -> None:
    household = Household(CONTRACTS["producer"], 0)
    days = [FIRST + timedelta(number - PAST) for number in range(PAST + DAYS)]
    limits = [int(midnight(day, PARIS).timestamp()) for day in (*days, days[-1] + timedelta(1))]
    injected = {
        day: household.mean_power(start, end)[1] * (end - start) // 3600
        for day, start, end in zip(days, limits, limits[1:], strict=False)
    }
    for today in days[PAST:]:
        now = datetime(today.year, today.month, today.day, 4, tzinfo=PARIS).astimezone(UTC)
        before = {day: wh for day, wh in injected.items() if day < today}
        found = signs(made_facts(made_meter(at=now, injected=before)), now)
        assert [sign.kind for sign in found if sign.holds is Holds.YES] == [], today
