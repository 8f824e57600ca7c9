"""What services announced of days and prices: Tempo colours, their chances, market prices; from the table `outside`.

Colours that were announced count as known. Chances do not: only the page shows them, and nothing is computed from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.offers import COLOURS, TEMPO
from common.database.mariadb import Connection
from monitor.money.dated_files import SpotPrices
from monitor.readings.outside import OutsideRows

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2098, 1, 1, tzinfo=UTC)
_RTE = "www.services-rte.com"  # decides; where it and another source differ, it is right
_BY_NUMBER = dict(enumerate(COLOURS, 1))


@dataclass(frozen=True, slots=True)
class Chance:
    """The colour that a day will probably have."""

    day: date
    colour: str
    chance: float
    source: str  # the host that said it


def announced_colours(connection: Connection, zone: ZoneInfo) -> Mapping[date, str]:
    """Return the colour of each Tempo day that was announced."""
    found: dict[date, str] = {}
    by_source = OutsideRows(connection).between("tempo", _FIRST, _LAST)
    for source in sorted(by_source, key=lambda source: (source == _RTE, source)):
        for start, number in by_source[source].items():
            if (colour := _BY_NUMBER.get(round(number))) is not None:
                found[TEMPO.day_of(start.astimezone(zone))] = colour
    return found


def market_prices(connection: Connection) -> SpotPrices | None:
    """Return the market prices that were fetched; None: there are none."""
    by_quarter: dict[int, Decimal] = {}
    for prices in OutsideRows(connection).between("spot", _FIRST, _LAST).values():
        starts = {int(start.timestamp()): Decimal(str(price)) for start, price in prices.items()}
        by_quarter |= SpotPrices.of_starts(starts).by_quarter
    return SpotPrices(by_quarter) if by_quarter else None


def chances(connection: Connection, first: date, last: date, zone: ZoneInfo) -> list[Chance]:
    """Return the most probable colour of each day from `first` to `last`, both included, of which one was told."""
    limits = [datetime.combine(day, time(0), zone).astimezone(UTC) for day in (first, last + timedelta(1))]
    best: dict[date, Chance] = {}
    for colour in COLOURS:
        for source, rows in OutsideRows(connection).between(f"tempo_{colour}", *limits).items():
            for start, chance in rows.items():
                day = TEMPO.day_of(start.astimezone(zone))
                if chance > 0 and (day not in best or chance > best[day].chance):
                    best[day] = Chance(day, colour, chance, source)
    return [best[day] for day in sorted(best)]
