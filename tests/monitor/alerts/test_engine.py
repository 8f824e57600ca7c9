"""What becomes of signs: events that begin and end, and what is told of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.alerts.engine import LISTED, Engine
from monitor.alerts.events import Message
from monitor.alerts.signs import Holds, Sign

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # 12:00 in Paris
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YES, BETWEEN, NO, UNKNOWN = Holds.YES, Holds.BETWEEN, Holds.NO, Holds.UNKNOWN


class House:
    """An engine, and a clock that stands until it is moved."""

    def __init__(self, quiet: str | None = None, *, off: Sequence[str] = (), tells: bool = True) -> None:
        self.now = NOON
        self.off, self.tells = off, tells
        self.quiet = None if quiet is None else Window(*map(time.fromisoformat, quiet.split("-")))
        self.messages: list[Message] = []
        self.engine = self.new()

    def new(self) -> Engine:
        return Engine(lambda kind: kind not in self.off, self.quiet, PARIS, tells=self.tells)

    def see(self, *signs: Sign, seconds: int = 0) -> list[str]:
        """Step once, and once more each second; return what was told, as kind and phase."""
        before = len(self.messages)
        self.messages += self.engine.step(self.now, signs)
        for _ in range(seconds):
            self.now += SECOND
            self.messages += self.engine.step(self.now, signs)
        return [f"{message.event.kind} {message.phase}" for message in self.messages[before:]]

    def restart(self, away: timedelta = SECOND) -> None:
        kept = json.loads(json.dumps(self.engine.to_json()))
        self.engine = self.new()
        self.engine.from_json(kept)
        self.now += away


def sign(kind: str, holds: Holds, key: str = "", **figures: Any) -> Sign:
    return Sign(kind, holds, key=key, figures=figures)


def talon(holds: Holds) -> Sign:
    return sign("talon", holds)


def overload(holds: Holds) -> Sign:
    return sign("overload", holds)


def test_what_holds_long_enough_is_told_once_and_its_end_once() -> None:
    house = House()
    house.see(overload(NO))
    house.now += SECOND
    assert house.see(overload(YES), seconds=9) == []
    assert house.see(overload(YES), seconds=60) == ["overload begin"]
    assert [event.began for event in house.engine.active] == [NOON + SECOND]
    assert house.see(overload(NO), seconds=59) == []
    assert house.see(overload(NO), seconds=60) == ["overload end"]
    assert house.engine.active == ()
    (event,) = house.engine.past
    assert event.ended is not None
    assert event.ended - event.began == 69 * SECOND


@pytest.mark.parametrize(
    ("pause", "told"), [(BETWEEN, []), (NO, []), (UNKNOWN, ["overload begin"])], ids=["between", "over", "unknown"]
)
def test_a_pause_begins_the_count_anew_but_not_knowing_only_interrupts_it(pause: Holds, told: list[str]) -> None:
    house = House()
    house.see(overload(YES), seconds=6)
    house.see(overload(pause), seconds=1)
    assert house.see(overload(YES), seconds=6) == told


def test_a_moment_is_not_as_long_as_the_step_before_it() -> None:
    house = House()
    house.see(overload(NO))
    house.now += 10 * SECOND
    assert house.see(overload(YES)) == []


def test_what_was_not_known_for_long_counts_anew() -> None:
    house = House()
    house.see(overload(YES), seconds=9)
    house.see(overload(UNKNOWN), seconds=90)
    assert house.see(overload(YES), seconds=9) == []


@pytest.mark.parametrize("holds", [BETWEEN, UNKNOWN])
def test_an_event_goes_on_while_it_is_neither_here_nor_over(holds: Holds) -> None:
    house = House()
    house.see(overload(YES), seconds=10)
    assert house.see(overload(holds), seconds=300) == []
    assert house.engine.active


def test_the_newest_figures_are_told() -> None:
    house = House()
    house.see(sign("overload", YES, power=6000), seconds=10)
    house.see(sign("overload", YES, power=6500))
    house.see(sign("overload", NO), seconds=61)
    assert [dict(message.event.figures) for message in house.messages] == [{"power": 6000}, {"power": 6500}]


def test_an_event_that_is_over_has_the_figures_of_the_event_not_those_of_its_end() -> None:
    house = House()
    house.see(sign("backup", YES, days=9))
    house.see(sign("backup", NO, days=0))
    assert [event.figures for event in house.engine.past] == [{"days": 9}]


def test_an_event_began_when_the_rule_says() -> None:
    house = House()
    house.see(Sign("backup", YES, since=NOON - 9 * DAY))
    assert house.engine.active[0].began == NOON - 9 * DAY


def test_what_repeats_on_a_day_is_listed_and_not_told() -> None:
    house = House()
    told = [house.see(talon(holds), seconds=1) for holds in (YES, NO, YES, NO)]
    assert told == [["talon begin"], ["talon end"], [], []]
    assert len(house.engine.past) == 2


def test_what_repeats_and_lasts_into_the_next_day_is_told_then() -> None:
    house = House()
    for holds in (YES, NO, YES):
        house.see(talon(holds))
    house.now += 12 * HOUR
    assert house.see(talon(YES)) == ["talon begin"]
    assert house.see(talon(NO)) == ["talon end"]


def test_what_happens_is_told_once_for_ever() -> None:
    house = House()
    told = [house.see(sign("red", YES, "2026-11-25")) for _ in range(2)]
    house.restart(300 * DAY)
    told += [house.see(sign("red", YES, "2026-11-25")), house.see(sign("red", YES, "2026-11-26"))]
    assert told == [["red begin"], [], [], ["red begin"]]
    assert not house.engine.active
    assert house.engine.past[0].ended is not None


def test_what_happened_before_the_first_start_is_nobody_s_news() -> None:
    house = House()
    assert house.see(Sign("power_cut", YES, key="a", since=NOON - HOUR)) == []
    house.now += DAY
    assert house.see(Sign("power_cut", YES, key="b", since=NOON + HOUR)) == ["power_cut begin"]


def test_what_began_days_ago_and_is_found_now_is_told() -> None:
    house = House("22:00-07:00")
    house.see()
    house.now += 6 * DAY + 11 * HOUR
    moved = Sign("off_peak", YES, key="2026-11-27", since=NOON + 3 * DAY)
    assert house.see(moved) == []
    house.now += 8 * HOUR
    assert house.see(moved) == ["off_peak begin"]


def test_quiet_hours_hold_back_all_but_what_is_urgent() -> None:
    house = House("22:00-07:00")
    house.now = NOON + 11 * HOUR
    assert house.see(overload(YES), talon(YES), sign("backup", YES), seconds=11) == ["overload begin"]
    house.see(overload(YES), talon(YES), sign("backup", NO))
    house.now = NOON + 19 * HOUR - SECOND
    assert house.see(overload(YES), talon(YES), sign("backup", NO)) == []
    assert house.see(overload(YES), talon(YES), sign("backup", NO), seconds=1) == ["talon begin"]
    assert [event.kind for event in house.engine.past] == ["backup"]


def test_an_end_in_quiet_hours_is_told_when_they_are_over() -> None:
    house = House("22:00-07:00")
    house.see(talon(YES))
    house.now = NOON + 11 * HOUR
    assert house.see(talon(NO)) == []
    house.restart()
    house.now = NOON + 19 * HOUR
    assert house.see(talon(NO)) == ["talon end"]


@pytest.mark.parametrize(("later", "told"), [(SECOND, ["talon end"]), (DAY + SECOND, [])])
def test_an_end_in_quiet_hours_is_no_news_after_a_day(later: timedelta, told: list[str]) -> None:
    house = House("22:00-07:00")
    house.see(talon(YES))
    house.now = ended = NOON + 19 * HOUR - SECOND
    assert house.see(talon(NO)) == []
    house.restart()
    house.now = ended + later
    assert house.see(talon(NO)) == told


def test_what_happened_in_quiet_hours_is_told_if_it_still_holds_or_may_be_late() -> None:
    house = House("22:00-07:00")
    house.now = NOON + 11 * HOUR
    red, white = sign("red", YES, "2026-11-25"), sign("white", YES, "2026-11-26")
    assert house.see(red, white, sign("power_cut", YES, "a")) == []
    house.now = NOON + 19 * HOUR
    assert house.see(white) == ["white begin", "power_cut begin"]
    assert house.see(red, white) == ["red begin"]  # it was not known for a moment
    assert house.see(red, white) == []


def test_after_a_restart_what_goes_on_is_not_told_again() -> None:
    house = House()
    house.see(overload(YES), seconds=10)
    house.restart()
    assert house.see(overload(UNKNOWN), seconds=20) == []
    assert house.see(overload(YES), seconds=20) == []
    assert house.see(overload(NO), seconds=60) == ["overload end"]


@pytest.mark.parametrize(
    ("away", "told"), [(50 * MINUTE, ["overload end"]), (2 * HOUR, [])], ids=["a moment", "for long"]
)
def test_what_ended_while_the_monitor_was_off(away: timedelta, told: list[str]) -> None:
    house = House()
    house.see(overload(YES), seconds=10)
    house.restart(away)
    assert house.see(overload(NO), seconds=60) == told
    assert house.engine.active == ()


def test_what_was_seen_after_a_long_pause_is_live_again() -> None:
    house = House()
    house.see(overload(YES), seconds=10)
    house.restart(DAY)
    house.see(overload(YES))
    assert house.see(overload(NO), seconds=61) == ["overload end"]


def test_a_watched_event_is_written_down_from_time_to_time() -> None:
    house = House()
    house.see(overload(YES), seconds=10)
    house.engine.to_json()
    house.engine.saved()
    house.see(overload(YES), seconds=899)
    assert not house.engine.changed
    house.see(overload(YES), seconds=2)
    assert house.engine.changed


@pytest.mark.parametrize("step", [HOUR, -HOUR, 400 * DAY, -400 * DAY])
def test_a_clock_that_is_set_neither_begins_nor_ends_an_event_nor_tells_it_again(step: timedelta) -> None:
    house = House()
    house.see(overload(YES))
    house.now += step
    assert house.see(overload(YES), seconds=0) == []
    house.see(overload(YES), seconds=10)
    house.now -= step
    assert house.see(overload(NO), seconds=0) == []
    house.now += step
    assert house.see(overload(YES), seconds=30) == []
    assert len(house.messages) == 1


def test_a_clock_that_was_set_back_does_not_tell_a_day_again() -> None:
    house = House()
    house.now += 12 * HOUR
    for holds in (YES, NO):
        house.see(talon(holds))
    house.now -= 2 * HOUR
    assert house.see(talon(YES)) == []


def test_what_no_rule_speaks_of_any_more_ends_without_a_message() -> None:
    house = House()
    house.see(sign("budget", YES, "2026-11"), talon(YES))
    assert house.see(sign("budget", NO, "2026-12"), seconds=1) == []
    assert [event.kind for event in house.engine.active] == ["talon"]
    house.see(seconds=86400)
    assert house.engine.active == ()


def test_a_rule_that_is_off_makes_no_event_and_ends_those_it_made() -> None:
    house = House()
    house.see(talon(YES))
    house.off = ["talon"]
    house.restart()
    assert house.see(talon(YES)) == []
    assert house.engine.active == ()


def test_without_anybody_to_tell_events_are_listed_and_what_holds_is_told_later() -> None:
    house = House(tells=False)
    assert house.see(talon(YES), sign("red", YES, "2026-11-25")) == []
    assert house.engine.active
    house.tells = True
    house.restart()
    assert house.see(talon(YES), sign("red", YES, "2026-11-25")) == ["talon begin"]


def test_the_list_is_bounded_and_the_newest_first() -> None:
    house = House()
    for number in range(LISTED + 5):
        house.see(sign("red", YES, str(number)))
    assert [event.key for event in house.engine.past] == [str(LISTED + 4 - number) for number in range(LISTED)]


def test_nothing_is_to_be_kept_while_nothing_changes() -> None:
    house = House()
    house.see(talon(YES), overload(NO))
    house.engine.to_json()
    house.engine.saved()
    version = house.engine.version
    house.see(talon(YES), overload(NO), seconds=1000)
    assert not house.engine.changed
    assert house.engine.version == version


@pytest.mark.parametrize("damaged", ["active", "waiting", "past", "told", "known"])
def test_of_a_memory_that_is_damaged_nothing_is_kept(damaged: str) -> None:
    house = House("22:00-07:00")
    house.see(talon(YES), sign("backup", YES))
    house.now += 11 * HOUR
    house.see(talon(NO), sign("backup", YES), sign("power_cut", YES, "a"))
    kept = house.engine.to_json()
    assert all(kept[name] for name in ("active", "waiting", "past", "told", "known"))
    engine = house.new()
    with pytest.raises((ValueError, AttributeError)):
        engine.from_json(kept | {damaged: [*kept[damaged], ["no such thing"]]})
    assert engine.to_json() == house.new().to_json()
    assert (engine.active, engine.past) == ((), ())
