"""A home: which meters a database has, what is known of them, and the way to their energy and its cost."""

import argparse
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from common.database.mariadb import Connection, Database
from common.errors import ConfigError, DatabaseError, TeleinfoError, Unavailable
from common.machine.deployment import here
from common.settings import config
from common.settings.language import language_of
from monitor.base.calendar import midnight
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats
from monitor.base.household import ContractLine
from monitor.base.request_errors import RequestError
from monitor.money.calendars import Calendars
from monitor.money.costs import CostAnswers
from monitor.money.current import CurrentHousehold, Snapshot
from monitor.money.forecast import ForecastAnswers
from monitor.money.interval import IntervalAnswers
from monitor.money.prices import PriceTable
from monitor.money.profile_billing import ProfileBilling
from monitor.readings.cache import Cache
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours, Meter
from monitor.readings.imported import ImportedHours
from monitor.readings.meter_contracts import Contracts, MeterFacts
from monitor.readings.meters import Unused, called, group_meters, unused
from monitor.readings.power import Power, Switch
from monitor.readings.sources import Source, Sources, behind
from monitor.readings.storage import open_tables

PROGRAM = "teleinfo-monitor"


@dataclass(frozen=True, slots=True)
class Facts:
    """A meter and its contract, as the owner says, else as the meter does; `structure` is what it says."""

    last: datetime  # of its last readings
    standard: bool
    phases: int
    producer: bool
    offer: str | None
    power: int | None  # kVA
    structure: str | None  # an id of OFFERS
    stated: bool = False  # the owner has named the offer


class Home:
    """The meters of a database, and what is known of them; over one connection, so not for several threads at once.

    Each answer to a question about one of them is made from this, by who asks for it.
    """

    def __init__(
        self,
        connection: Connection,
        config: MonitorConfig,
        prices: PriceTable,
        calendars: Calendars | None = None,
        cache: Cache | None = None,
    ) -> None:
        """Read over `connection`; `cache` may be shared by several of these, in any threads."""
        self.connection = connection
        self.config = config
        self.prices = prices
        self.zone = config.time_zone
        self.cache = cache or Cache()
        self.hours = Hours(connection)
        self.imported = ImportedHours(connection)
        self.power = Power(connection)
        self.contracts = Contracts(connection)
        self.reader = EnergyReader(self.hours, self.imported, self.contracts, self.power, self.cache)
        self.calendars = calendars or Calendars()
        self.profile_billing = ProfileBilling(self.reader, prices, self.calendars, self.zone)
        self.costs = CostAnswers(self.reader, self.imported, config, prices, self.profile_billing)
        self.forecasts = ForecastAnswers(self.costs, prices, self.zone, self.cache)
        self.intervals = IntervalAnswers(connection, self.reader, self.costs)
        self._sources = Sources(connection)
        self._last_meters: Sequence[Meter] | None = None
        self._last_sources: Sequence[Source] | None = None

    def meters(self) -> list[Meter]:
        """Return the meters of the database; a house whose meter was replaced has one."""
        self._last_meters, self._last_sources = group_meters(self.hours.meters(), self.config.household.meters), None
        return self._last_meters

    def sources(self, meter: Meter, kind: str) -> list[Source]:
        """Return the sources of a kind that are behind a meter, by name.

        They are read once until the meters are looked up again; without sources this is one query of an empty table.
        """
        meters = self.meters() if self._last_meters is None else self._last_meters
        if self._last_sources is None:
            self._last_sources = self._sources.all()
        return behind(self._last_sources, meter, meters, kind)

    def unused(self) -> list[Unused]:
        """Return what in the settings concerns no meter of the database."""
        known, household = {meter.identifier for meter in self.hours.meters()}, self.config.household
        return unused(known, household.contracts, household.meters, household.notes)

    def meter(self, identifier: str | None) -> Meter:
        """Return one meter: by its name, an address, or the last digits of one.

        Without any of these it is the only one that has readings, else imported hours.

        Raises:
            RequestError: there is no such meter, or the identifier is needed to tell them apart.
        """
        meters = self.meters()
        if identifier is not None:
            found = called(meters, identifier)
        else:
            found = [meter for meter in meters if meter.first] or [meter for meter in meters if self.first(meter)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(meter.title for meter in meters) or "none"
        if identifier is None:
            raise RequestError("several_meters", known=names) if found else RequestError("no_readings")
        if found:
            raise RequestError("ambiguous_meter", meter=identifier, known=", ".join(meter.title for meter in found))
        raise RequestError("unknown_meter", meter=identifier, known=names)

    def facts(self, meters: Sequence[Meter], now: datetime) -> dict[int, Facts]:
        """Return what is known of meters now, by number; those without readings are not there."""
        read = {meter.number: part for meter in meters if (part := _last_read(meter)) is not None}
        shown = self.contracts.facts({part.number: part.last for part in read.values() if part.last is not None})
        return {
            meter.number: self._facts(meter, shown[read[meter.number].number], now)
            for meter in meters
            if meter.number in read and read[meter.number].number in shown
        }

    def _facts(self, meter: Meter, shown: MeterFacts, now: datetime) -> Facts:
        line, contract = self.line(meter, now), shown.contract
        return Facts(
            last=shown.last,
            standard=contract.standard,
            phases=shown.phases,
            producer=shown.producer,
            offer=line.offer if line else contract.offer,
            power=line.power if line else contract.power,
            structure=contract.offer,
            stated=line is not None,
        )

    def first(self, meter: Meter) -> datetime | None:
        """Return the hour of the first energy that is known of a meter, read or imported."""
        return self.firsts([meter]).get(meter.number)

    def firsts(self, meters: Sequence[Meter]) -> dict[int, datetime]:
        """Return the same of several meters, by number."""
        imported, found = self.imported.firsts(), {}
        for meter in meters:
            hours = [meter.first, *(imported.get(part.number) for part in meter.parts)]
            if known := [hour for hour in hours if hour is not None]:
                found[meter.number] = min(known)
        return found

    def lasts(self, meters: Sequence[Meter]) -> dict[int, datetime]:
        """Return the hour of the last energy that is known of meters, read or imported, by number."""
        imported, found = self.imported.lasts(), {}
        for meter in meters:
            hours = [meter.last, *(imported.get(part.number) for part in meter.parts)]
            if known := [hour for hour in hours if hour is not None]:
                found[meter.number] = max(known)
        return found

    def line(self, meter: Meter, now: datetime) -> ContractLine | None:
        """Return what the owner says of the present contract, if he does."""
        lines = reversed(self.costs.lines(meter))
        return next((line for line in lines if midnight(line.start, self.zone) <= now), None)

    def last_frame(self, meter: Meter, now: datetime) -> datetime | None:
        """Return when the last frame that is stored came, or the minute in which it came: hours are minutes behind."""
        return self.last_frames([meter], self.facts([meter], now), now).get(meter.number)

    def last_frames(self, meters: Sequence[Meter], facts: Mapping[int, Facts], now: datetime) -> dict[int, datetime]:
        """Return the same of several meters, by number; `facts` is what is known of them."""
        minutes = self.power.last_minutes([meter.number for meter in meters], now)
        of_hours = {number: fact.last for number, fact in facts.items()}  # of a house, of the meter that was read last
        return {
            number: max(found[number] for found in (minutes, of_hours) if number in found)
            for number in minutes.keys() | of_hours.keys()
        }

    def switches(self, meter: Meter, start: datetime, end: datetime) -> list[Switch]:
        """Return when the meter went to another register in [start, end)."""
        return sorted(
            (one for part in meter.parts for one in self.power.switches(part.number, start, end)),
            key=lambda one: one.at,
        )


def _last_read(meter: Meter) -> Meter | None:
    """Return the meter of a house that was read last."""
    read = [part for part in meter.parts if part.last is not None]
    return max(read, key=lambda part: part.last.timestamp() if part.last else 0, default=None)


#: Lends the home over a connection to the database, until the end of a `with`.
Lend = Callable[[], AbstractContextManager[Home]]


@contextlib.contextmanager
def open_home(arguments: argparse.Namespace) -> Iterator[tuple[Home, MonitorConfig]]:
    """Open the database of a command's configuration; what goes wrong there is told in the language of the command."""
    machine = config.load(MonitorConfig, arguments.config)
    language, database = language_in(arguments, machine), Database(machine.database)
    try:
        with contextlib.closing(open_tables(database)) as connection:
            household = CurrentHousehold(machine)
            household.refresh(connection)
            language = language_in(arguments, household.now.config)
            yield Home(connection, *household.now), household.now.config
    except RequestError as error:
        raise ConfigError(error.text(language)) from error
    except Unavailable as error:
        if language == "en":
            raise
        where = database.where.replace(" at ", " sur ")
        away = RequestError("database_away", where=where, check=here(PROGRAM).run(PROGRAM, "check"))
        raise TeleinfoError(away.text(language)) from error


def settings_now(machine: MonitorConfig) -> Snapshot:
    """Return what the household's settings say now; while the database is away, what holds without any.

    Raises:
        ConfigError: a table of prices that was taken is wrong.
    """
    household = CurrentHousehold(machine)
    with contextlib.suppress(DatabaseError), contextlib.closing(open_tables(Database(machine.database))) as connection:
        household.refresh(connection)
    return household.now


def language_in(arguments: argparse.Namespace, settings: MonitorConfig) -> str:
    """Return the language of a command's output."""
    return arguments.language or settings.household.language or language_of()


def formats_of(arguments: argparse.Namespace, settings: MonitorConfig) -> Formats:
    """Return the formats of a command's output."""
    return Formats(language_in(arguments, settings), settings.time_zone)
