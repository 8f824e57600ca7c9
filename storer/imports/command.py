"""The command `teleinfo-storer import`."""

import argparse
import contextlib
import functools
import json
import sys
from collections.abc import Iterator
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
from storer.database.schema import open_tables
from storer.imports import writer
from storer.imports.facts import facts
from storer.imports.home_assistant import read_series
from storer.imports.importer import ZONE, DayImporter, DayOutcome, Importer, Outcome
from storer.imports.kinds import KINDS, Content, Request, read_content
from storer.imports.local_clock import LocalClock
from storer.imports.original import with_ours
from storer.imports.summary import summary
from storer.imports.temperatures import HELP, describe, read_temperatures

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
    add("--json", action="store_true", help="for programs: an object for each file")
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
            _show_list(connection, LocalClock(arguments.zone or ZONE), sys.stdout)
        elif arguments.forget is not None:
            _forget(connection, arguments.forget, sys.stdout)
        elif arguments.kind == writer.TEMPERATURES:
            _import_temperatures(connection, arguments, now or datetime.now(UTC))
        else:
            with Progress(sys.stderr) as progress:
                _import(connection, arguments, progress, now or datetime.now(UTC))
    return 0


def _import(connection: Connection, arguments: argparse.Namespace, progress: Progress, now: datetime) -> None:
    importer = Importer(
        connection,
        writer.find_meter(connection, arguments.meter, new=arguments.new_meter),
        series=read_series(arguments.series),
        zone=arguments.zone,
        dry_run=arguments.dry_run,
        progress=progress,
    )
    for file in arguments.files:
        with _named(file):
            outcome = importer.run(arguments.kind, file, functools.partial(_read, file), now)
        progress.clear()
        if arguments.json:
            _print_json(outcome)
            continue
        for line in summary(outcome.content, outcome.plan, importer.clock):
            _print(line, sys.stdout)
        if outcome.meter_is_new:
            _print(f"  the meter {outcome.meter} is new: nothing of it was stored before", sys.stdout)
        if outcome.kind == "original":
            _print(f"  this table and ours together: {with_ours(file)}", sys.stdout)
        _print(f"  {_result(outcome, bool(outcome.plan.new))}", sys.stdout)


def _read(file: str, kind: str, request: Request) -> Content:
    return read_content(kind, file, request)


@contextlib.contextmanager
def _named(file: str) -> Iterator[None]:
    try:
        yield
    except FileRefused as error:
        raise FileRefused(f"{file}: {error}; nothing of it was imported") from error


def _result(outcome: Outcome | DayOutcome, has_new: bool) -> str:
    if outcome.is_dry_run:
        return "nothing was imported: this was a dry run"
    if not has_new:
        return f"nothing new: it is import {outcome.number}" if outcome.number else "nothing new"
    return f"imported: this is import {outcome.number}, which --forget {outcome.number} deletes"


def _print_json(outcome: Outcome | DayOutcome) -> None:
    print(json.dumps(facts(outcome), ensure_ascii=False))  # noqa: T201 - the command's output


def _print(text: str, out: TextIO) -> None:
    """Print a line in the language of the terminal."""
    say = French(TEXTS) if language_of() == "fr" else str
    print(redact_prm(say(text)), file=out)


def _import_temperatures(connection: Connection, arguments: argparse.Namespace, now: datetime) -> None:
    importer = DayImporter(connection, writer.find_meter(connection, arguments.meter), dry_run=arguments.dry_run)
    for file in map(Path, arguments.files):
        with _named(str(file)):
            outcome = importer.run(file.name, read_temperatures(file), now)
        if arguments.json:
            _print_json(outcome)
            continue
        for line in describe(file.name, outcome.days, outcome.plan):
            _print(line, sys.stdout)
        _print(f"  {_result(outcome, bool(outcome.plan.new))}", sys.stdout)


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
