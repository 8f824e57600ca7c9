"""Which subscribed power a house needs, and what another one would save."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.address import parse_address
from common.database.mariadb import Connection
from monitor.answers.costs import CostAnswers
from monitor.calendar import full_hour
from monitor.power_need.breaker import Reading
from monitor.power_need.need import Curve, Near, Need, examine_power, is_enough, missing_winter_weeks, near
from monitor.power_need.selection import BusyMinute
from monitor.prices.model import PriceTable
from monitor.readings.grid_curves import moment_of
from monitor.readings.hours import Meter
from monitor.readings.memory import Memory
from monitor.readings.meter_contracts import Contracts
from monitor.readings.seconds import Seconds
from monitor.refusals import Refusal

#: What suppliers sell, kVA.
POWERS = (3, 6, 9, 12, 15, 18, 24, 30, 36)
#: A share of the subscribed power that counts as near to it.
NEAR = 0.9
_LONGEST = timedelta(days=732)  # two years, one of them a leap year
_ENOUGH = 0.9  # of a range: so much of it must be measured to call a power sufficient
_BASE = "base"
_BASE_UP_TO = 6  # kVA: above, the regulated Base takes no new contracts since February 2025
_YEAR, _DAY = timedelta(days=365), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Saving:
    """What a power costs less in a year than the present one, at today's prices, EUR; negative: more."""

    subscription: Decimal
    energy: Decimal  # where the price of a kWh depends on the power

    @property
    def total(self) -> Decimal:
        """Both."""
        return self.subscription + self.energy


@dataclass(frozen=True, slots=True)
class Option:
    """A subscribed power, and what would have become of it."""

    need: Need
    saving: Saving | None  # None: a price is not known
    enough: bool | None  # None: nobody can tell

    @property
    def power(self) -> int:
        """The power, kVA."""
        return self.need.power


@dataclass(frozen=True, slots=True)
class NeededPower:
    """The answer for a range."""

    meter: Meter
    start: datetime
    end: datetime
    offer: str | None
    power: int  # subscribed, kVA
    phases: int  # of which the power is known
    refused: str | None  # why no trip is computed: `meter` is no Linky, or the power of its `phases` is not known
    measured: int  # seconds
    winter_weeks_missing: int
    prices_since: date | None  # the first day of the prices that savings are of; None: none is known
    closed: bool  # whoever leaves this contract cannot come back
    near: Near
    options: Sequence[Option]  # by power

    @property
    def days(self) -> int:
        """How many days the range has."""
        return max(round((self.end - self.start) / _DAY), 1)

    @property
    def missing_hours(self) -> int:
        """How many hours of the range are not measured."""
        return round(((self.end - self.start).total_seconds() - self.measured) / 3600)

    @property
    def lower(self) -> Option | None:
        """The next lower power."""
        return next((one for one in reversed(self.options) if one.power < self.power), None)


class NeededPowerAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(
        self, connection: Connection, costs: CostAnswers, prices: PriceTable, zone: ZoneInfo, memory: Memory
    ) -> None:
        self._contracts = Contracts(connection)
        self._seconds = Seconds(connection)
        self._costs = costs
        self._prices = prices
        self._zone = zone
        self._memory = memory

    def needed(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> NeededPower:
        """Return what would have become of each subscribed power in [start, end), from the first readings on.

        Args:
            meter: whose curve it is.
            start: the beginning, a whole hour.
            end: the end, exclusive.
            now: what lies after it is not there yet.

        Raises:
            Refusal: the range is too long, no power is known of it, or the subscribed power is not.
        """
        if end - start > _LONGEST:
            raise Refusal("too_long", days=_LONGEST.days)
        end = min(end, full_hour(now))
        numbers = [part.number for part in meter.parts]
        kept = self._memory.of(meter).kept
        hours = kept(meter, ("measured", start, end), end, lambda: self._seconds.measured(numbers, start, end))
        if not hours:
            raise Refusal("no_data")
        start = max(start, moment_of(min(hours)))
        known = self._costs.contracts(meter, start, end)
        power = next((one.power for one in reversed(known) if one.power is not None), None)
        if power is None:
            raise Refusal("no_power")
        offer, today = known[-1].offer, now.astimezone(self._zone).date()
        powers = sorted({power, *self._sold(offer, today)})
        phases, refused = self._phases(meter)
        key = ("power", start, end, power, *powers)
        needs, close = kept(meter, key, end, lambda: self._examine(numbers, start, end, phases, power, powers))
        measured = sum(hours.values())
        weeks = missing_winter_weeks(self._covered(hours))
        whole = not weeks and measured >= _ENOUGH * (end - start).total_seconds()
        yearly = self._yearly_kwh(meter, start, end, now)
        options = [
            Option(
                need,
                saving=self._saving(offer, power, need.power, yearly, today),
                enough=None if refused else is_enough(need, whole=whole),
            )
            for need in needs
        ]
        rows = [] if offer is None else self._prices.rows(offer, today)
        base = offer is not None and self._prices.id_of(offer) == self._prices.id_of(_BASE)
        return NeededPower(
            meter=meter,
            start=start,
            end=end,
            offer=offer,
            power=power,
            phases=phases,
            refused=refused,
            measured=measured,
            winter_weeks_missing=weeks,
            prices_since=max((row.start for row in rows), default=None),
            closed=base and power > _BASE_UP_TO,
            near=close,
            options=options,
        )

    def _phases(self, meter: Meter) -> tuple[int, str | None]:
        """Return of how many phases the power is known, and why no trip can be computed."""
        read = {one.number: one.last for one in meter.parts if one.last is not None}
        newest = max(meter.parts, key=lambda one: (one.number in read, read.get(one.number)))
        facts = self._contracts.facts(read).get(newest.number)
        standard, phases = (False, 1) if facts is None else (facts.contract.standard, facts.phases)
        if not (standard or parse_address(newest.identifier).linky):  # only a Linky has the standard mode
            return 1, "meter"
        return (phases, None) if standard or phases == 1 else (1, "phases")

    def _examine(
        self, meters: Sequence[int], start: datetime, end: datetime, phases: int, power: int, powers: Sequence[int]
    ) -> tuple[list[Need], Near]:
        """Return what would have become of each of `powers`, and how often the present one was nearly reached."""
        curve = self._curve(meters, start, end, phases, int(NEAR * powers[0] * 1000 / phases))
        close = near(curve.minutes, NEAR * power * 1000 / phases, self._day)
        return [examine_power(curve, tested) for tested in powers], close

    def _curve(self, meters: Sequence[int], start: datetime, end: datetime, phases: int, floor: int) -> Curve:
        def read(stretches: Sequence[tuple[int, int]]) -> Iterator[Reading]:
            return self._seconds.powers(meters, stretches, phases)

        minutes = [BusyMinute(*row) for row in self._seconds.busy_minutes(meters, start, end, phases, floor)]
        return Curve(int(start.timestamp()), int(end.timestamp()), minutes, floor, phases, read)

    def _day(self, second: int) -> date:
        return moment_of(second).astimezone(self._zone).date()

    def _covered(self, hours: Mapping[int, int]) -> dict[date, float]:
        """Return the measured share of each local day."""
        days: dict[date, float] = {}
        for hour, seconds in hours.items():
            day = self._day(hour)
            days[day] = days.get(day, 0.0) + seconds / _DAY.total_seconds()
        return days

    def _sold(self, offer: str | None, day: date) -> list[int]:
        """Return the powers at which an offer has a subscription; all that are sold if none is known."""
        sold = [power for power in POWERS if offer and self._prices.subscription(offer, power, day) is not None]
        return sold or list(POWERS)

    def _yearly_kwh(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> dict[str, Decimal]:
        """Return what a year would draw by register, at the pace of a range."""
        drawn = self._costs.energy(meter, "year", start, end, now).whole.energy.wh
        pace = Decimal(_YEAR / (end - start)) / 1000
        return {name: wh * pace for name, wh in drawn.items()}

    def _saving(
        self, offer: str | None, present: int, tested: int, yearly: Mapping[str, Decimal], day: date
    ) -> Saving | None:
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
        return Saving(now - then, energy)
