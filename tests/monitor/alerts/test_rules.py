"""Rules that look at the database, each on cases by hand; and a year in which nothing happens."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from monitor.alerts.events import Holds
from monitor.alerts.facts import Cut, Installation, Loss, cut_between
from monitor.alerts.rules import backup, budget, database_conditions, disk, feed_in, loss, off_peak, power_cut, prices
from monitor.base.calendar import midnight
from monitor.money.off_peak import OffPeakChange
from monitor.money.price_status import OldPrice
from monitor.readings.curves import MinuteFacts
from reader.simulator.contract import CONTRACTS
from reader.simulator.household import Household
from tests.support.made_facts import METER, NOW, PARIS, TODAY, days_before, made_facts, made_meter

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
OTHER = "031961000002"


# -- power cut --------------------------------------------------------------------------------------------------------


def test_a_power_cut_has_its_length_and_is_known_by_its_start() -> None:
    start = datetime(2026, 6, 13, 20, 4, tzinfo=UTC)
    (found,) = power_cut(made_facts(made_meter(lately={"cuts": [Cut(start, start + 47 * MINUTE)]})), NOW)
    assert (found.holds, found.meter, found.key, found.since) == (Holds.YES, METER, "2026-06-13T20:04:00Z", start)
    assert found.figures == {"start": "2026-06-13T20:04:00Z", "end": "2026-06-13T20:51:00Z", "minutes": 47}


def test_a_power_cut_of_two_meters_is_told_once() -> None:
    one, other = Cut(NOW - 50 * MINUTE, NOW - 20 * MINUTE), Cut(NOW - 49 * MINUTE, NOW - 19 * MINUTE)
    only_there = Cut(NOW - 2 * DAY, NOW - 2 * DAY + 12 * MINUTE)
    meters = [made_meter(lately={"cuts": [one]}), made_meter(OTHER, lately={"cuts": [only_there, other]})]
    found = power_cut(made_facts(*meters), NOW)
    assert [(condition.meter, condition.since) for condition in found] == [
        (OTHER, only_there.start),
        (METER, one.start),
    ]


def test_a_power_cut_is_that_of_the_meter_whose_reader_was_back_first() -> None:
    """It was told of that one already when the other reader had started, too."""
    slow, quick = Cut(NOW - 51 * MINUTE, NOW - 20 * MINUTE), Cut(NOW - 50 * MINUTE, NOW - 30 * MINUTE)
    later = made_facts(made_meter(lately={"cuts": [slow]}), made_meter(OTHER, lately={"cuts": [quick]}))
    assert [(condition.meter, condition.since) for condition in power_cut(later, NOW)] == [(OTHER, quick.start)]


@pytest.mark.parametrize(
    ("minutes", "counted", "injected", "base_load", "is_cut"),
    [
        (2, 0, 0, 120, True),
        (1, 0, 0, 500, False),  # the machine only started anew
        (3, 2, 0, 120, False),  # the meter counted
        (3, 1, 0, 120, True),  # while the machine started: 6 Wh would be usual
        (48, 24, 0, 120, True),
        (48, 25, 0, 120, False),
        (3, 0, 1, 120, False),
        (3, 0, 0, 79, False),  # so little is drawn that it may have counted nothing
        (3, 0, 0, 80, True),
    ],
)
def test_a_short_power_cut_is_known_by_the_start_of_the_machine(
    minutes: int, counted: int, injected: int, base_load: int, is_cut: bool
) -> None:
    at = int(NOW.timestamp())
    before = MinuteFacts(at - 60, 60, 60, 1, 4999, 5000, 900, 0, None, 70, 71)
    after = MinuteFacts(at + 60 * minutes, 60, 60, 1, 5000 + counted, 5009, 900, 0, None, 71 + injected, 80)
    assert cut_between(before, after, base_load) == (Cut(NOW, NOW + minutes * MINUTE) if is_cut else None)


def test_a_start_of_the_machine_is_no_power_cut_because_an_adapter_tells_registers_late() -> None:
    at = int(NOW.timestamp())
    before = MinuteFacts(at - 60, 60, 1, 1, 5000, 5000, 900, 0, None, usual_interval=60)
    assert cut_between(before, before._replace(at=at + 600), 500) is None


# -- loss -------------------------------------------------------------------------------------------------------------


def test_hours_of_a_loss_that_follow_each_other_are_one() -> None:
    first = NOW - 5 * DAY
    losses = [Loss(first, 12), Loss(first + HOUR, 30), Loss(first + 20 * HOUR, 1), Loss(first + 50 * HOUR, 7)]
    one, other = loss(made_meter(losses=losses))
    assert (one.key, one.figures) == (
        "2026-06-10T06:00:00Z",
        {"frames": 43, "start": "2026-06-10T06:00:00Z", "end": "2026-06-11T03:00:00Z"},
    )
    assert other.figures["frames"] == 7


def test_a_loss_that_may_have_begun_before_what_was_looked_at_is_not_told_again() -> None:
    assert loss(made_meter(losses=[Loss(NOW - 7 * DAY - number * HOUR, 5) for number in (20, 2)])) == []


# -- backup, disk, prices ---------------------------------------------------------------------------------------------


def test_a_backup_of_more_than_eight_days_ago_is_told_where_backups_are_made() -> None:
    def holds(last: datetime | None) -> list[Holds]:
        return [condition.holds for condition in backup(Installation(NOW, last, None, None), NOW)]

    assert holds(None) == []
    assert holds(NOW - 8 * DAY) == [Holds.NO]
    assert holds(NOW - 8 * DAY - MINUTE) == [Holds.YES]


@pytest.mark.parametrize(
    ("free", "growth", "holds"),
    [
        (59_900_000, 1e6, Holds.YES),
        (60_000_000, 1e6, Holds.UNDECIDED),
        (75_000_000, 1e6, Holds.NO),
        (60_000_000, 0, Holds.NO),
        (1_000, None, Holds.UNKNOWN),
        (None, 1e6, Holds.UNKNOWN),
    ],
)
def test_the_disk_is_told_two_months_before_it_is_full(free: int | None, growth: float | None, holds: Holds) -> None:
    assert [condition.holds for condition in disk(Installation(NOW, None, free, growth))] == [holds]


def test_prices_are_told_after_seven_months() -> None:
    def old(start: date) -> OldPrice:
        return OldPrice("mine", "Mon offre", start, "prices.yaml")

    assert prices(made_meter(), TODAY)[0].holds is Holds.NO
    assert prices(made_meter(old_prices=[old(TODAY - 214 * DAY)]), TODAY)[0].holds is Holds.NO
    (found,) = prices(made_meter(old_prices=[old(date(2025, 11, 1)), old(date(2025, 10, 1))]), TODAY)
    assert found.holds is Holds.YES
    assert found.figures == {"months": 8, "oldest": "2025-10-01", "name": "Mon offre"}


def test_prices_that_are_new_again_are_told_with_their_day() -> None:
    (found,) = prices(made_meter(prices_since=date(2026, 6, 1)), TODAY)
    assert (found.holds, found.figures) == (Holds.NO, {"months": 0, "oldest": "2026-06-01"})


# -- off-peak hours and budget ----------------------------------------------------------------------------------------


def test_off_peak_hours_that_moved_are_known_by_their_day_and_those_of_the_file_by_its_name() -> None:
    night, noon = ((time(22), time(6)),), ((time(1, 30), time(7)), (time(13), time(15, 30)))
    change = OffPeakChange(date(2026, 6, 10), night, noon, 4)
    moved, other = off_peak(made_meter(off_peak_moved=change, off_peak_other=change), PARIS)
    assert (moved.holds, moved.key, moved.since) == (Holds.YES, "2026-06-10", datetime(2026, 6, 9, 22, tzinfo=UTC))
    assert moved.figures == {
        "since": "2026-06-10",
        "old": "22:00–06:00",
        "new": "01:30–07:00, 13:00–15:30",
        "against": "meter",
    }
    assert (other.key, other.since, other.figures["against"]) == ("file", None, "file")
    assert off_peak(made_meter(), PARIS) == []


@pytest.mark.parametrize(
    ("costs", "holds"),
    [
        ([1_200_001], Holds.YES),
        ([1_200_000], Holds.UNDECIDED),
        ([1_163_999], Holds.NO),
        ([700_000, 600_000], Holds.YES),
        ([700_001, None], Holds.YES),  # what the second cost until now is enough
        ([700_000, None], Holds.UNKNOWN),
        ([None], Holds.UNKNOWN),
        ([None, None, None], Holds.YES),
    ],
)
def test_the_budget_is_of_all_meters(costs: list[int | None], holds: Holds) -> None:
    meters = [
        made_meter(f"03196100000{number}", month_so_far=500_000, month_cost=cost) for number, cost in enumerate(costs)
    ]
    of_a_producer = made_meter(OTHER, month_cost=None)  # no price is known of it
    (found,) = budget(made_facts(*meters, of_a_producer, budget=120), TODAY)
    assert (found.holds, found.key) == (holds, "2026-06")
    assert found.meter == ""  # also of a single one: one that is fitted during the month begins no other event
    if holds is not Holds.UNKNOWN:
        expected = sum(cost or 500_000 for cost in costs)
        assert (found.figures["expected"], found.figures["budget"]) == (expected, 1_200_000)


def test_the_budget_is_told_with_the_range_of_the_forecast() -> None:
    one = made_meter(month_so_far=500_000, month_cost=800_000, month_low=700_000, month_high=950_000)
    without_forecast = made_meter(OTHER, month_so_far=500_000)
    (found,) = budget(made_facts(one, without_forecast, budget=120), TODAY)
    assert found.figures == {"expected": 1_300_000, "low": 1_200_000, "high": 1_450_000, "budget": 1_200_000}


def test_the_forecast_of_last_month_is_not_that_of_this_month() -> None:
    meter = made_meter(month_so_far=500_000, month_cost=1_300_000)
    assert [condition.holds for condition in budget(made_facts(meter, budget=120), date(2026, 7, 1))] == [Holds.UNKNOWN]
    assert budget(made_facts(meter), TODAY) == []


# -- feed-in ----------------------------------------------------------------------------------------------------------


def fed(*newest: int, usual: int = 9000, today: date = TODAY, so_far: int = 0) -> Holds:
    """Return the condition of a producer with some days that are like others, and then these; the last is yesterday."""
    days = days_before(today, 60, lambda ago: newest[-ago] if ago <= len(newest) else usual - 50 * (ago % 9))
    (found,) = feed_in(made_meter(injected=days, lately={"injected": so_far}), today)
    return found.holds


def test_a_producer_without_injection_for_days_is_told_until_there_is_some() -> None:
    assert fed(0, 0) is Holds.UNDECIDED
    assert fed(0, 0, 0) is Holds.YES
    assert fed(0, 0, 0, so_far=40) is Holds.NO
    assert fed(0, 0, 0, 4000) is Holds.NO
    days = days_before(TODAY, 60, lambda ago: 0 if ago <= 4 else 9000)
    (found,) = feed_in(made_meter(injected=days), TODAY)
    assert found.figures == {"days": 4, "usual_wh": 9000}


def test_dark_weeks_of_winter_are_no_failure() -> None:
    december = date(2026, 12, 20)
    assert fed(0, 0, 0, 0, 0, today=december) is Holds.UNDECIDED
    assert fed(0, 0, 0, 0, 0, 0, today=december) is Holds.YES
    # It was dark for three days already, a week ago.
    assert fed(0, 30, 0, 2500, 900, 1800, 0, 0, 0, 0, 0, 0, today=december) is Holds.UNDECIDED
    assert fed(0, 0, 0, 0, 0, 0, usual=480, today=december) is Holds.UNDECIDED


def test_who_feeds_nothing_in_and_a_new_producer_are_told_nothing() -> None:
    assert feed_in(made_meter(), TODAY) == []
    (new,) = feed_in(made_meter(injected=days_before(TODAY, 3, lambda ago: 0)), TODAY)
    (away,) = feed_in(made_meter(injected=days_before(TODAY - 3 * DAY, 60, lambda ago: 0 if ago < 9 else 9000)), TODAY)
    assert (new.holds, away.holds) == (Holds.UNKNOWN, Holds.UNKNOWN)


# -- all --------------------------------------------------------------------------------------------------------------


def test_a_new_house_has_no_alarm() -> None:
    assert Holds.YES not in {condition.holds for condition in database_conditions(made_facts(made_meter()), NOW)}


def test_while_the_database_is_away_nothing_begins_and_nothing_is_over() -> None:
    facts = made_facts(made_meter(), backup=NOW - 9 * DAY)

    def found(later: timedelta) -> dict[str, Holds]:
        return {
            condition.kind: condition.holds
            for condition in database_conditions(facts, NOW + later)
            if condition.kind in ("backup", "prices")
        }

    assert found(2 * DAY - MINUTE) == {"backup": Holds.YES, "prices": Holds.NO}
    assert found(2 * DAY) == {"backup": Holds.UNKNOWN, "prices": Holds.UNKNOWN}


FIRST, YEAR, SEASON = date(2025, 3, 1), 365, 92


def test_a_year_has_no_false_alarm() -> None:
    household = Household(CONTRACTS["producer"], 0)
    days = [FIRST + timedelta(number - SEASON) for number in range(SEASON + YEAR)]
    limits = [int(midnight(day, PARIS).timestamp()) for day in (*days, days[-1] + timedelta(1))]
    injected = {
        day: household.mean_power(start, end)[1] * (end - start) // 3600
        for day, start, end in zip(days, limits, limits[1:], strict=False)
    }
    for today in days[SEASON:]:
        now = datetime(today.year, today.month, today.day, 4, tzinfo=PARIS).astimezone(UTC)
        before = {day: wh for day, wh in injected.items() if day < today}
        found = database_conditions(made_facts(made_meter(at=now, injected=before)), now)
        assert [condition.kind for condition in found if condition.holds is Holds.YES] == [], today
