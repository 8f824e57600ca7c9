"""Made-up homes, Wh a day for some years, for what is expected of days to come. By seeds: the same at each run."""

from collections.abc import Callable
from datetime import date, timedelta
from math import cos, pi
from random import Random

FIRST, LAST = date(2021, 11, 1), date(2026, 11, 30)
#: A kind of home: Wh of a day, its temperature in tenths of a degree, and what is random.
Home = Callable[[date, int, Random], int]


def _plain(day: date, _: int, random: Random) -> int:
    return random.randrange(6_000, 9_000) + (1_500 if day.weekday() >= 5 else 0)


def _heating(day: date, tenths: int, random: Random) -> int:
    return _plain(day, tenths, random) + max(150 - tenths, 0) * random.randrange(200, 260)


def _heat_pump(day: date, tenths: int, random: Random) -> int:
    return _plain(day, tenths, random) + max(150 - tenths, 0) * random.randrange(80, 100)


def _cooling(day: date, tenths: int, random: Random) -> int:
    return _plain(day, tenths, random) + max(tenths - 210, 0) * random.randrange(60, 90)


def _away(day: date, tenths: int, random: Random) -> int:
    """Gone for a week or two, each year at other times."""
    gone = Random(f"{day.isocalendar()[0]} {day.isocalendar()[1] // 2}").random() < 0.12
    return 1_200 if gone else _plain(day, tenths, random)


def _car(day: date, tenths: int, random: Random) -> int:
    return _plain(day, tenths, random) + random.choice((0, 0, 8_000, 14_000))


def _new_car(day: date, tenths: int, random: Random) -> int:
    return (_car if day >= date(2025, 3, 15) else _plain)(day, tenths, random)


def _moved(day: date, tenths: int, random: Random) -> int:
    """Another household from 10 October 2025 on."""
    wh = _heat_pump(day, tenths, random)
    return wh * 3 // 5 if day >= date(2025, 10, 10) else wh


def _students(day: date, tenths: int, random: Random) -> int:
    return random.randrange(500, 700) if day.month in (7, 8) else _plain(day, tenths, random)


def _sun(day: date, tenths: int, random: Random) -> int:
    """A roof takes a part of it, more in summer."""
    yields = round(3_000 * (1 - cos(2 * pi * (day.timetuple().tm_yday + 10) / 365)))
    return max(_heat_pump(day, tenths, random) - random.randrange(yields + 1), 1_000)


HOMES: dict[str, Home] = {
    "plain": _plain,
    "heating": _heating,
    "heat pump": _heat_pump,
    "cooling": _cooling,
    "away": _away,
    "car": _car,
    "new car": _new_car,
    "moved": _moved,
    "students": _students,
    "sun": _sun,
}


def days_of(home: str, seed: int = 0) -> list[int]:
    """Return the Wh of each day from FIRST to LAST."""
    weather, random = Random(f"weather {seed}"), Random(f"{home} {seed}")
    found, odd = [], 0.0
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(number)
        odd = 0.85 * odd + weather.gauss(0, 16)  # cold and warm spells last for some days
        tenths = round(125 - 80 * cos(2 * pi * (day.timetuple().tm_yday - 15) / 365) + odd)
        found.append(HOMES[home](day, tenths, random))
    return found
