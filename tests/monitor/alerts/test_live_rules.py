"""What the rules of live values say of a house at one moment."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, Event, Holds, Sign
from monitor.alerts.live_rules import Overload, Silence
from monitor.alerts.live_rules import tempo_conditions as tempo_conditions
from monitor.live.chain import HouseNow, MeterNow

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # 12:00 in Paris
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
METER = "031961123456"
YES, BETWEEN, NO, UNKNOWN = Holds.YES, Holds.BETWEEN, Holds.NO, Holds.UNKNOWN


def meter(**known: Any) -> MeterNow:
    usual: dict[str, Any] = {
        "speaking": True,
        "fresh": True,
        "last_frame": NOON,
        "reader": True,
        "warned": (),
        "limit": 9000,
    }
    return MeterNow(METER, **usual | known)


def house(*meters: MeterNow, at: datetime = NOON, connected: bool | None = True) -> HouseNow:
    return HouseNow(at, connected, meters)


# -- overload ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        ({"power": 8551}, YES),
        ({"power": 8550}, BETWEEN),
        ({"power": 8100}, BETWEEN),
        ({"power": 8099}, NO),
        ({"power": 5000, "warned": (0,)}, YES),
        ({"power": 9500, "fresh": False}, UNKNOWN),
        ({"power": 9500, "limit": None}, UNKNOWN),
        ({"power": None}, UNKNOWN),
    ],
)
def test_a_single_phase_is_near_its_limit(known: dict[str, Any], holds: Holds) -> None:
    (found,) = Overload().signs(house(meter(**known)))
    assert (found.holds, found.key) == (holds, "")


@pytest.mark.parametrize(
    ("phases", "warned", "holds"),
    [
        ((2900, 500, 0), (), [YES, NO, NO]),
        ((500, None, 2750), (), [NO, UNKNOWN, BETWEEN]),
        ((500, 400, 300), (2,), [NO, YES, NO]),
        ((500, 400, 2600), (0,), [NO, NO, YES]),  # STGE does not say which; it is the one that draws most
    ],
)
def test_each_of_three_phases_has_a_third(
    phases: tuple[int | None, ...], warned: tuple[int, ...], holds: list[Holds]
) -> None:
    found = Overload().signs(house(meter(power=3000, phases=phases, warned=warned)))
    assert [(sign.key, sign.holds) for sign in found] == list(zip("123", holds, strict=True))
    for phase, sign in enumerate(found, 1):
        if sign.holds is YES:
            assert sign.figures == {"power": phases[phase - 1], "limit": 3000, "phase": phase}


def test_the_highest_power_of_an_overload_is_told() -> None:
    rule = Overload()
    powers = [9000, 9800, 8700, 8300, 500, 8800, 500, 500]
    found = [
        rule.signs(house(meter(power=power), at=NOON + number * 30 * SECOND))[0] for number, power in enumerate(powers)
    ]
    assert [sign.figures.get("power") for sign in found] == [9000, 9800, 9800, None, None, 9800, None, None]
    (later,) = rule.signs(house(meter(power=8800), at=NOON + 10 * MINUTE))
    assert later.figures["power"] == 8800


def test_the_highest_power_is_known_after_a_restart() -> None:
    rule = Overload()
    rule.resume([Event("overload", METER, "", NOON, None, {"power": 9800, "limit": 9000, "phase": None})], NOON)
    (after,) = rule.signs(house(meter(power=8800), at=NOON + MINUTE))
    assert after.figures["power"] == 9800


# -- silence -----------------------------------------------------------------------------------------------------------


def links(signs: list[Sign]) -> dict[str, Holds]:
    return {str(sign.key): sign.holds for sign in signs}


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
def test_only_the_first_broken_link_is_told(then: HouseNow, expected: dict[str, Holds]) -> None:
    rule = Silence()
    rule.signs(house(meter()))
    assert links(rule.signs(then)) == expected


def test_a_house_without_a_broker_is_not_silent() -> None:
    assert Silence().signs(house(connected=None)) == []


def test_a_meter_that_never_spoke_is_no_news_but_one_that_spoke_before_a_restart_is() -> None:
    rule = Silence()
    assert links(rule.signs(house(meter(speaking=False)))) == {"mqtt": NO}
    rule.signs(house(meter()))
    assert rule.changed
    again = Silence()
    again.from_json(json.loads(json.dumps(rule.to_json())))
    assert links(again.signs(house())) == {"mqtt": NO, "reader": NO, "meter": YES}  # the broker has lost it, too


def test_of_a_damaged_memory_of_silences_nothing_is_kept() -> None:
    rule = Silence()
    with pytest.raises(ValueError, match="values to unpack"):
        rule.from_json({"spoke": {"031961123456": "2026-11-24"}, "since": [["no such thing"]]})
    assert rule.to_json() == {"spoke": {}, "since": []}


def test_a_silence_began_with_the_last_frame_also_after_a_restart() -> None:
    rule = Silence()
    rule.signs(house(meter()))
    (*_, before) = rule.signs(house(meter(speaking=False, last_frame=NOON - MINUTE), at=NOON + MINUTE))
    again = Silence()
    again.from_json(rule.to_json())
    (*_, after) = again.signs(house(meter(speaking=False, last_frame=None), at=NOON + 5 * MINUTE))
    assert before.figures == after.figures == {"link": "meter", "since": "2026-11-24T10:59:00Z"}
    assert after.since == NOON - MINUTE


def test_a_meter_that_is_removed_from_the_broker_is_forgotten() -> None:
    rule = Silence()
    rule.signs(house(meter()))
    rule.signs(house(connected=False))
    rule.signs(house())
    assert links(rule.signs(house())) == {"mqtt": NO}


def test_the_silence_of_a_meter_that_is_removed_ends_at_once_and_untold() -> None:
    rule, engine, told = Silence(), Engine(lambda _: True, None, PARIS), []
    for second in range(310):
        now = house(meter(speaking=second == 0), at=NOON + second * SECOND)
        told += engine.step(now.at, rule.signs(now))
    assert [event.key for event in engine.active] == ["meter"]
    removed = house(at=NOON + 310 * SECOND)
    told += engine.step(removed.at, rule.signs(removed))
    assert engine.active == ()
    assert [message.phase for message in told] == [BEGIN]


def test_a_meter_that_is_silent_for_a_month_is_forgotten() -> None:
    rule = Silence()
    rule.signs(house(meter()))
    assert "meter" in links(rule.signs(house(meter(speaking=False), at=NOON + 29 * DAY)))
    assert "meter" not in links(rule.signs(house(meter(speaking=False), at=NOON + 30 * DAY)))


# -- Tempo -------------------------------------------------------------------------------------------------------------


def colours(local: str, **known: Any) -> list[Sign]:
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
    (sign,) = colours(local)
    assert (sign.kind, sign.holds, sign.key) == ("red", YES, key)
    assert sign.figures == {"day": key[:10], "price": 7060, "reminder": int("/" in key)}


def test_the_price_is_that_of_the_day_and_its_colour() -> None:
    asked: list[tuple[str, date, str]] = []

    def price(*about: Any) -> int | None:
        asked.append(about)
        return None

    (sign,) = tempo_conditions(house(meter(tomorrow="white")), PARIS, price)
    assert asked == [(METER, date(2026, 11, 25), "white")]
    assert sign.figures["price"] is None


@pytest.mark.parametrize("known", [{"tomorrow": "blue"}, {"tomorrow": None}, {"speaking": False}])
def test_other_days_are_no_news(known: dict[str, Any]) -> None:
    assert colours("2026-11-24 12:00", **known) == []


@pytest.mark.parametrize("local", ["2026-11-25 05:58", "2026-11-25 06:02"])
def test_around_the_beginning_of_a_day_tomorrow_may_be_another_one_to_the_meter(local: str) -> None:
    assert colours(local) == []
