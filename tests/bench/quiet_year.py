"""`./run bench --alerts`: the messages of an ordinary year in made-up homes, by kind.

Rules and engine are those of the monitor; weather, habits, the line and the network are made up. Nothing in these homes
deserves a message, but the true colours of Tempo: each that comes is a false alarm. Each month the machine restarts,
the meter switches a minute or two late, and the budget is a fifth above what the month will cost. Kinds whose rules
only pass on what is stored (losses, the disk, prices) cannot be wrong here. One more home has troubles (`TROUBLES`): it
shows that the others are watched.
"""

import math
import random
import statistics
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, Event
from monitor.alerts.facts import Cut, Facts
from monitor.alerts.gather import cut_between
from monitor.alerts.now import HouseNow, MeterNow
from monitor.alerts.rules import slow, tempo
from monitor.alerts.rules.overload import Overload
from monitor.alerts.rules.silent import Silence
from monitor.answers.recent import PhaseVoltage
from monitor.forecast.days import Days
from monitor.patterns.off_peak_change import Night, Turn, last_change, stretches
from monitor.prices.tempo_days import bundled_colours
from monitor.readings.grid_curves import MinuteFacts
from monitor.settings.alert_kinds import KINDS
from tests.support.made_facts import METER, made_facts, made_meter

PARIS = ZoneInfo("Europe/Paris")
COLOURS = bundled_colours()
FIRST = datetime(2025, 8, 1, tzinfo=UTC)
LEARNS, COUNTED = 60, 365  # days
_TEN, _STEP, _HOUR, _DAY = timedelta(minutes=10), timedelta(seconds=10), timedelta(hours=1), timedelta(days=1)
_MOST = 0.94  # of the subscribed power, for longer than seconds
_SLACK, _PRICE = 1.2, 2  # of the budget; 1e-4 EUR a Wh
_RISE = 330  # of a day at which voltages begin to rise with the sun, minutes


@dataclass(frozen=True, slots=True)
class Home:
    """What a home is like."""

    subscribed: int  # VA
    base: int  # W
    usual: int  # W, in the evening
    per_degree: int = 0  # W of electric heating below 16 degrees
    water: int = 0  # W from 23:30 for some hours
    car: int = 0  # W in some nights
    sun: int = 0  # W of panels
    away: bool = False  # somebody says when nobody is at home
    tempo: bool = False


HOMES = {
    "flat, gas": Home(6000, 110, 700, away=True),
    "flat, radiators": Home(9000, 120, 800, per_degree=110, water=1200, tempo=True),
    "house, heat pump, car": Home(12000, 210, 1100, per_degree=90, water=2200, car=3700, away=True),
    "house, panels": Home(9000, 180, 900, water=2200, sun=3000, away=True),
}


@dataclass(slots=True)
class Life:
    """A home in its days."""

    home: Home
    chance: random.Random
    weather: float = 0.0
    nights: dict[date, int] = field(default_factory=dict)
    hours: dict[datetime, int] = field(default_factory=dict)
    injected: dict[date, int] = field(default_factory=dict)
    holiday: int = 0  # days that are left of one

    def day(self, day: date) -> list[int]:
        """Return the powers of a local day, W, each for ten minutes; below 0 where panels give more than is used."""
        home, chance = self.home, self.chance
        self.weather = 0.82 * self.weather + chance.gauss(0, 2.2)
        year = 2 * math.pi * (day.timetuple().tm_yday - 17) / 365
        outside = 8.5 - 8.5 * math.cos(year) + 3 + self.weather
        self._plan_holiday(day)
        present = not self.holiday
        clear = max(0.03, min(1.0, chance.gauss(0.55, 0.3)))
        late = chance.random() < 0.06  # a night with guests
        washes = present and chance.random() < 0.25  # a machine that begins in the night
        car = present and home.car and chance.random() < 0.35
        day_base = home.base * (1 + chance.gauss(0, 0.06))
        found = []
        for place in range(144):
            hour = place / 6
            watts = day_base + (120 if place % 5 == 0 else 0)  # the fridge
            heat = max(0.0, 16 - outside + (2 if hour < 8 else 0)) * home.per_degree
            watts += heat * (1 if present else 0.5) * (1 + chance.gauss(0, 0.1))
            if present:
                watts += home.usual * self._habit(hour, day.weekday() >= 5, late) * abs(chance.gauss(1, 0.35))
                if 18.5 < hour < 20.5 and chance.random() < 0.3:
                    watts += chance.choice([1200, 2000, 2500])  # the oven
                if washes and 2 <= hour < 3.4:
                    watts += 1100
                if home.water and (hour >= 23.5 or hour < 1.5 + 2 * abs(chance.gauss(0, 0.1))):
                    watts += home.water
            if car and 0.5 <= hour < 5:
                watts += home.car
            height = max(0.0, math.sin(math.pi * (hour - 6.5) / 13)) * (0.6 - 0.35 * math.cos(year))
            found.append(round(watts - home.sun * clear * height))
        return found

    def _plan_holiday(self, day: date) -> None:
        if self.holiday:
            self.holiday -= 1
        elif (day.month, day.day) in ((8, 9), (2, 15), (4, 20), (12, 24)):
            self.holiday = self.chance.randrange(5, 15)

    @staticmethod
    def _habit(hour: float, weekend: bool, late: bool) -> float:
        if late and (hour < 2.5 or hour > 22):
            return 0.8
        if 6.5 <= hour < 8.5 or (weekend and 8.5 <= hour < 14):
            return 0.8
        if 17.5 <= hour < 22.5:
            return 1.0
        return 0.05 if hour < 6 or hour >= 23 else 0.3

    def keep(self, day: date, start: datetime, powers: list[int]) -> None:
        """Remember a day as the database does."""
        drawn = [max(watts, 0) for watts in powers]
        self.nights[day] = min(drawn[6:30])
        for number in range(24):
            self.hours[start + number * _HOUR] = sum(drawn[6 * number : 6 * number + 6]) // 6
        if self.home.sun:
            self.injected[day] = sum(-min(watts, 0) for watts in powers) // 6


#: What goes wrong in the last home: the day, and how many it lasts.
TROUBLES = {
    "talon": (160, 40),
    "silent": (230, 1),
    "overload": (240, 1),
    "backup": (250, 20),
    "voltage": (290, 1),
    "forgotten": (264, 1),  # in a holiday
}


def messages(home: Home, seed: int, *, troubles: bool = False) -> Iterator[tuple[str, datetime]]:
    """Yield the kind and the time of each beginning that is told in a year."""
    chance = random.Random(seed)
    life, overload, silence = Life(home, chance), Overload(), Silence()
    engine = Engine(lambda _: True, None, PARIS)
    powers: dict[datetime, int] = {}
    backup = FIRST
    days = []
    for number in range(LEARNS + COUNTED):
        days.append((life.day((FIRST + number * _DAY).date()), life.holiday > 0))
    spent = Spent([sum(max(watts, 0) for watts in today) // 6 for today, _ in days])
    switches: list[Night] = []
    cuts: list[Cut] = []
    for number, (today, is_holiday) in enumerate(days):
        start = FIRST + number * _DAY  # days of UTC
        day = start.date()
        wrong = {name for name, (first, days) in TROUBLES.items() if troubles and first <= number < first + days}
        if "talon" in wrong:
            today = [watts + 160 for watts in today]
        if "forgotten" in wrong:
            today[88:105] = [watts + 1500 for watts in today[88:105]]
        if number % 7 == 0 and "backup" not in wrong:
            backup = start + timedelta(hours=2, minutes=chance.randrange(60))
        if chance.random() < 0.97:  # else an hour of it is not known
            switches.append(_night(day, chance))
        if number % 30 == 0 and life.nights:
            cuts = _restart(start, chance.choice(today), statistics.median(life.nights.values()), chance)
        budget = spent.budget(number)
        daily = made_meter(
            at=start,
            nights=dict(life.nights),
            injected=dict(life.injected),
            off_peak_moved=last_change(stretches(switches[-90:]), PARIS),
            month_so_far=spent.so_far(number),
            month_cost=spent.expected(number),
        ).daily
        quiet = set(chance.sample(range(144), 4)) if chance.random() < 0.2 else set()  # the line, or the network
        hours = {at: wh for at, wh in life.hours.items() if at >= start - 29 * _DAY}
        for place, watts in enumerate(today):
            at = start + place * _TEN
            facts = _facts(at, home, powers, hours, daily, backup, chance, rise=25 * ("voltage" in wrong))
            object.__setattr__(facts, "budget", budget)
            object.__setattr__(facts.meters[0].lately, "cuts", cuts)
            away = is_holiday if home.away else None
            signs = slow.signs(facts, at, away)
            length = 7 if place not in quiet else chance.randrange(8, 26)
            if "silent" in wrong and place == 70:
                quiet, length = quiet | {place}, 50
            if "overload" in wrong and place == 70:
                watts = 2 * home.subscribed
            for step in range(length):
                now = at + step * _STEP
                house = _house(
                    now, home, watts, chance, silent=place in quiet and step < length - 4, trips="overload" in wrong
                )
                colours = tempo.signs(house, PARIS, lambda *_: None) if home.tempo else []
                told = engine.step(now, [*overload.signs(house), *silence.signs(house), *colours, *signs])
                if number >= LEARNS:
                    yield from ((one.event.kind, now) for one in told if one.phase == BEGIN and not _is_true(one.event))
            powers[at] = max(watts, 0)
            powers.pop(at - 13 * _TEN, None)
        life.keep(day, start, today)


class Spent:
    """What a home spends, and what is expected of a month; 1e-4 EUR."""

    def __init__(self, wh: Sequence[int]) -> None:
        self._wh = wh

    def _month(self, number: int) -> tuple[int, int]:
        """Return the first day of the month of a day, and that after its last."""
        day = (FIRST + number * _DAY).date()
        first = number - day.day + 1
        return max(first, 0), first + monthrange(day.year, day.month)[1]

    def budget(self, number: int) -> int:
        """Return a budget that the month keeps within, EUR."""
        first, end = self._month(number)
        return round(_SLACK * sum(self._wh[first:end]) * _PRICE / 10_000) + 1

    def so_far(self, number: int) -> int:
        """Return what the days before this one cost."""
        return sum(self._wh[self._month(number)[0] : number]) * _PRICE

    def expected(self, number: int) -> int | None:
        """Return what the month will cost, by the forecast of a morning."""
        _, end = self._month(number)
        coming = Days(FIRST.date(), self._wh[:number]).coming(end - number)
        whole = end <= len(self._wh)  # else its truth is not known
        return None if coming is None or not whole else self.so_far(number) + round(sum(coming.days) * _PRICE)


def _night(day: date, chance: random.Random) -> Night:
    """Return the switches of a night at 23:30 and 07:30, by a clock that is not quite ours."""
    turns = [(True, day, 870), (False, day + _DAY, 1350)]  # minutes after 09:00
    late = [(off_peak, on, low + round(abs(chance.gauss(0, 0.6)))) for off_peak, on, low in turns]
    return Night(day, "hchp", tuple(Turn(off_peak, on, low, low) for off_peak, on, low in late))


def _restart(at: datetime, watts: int, base_load: float, chance: random.Random) -> list[Cut]:
    """Return the power cut that is seen where the machine starts again, and the house has current all the time."""
    seconds = 60 * chance.randrange(2, 9)
    first = chance.random()
    drawn, injected = (int(first + max(power, 0) * seconds / 3600) for power in (watts, -watts))
    before = MinuteFacts(int(at.timestamp()), 60, 30, None, 0, 0, None, None, None, 0, 0)
    after = before._replace(at=before.at + 60 + seconds, total_first=drawn, injected_first=injected)
    found = cut_between(before, after, base_load)
    return [] if found is None else [found]


def _is_true(event: Event) -> bool:
    """Tell whether a day has the colour that is told."""
    return event.kind in ("red", "white") and COLOURS.get(date.fromisoformat(str(event.figures["day"]))) == event.kind


def _tomorrow(now: datetime) -> str | None:
    """Return the colour that a meter shows from 11:00 on."""
    local = now.astimezone(PARIS)
    day = TEMPO.day_of(local)
    return COLOURS.get(day + _DAY) if local.date() != day or local.hour >= 11 else None


def _facts(
    at: datetime,
    home: Home,
    powers: dict[datetime, int],
    hours: dict[datetime, int],
    daily: object,
    backup: datetime,
    chance: random.Random,
    *,
    rise: int,
) -> Facts:
    noon = max(0.0, math.sin(math.pi * (at.hour * 60 + at.minute - _RISE) / 780))
    mean = 236 + (9 * noon if home.sun else 0) + chance.gauss(0, 2) + rise
    volts = PhaseVoltage(round(mean), round(mean - 6), round(mean + 4))
    meter = made_meter(at=at, lately={"powers": list(powers.items()), "hours": hours, "voltages": {1: volts}})
    object.__setattr__(meter, "daily", daily)
    facts = made_facts(meter, backup=backup)
    object.__setattr__(facts.installation, "at", at)
    return facts


def _house(now: datetime, home: Home, watts: int, chance: random.Random, *, silent: bool, trips: bool) -> HouseNow:
    power = min(round(max(watts, 0) * (1.04 + abs(chance.gauss(0, 0.05)))), round(_MOST * home.subscribed))
    if trips and watts > home.subscribed:
        power = watts
    elif now.second == 0 and chance.random() < 0.01:
        power = round(1.3 * home.subscribed)  # a motor starts
    meter = MeterNow(
        METER,
        not silent,
        not silent,
        now,
        reader=True,
        power=power if watts > 0 else 0,
        warned=(),
        limit=home.subscribed,
        tomorrow=_tomorrow(now) if home.tempo else None,
    )
    return HouseNow(now, connected=True, meters=(meter,))


def print_table() -> None:
    """Print the messages of each home."""
    total: Counter[str] = Counter()
    seeds = range(2)
    for name, home in HOMES.items():
        found = Counter(kind for seed in seeds for kind, _ in messages(home, seed))
        total += found
        print(f"{name}: {dict(found) or 'none'} in {len(seeds)} years", flush=True)
    months = 12 * len(seeds) * len(HOMES)
    for kind in KINDS:
        print(f"{kind}: {total[kind]} in {months} months")
    print(f"all: {total.total() / months:.2f} a month")
    print(f"with troubles: {dict(Counter(kind for kind, _ in messages(HOMES['flat, gas'], 0, troubles=True)))}")
