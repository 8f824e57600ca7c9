"""The command `teleinfo-storer export`: frames as they were published, or tables for spreadsheets and programs."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from typing import BinaryIO, TypeVar
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection, Database
from common.errors import ConfigError
from common.runtime.cli import time_zone
from common.runtime.progress import Progress
from common.settings import config
from storer.config import StorerConfig
from storer.database.schema import open_tables
from storer.export.columns import ROLLUPS, query_frames, query_rollup
from storer.export.delimited import Locale, csv_lines, json_lines
from storer.export.frames import Selection, check_meter, export, read_selection

FORMATS = ("json", "csv", "parquet")
PARIS = "Europe/Paris"

T = TypeVar("T")


def declare_export(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config` and the selection."""
    parser.add_argument("--format", choices=FORMATS, default="json", help="default: json")
    parser.add_argument("--rollup", choices=tuple(ROLLUPS), help="rollups instead of frames")
    parser.add_argument(
        "--locale", choices=[locale.value for locale in Locale], default=Locale.C.value,
        help=f"for csv: fr is for a French spreadsheet (semicolon, decimal comma, {PARIS})",
    )  # fmt: skip
    parser.add_argument("--zone", type=time_zone, metavar="ZONE", help=f"of all times, such as {PARIS}; default: UTC")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    french = arguments.locale == Locale.FR.value
    zone = arguments.zone or (ZoneInfo(PARIS) if french else UTC)
    selection = read_selection(arguments.start, arguments.end, arguments.meter, zone)
    database = Database(config.load(StorerConfig, arguments.config).database)
    # On a terminal, the status line would be written into the output.
    with (
        Progress(None if sys.stdout.isatty() else sys.stderr) as progress,
        open_tables(database) as connection,
    ):
        if arguments.format == "json" and arguments.rollup is None:
            return _export_frames(database, selection, progress)
        _export_table(connection, selection, arguments, zone, progress)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.meter is not None and (arguments.rollup or "").startswith("source_"):
        raise ConfigError(f"--meter: {arguments.rollup} has the rows of sources, not of meters: leave --meter out")
    if arguments.locale != Locale.C.value and arguments.format != "csv":
        raise ConfigError("--locale is for --format csv only")
    if arguments.zone is not None and arguments.format == "json" and arguments.rollup is None:
        raise ConfigError("--zone: frames in JSON are as they were published, in UTC; choose --format csv or parquet")
    if arguments.format == "parquet":
        if sys.stdout.isatty():
            raise ConfigError("refusing to write Parquet to a terminal; redirect it: > frames.parquet")
        _check_pyarrow()


def _check_pyarrow() -> None:
    try:
        import storer.export.parquet  # noqa: F401 - pyarrow is only installed for it
    except ImportError as error:
        raise ConfigError(
            "--format parquet: the Python package pyarrow is missing: install the extra 'parquet'"
            f" ({sys.executable} -m pip install pyarrow); for 32-bit ARM there is none: use --format csv"
        ) from error


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


def _export_table(
    connection: Connection, selection: Selection, arguments: argparse.Namespace, zone: tzinfo, progress: Progress
) -> None:
    if selection.meter is not None:
        check_meter(connection, selection.meter)
    query = (
        query_frames(selection) if arguments.rollup is None else query_rollup(connection, arguments.rollup, selection)
    )
    stream = connection.stream(query.sql, query.arguments)
    rows = _counted(query.expand(stream), arguments.rollup or "frames", progress)
    out: BinaryIO = sys.stdout.buffer
    match arguments.format:
        case "parquet":
            from storer.export.parquet import write_parquet

            write_parquet(query.columns, rows, zone, out)
        case "csv":
            out.writelines(csv_lines(query.columns, rows, Locale(arguments.locale), zone))
        case _:
            out.writelines(json_lines(query.columns, rows, zone))
    out.flush()


def _counted(things: Iterable[T], name: str, progress: Progress) -> Iterator[T]:
    for number, thing in enumerate(things, 1):
        if number % 1000 == 0:
            progress.show("exporting", name, number)
        yield thing
