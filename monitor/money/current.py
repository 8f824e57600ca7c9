"""What the rooms compute with now: the household's settings, prices and calendars; they change while the program runs.

A `Snapshot` is never changed, so that one answer is of one state. `CurrentHousehold` makes the next one when a section
of the table, the file of addresses, a table of prices that was updated or what was fetched is another.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from common.database.mariadb import Connection
from common.database.sections import read_sections, read_versions
from common.errors import ConfigError
from common.runtime.logs import ChangeLogger
from common.settings.fields import Section, SectionError
from monitor.base.addresses import SavedAddresses, read_addresses
from monitor.base.config import MonitorConfig
from monitor.base.household import Household
from monitor.money.announced import announced_colours, market_prices
from monitor.money.calendars import Calendars, calendars_of
from monitor.money.dated_files import SpotPrices
from monitor.money.price_files import TAKEN, all_prices, load_tables
from monitor.money.prices import PriceFile, PriceTable
from monitor.money.sections import CALENDARS, PRICES, SECTIONS, OwnDays, OwnPrices, household_of
from monitor.readings.cache import Cache
from monitor.readings.outside import newest_change

log = logging.getLogger(__name__)
LOOK_EVERY = 5.0  # seconds


class Snapshot(NamedTuple):
    """What a `Home` is made of, but for its connection."""

    config: MonitorConfig  # with its household
    prices: PriceTable
    calendars: Calendars
    cache: Cache  # of what was looked up with these settings


@dataclass(frozen=True, slots=True)
class FetchedFacts:
    """What was asked of others, and counts as known."""

    colours: Mapping[date, str] = field(default_factory=dict)  # of Tempo days
    market: SpotPrices | None = None


_NOTHING_FETCHED = FetchedFacts()


def snapshot(
    config: MonitorConfig,
    tables: Sequence[PriceFile],
    values: Mapping[str, Any],
    addresses: Sequence[str] = (),
    fetched: FetchedFacts = _NOTHING_FETCHED,
) -> Snapshot:
    """Return what follows from the typed values of sections, from the tables of prices and from what was fetched."""
    own: OwnPrices = values.get(PRICES.name, OwnPrices(None))
    days: OwnDays = values.get(CALENDARS.name, OwnDays())
    written = {start: Decimal(str(price)) for start, price in days.spot.items()}
    spot = SpotPrices.of_starts(written) if written else None
    if fetched.market is not None:
        spot = fetched.market if spot is None else SpotPrices({**fetched.market.by_quarter, **spot.by_quarter})
    return Snapshot(
        replace(config, household=household_of(values, addresses)),
        all_prices(tables, own.file, spot),
        calendars_of(days.tempo, days.days, alsace_moselle=own.alsace_moselle, announced=fetched.colours),
        Cache(),
    )


class CurrentHousehold:
    """Follows the household's settings; any thread may call any of it."""

    def __init__(self, config: MonitorConfig, changed: Callable[[Snapshot], None] = lambda _: None) -> None:
        """Begin before anything was read; `changed` is called with each new snapshot, in the thread of `refresh`.

        Raises:
            ConfigError: a table of prices that was taken is wrong.
        """
        self._config = config
        self._changed = changed
        self._values: dict[str, Any] = {}  # the last good ones, typed, by section
        self._made_of: object = None
        self._fetched, self._fetched_of = _NOTHING_FETCHED, 0  # the number of their last request
        self._lock = threading.Lock()  # of `refresh`
        self._changes: dict[str, ChangeLogger] = {}
        self._tables_state = self._state_of_tables()
        self._tables = load_tables(config.state)
        self._tables_error: str | None = None
        unknown = Household(addresses=tuple(self._addresses().urls), is_known=False)
        self.now = snapshot(config, self._tables, {})._replace(config=replace(config, household=unknown))

    def values(self) -> Mapping[str, Any]:
        """Return the typed values of the sections that were saved, the last good ones."""
        return dict(self._values)

    def tried(self, values: Mapping[str, Any]) -> Snapshot:
        """Return what other typed values of sections would make; nothing is changed."""
        return snapshot(self._config, self._tables, values, self.now.config.household.addresses, self._fetched)

    def refresh(self, connection: Connection) -> None:
        """Look whether something changed, and make the next snapshot if so.

        What is wrong changes nothing: the last good value of a section or table stays, and the log says what is wrong.

        Raises:
            DatabaseError: the database is away, or refuses.
        """
        with self._lock:
            self._refresh(connection)

    def _refresh(self, connection: Connection) -> None:
        addresses = self._addresses()
        versions = read_versions(connection)
        tables_state = self._state_of_tables()
        newest = newest_change(connection)
        made_of = versions, addresses, tables_state, newest
        if made_of == self._made_of:
            return
        saved = read_sections(connection)
        for name, section in SECTIONS.items():
            if name not in saved:
                self._values.pop(name, None)
            else:
                self._read(section, saved[name].value)
        if tables_state != self._tables_state:
            self._read_tables()
            self._tables_state = tables_state
        if newest != self._fetched_of:
            fetched = FetchedFacts(announced_colours(connection, self._config.time_zone), market_prices(connection))
            self._fetched, self._fetched_of = fetched, newest
        found = snapshot(self._config, self._tables, self._values, addresses.urls, self._fetched)
        found.prices.error = self._tables_error
        self._made_of, self.now = made_of, found
        self._changed(found)

    def _state_of_tables(self) -> Sequence[tuple[int, int] | None]:
        return tuple(_state(self._config.state / name) for name in TAKEN)

    def _read_tables(self) -> None:
        try:
            self._tables, self._tables_error = load_tables(self._config.state), None
        except ConfigError as error:
            self._tables_error = str(error)
            log.warning("%s; the prices from before are still used", error)

    def _read(self, section: Section[Any], value: Any) -> None:
        try:
            self._values[section.name] = section.read(value)
            self._say(section.name, None)
        except SectionError as error:  # of another version, or written by hand
            self._say(section.name, f"settings: {error}; what held before still does")

    def _addresses(self) -> SavedAddresses:
        try:
            found = read_addresses(self._config.state)
        except (OSError, ValueError) as error:
            self._say("addresses", f"{error}; no messages are sent")
            return SavedAddresses()
        self._say("addresses", None)
        return found

    def _say(self, what: str, text: str | None) -> None:
        changes = self._changes.setdefault(what, ChangeLogger(log))
        if text is None:
            changes.reset()
        else:
            changes.log(logging.WARNING, text)


def _state(file: Path) -> tuple[int, int] | None:
    """Return the time of the last change of a file and its size; None: it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
