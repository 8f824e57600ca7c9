"""The commands of `teleinfo-storer`.

Imports that only one command needs are in its function: `run` starts quickly and uses little memory.
"""

import argparse
import contextlib
import gc
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common.contract.topics import Topics
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teleinfo-storer", description="Stores frames from MQTT in MariaDB, each exactly once."
    )
    add_version(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Command)
    common = config_option(CONFIG)

    run = commands.add_parser("run", parents=[common], help="store frames until stopped", epilog=LOCAL_TIMES)
    run.set_defaults(command=_run)

    migration = commands.add_parser("migrate", parents=[common], help="update the tables, as `run` does")
    migration.set_defaults(command=_migrate)

    limits = Command(add_help=False)
    limits.add_argument("--from", dest="start", metavar="TIME", help="such as 2026-11-24 or 2026-11-24T18:00:00+01:00")
    limits.add_argument("--to", dest="end", metavar="TIME", help="the end, exclusive")
    selection = Command(add_help=False, parents=[limits])
    selection.add_argument("--meter", metavar="ADDRESS", help="only this meter")

    commands.add_parser(
        "export",
        parents=[common, selection],
        help="print frames as they were published, or rollups, one a line",
        epilog=UTC_TIMES,
        declare=later("storer.export.command:declare_export"),
    )

    auditing = commands.add_parser(
        "audit",
        parents=[common, selection],
        help="compare the readers' counts with what is stored, hour by hour",
        epilog=UTC_TIMES,
    )
    auditing.set_defaults(command=_audit)

    rebuilding = commands.add_parser(
        "rebuild",
        parents=[common, limits],
        help="make the tables minutes and hours again from the frames, and hours of sources from their minutes",
        epilog=UTC_TIMES,
    )
    rebuilding.set_defaults(command=_rebuild, meter=None)

    saving = commands.add_parser(
        "backup", parents=[common], help="make a backup now, as the storer does each night", epilog=UTC_TIMES
    )
    saving.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="another one than backup.folder")
    saving.set_defaults(command=_backup)

    restoring = commands.add_parser(
        "restore",
        parents=[common],
        help="restore a folder's backup into an empty database; stop the storer first",
        epilog=UTC_TIMES,
    )
    restoring.add_argument("folder", type=Path, metavar="FOLDER", help="where the storer makes its backups")
    restoring.add_argument("--partial", action="store_true", help="although months are damaged or missing")
    mode = restoring.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only read the files; needs no database")
    mode.add_argument("--month", type=_month, metavar="MONTH", help="put back only this one, such as 2026-07")
    mode.add_argument("--release", type=_month, metavar="MONTH", help="let retention drop a month that was put back")
    restoring.set_defaults(command=_restore)

    forgetting = commands.add_parser(
        "forget", parents=[common], help="forget a storer or reader that is no longer used"
    )
    forgetting.add_argument("name", metavar="NAME", help="its name; it must not be running")
    forgetting.set_defaults(command=_forget)

    commands.add_parser(
        "forget-meter",
        parents=[common],
        help="delete all that the database has of a meter, while storers run",
        declare=later("storer.retention.forget:declare_forget_meter"),
    )
    commands.add_parser(
        "sources",
        parents=[common],
        help="show what arrives from other devices, and why something is not counted",
        epilog=UTC_TIMES,
        declare=later("storer.check.sources:declare_sources"),
    )
    commands.add_parser(
        "import",
        parents=[common],
        help="import earlier years: files from Enedis and EDF, Home Assistant, plain CSV",
        declare=later("storer.imports.command:declare_import"),
    )
    checking = commands.add_parser(
        "check",
        parents=[common],
        help="diagnose broker, database, readers and disk, and suggest fixes",
        epilog=UTC_TIMES,
    )
    checking.set_defaults(command=later("storer.check.command:run_check"))
    return parser


def _settings(arguments: argparse.Namespace) -> "StorerConfig":
    from common.settings import config
    from storer.config.options import StorerConfig

    return config.load(StorerConfig, arguments.config)


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

    applied = migrate(Database(_settings(arguments).database))
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

    settings = _settings(arguments)
    folder = arguments.folder or settings.backup.folder
    if folder is None:
        raise ConfigError("backup.folder is not set: name a folder")
    result = backup(Database(settings.database), folder, settings.retention)
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


def _forget(arguments: argparse.Namespace) -> int:
    from common.mqtt.forget import NotKnown, forget_program

    settings = _settings(arguments)
    forgotten, unknown = set(), None
    for base in settings.mqtt.topic:
        try:
            forgotten |= set(forget_program(settings.mqtt, Topics(base), "storer", arguments.name))
        except NotKnown as error:
            unknown = error
    if unknown is not None and not forgotten:
        raise unknown
    names = " and ".join(f"the {who}" for who in sorted(forgotten))
    print(f"{names} {'is' if len(forgotten) == 1 else 'are'} forgotten by the broker and its clients")  # noqa: T201
    return 0
