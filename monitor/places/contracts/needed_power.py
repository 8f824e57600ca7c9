"""Which subscribed power a house needs, and what another one would save."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from common.contract.address import parse_address
from monitor.base.calendar import full_hour
from monitor.base.request_errors import RequestError
from monitor.money.contracts import subscribed_power
from monitor.money.home import Home
from monitor.money.price_status import is_assumed, is_closed
from monitor.places.contracts.breaker import REST, BusyMinute, missing_winter_weeks, most_trips
from monitor.readings.hours import Meter
from monitor.readings.power import BusyMinutes
from monitor.readings.rows import moment_of

#: What suppliers sell, kVA.
POWERS = (3, 6, 9, 12, 15, 18, 24, 30, 36)
_LONGEST = timedelta(days=732)  # two years, one of them a leap year
_ENOUGH = 0.9  # of a range: so much of it must be measured to call a power sufficient
_YEAR, _DAY = timedelta(days=365), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Option:
    """A subscribed power, and what would have become of it."""

    power: int  # kVA
    above: int  # seconds of the minutes in which it was exceeded
    trips: int | None  # at most; None: they are not computed
    saving: Decimal | None  # EUR a year less than at the present power, at today's prices; None: a price is not known


@dataclass(frozen=True, slots=True)
class NeededPower:
    """The answer for a range."""

    meter: Meter
    start: datetime
    end: datetime
    offer: str | None
    power: int  # subscribed, kVA
    phases: int  # of which the power is known
    # Why no trip is computed: `meter` is no Linky, the power of its `phases` is not known, all arrived `decoded`.
    refused: str | None
    measured: int  # seconds
    decoded: bool  # in other hours of the range, another device decoded the meter: they are not measured
    winter_weeks_missing: int
    prices_since: date | None  # the first day of the prices that savings are of; None: none is known
    assumed: bool  # nobody said that these prices are the owner's
    closed: bool  # whoever leaves this contract cannot come back
    options: Sequence[Option]  # by power: the next higher, one's own, the lower ones down to the first that may trip

    @property
    def missing_hours(self) -> int:
        """How many hours of the range are not measured."""
        return round(((self.end - self.start).total_seconds() - self.measured) / 3600)

    @property
    def whole(self) -> bool:
        """Tell whether so much is measured, a winter included, that a power can be called enough."""
        seconds = (self.end - self.start).total_seconds()
        return not self.winter_weeks_missing and self.measured >= _ENOUGH * seconds

    @property
    def least(self) -> Option | None:
        """The lowest power below the present one at which the breaker never opened."""
        return next((one for one in self.options if one.power < self.power and one.trips == 0), None)

    @property
    def too_low(self) -> Option | None:
        """The highest power at which the breaker may have opened."""
        return next((one for one in reversed(self.options) if one.power < self.power and one.trips), None)


class NeededPowerAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._contracts = home.contracts
        self._hours = home.hours
        self._minutes = BusyMinutes(home.connection)
        self._costs = home.costs
        self._prices = home.prices
        self._zone = home.zone
        self._cache = home.cache

    # A table: a fact of the answer a line.
    def needed(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> NeededPower:
        """Return what would have become of other powers in [start, end), from the first readings on.

        Args:
            meter: whose curve it is.
            start: the beginning, a whole hour.
            end: the end, exclusive.
            now: what lies after it is not there yet.

        Raises:
            RequestError: the range is too long, no power is known of it, or the subscribed power is not.
        """
        if end - start > _LONGEST:
            raise RequestError("too_long", days=_LONGEST.days)
        end = min(end, full_hour(now))
        hours = self._measured(meter, start, end)
        decoded = self._hours.is_decoded(meter, start, end)
        if not hours and not decoded:
            raise RequestError("no_data")
        start = max(start, moment_of(min(hours)) if hours else meter.first or start)
        known = self._costs.contracts(meter, start, end)
        power = subscribed_power(known)
        offer, today = known[-1].offer, now.astimezone(self._zone).date()
        phases, refused = self._phases(meter)
        powers = self._examined(offer, power, today) if hours else []
        trips_by_power = self._trips(meter, start, end, phases, power, powers)
        yearly = self._yearly_kwh(meter, start, end, now)
        rows = [] if offer is None else self._prices.rows(offer, today)
        return NeededPower(
            meter=meter,
            start=start,
            end=end,
            offer=offer,
            power=power,
            phases=phases,
            refused=refused if hours else "decoded",
            measured=sum(hours.values()),
            decoded=decoded,
            winter_weeks_missing=missing_winter_weeks(self._covered(hours)),
            prices_since=max((row.start for row in rows), default=None),
            assumed=is_assumed(self._costs.priced_as(known, now)),
            closed=offer is not None and is_closed(self._prices, offer, power),
            options=[
                Option(tested, above, None if refused else trips, self._saving(offer, power, tested, yearly, today))
                for tested, above, trips in trips_by_power
            ],
        )

    def _measured(self, meter: Meter, start: datetime, end: datetime) -> Mapping[int, int]:
        cached, key = self._cache.of(meter), ("measured", start, end)
        hours: Mapping[int, int] | None = cached.kept(key)
        if hours is None:
            hours = cached.keep(meter, key, end, self._minutes.measured(_numbers(meter), start, end))
        return hours

    def _trips(
        self, meter: Meter, start: datetime, end: datetime, phases: int, present: int, powers: Sequence[int]
    ) -> list[tuple[int, int, int | None]]:
        """Return what `_examine` does, from memory where it is there."""
        cached, key = self._cache.of(meter), ("power", start, end, present, *powers)
        trips: list[tuple[int, int, int | None]] | None = cached.kept(key)
        if trips is None:
            trips = cached.keep(meter, key, end, self._examine(_numbers(meter), start, end, phases, present, powers))
        return trips

    def _phases(self, meter: Meter) -> tuple[int, str | None]:
        """Return of how many phases the power is known, and why no trip can be computed."""
        read = {one.number: one.last for one in meter.parts if one.last is not None}
        newest = max(meter.parts, key=lambda one: (one.number in read, read.get(one.number)))
        facts = self._contracts.facts(read).get(newest.number)
        standard, phases = (False, 1) if facts is None else (facts.contract.standard, facts.phases)
        if not (standard or parse_address(newest.identifier).linky):  # only a Linky has the standard mode
            return 1, "meter"
        return (phases, None) if standard or phases == 1 else (1, "phases")

    def _examined(self, offer: str | None, power: int, day: date) -> list[int]:
        """Return the powers that are sold with an offer up to the one above the present, the highest first."""
        sold = [one for one in POWERS if offer and self._prices.subscription(offer, one, day) is not None] or POWERS
        higher = [one for one in sold if one > power][:1]
        return [*higher, power, *sorted((one for one in sold if one < power), reverse=True)]

    def _examine(
        self, meters: Sequence[int], start: datetime, end: datetime, phases: int, present: int, powers: Sequence[int]
    ) -> list[tuple[int, int, int | None]]:
        """Return each power, lowest first, with seconds above and most trips, down to the first that may trip.

        At the present power and above it, it is known whether the breaker opened.
        """
        found: list[tuple[int, int, int | None]] = []
        for power in powers:
            share = power * 1000 / phases
            rows = self._minutes.above(meters, start, end, phases, REST * share)
            above = sum(seconds for _, seconds, _, highest in rows if max(highest) > share)
            minutes = (
                # The phases of a house that injects may draw more than all together: only one has a mean.
                BusyMinute(at, seconds, mean if phases == 1 else max(highest), highest)
                for at, seconds, mean, highest in rows
            )
            trips = most_trips(minutes, power * 1000, phases) if power < present else None
            found.insert(0, (power, above, trips))
            if trips:
                break
        return found

    def _covered(self, hours: Mapping[int, int]) -> dict[date, float]:
        """Return the measured share of each local day."""
        days: dict[date, float] = {}
        for hour, seconds in hours.items():
            day = moment_of(hour).astimezone(self._zone).date()
            days[day] = days.get(day, 0.0) + seconds / _DAY.total_seconds()
        return days

    def _yearly_kwh(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> dict[str, Decimal]:
        """Return what a year would draw by register, at the pace of a range."""
        drawn = self._costs.energy(meter, "year", start, end, now).whole.energy.wh
        pace = Decimal(_YEAR / (end - start)) / 1000
        return {name: wh * pace for name, wh in drawn.items()}

    def _saving(
        self, offer: str | None, present: int, tested: int, yearly: Mapping[str, Decimal], day: date
    ) -> Decimal | None:
        if offer is None:
            return None
        prices = self._prices
        now, then = (prices.subscription(offer, power, day) for power in (present, tested))
        if now is None or then is None:
            return None
        energy = Decimal(0)
        if any(len(row.kwh) > 1 for row in prices.rows(offer, day)):
            for register, kwh in yearly.items():
                dear, cheap = (prices.kwh(offer, register, power, day) for power in (present, tested))
                if dear is None or cheap is None:
                    return None
                energy += kwh * (dear - cheap)
        return now - then + energy


def _numbers(meter: Meter) -> list[int]:
    return [part.number for part in meter.parts]
