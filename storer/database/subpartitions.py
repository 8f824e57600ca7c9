"""Divides each month of `frames` by meter, for databases of many meters: frames of one then lie together.

Measured with 1,000 meters: an hour of one meter is read in a twentieth of the time, and a row takes two thirds of the
room. For a household it only makes many small files, so it is never done by itself.
"""

from collections.abc import Iterator

from common.database import Connection
from common.errors import ConfigError
from storer.database.schema import partition_limits

MOST_PARTITIONS = 8192  # of a table, MariaDB's limit; subpartitions count
LONGEST = 12 * 3600.0  # seconds that the copy may take
_ROOM = 120  # months that are still to come, or to be imported
MOST_ROWS = 5_000_000  # that are copied without being asked to


def count_subpartitions(connection: Connection) -> int:
    """Return into how many parts each month of `frames` is divided; 1: it is not."""
    ((count,),) = connection.query(
        "SELECT COUNT(DISTINCT subpartition_ordinal_position) FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = 'frames'"
    )
    return int(count) or 1


def subpartition(connection: Connection, count: int, *, copy: bool = False) -> Iterator[str]:
    """Divide each month of `frames` into so many parts; 1: into none. Yield lines for people.

    The table is copied, and nothing can be written to it meanwhile; one of some millions of rows only with `copy`.

    Raises:
        ConfigError: there would be too many partitions, or too many rows have to be copied.
        DatabaseError: the database is unavailable, or refuses the statement.
    """
    limits = sorted(partition_limits(connection).items(), key=lambda item: (item[1] is None, item[1]))
    if count * (len(limits) + _ROOM) > MOST_PARTITIONS:
        most = MOST_PARTITIONS // (len(limits) + _ROOM)
        raise ConfigError(
            f"--subpartitions {count}: MariaDB has no room for as many in each of {len(limits)} months and those to"
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
