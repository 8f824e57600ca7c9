"""The command `teleinfo-storer import`."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from common.database.mariadb import Connection, Database
from common.errors import ConfigError, FileRefused, PermanentError
from common.runtime.cli import one_of, whole
from common.runtime.logs import redact_prm
from common.runtime.progress import Progress
from common.settings import config
from common.settings.language import French, language_of, plural
from storer.config.french import TEXTS
from storer.config.options import StorerConfig
from storer.database.meters import add_meters
from storer.database.schema import open_tables
from storer.imports import writer
from storer.imports.home_assistant import read_series
from storer.imports.kinds import KINDS, Content, Request, read_content, recognise
from storer.imports.local_clock import LocalClock
from storer.imports.original import with_ours
from storer.imports.plan import Plan, Stored, check_past, make_plan
from storer.imports.summary import summary
from storer.imports.temperatures import HELP, describe, plan_days, read_days, read_temperatures, write_days

_ZONE = "Europe/Paris"
_KINDS = {**KINDS, writer.TEMPERATURES: HELP}


def declare_import(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    kinds = "; ".join(f"{name}: {text}" for name, text in _KINDS.items())
    parser.epilog = f"Kinds: {kinds}. See docs/import.md."
    add = parser.add_argument
    add("kind", nargs="?", type=_kind_or_file, metavar="KIND", help=f"{', '.join(_KINDS)}; files are recognised")
    add("files", nargs="*", metavar="FILE", help="a file; of the kind original, a table")
    add("--meter", metavar="ADDRESS", help="the meter of the data; default: the only one that is stored")
    add(
        "--new-meter",
        action="store_true",
        help="--meter is an old, replaced meter of which nothing is stored",
    )
    add("--dry-run", action="store_true", help="only show what would be imported")
    add(
        "--series",
        action="append",
        default=[],
        metavar="NAME[=REGISTER]",
        help="a series of Home Assistant; repeatable",
    )
    add(
        "--zone",
        metavar="NAME",
        help="zone of local times; default: Europe/Paris; of an original table: they were stored as if they were UTC",
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="show what was imported")
    other.add_argument("--forget", type=whole, metavar="ID", help="delete what an import brought")
    parser.set_defaults(command=run_import)


def _kind_or_file(text: str) -> str:
    """Return the kind, in whatever letters it is written, or what can only be a file."""
    if text.lower() in _KINDS:
        return text.lower()
    return text if set(text) & {".", "/"} or Path(text).exists() else one_of(tuple(_KINDS))(text)


def run_import(arguments: argparse.Namespace, now: datetime | None = None) -> int:
    """Import files, list imports, or forget one; return the exit code. `now` is that of this machine by default.

    Raises:
        ConfigError: the command line is wrong.
        FileRefused: a file is of another kind, or damaged; those before it are imported.
    """
    alone = arguments.list or arguments.forget is not None
    if alone and arguments.kind:
        raise ConfigError("--list and --forget take no KIND")
    if arguments.kind is not None and arguments.kind not in _KINDS:
        arguments.files.insert(0, arguments.kind)
        arguments.kind = None
    if not alone and not arguments.files:
        raise ConfigError(f"what is to be imported? FILE… is expected, or KIND FILE…; kinds: {', '.join(_KINDS)}")
    settings = config.load(StorerConfig, arguments.config)
    database = Database(settings.database)
    with open_tables(database) as connection:
        if arguments.list:
            _show_list(connection, LocalClock(arguments.zone or _ZONE), sys.stdout)
        elif arguments.forget is not None:
            _forget(connection, arguments.forget, sys.stdout)
        elif arguments.kind == writer.TEMPERATURES:
            _import_temperatures(connection, arguments, now or datetime.now(UTC), sys.stdout)
        else:
            with Progress(sys.stderr) as progress:
                _Importer(connection, arguments, progress, sys.stdout).run(now or datetime.now(UTC))
    return 0


class _Importer:
    """Imports files one after the other."""

    def __init__(self, connection: Connection, arguments: argparse.Namespace, progress: Progress, out: TextIO) -> None:
        self._connection = connection
        self._kind: str | None = arguments.kind
        self._files: list[str] = arguments.files
        self._dry_run: bool = arguments.dry_run
        self._progress = progress
        self._out = out
        series, clock = read_series(arguments.series), LocalClock(arguments.zone or _ZONE)
        self._meter, meter = writer.find_meter(connection, arguments.meter, new=arguments.new_meter)
        self._request = Request(
            meter=meter,
            clock=clock,
            series=series,
            connection=connection,
            local=arguments.zone is not None,
            progress=lambda part, rows: progress.show_part("reading", part, rows),
        )

    def run(self, now: datetime) -> None:
        stored = Stored() if self._meter is None else writer.read_stored(self._connection, self._meter)
        read = set() if self._meter is None else writer.read_hours(self._connection, self._meter)
        for number, file in enumerate(self._files, 1):
            self._progress.show("reading", Path(file).name, 0)
            try:
                kind = self._kind or recognise(file, self._request)
                content = read_content(kind, file, self._request)
                check_past(content.parsed.periods, now, self._request.clock)
            except FileRefused as error:
                raise FileRefused(f"{file}: {error}; nothing of it was imported") from error
            plan, is_new = make_plan(content.parsed.periods, stored, read, -number), self._meter is None
            result = self._store(kind, content, plan)
            self._progress.clear()
            for line in summary(content, plan, self._request.clock):
                self._print(line)
            if is_new:
                self._print(f"  the meter {self._request.meter} is new: nothing of it was stored before")
            if kind == "original":
                self._print(f"  this table and ours together: {with_ours(file)}")
            self._print(f"  {result}")

    def _store(self, kind: str, content: Content, plan: Plan) -> str:
        if self._dry_run:
            return "nothing was imported: this was a dry run"
        if not plan.new:
            known = self._meter and writer.find_import(self._connection, self._meter, kind, content.digest)
            return f"nothing new: it is import {known}" if known else "nothing new"
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
            lambda rows: self._progress.show("importing", "imported_hours", rows),
        )
        return f"imported: this is import {number}, which --forget {number} deletes"

    def _print(self, text: str) -> None:
        _print(text, self._out)


def _print(text: str, out: TextIO) -> None:
    """Print a line in the language of the terminal."""
    say = French(TEXTS) if language_of() == "fr" else str
    print(redact_prm(say(text)), file=out)


def _import_temperatures(connection: Connection, arguments: argparse.Namespace, now: datetime, out: TextIO) -> None:
    meter, address = writer.find_meter(connection, arguments.meter)
    if meter is None:
        raise ConfigError(f"of the meter {address} nothing is stored: there is nothing to compare")
    stored = read_days(connection, meter)
    for file in map(Path, arguments.files):
        try:
            days = read_temperatures(file)
            plan = plan_days(days, stored, now.date())
        except FileRefused as error:
            raise FileRefused(f"{file}: {error}; nothing of it was imported") from error
        for line in describe(file.name, days, plan):
            _print(line, out)
        number = 0  # of no import yet
        if arguments.dry_run:
            _print("  nothing was imported: this was a dry run", out)
        elif not plan.new:
            _print("  nothing new", out)
        else:
            number = write_days(connection, meter, file.name, days, plan)
            _print(f"  imported: this is import {number}, which --forget {number} deletes", out)
        stored |= {day: (temperature, number) for day, temperature in plan.new.items()}


def _show_list(connection: Connection, clock: LocalClock, out: TextIO) -> None:
    found = writer.list_imports(connection)
    for one in found:
        span = ""
        if one.start and one.end:
            # The last day that has some of it: an end at midnight belongs to the day before.
            first, last = clock.local(one.start), clock.local(one.end - timedelta(microseconds=1))
            span = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, "
        _print(
            f"{one.id}: {one.kind} {one.file}, meter {one.meter}, {span}{plural(one.rows, 'row')},"
            f"{'' if one.wh is None else f' {one.wh / 1000:.3f} kWh,'} imported {one.taken_at:%Y-%m-%d %H:%M} UTC",
            out,
        )
    if not found:
        _print("nothing was imported", out)


def _forget(connection: Connection, number: int, out: TextIO) -> None:
    try:
        deleted = writer.forget(connection, number)
    except PermanentError as error:
        raise PermanentError(
            f"{error}; the account needs DELETE on the tables of imports: run mariadb/storer.sql again"
        ) from error
    _print(f"import {number} is forgotten: {plural(deleted, 'row')} deleted", out)
