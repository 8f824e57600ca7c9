"""Reads a rule as files of prices write it: `day_starts`, `days`, `hours`, `choice`. The keys: docs/energy.md."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from common.errors import ConfigError
from common.settings.lines import inside, line_of, mapping
from monitor.money.rules import CHOICE, DAY, METER, REST, DayTest, Hours, MonthDay, Rule, Span

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS = ("day_starts", "days", "hours", "choice", "note", "grade", "needs")
_TEST_KEYS = ("weekdays", "holidays", "from", "to", "calendar", "is")
#: What the bundled calendars say of days; those of EJP and Zen Flex say nothing of an ordinary one.
_KINDS = {"tempo": ("red", "white", "blue"), "ejp": ("peak",), "zen-flex": ("sobriety",)}
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_BEFORE = " of the day before"
_EVERY_DAY = "any"


def read_rule(value: Any, where: str) -> Rule:
    """Read one rule.

    Raises:
        ConfigError: it is none, with its line.
    """
    with inside(value):
        return _rule(mapping(value, where, _KEYS), where)


def _rule(rule: Mapping[str, Any], where: str) -> Rule:
    choice = mapping(rule.get("choice") or {}, f"{where}: choice", ("weekday", "slot"))
    types = mapping(rule.get("days") or {_EVERY_DAY: "always"}, f"{where}: days")
    days: list[DayTest] = []
    for name, test in types.items():
        with inside(types, name):
            days.append(_test(str(name), test, f"{where}: days.{name}"))
    hours = mapping(rule.get("hours"), f"{where}: hours")
    names = {test.name for test in days}
    if set(map(str, hours)) != names:
        wrong = sorted(set(map(str, hours)) ^ names)
        raise ConfigError(f"{where}: `days` and `hours` name the same types of days; only one of them has {wrong[0]}")
    with inside(rule, "choice"):
        at = f"{where}: choice"
        weekdays = tuple(_weekday(name, at) for name in _list(choice, "weekday", at, "[mon, wed]"))
        slots = tuple(_span(text, at) for text in _list(choice, "slot", at, '["13:00-15:00"]'))
        if weekdays and slots:
            raise ConfigError(f"{where}: choice is of a weekday or of a slot, not both")
    of_types: dict[str, tuple[Hours, ...]] = {}
    for name, of_type in hours.items():
        with inside(hours, name):
            of_types[str(name)] = _hours(of_type, f"{where}: hours.{name}")
    result = Rule(
        days=tuple(days),
        hours=of_types,
        day_starts=_day_starts(rule, where),
        weekdays=weekdays,
        slots=slots,
    )
    if any(test.chosen for test in days) != bool(weekdays):
        raise ConfigError(f"{where}: `choice: {{weekday: [mon, wed]}}` and `weekdays: [choice]` belong together")
    if any(one.by == CHOICE for of_type in result.hours.values() for one in of_type) != bool(slots):
        raise ConfigError(f'{where}: `choice: {{slot: ["13:00-15:00"]}}` and a period `choice` belong together')
    with inside(types):
        _check_days(days, f"{where}: days")
    return result


def _check_days(days: Sequence[DayTest], where: str) -> None:
    """Check that each type of day may occur, and that each day has a type."""
    for test in days[:-1]:
        if test == DayTest(test.name):
            raise ConfigError(f"{where}: `always` is the last type, and no other: nothing after {test.name} would hold")
    if any(test.calendar is not None and test.calendar not in _KINDS for test in days):
        return
    for facts in map(_Ordinary, _KINDS["tempo"] if any(test.calendar == "tempo" for test in days) else ("",)):
        for day in () if days[-1] == DayTest(days[-1].name) else _days_of_all_years():
            if not any(test.holds(day, facts, None) for test in days):
                weekday = WEEKDAYS[day.weekday()]
                raise ConfigError(f"{where}: {day:%m-%d}, if it is a {weekday}, has no type: end with `other: always`")


class _Ordinary:
    """Days that are no holidays, and have one colour of Tempo."""

    def __init__(self, colour: str) -> None:
        self._colour = colour

    def is_holiday(self, _day: date) -> bool:
        return False

    def kind(self, calendar: str, _day: date) -> str:
        return self._colour if calendar == "tempo" else ""

    def cannot_be(self, _calendar: str, _day: date, _kind: str) -> bool:
        return False


@cache
def _days_of_all_years() -> tuple[date, ...]:
    """Return each day of the year on each day of the week; 28 years have them all."""
    days = (date(2000, 1, 1) + timedelta(number) for number in range(28 * 366))
    return tuple({(day.month, day.day, day.weekday()): day for day in days}.values())


def _test(name: str, value: Any, where: str) -> DayTest:
    if value == "always":
        return DayTest(name)
    test = mapping(value, where, _TEST_KEYS)
    if not test:
        raise ConfigError(f"{where}: `always`, or tests such as {{weekdays: [sat, sun], holidays: fr}}, are expected")
    if test.get("holidays", "fr") != "fr":
        raise ConfigError(f"{where}: only `holidays: fr` is known")
    if ("from" in test) != ("to" in test):
        raise ConfigError(f'{where}: `from` and `to` belong together: from: "11-01", to: "03-31"')
    if ("calendar" in test) != ("is" in test):
        raise ConfigError(f"{where}: `calendar` and `is` belong together: {{calendar: tempo, is: red}}")
    kinds = _KINDS.get(str(test.get("calendar")))
    if kinds is not None and test["is"] not in kinds:
        raise ConfigError(
            f"{where}: `is` of {test['calendar']} is {', '.join(kinds)}, not {test['is']!r}", line_of(test, "is")
        )
    names = _list(test, "weekdays", where, "[sat, sun]")
    return DayTest(
        name,
        weekdays=frozenset(_weekday(one, where) for one in names if one != CHOICE),
        chosen=CHOICE in names,
        holidays="holidays" in test,
        dates=(_month_day(test["from"], where), _month_day(test["to"], where)) if "from" in test else None,
        calendar=str(test["calendar"]) if "calendar" in test else None,
        kind=str(test["is"]) if "is" in test else None,
    )


def _list(owner: Mapping[str, Any], key: str, where: str, example: str) -> list[Any]:
    found = owner.get(key) or []
    if not isinstance(found, list):
        raise ConfigError(f"{where}: {key} is a list such as {example}, not {found!r}", line_of(owner, key))
    return found


def _hours(value: Any, where: str) -> tuple[Hours, ...]:
    hours: list[Hours] = []
    for name, spec in mapping(value, where).items():
        with inside(value, name):
            hours.append(_period(str(name), spec, where))
    if not hours or hours[-1].by != REST or any(one.by == REST for one in hours[:-1]):
        raise ConfigError(f"{where}: the last period, and no other, is `rest`: {{HC: meter, HP: rest}}")
    return tuple(hours)


def _period(name: str, spec: Any, where: str) -> Hours:
    if spec in (METER, CHOICE, REST):
        return Hours(name, by=spec)
    if not isinstance(spec, list):
        raise ConfigError(
            f'{where}: {name} is `meter`, `choice`, `rest` or windows such as ["22:00-06:00"], not {spec!r}'
        )
    return Hours(name, tuple(_span(text, f"{where}: {name}") for text in spec))


def _span(text: Any, where: str) -> Span:
    start, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
    if not dash:
        raise ConfigError(f'{where}: a window is written "22:30-06:30", in quotes, not {text!r}')
    span = _minute(start, where), _minute(end, where)
    if span[0] == span[1]:
        raise ConfigError(f"{where}: the window {text} has no length")
    return span


def _minute(text: str, where: str) -> int:
    match = _TIME.fullmatch(text)
    minute = int(match[1]) * 60 + int(match[2]) if match else DAY + 1
    if minute > DAY:
        raise ConfigError(f'{where}: a time of day is written "06:00", not {text!r}')
    return minute


def _day_starts(rule: Mapping[str, Any], where: str) -> int:
    text = rule.get("day_starts", "00:00")
    with inside(rule, "day_starts"):
        if not isinstance(text, str):
            raise ConfigError(f'{where}: day_starts is written "06:00", in quotes, not {text!r}')
        if text.endswith(_BEFORE):
            return _minute(text.removesuffix(_BEFORE), f"{where}: day_starts") - DAY
        if (minute := _minute(text, f"{where}: day_starts")) == DAY:
            raise ConfigError(f'{where}: day_starts is a time before 24:00, such as "06:00"')
        return minute


def _month_day(text: Any, where: str) -> MonthDay:
    try:
        day = date.fromisoformat(f"2024-{text}")  # a leap year
    except ValueError:
        raise ConfigError(f'{where}: a day of each year is written "11-01", in quotes, not {text!r}') from None
    return day.month, day.day


def _weekday(name: Any, where: str) -> int:
    if name not in WEEKDAYS:
        raise ConfigError(f"{where}: a weekday is one of {', '.join(WEEKDAYS)}, not {name!r}")
    return WEEKDAYS.index(name)
