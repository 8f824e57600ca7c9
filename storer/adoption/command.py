"""The command `teleinfo-storer adopt`: makes frames of the original program's table."""

import argparse
import contextlib
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from common.database.mariadb import Database
from common.runtime.cli import between, time_zone
from common.runtime.progress import Progress
from common.settings import config
from storer.adoption.adopt import adopt
from storer.adoption.original_table import OriginalTable, find_table
from storer.adoption.report import adopted_lines, survey_lines
from storer.adoption.source_clock import SourceClock
from storer.adoption.survey import survey
from storer.config import StorerConfig

_MOST_HOURS = 26


def declare_adopt(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    parser.add_argument("--dry-run", action="store_true", help="only show what is in the table; change nothing")
    clock = parser.add_mutually_exclusive_group()
    clock.add_argument(
        "--shift",
        type=between(-_MOST_HOURS, _MOST_HOURS),
        metavar="HOURS",
        help="add so many hours to each time, such as 1 or -1",
    )
    clock.add_argument(
        "--zone", type=time_zone, metavar="ZONE",
        help="the times are local times of this zone, such as Europe/Paris, stored as if they were UTC",
    )  # fmt: skip
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    database = Database(config.load(StorerConfig, arguments.config).database)
    clock = _clock(arguments.shift, arguments.zone)
    now = datetime.now(UTC)
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress(sys.stderr))
        if arguments.dry_run:
            connection = database.connect()
            stack.callback(connection.close)
            source = OriginalTable(connection, find_table(connection, database))
            found = survey(source, clock or SourceClock(), lambda rows: progress.show("looking at", source.table, rows))
            lines = [*survey_lines(found, clock or SourceClock(), now), "nothing was changed"]
        else:
            done = adopt(database, clock, now, lambda rows: progress.show("adopting", "frames", rows))
            lines = list(adopted_lines(done))
    for line in lines:
        print(line)  # noqa: T201 - the command's output
    return 0


def _clock(shift: int | None, zone: ZoneInfo | None) -> SourceClock | None:
    return None if shift is None and zone is None else SourceClock(shift or 0, zone)
