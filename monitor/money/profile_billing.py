"""Bills what the meter counted by an offer that has no prices for its registers: by the load curve of the home.

Also reads that curve by the clock, and the Tempo colours that the meter showed.
"""

import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from monitor.base.calendar import full_hour, offsets
from monitor.money.bill import Bill
from monitor.money.calendars import Calendars
from monitor.money.contracts import Contract, contract_at
from monitor.money.prices import PriceTable
from monitor.money.rules import Rule
from monitor.money.tempo import TempoSeason, first_day, learn_colours, season, season_of
from monitor.money.unit_price import period_at
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Meter
from monitor.readings.imported import name_by
from monitor.readings.periods import Energy, HourEnergy
from monitor.readings.stretches import ROUNDING

_SURE = 10  # what the curve shows differs by less than a tenth from what was counted
_AT_ONCE = timedelta(days=31)  # of a curve, which are read at once


def by_period(
    piece: Energy, slots: Sequence[HourEnergy], period_of: Callable[[HourEnergy], str | None]
) -> Mapping[tuple[str, str | None], int] | None:
    """Return the Wh of a piece by register and period of the offer; None: too much of it is not in the curve.

    They are those of the slots, so hours, days and months add up; what little was counted besides is in the largest.

    Args:
        piece: what was counted.
        slots: the curve of its time.
        period_of: the period of a slot; None: it is not known.
    """
    rest = piece.total_wh - sum(slot.wh for slot in slots)
    if not slots or abs(rest) > max(ROUNDING, abs(piece.total_wh) // _SURE):
        return None
    found: dict[tuple[str, str | None], int] = {}
    for slot in slots:
        key = slot.register or next(iter(piece.wh), ""), period_of(slot)
        found[key] = found.get(key, 0) + slot.wh
    found[max(found, key=lambda key: found[key])] += rest
    return found


class ProfileBilling:
    """Reads curves; `calendars` are those that everybody knows and those of the user's files."""

    def __init__(self, reader: EnergyReader, prices: PriceTable, calendars: Calendars, zone: ZoneInfo) -> None:
        self.calendars = calendars
        self._reader = reader
        self._prices = prices
        self._zone = zone

    def structure(self, known: Iterable[Contract], moment: datetime) -> str | None:
        """Return the name that meters give the offer of a moment; None: no contract is known of it."""
        contract = contract_at(known, moment)
        if contract is None or contract.offer is None:
            return None
        offer = self._prices.offer(contract.offer)
        if offer is not None and offer.meter is None and offer.rule is not None and offer.rule.follows_meter:
            return "hchp"  # whatever its supplier makes of the meter's off-peak hours
        return self._prices.structure(contract.offer)

    def slots(
        self, meter: Meter, start: datetime, end: datetime, moments: Collection[int], known: Sequence[Contract]
    ) -> Iterator[HourEnergy]:
        """Return what was drawn in the hours of [start, end), those cut in which one of these minutes of a day lies.

        Registers have the names that these contracts give them.
        """
        inside = [moment for moment in moments if moment % 60]
        cuts = sorted({moment % 60 for moment in inside})
        while start < end:
            until = min(start + _AT_ONCE, end)
            ahead = [seconds // 3600 for _, seconds in offsets(self._zone, start, until)]
            hours_of_day = {(moment // 60 - hours) % 24 for moment in inside for hours in ahead}
            for slot in self._reader.slots(meter, start, until, cuts, hours_of_day):
                if slot.imported and slot.register is not None:
                    offer = self.structure(known, slot.start)
                    yield replace(slot, register=name_by(offer, slot.register))
                else:
                    yield slot
            start = until

    def divided(self, meter: Meter, pieces: Sequence[Energy], bill: Bill) -> list[Energy]:
        """Return pieces of energy with the periods of offers that have no prices for the meter's registers."""
        found = list(pieces)
        for contract in bill.contracts:
            offer = None if contract.offer is None else self._prices.offer(contract.offer)
            if offer is None or offer.rule is None or offer.rule.choices != (None,):
                continue
            places = _needs_curve(contract, offer.rule, found, bill)
            if not places:
                continue
            rule, moments = offer.rule, offer.rule.moments
            if contract.off_peak is not None:
                moments |= contract.off_peak.moments
            limits = [(_minute(found[place].start), _minute(found[place].end)) for place in places]
            first, last = full_hour(limits[0][0]), limits[-1][1]
            local = (limit.astimezone(self._zone) for pair in limits for limit in pair)
            slots = list(
                self.slots(meter, first, last, moments | {at.hour * 60 + at.minute for at in local}, bill.contracts)
            )
            starts = [slot.start for slot in slots]
            period_of = self._period_of(meter, contract, rule, moments, first, last)
            for place, (low, high) in zip(places, limits, strict=True):
                inside = slots[bisect.bisect_left(starts, low) : bisect.bisect_left(starts, high)]
                found[place] = replace(found[place], periods=by_period(found[place], inside, period_of))
        return found

    def _period_of(
        self, meter: Meter, contract: Contract, rule: Rule, moments: Collection[int], start: datetime, end: datetime
    ) -> Callable[[HourEnergy], str | None]:
        facts = self.with_lived_colours(meter, start, end) if TEMPO.id in rule.calendars else self.calendars

        def period_of(slot: HourEnergy) -> str | None:
            local = slot.start.astimezone(self._zone)
            minutes = {minute - local.hour * 60 for minute in moments} if not slot.divided else set()
            later = [local.replace(minute=minute) for minute in minutes if 0 < minute < 60]
            found = {period_at(rule, facts, contract, at, slot.register) for at in (local, *later)}
            return found.pop() if len(found) == 1 else None  # within the hour another period begins

        return period_of

    def with_lived_colours(self, meter: Meter, start: datetime, end: datetime) -> Calendars:
        """Return the calendars with the Tempo colours that the meter showed in [start, end)."""
        first, last = TEMPO.day_of(start.astimezone(self._zone)), end.astimezone(self._zone).date()
        return replace(self.calendars, shown=self.lived_colours(meter, first, last))

    def lived_colours(self, meter: Meter, first: date, last: date) -> dict[date, str]:
        """Return the Tempo colours that the meter showed on the days from `first` to `last`, both included."""
        days = [first + timedelta(number) for number in range((last - first).days + 2)]
        limits = [datetime.combine(day, TEMPO.day_starts, self._zone).astimezone(UTC) for day in days]
        return learn_colours(dict(zip(days, self._reader.running(meter, limits), strict=False)))

    def season_colours(self, meter: Meter, today: date) -> dict[date, str]:
        """Return the known colours of the season of a Tempo day, up to it, and that of the next one."""
        first = first_day(season_of(today))
        return self.calendars.colours(first, today + timedelta(1)) | self.lived_colours(meter, first, today)

    def tempo_season(self, meter: Meter, today: date) -> TempoSeason:
        """Return the season of a Tempo day up to it."""
        return season(self.season_colours(meter, today), season_of(today), today)


def _needs_curve(contract: Contract, rule: Rule, pieces: Sequence[Energy], bill: Bill) -> list[int]:
    """Return which pieces of a contract have energy of a register without a price, while its periods have one."""
    found = []
    for place, piece in enumerate(pieces):
        if contract.start <= piece.start < contract.end and (rates := bill.rates_at(piece.start)) is not None:
            unpriced = any(wh and rates.kwh(register) is None for register, wh in piece.wh.items())
            if unpriced and any(rates.kwh(period) is not None for period in rule.periods):
                found.append(place)
    return found


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
