"""Which register of an offer a moment would have been billed on: rules of the clock, needed for comparisons only."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from monitor.prices.age import REGULATED
from monitor.prices.model import PriceRow, PriceTable, Window

TEMPO_DAY = time(6)  # a colour holds from 06:00 to 06:00
TEMPO_NIGHT = time(22)
_TEMPO_OFF_PEAK = (Window(TEMPO_NIGHT, TEMPO_DAY),)
_TEMPO = {
    "blue": ("BBRHCJB", "BBRHPJB"),
    "white": ("BBRHCJW", "BBRHPJW"),
    "red": ("BBRHCJR", "BBRHPJR"),
}
_TEMPO_REGISTERS = frozenset(register for pair in _TEMPO.values() for register in pair)
_HPHC_REGISTERS = frozenset(["HCHC", "HCHP"])
_OFF_PEAK_REGISTERS = frozenset(["HCHC", *(off_peak for off_peak, _ in _TEMPO.values())])


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
        self._colours = colours
        self._zone = zone
        self._names = {register: name.upper() for register, name in (names or {}).items()}
        self._windows: dict[date, tuple[Window, ...] | None] = {}

    def local(self, moment: datetime) -> datetime:
        """Return an instant by the clock of the offers."""
        return moment.astimezone(self._zone)

    def kind(self, local: datetime) -> tuple[date, int, bool]:
        """Return all of a moment that decides on a register, but for the one that was lived.

        Two moments of one kind are billed on the same register of any offer.
        """
        day, moment = local.date(), local.time()
        part = 0 if moment < TEMPO_DAY else 1 if moment < TEMPO_NIGHT else 2
        windows = self._off_peak_windows(day)
        return day, part, windows is not None and any(window.holds(moment) for window in windows)

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
        return offer not in REGULATED and bool(rows) and _week(rows[0]) == _HPHC_REGISTERS

    def _of_row(self, row: PriceRow, local: datetime, lived: str | None) -> str | Why:
        if row.weekend is not None and local.weekday() >= 5:
            return row.weekend
        registers = _week(row)
        if registers == {"BASE"}:
            return "BASE"
        if registers == _HPHC_REGISTERS:
            off_peak = self._off_peak(local, lived)
            return Why.WINDOWS if off_peak is None else ("HCHC" if off_peak else "HCHP")
        if registers == _TEMPO_REGISTERS:
            colour = self._colours.get(tempo_day(local))
            if colour is None:
                return Why.COLOURS
            off_peak = any(window.holds(local.time()) for window in _TEMPO_OFF_PEAK)
            return _TEMPO[colour][0 if off_peak else 1]
        return lived if lived in registers and lived is not None else Why.CALENDAR

    def _off_peak(self, local: datetime, lived: str | None) -> bool | None:
        windows = self._off_peak_windows(local.date())
        if windows is not None:
            return any(window.holds(local.time()) for window in windows)
        if lived in _HPHC_REGISTERS or lived in _TEMPO_REGISTERS:
            return lived in _OFF_PEAK_REGISTERS
        name = self._names.get(lived or "", "")
        return True if "CREUSE" in name else False if "PLEINE" in name else None

    def _off_peak_windows(self, day: date) -> tuple[Window, ...] | None:
        if day not in self._windows:
            self._windows[day] = self._prices.off_peak(day)
        return self._windows[day]


def _week(row: PriceRow) -> frozenset[str]:
    """Return the registers of the days that are no weekend."""
    week = row.registers - {row.weekend}
    # A weekend at the price of a register that weekdays have, too, takes nothing from them.
    return week if week == {"BASE"} or row.weekend not in _HPHC_REGISTERS | {"BASE"} else row.registers


def tempo_day(local: datetime) -> date:
    """Return the Tempo day of a local moment: the date before 06:00 belongs to the day before."""
    return local.date() - timedelta(1) if local.time() < TEMPO_DAY else local.date()
