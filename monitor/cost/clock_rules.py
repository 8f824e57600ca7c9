"""Which register of an offer a moment would have been billed on: rules of the clock, needed for comparisons only."""

import bisect
from collections.abc import Hashable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from zoneinfo import ZoneInfo

from common.contract.offers import OFFERS, SWITCHING_TIMES, Offer, Window, is_off_peak
from monitor.prices.age import REGULATED
from monitor.prices.model import PriceRow, PriceTable

_SWITCHING_TIMES = sorted(SWITCHING_TIMES)
_COLOURED = [offer for offer in OFFERS if offer.coloured]
_BY_REGISTERS = {frozenset(register.name for register in offer.registers): offer for offer in OFFERS}


class Why(Enum):
    """Why an offer cannot be computed for a moment; the last three: why it is not ranked although it was computed."""

    PRICES = "prices"  # no price on that day
    COLOURS = "colours"  # the colour of the Tempo day is not known
    WINDOWS = "windows"  # the off-peak hours are not known
    CALENDAR = "calendar"  # when its registers would have run is not known
    ASSUMED = "assumed"  # its off-peak hours are not known: those of the meter were taken
    HOURS = "hours"  # too little of the range was measured
    RECOVERED = "recovered"  # energy of which the hour is not known could change the order


class OfferClock:
    """Finds the register of an offer for a moment.

    Args:
        prices: the offers, and the off-peak windows that the user wrote down.
        colours: Tempo day (local date of its 06:00) to blue, white or red.
        zone: the local time.
        names: that the meter gave registers of a calendar which historic mode does not know.
    """

    def __init__(
        self,
        prices: PriceTable,
        colours: Mapping[date, str],
        zone: ZoneInfo,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._prices = prices
        self._changes = sorted({day for offer in prices.offers for day in prices.changes(offer, date.min, date.max)})
        self._colours = colours
        self._zone = zone
        self._names = {register: name.upper() for register, name in (names or {}).items()}

    def local(self, moment: datetime) -> datetime:
        """Return an instant by the clock of the offers."""
        return moment.astimezone(self._zone)

    def kind(self, local: datetime) -> Hashable:
        """Return all of a moment that decides on a register and its price, but for the register that was lived.

        Two moments of one kind are billed on the same register of any offer, at the same price.
        """
        day = local.date()
        windows = self._prices.off_peak(day)
        return (
            bisect.bisect_right(self._changes, day),
            day.weekday() >= 5,
            *(self._colours.get(offer.day_of(local)) for offer in _COLOURED),
            bisect.bisect_right(_SWITCHING_TIMES, local.time()),
            None if windows is None else _holds(windows, local),
        )

    def register(self, offer: str, moment: datetime, lived: str | None) -> str | Why:
        """Return the register, or why it cannot be known.

        Args:
            offer: the name of an offer.
            moment: an instant, in any zone.
            lived: the register that really ran then: a contract with off-peak hours tells when they are.
        """
        local = self.local(moment)
        rows = [row for row in self._prices.rows(offer, local.date()) if row.kwh]
        if not rows:
            return Why.PRICES
        return self._of_row(rows[0], local, lived)

    def assumes_windows(self, offer: str, moment: datetime) -> bool:
        """Tell whether an offer of another supplier is computed as if its off-peak hours were the meter's."""
        rows = [row for row in self._prices.rows(offer, self.local(moment).date()) if row.kwh]
        # Those of the regulated tariff are given by the network, to the meter: the ones that it shows.
        structure = _structure(rows[0]) if rows else None
        return offer not in REGULATED and structure is not None and structure.follows_meter

    def _of_row(self, row: PriceRow, local: datetime, lived: str | None) -> str | Why:
        if row.weekend is not None and local.weekday() >= 5:
            return row.weekend
        structure = _structure(row)
        if structure is None:
            return lived if lived in row.registers and lived is not None else Why.CALENDAR
        registers = structure.registers
        if structure.coloured:
            colour = self._colours.get(structure.day_of(local))
            if colour is None:
                return Why.COLOURS
            registers = tuple(register for register in registers if register.colour == colour)
        if len(registers) == 1:
            return registers[0].name
        if any(register.off_peak is None for register in registers):
            return lived if lived is not None and structure.named(lived) else Why.CALENDAR
        windows = structure.off_peak
        off_peak = self._off_peak(local, lived) if windows is None else _holds(windows, local)
        return next((register.name for register in registers if register.off_peak == off_peak), Why.WINDOWS)

    def _off_peak(self, local: datetime, lived: str | None) -> bool | None:
        windows = self._prices.off_peak(local.date())
        if windows is not None:
            return _holds(windows, local)
        if (known := is_off_peak(lived or "")) is not None:
            return known
        name = self._names.get(lived or "", "")
        return True if "CREUSE" in name else False if "PLEINE" in name else None


def _structure(row: PriceRow) -> Offer | None:
    """Return the offer that has the registers of a row, but for that of its weekend, if weekdays do not have it."""
    return _BY_REGISTERS.get(row.registers - {row.weekend}) or _BY_REGISTERS.get(row.registers)


def _holds(windows: Iterable[Window], local: datetime) -> bool:
    return any(window.holds(local.time()) for window in windows)
