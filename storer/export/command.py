"""The command `teleinfo-storer export`: frames as they were published, or rollups."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from common.database.mariadb import Connection, Database
from common.errors import ConfigError
from common.runtime.progress import Progress
from common.settings import config
from storer.config.options import StorerConfig
from storer.database.schema import open_tables
from storer.export.frames import Selection, check_meter, export, read_selection
from storer.export.rollups import ROLLUPS, export_rollup

T = TypeVar("T")


def declare_export(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config` and the selection."""
    parser.add_argument("--rollup", choices=tuple(ROLLUPS), help="rollups instead of frames")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    selection = read_selection(arguments.start, arguments.end, arguments.meter)
    database = Database(config.load(StorerConfig, arguments.config).database)
    # On a terminal, the status line would be written into the output.
    with (
        Progress(None if sys.stdout.isatty() else sys.stderr) as progress,
        open_tables(database) as connection,
    ):
        if arguments.rollup is None:
            return _export_frames(database, selection, progress)
        _export_rollup(connection, selection, arguments.rollup, progress)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.meter is not None and (arguments.rollup or "").startswith("source_"):
        raise ConfigError(f"--meter: {arguments.rollup} has the rows of sources, not of meters: leave --meter out")


def _export_frames(database: Database, selection: Selection, progress: Progress) -> int:
    """Print the frames as they were published; return 1 if some cannot be."""
    complete = True

    def report(what: str) -> None:
        nonlocal complete
        complete = False
        progress.clear()
        print(f"teleinfo-storer: {what}", file=sys.stderr)  # noqa: T201 - for a person

    for message in _counted(export(database, selection, report), "frames", progress):
        sys.stdout.buffer.write(message + b"\n")  # byte for byte, whatever the terminal's encoding
    sys.stdout.flush()
    return 0 if complete else 1


def _export_rollup(connection: Connection, selection: Selection, table: str, progress: Progress) -> None:
    if selection.meter is not None:
        check_meter(connection, selection.meter)
    sys.stdout.buffer.writelines(_counted(export_rollup(connection, table, selection), table, progress))
    sys.stdout.flush()


def _counted(things: Iterable[T], name: str, progress: Progress) -> Iterator[T]:
    for number, thing in enumerate(things, 1):
        if number % 1000 == 0:
            progress.show("exporting", name, number)
        yield thing
