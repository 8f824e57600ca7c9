"""What the rules of live values say of a house at one moment."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, Condition, Event, Holds, Notification
from monitor.alerts.live_rules import OfflineRule, OverloadRule
from monitor.alerts.live_rules import tempo_conditions as tempo_conditions
from monitor.alerts.message_texts import title_and_body
from monitor.live.chain import MeterSnapshot, Snapshot

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # 12:00 in Paris
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
METER = "031961123456"
YES, UNDECIDED, NO, UNKNOWN = Holds.YES, Holds.UNDECIDED, Holds.NO, Holds.UNKNOWN


def meter(**known: Any) -> MeterSnapshot:
    usual: dict[str, Any] = {
        "speaking": True,
        "fresh": True,
        "decoded": False,
        "last_frame": NOON,
        "reader": True,
        "warned": (),
        "limit": 9000,
    }
    return MeterSnapshot(METER, **usual | known)


def house(*meters: MeterSnapshot, at: datetime = NOON, connected: bool | None = True) -> Snapshot:
    return Snapshot(at, connected, meters)


# -- overload ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        ({"power": 8551}, YES),
        ({"power": 8550}, UNDECIDED),
        ({"power": 8100}, UNDECIDED),
        ({"power": 8099}, NO),
        ({"power": 5000, "warned": (0,)}, YES),
        ({"power": 9500, "fresh": False}, UNKNOWN),
        ({"power": 9500, "limit": None}, UNKNOWN),
        ({"power": None}, UNKNOWN),
    ],
)
def test_a_single_phase_is_near_its_limit(known: dict[str, Any], holds: Holds) -> None:
    (found,) = OverloadRule().conditions(house(meter(**known)))
    assert (found.holds, found.key) == (holds, "")


def test_of_a_meter_that_arrives_decoded_no_overload_is_told() -> None:
    assert OverloadRule().conditions(house(meter(power=12_000, warned=(0,), decoded=True))) == []


@pytest.mark.parametrize(
    ("phases", "warned", "holds"),
    [
        ((2900, 500, 0), (), [YES, NO, NO]),
        ((500, None, 2750), (), [NO, UNKNOWN, UNDECIDED]),
        ((500, 400, 300), (2,), [NO, YES, NO]),
        ((500, 400, 2600), (0,), [NO, NO, YES]),  # STGE does not say which; it is the one that draws most
    ],
)
def test_each_of_three_phases_has_a_third(
    phases: tuple[int | None, ...], warned: tuple[int, ...], holds: list[Holds]
) -> None:
    found = OverloadRule().conditions(house(meter(power=3000, phases=phases, warned=warned)))
    assert [(condition.key, condition.holds) for condition in found] == list(zip("123", holds, strict=True))
    for phase, condition in enumerate(found, 1):
        if condition.holds is YES:
            assert condition.figures == {"power": phases[phase - 1], "limit": 3000, "phase": phase}


def test_the_highest_power_of_an_overload_is_told() -> None:
    rule = OverloadRule()
    powers = [9000, 9800, 8700, 8300, 500, 8800, 500, 500]
    found = [
        rule.conditions(house(meter(power=power), at=NOON + number * 30 * SECOND))[0]
        for number, power in enumerate(powers)
    ]
    assert [condition.figures.get("power") for condition in found] == [9000, 9800, 9800, None, None, 9800, None, None]
    (later,) = rule.conditions(house(meter(power=8800), at=NOON + 10 * MINUTE))
    assert later.figures["power"] == 8800


def test_the_highest_power_is_known_after_a_restart() -> None:
    rule = OverloadRule()
    rule.resume([Event("overload", METER, "", NOON, None, {"power": 9800, "limit": 9000, "phase": None})], NOON)
    (after,) = rule.conditions(house(meter(power=8800), at=NOON + MINUTE))
    assert after.figures["power"] == 9800


# -- silence -----------------------------------------------------------------------------------------------------------


def links(conditions: list[Condition]) -> dict[str, Holds]:
    return {str(condition.key): condition.holds for condition in conditions}


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (house(meter()), {"mqtt": NO, "reader": NO, "meter": NO}),
        (house(meter(speaking=False)), {"mqtt": NO, "reader": NO, "meter": YES}),
        (house(meter(speaking=False, reader=None)), {"mqtt": NO, "reader": NO, "meter": YES}),
        (house(meter(speaking=False, reader=False)), {"mqtt": NO, "reader": YES, "meter": UNKNOWN}),
        (house(meter(reader=False)), {"mqtt": NO, "reader": NO, "meter": NO}),  # another program reads it
        (house(connected=False), {"mqtt": YES, "reader": UNKNOWN, "meter": UNKNOWN}),
    ],
)
def test_only_the_first_broken_link_is_told(then: Snapshot, expected: dict[str, Holds]) -> None:
    rule = OfflineRule()
    rule.conditions(house(meter()))
    assert links(rule.conditions(then)) == expected


def test_a_house_without_a_broker_is_not_silent() -> None:
    assert OfflineRule().conditions(house(connected=None)) == []


def test_a_meter_that_never_spoke_is_no_news_but_one_that_spoke_before_a_restart_is() -> None:
    rule = OfflineRule()
    assert links(rule.conditions(house(meter(speaking=False)))) == {"mqtt": NO}
    rule.conditions(house(meter()))
    assert rule.changed
    again = OfflineRule()
    again.from_json(json.loads(json.dumps(rule.to_json())))
    assert links(again.conditions(house())) == {"mqtt": NO, "reader": NO, "meter": YES}  # the broker has lost it, too


def test_of_a_damaged_memory_of_silences_nothing_is_kept() -> None:
    rule = OfflineRule()
    with pytest.raises(ValueError, match="values to unpack"):
        rule.from_json({"spoke": {"031961123456": "2026-11-24"}, "since": [["no such thing"]]})
    assert rule.to_json() == {"spoke": {}, "since": []}


def test_a_silence_began_with_the_last_frame_also_after_a_restart() -> None:
    rule = OfflineRule()
    rule.conditions(house(meter()))
    (*_, before) = rule.conditions(house(meter(speaking=False, last_frame=NOON - MINUTE), at=NOON + MINUTE))
    again = OfflineRule()
    again.from_json(rule.to_json())
    (*_, after) = again.conditions(house(meter(speaking=False, last_frame=None), at=NOON + 5 * MINUTE))
    assert before.figures == after.figures == {"link": "meter", "since": "2026-11-24T10:59:00Z"}
    assert after.since == NOON - MINUTE


def test_a_meter_that_is_removed_from_the_broker_is_forgotten() -> None:
    rule = OfflineRule()
    rule.conditions(house(meter()))
    rule.conditions(house(connected=False))
    rule.conditions(house())
    assert links(rule.conditions(house())) == {"mqtt": NO}


def test_the_silence_of_a_meter_that_is_removed_ends_at_once_and_untold() -> None:
    rule, engine, told = OfflineRule(), Engine(lambda _: True, None, PARIS), []
    for second in range(310):
        now = house(meter(speaking=second == 0), at=NOON + second * SECOND)
        told += engine.step(now.at, rule.conditions(now))
    assert [event.key for event in engine.active] == ["meter"]
    removed = house(at=NOON + 310 * SECOND)
    told += engine.step(removed.at, rule.conditions(removed))
    assert engine.active == ()
    assert [notification.phase for notification in told] == [BEGIN]


def test_a_meter_that_is_silent_for_a_month_is_forgotten() -> None:
    rule = OfflineRule()
    rule.conditions(house(meter()))
    assert "meter" in links(rule.conditions(house(meter(speaking=False), at=NOON + 29 * DAY)))
    assert "meter" not in links(rule.conditions(house(meter(speaking=False), at=NOON + 30 * DAY)))


# -- Tempo -------------------------------------------------------------------------------------------------------------


def colours(local: str, **known: Any) -> list[Condition]:
    at = datetime.fromisoformat(local).replace(tzinfo=PARIS).astimezone(UTC)
    return tempo_conditions(house(meter(**{"tomorrow": "red"} | known), at=at), PARIS, lambda *_: 7060)


@pytest.mark.parametrize(
    ("local", "key"),
    [
        ("2026-11-24 11:00", "2026-11-25"),
        ("2026-11-24 20:59", "2026-11-25"),
        ("2026-11-24 21:00", "2026-11-25/reminder"),
        ("2026-11-25 05:50", "2026-11-25/reminder"),
        ("2026-11-25 06:10", "2026-11-26"),
    ],
)
def test_red_is_told_when_it_is_announced_and_again_in_the_evening(local: str, key: str) -> None:
    (condition,) = colours(local)
    assert (condition.kind, condition.holds, condition.key) == ("red", YES, key)
    assert condition.figures == {"day": key[:10], "price": 7060, "reminder": int("/" in key)}


def test_the_price_is_that_of_the_day_and_its_colour() -> None:
    asked: list[tuple[str, date, str]] = []

    def price(*about: Any) -> int | None:
        asked.append(about)
        return None

    (condition,) = tempo_conditions(house(meter(tomorrow="white")), PARIS, price)
    assert asked == [(METER, date(2026, 11, 25), "white")]
    assert condition.figures["price"] is None


@pytest.mark.parametrize("known", [{"tomorrow": "blue"}, {"tomorrow": None}, {"speaking": False}])
def test_other_days_are_no_news(known: dict[str, Any]) -> None:
    assert colours("2026-11-24 12:00", **known) == []


@pytest.mark.parametrize("local", ["2026-11-25 05:58", "2026-11-25 06:02"])
def test_around_the_beginning_of_a_day_tomorrow_may_be_another_one_to_the_meter(local: str) -> None:
    assert colours(local) == []


# -- Tempo, as it is announced before the meter says it ----------------------------------------------------------------


class Evening:
    """Steps an engine through what meter and announcement say; a restart keeps what the file has."""

    def __init__(self, *off: str) -> None:
        self.off = off
        self.engine = self.new()
        self.told: list[str] = []

    def new(self) -> Engine:
        return Engine(self.is_on, None, PARIS)

    def is_on(self, kind: str) -> bool:
        return kind not in self.off

    def restart(self) -> None:
        kept = json.loads(json.dumps(self.engine.to_json()))
        self.engine = self.new()
        self.engine.from_json(kept)

    def see(self, local: str, said: str | None = None, announced: str | None = None, **known: Any) -> list[str]:
        """Return what is notified now: titles, as a reader gets them."""
        at = datetime.fromisoformat(local).replace(tzinfo=PARIS).astimezone(UTC)
        snapshot = house(meter(tomorrow=said, announced=announced, **known), at=at)
        found = self.engine.step(at, tempo_conditions(snapshot, PARIS, lambda *_: 7060, self.is_on))
        titles = [title_and_body(one, "fr", PARIS, {METER: "x"}, None, at)[0] for one in found]
        return [title.replace("\u00a0", " ") for title in titles]


RED, WHITE = "Demain, jour rouge", "Demain, jour blanc"
NOT_RED = "Demain, finalement pas de jour rouge"


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("first", ["announced", "said"])
def test_red_is_told_once_whoever_was_first(first: str, *, restarts: bool) -> None:
    evening = Evening("white")
    assert evening.see("2026-11-24 10:31", **{first: "red"}) == [RED]
    if restarts:
        evening.restart()
    assert evening.see("2026-11-24 20:01", "red", "red") == []
    assert evening.see("2026-11-24 21:00", "red", "red") == ["Rappel : demain, jour rouge"]
    assert evening.see("2026-11-25 00:30", "red", "red") == []
    assert evening.see("2026-11-25 05:50", "red", "red") == []
    assert evening.see("2026-11-25 06:10", None, None) == []


@pytest.mark.parametrize("said", ["white", "blue"])
def test_where_the_meter_then_says_another_colour_that_is_one_new_message(said: str) -> None:
    evening = Evening("white")
    assert evening.see("2026-11-24 10:31", None, "red") == [RED]
    evening.restart()
    assert evening.see("2026-11-24 20:01", said, "red") == [NOT_RED]
    assert evening.see("2026-11-24 20:02", said, "red") == []
    evening.restart()
    assert evening.see("2026-11-24 21:00", said, "red") == []
    assert evening.see("2026-11-25 00:30", said, "red") == []


def test_where_white_days_are_told_too_the_new_message_is_that_of_the_white_day() -> None:
    evening = Evening()
    assert evening.see("2026-11-24 10:31", None, "red") == [RED]
    assert evening.see("2026-11-24 20:01", "white", "red") == [WHITE]
    assert evening.see("2026-11-24 20:02", "white", "red") == []


def test_a_red_day_that_was_announced_as_white_is_told_as_red() -> None:
    evening = Evening()
    assert evening.see("2026-11-24 10:31", None, "white") == [WHITE]
    assert evening.see("2026-11-24 20:01", "red", "white") == [RED]
    assert evening.see("2026-11-24 21:00", "red", "white") == ["Rappel : demain, jour rouge"]


def test_where_the_meter_was_first_an_announcement_changes_nothing() -> None:
    evening = Evening("white")
    assert evening.see("2026-11-24 20:01", "white", None) == []
    assert evening.see("2026-11-24 20:02", "white", "red") == []
    other = Evening()
    assert other.see("2026-11-24 20:01", "red", None) == [RED]
    assert other.see("2026-11-24 20:02", "red", "white") == []


def test_what_was_only_told_as_a_reminder_is_corrected_too_and_after_midnight_it_is_today() -> None:
    evening = Evening("white")
    assert evening.see("2026-11-24 21:30", None, "red") == ["Rappel : demain, jour rouge"]
    assert evening.see("2026-11-25 00:30", "blue", "red") == ["Aujourd’hui, finalement pas de jour rouge"]


def test_a_silent_meter_does_not_hide_what_was_announced() -> None:
    assert Evening().see("2026-11-24 10:31", "white", "red", speaking=False) == [RED]


def test_the_correction_says_what_the_meter_says() -> None:
    (condition,) = colours("2026-11-24 20:00", tomorrow="blue", announced="red")
    event = Event(condition.kind, METER, condition.key, NOON, NOON, condition.figures)
    (_, body), (_, english) = (
        title_and_body(Notification(event, BEGIN), language, PARIS, {METER: "x"}, None, NOON)
        for language in ("fr", "en")
    )
    assert "le compteur dit jour bleu, l’annonce disait rouge" in body.replace("\u00a0", " ")
    assert "the meter says blue, the announcement said red" in english
