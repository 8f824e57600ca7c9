"""Imports files one after the other: reads each, plans what of it is new, and writes that."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from common.database.mariadb import Connection
from common.errors import ConfigError
from common.runtime.progress import Progress
from storer.database.meters import add_meters
from storer.imports import writer
from storer.imports.home_assistant import Series
from storer.imports.kinds import CORRECTING, Content, Request, recognise
from storer.imports.local_clock import LocalClock
from storer.imports.plan import Plan, Stored, check_past, make_plan
from storer.imports.temperatures import DayPlan, plan_days, read_days, write_days

ZONE = "Europe/Paris"
Read = Callable[[str, Request], Content]  # a file as one of a kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file has, and what became of it."""

    kind: str
    content: Content
    plan: Plan
    meter: str
    meter_is_new: bool
    number: int | None  # of the import, which may be one of before; None: nothing was written
    is_dry_run: bool


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What a file of temperatures has, and what became of it."""

    file: str
    days: dict[date, int]
    plan: DayPlan
    meter: str
    number: int | None  # as above
    is_dry_run: bool


Written = Callable[[Outcome | DayOutcome], None]  # called in the transaction that writes


def write_nothing_more(_: Outcome | DayOutcome) -> None:
    """Add nothing to the transaction of an import."""


class Importer:
    """Imports files for one meter."""

    def __init__(
        self,
        connection: Connection,
        meter: tuple[int | None, str],
        *,
        series: Series,
        zone: str | None = None,
        dry_run: bool = False,
        progress: Progress,
        written: Written = write_nothing_more,
    ) -> None:
        """Prepare; `meter` is its number, None if it is new, and its address."""
        self._connection = connection
        self._meter, address = meter
        self._dry_run = dry_run
        self._progress = progress
        self._written = written
        self._request = Request(
            meter=address,
            clock=LocalClock(zone or ZONE),
            series=series,
            connection=connection,
            local=zone is not None,
            progress=lambda part, rows: progress.show_part("reading", part, rows),
        )
        self._stored = Stored() if self._meter is None else writer.read_stored(connection, self._meter)
        self._read = set() if self._meter is None else writer.read_hours(connection, self._meter)
        self._files = 0

    @property
    def clock(self) -> LocalClock:
        """The clock of the files."""
        return self._request.clock

    def run(self, kind: str | None, name: str, read: Read, now: datetime) -> Outcome:
        """Import a file.

        Raises:
            ConfigError: it is of no kind that is recognised, or what is to be read of it is not clear.
            FileRefused: it is of another kind, or damaged.
        """
        self._files += 1
        self._progress.show("reading", name, 0)
        if kind is None:
            kind, content = recognise(name, lambda kind: read(kind, self._request))
        else:
            content = read(kind, self._request)
        check_past(content.parsed.periods, now, self.clock)
        plan = make_plan(
            content.parsed.periods,
            self._stored,
            self._read,
            -self._files,
            kind,
            # What came before may come again, after what has corrected it.
            corrects=kind in CORRECTING and self._find_import(kind, content) is None,
        )
        return self._store(kind, content, plan)

    def _store(self, kind: str, content: Content, plan: Plan) -> Outcome:
        is_new = self._meter is None

        def outcome(number: int | None) -> Outcome:
            return Outcome(kind, content, plan, self._request.meter, is_new, number, self._dry_run)

        if self._dry_run or not plan.new:
            found = outcome(self._find_import(kind, content))
            self._written(found)
            return found
        if self._meter is None:
            add_meters(self._connection, [self._request.meter])
            self._meter, _ = writer.find_meter(self._connection, self._request.meter)
            assert self._meter is not None
        number = writer.write(
            self._connection,
            self._meter,
            kind,
            content.name,
            content.digest,
            plan.new,
            replaced=plan.replaced,
            progress=lambda rows: self._progress.show_part("importing", rows / len(plan.new), rows),
            written=lambda number: self._written(outcome(number)),
        )
        return outcome(number)

    def _find_import(self, kind: str, content: Content) -> int | None:
        return self._meter and writer.find_import(self._connection, self._meter, kind, content.digest)


class DayImporter:
    """Imports files of temperatures for one meter."""

    def __init__(
        self,
        connection: Connection,
        meter: tuple[int | None, str],
        *,
        dry_run: bool = False,
        written: Written = write_nothing_more,
    ) -> None:
        """Prepare.

        Raises:
            ConfigError: nothing of the meter is stored.
        """
        number, self._address = meter
        if number is None:
            raise ConfigError(f"of the meter {self._address} nothing is stored: there is nothing to compare")
        self._meter = number
        self._connection = connection
        self._dry_run = dry_run
        self._written = written
        self._stored = read_days(connection)

    def run(self, file: str, days: dict[date, int], now: datetime) -> DayOutcome:
        """Import the days of a file.

        Raises:
            FileRefused: a day is in the future.
        """
        plan = plan_days(days, self._stored, now.date())

        def outcome(number: int | None) -> DayOutcome:
            return DayOutcome(file, days, plan, self._address, number, self._dry_run)

        if self._dry_run or not plan.new:
            self._written(outcome(None))
            self._stored |= {day: (temperature, 0) for day, temperature in plan.new.items()}
            return outcome(None)
        number = write_days(
            self._connection, self._meter, file, days, plan, lambda number: self._written(outcome(number))
        )
        self._stored |= {day: (temperature, number) for day, temperature in plan.new.items()}
        return outcome(number)
