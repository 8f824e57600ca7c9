"""The commands of `teleinfo-storer`.

Imports that only one command needs are in its function: `run` starts quickly and uses little memory.
"""

import argparse
import contextlib
import gc
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common.errors import ConfigError
from common.runtime import logs
from common.runtime.cli import LOCAL_TIMES, UTC_TIMES, Command, add_version, config_option, later, run_cli
from common.runtime.shutdown import Shutdown

if TYPE_CHECKING:
    from storer.backup.restore import Backup
    from storer.config.options import StorerConfig

CONFIG = Path("/etc/teleinfo/storer.yaml")
# Objects between two searches for garbage in cycles, of which there is little. Python's 700 cost 5 % of a backlog.
_COLLECT_AFTER = 10_000


def main() -> int:
    """Run the command; return its exit code: 0 ok, 1 failed, 2 configuration or usage, 3 refused by the database."""
    return run_cli("teleinfo-storer", _parser(), "storer.config.french")


class _Command(NamedTuple):
    """A command: what it is called, what it does, and what declares its arguments and its function."""

    name: str
    text: str
    declare: Callable[[argparse.ArgumentParser], None]
    shares: str = "file"  # which options it shares with others: file, limits or selection
    epilog: str | None = None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teleinfo-storer", description="Stores frames from MQTT in MariaDB, each exactly once."
    )
    add_version(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Command)
    file = config_option(CONFIG)
    limits = Command(add_help=False)
    limits.add_argument("--from", dest="start", metavar="TIME", help="such as 2026-11-24 or 2026-11-24T18:00:00+01:00")
    limits.add_argument("--to", dest="end", metavar="TIME", help="the end, exclusive")
    selection = Command(add_help=False, parents=[limits])
    selection.add_argument("--meter", metavar="ADDRESS", help="only this meter")
    shared = {"file": [file], "limits": [file, limits], "selection": [file, selection]}
    for command in _COMMANDS:
        commands.add_parser(
            command.name,
            parents=shared[command.shares],
            help=command.text,
            epilog=command.epilog,
            declare=command.declare,
        )
    return parser


def _only(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.ArgumentParser], None]:
    """Return what declares a command without arguments of its own."""

    def declare(parser: argparse.ArgumentParser) -> None:
        parser.set_defaults(command=command)

    return declare


def _declare_backup(backup: argparse.ArgumentParser) -> None:
    backup.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="another one than backup.folder")
    backup.set_defaults(command=_backup)


def _declare_restore(restore: argparse.ArgumentParser) -> None:
    restore.add_argument("folder", type=Path, metavar="FOLDER", help="where the storer makes its backups")
    restore.add_argument("--partial", action="store_true", help="although months are damaged or missing")
    mode = restore.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only read the files; needs no database")
    mode.add_argument("--month", type=_month, metavar="MONTH", help="put back only this one, such as 2026-07")
    mode.add_argument("--release", type=_month, metavar="MONTH", help="let retention drop a month that was put back")
    restore.set_defaults(command=_restore)


def _settings(arguments: argparse.Namespace, *, moved: bool = False) -> "StorerConfig":
    from common.settings import config
    from storer.config.options import StorerConfig

    return config.load(StorerConfig, arguments.config, moved=moved)


def _run(arguments: argparse.Namespace) -> int:
    from storer.service import Storer

    settings = _settings(arguments)
    logs.set_up(settings.log.format, "teleinfo-storer")
    shutdown = Shutdown()
    storer = Storer(settings, shutdown, arguments.config)
    shutdown.install(storer.wake)
    gc.set_threshold(_COLLECT_AFTER)
    storer.run()
    logging.getLogger(__name__).info("Stopped")
    return shutdown.exit_code


def _migrate(arguments: argparse.Namespace) -> int:
    from common.database.mariadb import Database
    from storer.database.schema import migrate

    # What the page sets now is taken over from this file into the tables, which come first.
    applied = migrate(Database(_settings(arguments, moved=True).database))
    for migration in applied:
        print(f"version {migration.version}: {migration.name}")  # noqa: T201 - the command's output
    if not applied:
        print("the tables are up to date")  # noqa: T201 - the command's output
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    from common.database.mariadb import Database
    from storer.export.audit import run_audit
    from storer.export.frames import read_selection

    selection = read_selection(arguments.start, arguments.end, arguments.meter)
    settings = _settings(arguments)
    return run_audit(Database(settings.database), selection, datetime.now(UTC), sys.stdout)


def _rebuild(arguments: argparse.Namespace) -> int:
    from common.database.mariadb import Database
    from common.runtime.progress import Progress
    from common.settings.language import plural
    from storer.export.frames import read_selection
    from storer.rollups.rebuild import rebuild, repeat
    from storer.sources.tables import remake_hours

    limits = read_selection(arguments.start, arguments.end)
    settings = _settings(arguments)
    database = Database(settings.database)
    with Progress(sys.stderr) as progress:
        done = rebuild(database, limits.start, limits.end, progress)
    print(f"{plural(done.hours, 'hour')} rebuilt from {plural(done.frames, 'frame')}")  # noqa: T201 - the command's output

    def remake() -> int:
        with contextlib.closing(database.connect()) as connection:
            return sum(remake_hours(connection, limits.start, limits.end))

    if hours := repeat(remake):
        print(f"{plural(hours, 'hour')} of sources rebuilt from their minutes")  # noqa: T201 - the command's output
    return 0


def _month(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)


def _backup(arguments: argparse.Namespace) -> int:
    from common.database.mariadb import Database
    from storer.backup.backup import backup
    from storer.database.settings import read_saved

    settings = _settings(arguments)
    folder = arguments.folder or settings.backup.folder
    if folder is None:
        raise ConfigError("backup.folder is not set: name a folder")
    database = Database(settings.database)
    result = backup(database, folder, read_saved(database).retention)
    print(  # noqa: T201 - the command's output
        f"{result.dump}: saved and read back; files of months written: {len(result.written)}, read again:"
        f" {len(result.read)}"
    )
    for note in (*result.notes, *result.problems):
        print(f"teleinfo-storer: {note}", file=sys.stderr)  # noqa: T201 - for a person
    return 1 if result.problems else 0


def _restore(arguments: argparse.Namespace) -> int:
    from common.database.mariadb import Database
    from storer.backup.folder import Folder
    from storer.backup.restore import check, release_month, restore, restore_month

    if arguments.check:
        _print_backup("whole", backup := check(Folder(arguments.folder)))
        return 1 if backup.missing and not arguments.partial else 0
    database = Database(_settings(arguments).database)
    if (month := arguments.release) is not None:
        release_month(database, month)
        print(f"{month:%Y-%m}: retention drops it when it is due")  # noqa: T201 - the command's output
    elif (month := arguments.month) is not None:
        rows = restore_month(database, arguments.folder, month)
        print(f"{month:%Y-%m}: {rows} rows put back; retention leaves them")  # noqa: T201 - the command's output
    else:
        backup = restore(database, arguments.folder, partial=arguments.partial)
        _print_backup(f"restored into {database.name}", backup)
    return 0


def _print_backup(what: str, backup: "Backup") -> None:
    months = f"{len(backup.months)} months with {sum(backup.months.values())} rows"
    print(f"{backup.dump}: {what}, as of {backup.taken:%Y-%m-%dT%H:%M:%SZ}, and {months}")  # noqa: T201
    for note in (*backup.notes, *backup.missing):
        print(f"teleinfo-storer: {note}", file=sys.stderr)  # noqa: T201 - for a person


_COMMANDS = (
    _Command("run", "store frames until stopped", _only(_run), epilog=LOCAL_TIMES),
    _Command("migrate", "update the tables, as `run` does", _only(_migrate)),
    _Command(
        "export",
        "print frames as they were published, or rollups, one a line",
        later("storer.export.command:declare_export"),
        "selection",
        UTC_TIMES,
    ),
    _Command(
        "audit",
        "compare the readers' counts with what is stored, hour by hour",
        _only(_audit),
        "selection",
        UTC_TIMES,
    ),
    _Command(
        "rebuild",
        "make the tables minutes and hours again from the frames, and hours of sources from their minutes",
        _only(_rebuild),
        "limits",
        UTC_TIMES,
    ),
    _Command("backup", "make a backup now, as the storer does each night", _declare_backup, epilog=UTC_TIMES),
    _Command(
        "restore",
        "restore a folder's backup into an empty database; stop the storer first",
        _declare_restore,
        epilog=UTC_TIMES,
    ),
    _Command(
        "forget-meter",
        "delete all that the database has of a meter, while storers run",
        later("storer.retention.forget:declare_forget_meter"),
    ),
    _Command(
        "sources",
        "show what arrives from other devices, and why something is not counted",
        later("storer.check.sources:declare_sources"),
        epilog=UTC_TIMES,
    ),
    _Command(
        "import",
        "import earlier years: files from Enedis and EDF, Home Assistant, plain CSV",
        later("storer.imports.command:declare_import"),
    ),
    _Command(
        "check",
        "diagnose broker, database, readers and disk, and suggest fixes",
        _only(later("storer.check.command:run_check")),
        epilog=UTC_TIMES,
    ),
)
