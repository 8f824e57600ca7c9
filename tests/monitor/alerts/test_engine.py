"""What becomes of conditions: events that begin and end, and what is told of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.alerts.engine import LISTED, Engine
from monitor.alerts.events import Condition, Holds, Notification

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # 12:00 in Paris
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YES, UNDECIDED, NO, UNKNOWN = Holds.YES, Holds.UNDECIDED, Holds.NO, Holds.UNKNOWN


class House:
    """An engine, and a clock that stands until it is moved."""

    def __init__(self, quiet: str | None = None, *, off: Sequence[str] = (), notifies: bool = True) -> None:
        self.now = NOON
        self.off, self.notifies = off, notifies
        self.quiet = None if quiet is None else Window(*map(time.fromisoformat, quiet.split("-")))
        self.notifications: list[Notification] = []
        self.engine = self.new()

    def new(self) -> Engine:
        return Engine(lambda kind: kind not in self.off, self.quiet, PARIS, notifies=self.notifies)

    def see(self, *conditions: Condition, seconds: int = 0) -> list[str]:
        """Step once, and once more each second; return what was told, as kind and phase."""
        before = len(self.notifications)
        self.notifications += self.engine.step(self.now, conditions)
        for _ in range(seconds):
            self.now += SECOND
            self.notifications += self.engine.step(self.now, conditions)
        return [f"{notification.event.kind} {notification.phase}" for notification in self.notifications[before:]]

    def pass_by(self, time: timedelta) -> None:
        self.now += time

    def restart(self, away: timedelta = SECOND) -> None:
        kept = json.loads(json.dumps(self.engine.to_json()))
        self.engine = self.new()
        self.engine.from_json(kept)
        self.now += away


def condition(kind: str, holds: Holds, key: str = "", **figures: Any) -> Condition:
    return Condition(kind, holds, key=key, figures=figures)


def disk(holds: Holds) -> Condition:
    return condition("disk", holds)


def overload(holds: Holds) -> Condition:
    return condition("overload", holds)


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


def play(house: House, script: str) -> None:
    """Play a script, and check that what it says is told.

    A step has conditions (`+overload` holds, `~` is between, `-` does not, `?` is not known; `+red/2026-11-25` has a
    key), for how many seconds more they are seen, and what is sent meanwhile: `+overload 60 > overload begin`. With
    `pass 2h` the clock goes on, with `off 50m` the monitor is off as long.
    """
    holds = {"+": YES, "~": UNDECIDED, "-": NO, "?": UNKNOWN}
    units = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
    for step in script.split("; "):
        do, _, told = step.partition(" > ")
        words = do.split()
        if words[0] in ("pass", "off"):
            time_ = int(words[1][:-1]) * units[words[1][-1]]
            house.restart(time_) if words[0] == "off" else house.pass_by(time_)
            continue
        names = [word[1:].partition("/") for word in words if word[0] in holds]
        conditions = [condition(kind, holds[word[0]], key) for word, (kind, _, key) in zip(words, names, strict=False)]
        seconds = int(words[-1]) if words[-1].isdecimal() else 0
        assert ", ".join(house.see(*conditions, seconds=seconds)) == told, step


#: A pause of one of three kinds, after six of the ten seconds that an overload must last.
PAUSED = "+overload 6; %s 1; +overload 6"
#: It is noon; quiet hours are from 22:00 to 07:00.
BEGUN, NIGHT = "+overload 10 > overload begin", "pass 11h"
RED, WHITE = "+red/2026-11-25", "+white/2026-11-26"
CLOCK = "+overload; pass %s; +overload; +overload 10 > overload begin; pass %s; -overload; pass %s; +overload 30"


#: What is done and told, and what is active in the end.
AT_ANY_HOUR = [
    # A pause begins the count anew, but not knowing only interrupts it, unless it is long.
    (PAUSED % "~overload", ""),
    (PAUSED % "-overload", ""),
    (f"{PAUSED % '?overload'} > overload begin", "overload"),
    ("+overload 9; ?overload 90; +overload 9", ""),
    # A moment is not as long as the step before it.
    ("-overload; pass 10s; +overload", ""),
    # An event goes on while it is neither here nor over.
    (f"{BEGUN}; ~overload 300", "overload"),
    (f"{BEGUN}; ?overload 300", "overload"),
    # What repeats on a day is not told, but if it lasts into the next day.
    ("+disk 1 > disk begin; -disk 1 > disk end; +disk 1; -disk 1", ""),
    ("+disk > disk begin; -disk > disk end; +disk; pass 12h; +disk > disk begin; -disk > disk end", ""),
    # What happens is told once for ever.
    (f"{RED} > red begin; {RED}; off 300d; {RED}; +red/2026-11-26 > red begin", ""),
    # After a restart what goes on is not told again; what ended meanwhile is told if it was not long ago.
    (f"{BEGUN}; off 1s; ?overload 20; +overload 20; -overload 60 > overload end", ""),
    (f"{BEGUN}; off 50m; -overload 60 > overload end", ""),
    (f"{BEGUN}; off 2h; -overload 60", ""),
    (f"{BEGUN}; off 1d; +overload; -overload 61 > overload end", ""),
    # A clock that is set neither begins nor ends an event, nor notifies it again.
    *((CLOCK % (step, back, step), "overload") for step, back in (("1h", "-1h"), ("400d", "-400d"))),
    *((CLOCK % (step, back, step), "overload") for step, back in (("-1h", "1h"), ("-400d", "400d"))),
    ("pass 12h; +disk > disk begin; -disk > disk end; pass -2h; +disk", "disk"),
    # What no rule speaks of any more ends without a notification.
    ("+budget/2026-11 +disk > budget begin, disk begin; -budget/2026-12 1", "disk"),
    ("+disk > disk begin; 86401", ""),
]
WITH_QUIET_HOURS = [
    # They hold back all but what is urgent, and what is over by then.
    (
        f"{NIGHT}; +overload +disk +backup 11 > overload begin; +overload +disk -backup; pass 28788s;"
        " +overload +disk -backup; +overload +disk -backup 1 > disk begin",
        "overload disk",
    ),
    # An end is told when they are over, and is no news after a day.
    (f"+disk > disk begin; {NIGHT}; -disk; off 8h; -disk > disk end", ""),
    ("+disk > disk begin; pass 68399s; -disk; off 1s; -disk > disk end", ""),
    ("+disk > disk begin; pass 68399s; -disk; off 86401s; -disk", ""),
    # What happened is told if it still holds, or may be late; a red day was not known for a moment.
    (
        f"{NIGHT}; {RED} {WHITE} +power_cut/a; pass 8h; {WHITE} > white begin, power_cut begin;"
        f" {RED} {WHITE} > red begin; {RED} {WHITE}",
        "",
    ),
]


@pytest.mark.parametrize(
    ("quiet", "script", "active"),
    [*((None, *row) for row in AT_ANY_HOUR), *(("22:00-07:00", *row) for row in WITH_QUIET_HOURS)],
)
def test_what_is_told(quiet: str | None, script: str, active: str) -> None:
    house = House(quiet)
    play(house, script)
    assert " ".join(event.kind for event in house.engine.active) == active


def test_what_is_not_told_is_listed_all_the_same() -> None:
    house = House("22:00-07:00")
    play(house, f"+disk 1 > disk begin; -disk 1 > disk end; +disk 1; -disk 1; {NIGHT}; +backup; -backup; {RED}")
    assert [event.kind for event in house.engine.past] == ["red", "backup", "disk", "disk"]
    assert all(event.ended is not None for event in house.engine.past)


def test_a_budget_is_told_once_a_month_and_its_end_never() -> None:
    house = House()
    assert house.see(condition("budget", YES, "2026-11")) == ["budget begin"]
    house.pass_by(DAY)
    assert house.see(condition("budget", NO, "2026-11"), seconds=1) == []
    assert [*house.engine.active] == []
    for _ in range(3):
        house.pass_by(DAY)
        assert house.see(condition("budget", YES, "2026-11")) == []
        assert [event.kind for event in house.engine.active] == ["budget"]
        house.restart()
    house.pass_by(3 * DAY)
    assert house.see(condition("budget", YES, "2026-12")) == ["budget begin"]


def test_the_newest_figures_are_told() -> None:
    house = House()
    house.see(condition("overload", YES, power=6000), seconds=10)
    house.see(condition("overload", YES, power=6500))
    house.see(condition("overload", NO), seconds=61)
    assert [dict(notification.event.figures) for notification in house.notifications] == [
        {"power": 6000},
        {"power": 6500},
    ]


def test_an_event_that_is_over_has_the_figures_of_the_event_not_those_of_its_end() -> None:
    house = House()
    house.see(condition("backup", YES, days=9))
    house.see(condition("backup", NO, days=0))
    assert [event.figures for event in house.engine.past] == [{"days": 9}]


def test_an_event_began_when_the_rule_says() -> None:
    house = House()
    house.see(Condition("backup", YES, since=NOON - 9 * DAY))
    assert house.engine.active[0].began == NOON - 9 * DAY


def test_what_happened_before_the_first_start_is_nobody_s_news() -> None:
    house = House()
    assert house.see(Condition("power_cut", YES, key="a", since=NOON - HOUR)) == []
    house.now += DAY
    assert house.see(Condition("power_cut", YES, key="b", since=NOON + HOUR)) == ["power_cut begin"]


def test_what_began_days_ago_and_is_found_now_is_told() -> None:
    house = House("22:00-07:00")
    house.see()
    house.now += 6 * DAY + 11 * HOUR
    moved = Condition("off_peak", YES, key="2026-11-27", since=NOON + 3 * DAY)
    assert house.see(moved) == []
    house.now += 8 * HOUR
    assert house.see(moved) == ["off_peak begin"]


def test_a_watched_event_is_written_down_from_time_to_time() -> None:
    house = House()
    house.see(overload(YES), seconds=10)
    house.engine.to_json()
    house.engine.saved()
    house.see(overload(YES), seconds=899)
    assert not house.engine.changed
    house.see(overload(YES), seconds=2)
    assert house.engine.changed


def test_a_rule_that_is_off_makes_no_event_and_ends_those_it_made() -> None:
    house = House()
    house.see(disk(YES))
    house.off = ["disk"]
    house.restart()
    assert house.see(disk(YES)) == []
    assert house.engine.active == ()


def test_without_anybody_to_tell_events_are_listed_and_what_holds_is_told_later() -> None:
    house = House(notifies=False)
    assert house.see(disk(YES), condition("red", YES, "2026-11-25")) == []
    assert house.engine.active
    house.notifies = True
    house.restart()
    assert house.see(disk(YES), condition("red", YES, "2026-11-25")) == ["disk begin"]


def test_the_list_is_bounded_and_the_newest_first() -> None:
    house = House()
    for number in range(LISTED + 5):
        house.see(condition("red", YES, str(number)))
    assert [event.key for event in house.engine.past] == [str(LISTED + 4 - number) for number in range(LISTED)]


def test_nothing_is_to_be_kept_while_nothing_changes() -> None:
    house = House()
    house.see(disk(YES), overload(NO))
    house.engine.to_json()
    house.engine.saved()
    version = house.engine.version
    house.see(disk(YES), overload(NO), seconds=1000)
    assert not house.engine.changed
    assert house.engine.version == version


@pytest.mark.parametrize("damaged", ["active", "waiting", "past", "told", "known"])
def test_of_a_memory_that_is_damaged_nothing_is_kept(damaged: str) -> None:
    house = House("22:00-07:00")
    house.see(disk(YES), condition("backup", YES))
    house.now += 11 * HOUR
    house.see(disk(NO), condition("backup", YES), condition("power_cut", YES, "a"))
    kept = house.engine.to_json()
    assert all(kept[name] for name in ("active", "waiting", "past", "told", "known"))
    engine = house.new()
    with pytest.raises((ValueError, AttributeError)):
        engine.from_json(kept | {damaged: [*kept[damaged], ["no such thing"]]})
    assert engine.to_json() == house.new().to_json()
    assert (engine.active, engine.past) == ((), ())


def test_a_rule_that_is_switched_off_ends_without_a_word_and_begins_anew_when_it_is_on_again() -> None:
    house = House()
    house.see(disk(NO))
    assert house.see(disk(YES), seconds=5) == ["disk begin"]
    house.engine.use(lambda kind: kind != "disk", None, notifies=True)
    assert house.see(disk(YES), seconds=5) == []
    assert house.engine.active == ()
    house.pass_by(DAY)
    house.engine.use(lambda _: True, None, notifies=True)
    assert house.see(disk(YES), seconds=5) == ["disk begin"]


def test_quiet_hours_that_are_changed_count_from_the_next_step_on() -> None:
    house = House()
    house.see(disk(NO))
    house.engine.use(lambda _: True, Window(time(11), time(13)), notifies=True)
    assert house.see(disk(YES), seconds=5) == []
    house.engine.use(lambda _: True, None, notifies=True)
    assert house.see(disk(YES), seconds=5) == ["disk begin"]


def test_what_holds_is_told_once_there_is_an_address() -> None:
    house = House(notifies=False)
    house.see(disk(NO))
    assert house.see(disk(YES), seconds=5) == []
    house.engine.use(lambda _: True, None, notifies=True)
    assert house.see(disk(YES), seconds=1) == ["disk begin"]
