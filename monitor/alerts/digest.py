"""The digest of a day, a week or a month: its figures, its few short lines, which fit a phone, and when it is due."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.offers import BY_REGISTER, COLOURS, HOURS, OFFERS, TEMPO
from common.contract.tariff import capitalise
from monitor.alerts.send_queue import Message
from monitor.base.alert_settings import AlertSettings
from monitor.base.calendar import DIGESTS, Calendar, midnight
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats
from monitor.money.bill import ZERO
from monitor.money.costs import Answer, Period
from monitor.money.forecast import Forecast
from monitor.money.home import Home
from monitor.money.price_status import is_assumed
from monitor.money.profile import CurveAnswers
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from monitor.readings.power import Peak
from monitor.sources.weather import AtEqualWeather, WeatherAnswers

_INSTANT, _DAY, _WEEK = timedelta.resolution, timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Digest:
    """The last period of a meter that is over."""

    by: str  # day, week or month
    answer: Answer
    before: Period | None  # the same day of the week before, the week or the month before; None: not comparable
    peak: Peak | None
    base_load: int | None  # W
    tempo_left: Mapping[str, int] | None  # days by colour; None: the contract has none, or they are not known
    forecast: Forecast | None  # of the present month
    weather: AtEqualWeather | None  # of a month, beside the year before; None: no temperatures are known


def last_period(by: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the last local day, week (from Monday) or month that is over."""
    calendar = Calendar(zone)
    end = calendar.floor(by, now)
    return calendar.floor(by, end - _INSTANT), end


def period_before(by: str, start: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return what a period is compared with: a day with that of the week before, as weekdays differ."""
    if by != "day":
        return last_period(by, start, zone)
    day = start.astimezone(zone).date() - _WEEK
    return midnight(day, zone), midnight(day + _DAY, zone)


def digests(home: Home, meters: Iterable[Meter], by: str, now: datetime, zone: ZoneInfo) -> list[Digest]:
    """Return the last day, week or month of those meters of which something of it is known."""
    return [found for meter in meters if (found := _digest(home, meter, by, now, zone)) is not None]


def _digest(home: Home, meter: Meter, by: str, now: datetime, zone: ZoneInfo) -> Digest | None:
    start, end = last_period(by, now, zone)
    answer = home.costs.energy(meter, by, start, end, now)
    if not answer.whole.energy.is_known:
        return None
    before = home.costs.energy(meter, by, *period_before(by, start, zone), now).whole
    comparable = all(one.energy.is_comparable and not one.across_wh for one in (answer.whole, before))
    return Digest(
        by=by,
        answer=answer,
        before=before if comparable else None,
        peak=next(iter(CurveAnswers(home).peaks(meter, start, end, 1)), None),
        base_load=CurveAnswers(home).base_load(meter, start, end).watts,
        tempo_left=_tempo_left(home, meter, now, zone) if _is_tempo(home, answer) else None,
        forecast=home.forecasts.of(meter, "month", now),
        weather=_weather(home, meter, start, end, now, zone) if by == "month" else None,
    )


def _weather(
    home: Home, meter: Meter, start: datetime, end: datetime, now: datetime, zone: ZoneInfo
) -> AtEqualWeather | None:
    first, after = (moment.astimezone(zone).date() for moment in (start, end))
    found = WeatherAnswers(home).compared(meter, first, after, now)
    return None if found is None else found.compared


def _is_tempo(home: Home, answer: Answer) -> bool:
    name = answer.contracts[-1].offer if answer.contracts else None
    offer = None if name is None else home.prices.offer(name)
    return offer is not None and offer.rule is not None and TEMPO.id in offer.rule.calendars


def _tempo_left(home: Home, meter: Meter, now: datetime, zone: ZoneInfo) -> Mapping[str, int] | None:
    """Return the days that are left after today; before the database knows its colour, with today."""
    today = TEMPO.day_of(now.astimezone(zone))
    seasons = (home.profile_billing.tempo_season(meter, day) for day in (today, today - _DAY))
    return next((one.remaining for one in seasons if one.remaining is not None), None)


MOST = 10  # lines, with the title
_MOST_GROUPS = 4  # of registers
_ORDER = [register.name for offer in OFFERS for register in offer.registers]

# Where there is no room for all lines, those of a lower rank stay.
_TOTAL, _MEASURED, _COMPARED, _FORECAST, _REGISTERS, _TEMPO, _PEAK, _SUBSCRIPTION, _WEATHER = range(9)
_Ranked = tuple[int, str]


def digest_text(digests: Sequence[Digest], formats: Formats) -> tuple[str, list[str]]:
    """Return the title of digests of the same period, one a meter, and their lines; several meters share the room."""
    room = max((MOST - 1) // len(digests), 1)
    lines: list[str] = []
    for one in digests:
        ranked = list(_Lines(one, formats).all(named=len(digests) > 1))
        kept = sorted(range(len(ranked)), key=lambda place: ranked[place][0])[:room]
        lines += [ranked[place][1] for place in sorted(kept)]
    return _title(digests[0], formats), lines


def _title(digest: Digest, f: Formats) -> str:
    energy = digest.answer.whole.energy
    first = energy.start.astimezone(f.zone)
    last = (energy.end - timedelta.resolution).astimezone(f.zone)
    if digest.by == "week":
        start, end = (f.short_day(moment.date(), dated=False) for moment in (first, last))
        return capitalise(f.text("digest_week", start=start, end=end))
    return capitalise(f.long_day(first.date()) if digest.by == "day" else f"{f.month(first.month)} {first.year}")


class _Lines:
    """The lines of one digest."""

    def __init__(self, digest: Digest, formats: Formats) -> None:
        self._digest = digest
        self._f = formats
        self._energy, self._cost = digest.answer.whole.energy, digest.answer.whole.cost

    def all(self, *, named: bool) -> Iterator[_Ranked]:
        """Yield the lines with their ranks, the first with the name of the meter if it is one of several."""
        f, total = self._f, self._total()
        meter = self._digest.answer.meter
        name = f.meter(meter.name, meter.identifier)
        yield _TOTAL, f.text("digest_line", name=name, text=total) if named else total
        yield from self._compared()
        yield from self._weather()
        yield from self._registers()
        if self._cost.subscription and len(self._energy.wh) > 1:
            amount = f.money(self._cost.subscription)
            yield _SUBSCRIPTION, f.text("digest_line", name=f.text("subscription"), text=amount)
        yield from self._peak()
        if self._digest.tempo_left is not None:
            yield _TEMPO, f.text("digest_tempo", **self._digest.tempo_left)
        yield from self._forecast()
        yield from self._measured()

    def _total(self) -> str:
        f, cost = self._f, self._cost
        amount = f.text("digest_no_cost")
        if cost.known:
            amount = f.money(cost.total) + (f.text("digest_partial") if cost.partial else "")
            amount += f.text("digest_assumed") if is_assumed(self._digest.answer.priced_as) else ""
        parts = [self._f.energy(self._energy.total_wh), amount]
        if self._energy.injected_wh:
            parts.append(f.text("digest_injected", kwh=f.kwh(self._energy.injected_wh)))
        return " · ".join(parts)

    def _compared(self) -> Iterator[_Ranked]:
        """Compare with the days before: months by the mean of a day where they have not the same number of days."""
        f, before = self._f, self._digest.before
        if before is None or not before.energy.total_wh:
            return
        days, days_before = _days(self._energy, f), _days(before.energy, f)
        share = Decimal(days_before) / days
        changes = [self._change(self._energy.total_wh * share, Decimal(before.energy.total_wh), "kWh")]
        if before.cost.total and not (self._cost.partial or before.cost.partial):
            changes.append(self._change(self._cost.total * share, before.cost.total, "€"))
        local = before.energy.start.astimezone(f.zone)
        name = f.text("digest_week_number", number=local.isocalendar().week)
        if self._digest.by != "week":
            name = f.period(self._digest.by, before.energy.start)
        key = "digest_compared" if days == days_before else "digest_compared_days"
        yield _COMPARED, f.text(key, period=name, changes=", ".join(changes))

    def _weather(self) -> Iterator[_Ranked]:
        """Compare a month with that of the year before at equal weather."""
        f, weather, start = self._f, self._digest.weather, self._energy.start.astimezone(self._f.zone)
        if weather is None or weather.change is None:
            return
        yield (
            _WEATHER,
            f.text(
                "digest_weather",
                period=f.period("month", start.replace(year=start.year - 1)),
                change=self._change(Decimal(1 + weather.change), Decimal(1), "kWh"),
            ),
        )

    def _change(self, now: Decimal, before: Decimal, unit: str) -> str:
        percent = round((now / before - 1) * 100)
        sign = "+" if percent > 0 else "−" if percent < 0 else "±"
        return self._f.text("digest_change", change=sign + self._f.percent(abs(percent) / 100), unit=unit)

    def _registers(self) -> Iterator[_Ranked]:
        """Yield what each kind of hours used and cost; the hours of one colour share a line."""
        if len(self._energy.wh) < 2:
            return
        groups: dict[str, list[str]] = {}
        for name in sorted(self._energy.wh, key=lambda one: (_ORDER.index(one) if one in _ORDER else 99, one)):
            groups.setdefault(_colour(name) or name, []).append(name)
        largest = sorted(groups, key=lambda group: -self._sum(groups[group]))
        rest = largest[_MOST_GROUPS - 1 :] if len(groups) > _MOST_GROUPS else []
        for group, names in groups.items():
            if group not in rest:
                yield _REGISTERS, self._group(names)
        if rest:
            names = [name for group in rest for name in groups[group]]
            yield _REGISTERS, self._line(self._f.text("digest_others"), self._f.energy(self._sum(names)), names)

    def _sum(self, names: Sequence[str]) -> int:
        return sum(self._energy.wh[name] for name in names)

    def _group(self, names: Sequence[str]) -> str:
        f, colour = self._f, _colour(names[0])
        if colour is None:
            return self._line(self._short(names[0]), self._f.energy(self._energy.wh[names[0]]), names)
        hours = " · ".join(f"{self._short(name)} {f.kwh(self._energy.wh[name])}" for name in names)
        return self._line(COLOURS[colour].names[f.language], f"{hours}\u202fkWh", names)

    def _line(self, name: str, energy: str, registers: Sequence[str]) -> str:
        amounts = [amount for one in registers if (amount := self._cost.by_register.get(one)) is not None]
        text = f"{energy} · {self._f.money(sum(amounts, ZERO))}" if amounts else energy
        return self._f.text("digest_line", name=name, text=text)

    def _short(self, register: str) -> str:
        known = BY_REGISTER.get(register)
        short = None if known is None else HOURS[known[1].hours].short
        return short[self._f.language] if short else self._f.register(register, self._digest.answer.names)

    def _peak(self) -> Iterator[_Ranked]:
        f, peak, parts = self._f, self._digest.peak, []
        if peak is not None:
            of_day = self._digest.by == "day"
            when = f.text("digest_at", time=f.clock(peak.at)) if of_day else f.period("day", peak.at)
            parts.append(f.text("digest_peak", power=f.number(Decimal(peak.power), 0), when=when))
        if self._digest.base_load is not None:
            parts.append(f.text("digest_base_load", watts=f.number(Decimal(self._digest.base_load), 0)))
        if parts:
            yield _PEAK, _joined(parts)

    def _forecast(self) -> Iterator[_Ranked]:
        """Say what the present month will cost or, if that cannot be known, use."""
        f, forecast = self._f, self._digest.forecast
        if forecast is None:
            return
        costs = forecast.expected_cost, forecast.low_cost, forecast.high_cost
        energies = forecast.expected_wh, forecast.low_wh, forecast.high_wh
        found = [None if one is None else f.euros(Decimal(one) / 10_000) for one in costs]
        if None in found:
            found = [None if one is None else f"{f.number(Decimal(one) / 1000, 0)}\u202fkWh" for one in energies]
        expected, low, high = found
        if expected is not None:
            month = f.period("month", forecast.start)
            yield _FORECAST, f.text("digest_forecast", month=month, expected=expected, low=low, high=high)

    def _measured(self) -> Iterator[_Ranked]:
        """Say how much of the period is known, where that is not all of it, and what was recovered."""
        f, energy, parts = self._f, self._energy, []
        if 0 < energy.expected < int((energy.end - energy.start).total_seconds()):
            begun = energy.end - timedelta(seconds=energy.expected)
            parts.append(f.text("digest_since", day=f.period("day", begun)))
        if energy.expected and energy.coverage < 1:
            parts.append(f.text("digest_measured", percent=f.coverage(energy.coverage)))
        if energy.recovered_wh:
            parts.append(f.text("digest_recovered", kwh=f.kwh(energy.recovered_wh)))
        if parts:
            yield _MEASURED, _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    return capitalise(" · ".join(parts))


def _colour(register: str) -> str | None:
    known = BY_REGISTER.get(register)
    return None if known is None else known[1].colour


def _days(energy: Energy, f: Formats) -> int:
    first, last = (moment.astimezone(f.zone).date() for moment in (energy.start, energy.end))
    return (last - first).days


_AT = time(7, 30)  # the hours of the night are rolled up
_LATE = timedelta(days=1)  # that it may come


def digest_due(config: AlertSettings, now: datetime, zone: ZoneInfo) -> str | None:
    """Return the id of the message that is due now, for a day after its time; None: there is none. Pure.

    Its time is 07:30 on the day after its period, or the end of quiet hours that hold then.
    """
    if config.digest is None or (config.quiet and config.quiet.holds(now.astimezone(zone).time())):
        return None
    start, end = last_period(DIGESTS[config.digest], now, zone)
    clock = config.quiet.end if config.quiet and config.quiet.holds(_AT) else _AT
    due = datetime.combine(end.astimezone(zone).date(), clock, zone)
    return _id(config.digest, start, zone) if due <= now < due + _LATE else None


def digest_message(home: Home, config: MonitorConfig, period: str, now: datetime) -> Message | None:
    """Return the digest of all meters, `period` being daily, weekly or monthly; None: nothing is known of that time.

    Raises:
        DatabaseError: the database is unavailable, or refuses a query.
    """
    by, zone = DIGESTS[period], config.time_zone
    found = digests(home, home.meters(), by, now, zone)
    if not found:
        return None
    title, lines = digest_text(found, Formats(config.household.message_language, zone))
    start, _ = last_period(by, now, zone)
    return Message(_id(period, start, zone), title, "\n".join(lines), now, now + _LATE)


def _id(period: str, start: datetime, zone: ZoneInfo) -> str:
    return f"digest/{period}/{start.astimezone(zone).date().isoformat()}"
