"""Divides each month of `frames` by meter, for databases of many meters: frames of one then lie together.

Measured with 1,000 meters: an hour of one meter is read in a twentieth of the time, and a row takes two thirds of the
room. For a household it only makes many small files, so it is never done by itself.
"""

import contextlib
import logging
from collections.abc import Iterator

from common.database.mariadb import Connection, Database
from common.errors import ConfigError
from common.machine.deployment import here
from storer.database.schema import Migration, migrate, migrations, partition_limits

log = logging.getLogger(__name__)

MOST_PARTITIONS = 8192  # of a table, MariaDB's limit; subpartitions count
LONGEST = 12 * 3600.0  # seconds that the copy may take
_ROOM = 120  # months that are still to come, or to be imported, where all are kept
_OTHERS = 6  # partitions beside the months that are kept: this month, three to come, and those before and after
MOST_ROWS = 5_000_000  # that are copied without being asked to


def count_subpartitions(connection: Connection) -> int:
    """Return into how many parts each month of `frames` is divided; 1: it is not."""
    ((count,),) = connection.query(
        "SELECT COUNT(DISTINCT subpartition_ordinal_position) FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = 'frames'"
    )
    return int(count) or 1


def migrate_divided(database: Database, count: int | None, months: int | None) -> list[Migration]:
    """Migrate the tables. If they are new, divide each month as configured; if not, say when they are not.

    Raises:
        ConfigError: there would be too many partitions.
    """
    applied = migrate(database)
    if count is None:
        return applied
    with contextlib.closing(database.connect()) as connection:
        existing = count_subpartitions(connection)
        if existing != count and applied and applied[0] == migrations()[0]:
            for line in subpartition(connection, count, months=months):
                log.info("%s", line)
        elif existing != count:
            log.warning("%s: %s", differs(count, existing), divide())
    return applied


def differs(count: int, existing: int) -> str:
    """Say that the table is not as configured."""
    return f"storage.subpartitions is {count}, but each month of frames has {existing}"


def divide() -> str:
    """Say how to make it so."""
    return f"{here('teleinfo-storer').run('teleinfo-storer', 'migrate')}, which copies all frames"


def subpartition(connection: Connection, count: int, *, months: int | None = None, copy: bool = False) -> Iterator[str]:
    """Divide each month of `frames` into so many parts; 1: into none. Yield lines for people.

    The table is copied, and nothing can be written to it meanwhile; one of some millions of rows only with `copy`.

    Args:
        connection: to the database.
        count: how many parts.
        months: that are kept, and must have room; None: all.
        copy: also a table of some millions of rows.

    Raises:
        ConfigError: there would be too many partitions, or too many rows have to be copied.
    """
    limits = sorted(partition_limits(connection).items(), key=lambda item: (item[1] is None, item[1]))
    most = MOST_PARTITIONS // (len(limits) + _ROOM if months is None else max(len(limits), months + _OTHERS))
    if count > most:
        raise ConfigError(
            f"{count} subpartitions: MariaDB has no room for as many in each of {len(limits)} months and those to"
            f" come; at most {most}, or keep fewer months: retention.frames"
        )
    if count_subpartitions(connection) == count:
        yield f"each month of frames is divided into {count} already" if count > 1 else "the months are not divided"
        return
    ((rows,),) = connection.query(
        "SELECT COALESCE(SUM(table_rows), 0) FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = 'frames'"
    )
    if rows > MOST_ROWS and not copy:
        raise ConfigError(
            f"frames has some {rows:,} rows. All of them are copied, at some 50,000 a second, and nothing is stored"
            " meanwhile (readers keep their frames). Make a backup, then add --copy"
        )
    yield f"dividing each month of frames into {count}: some {rows:,} rows are copied; nothing is stored meanwhile"
    parts = ", ".join(
        f"PARTITION {name} VALUES LESS THAN {'MAXVALUE' if limit is None else f'({limit})'}" for name, limit in limits
    )
    divided = f" SUBPARTITION BY HASH (meter_id) SUBPARTITIONS {count}" if count > 1 else ""
    connection.execute(f"ALTER TABLE frames PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)){divided} ({parts})")
    yield "done"
