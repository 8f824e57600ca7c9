"""Opens the tables that the storer makes, as this version of the monitor reads them."""

from common.database.mariadb import TIMEOUT, Connection, Database
from common.database.schema import schema_version
from common.errors import DatabaseError, PermanentError

NEWEST = 103
"""The version of the tables that this monitor knows: that of the storer of the same release."""


class NewerTables(PermanentError):
    """A newer version of the storer has migrated the tables."""


def open_tables(database: Database, timeout: float = TIMEOUT) -> Connection:
    """Open a connection; a statement may take `timeout` seconds.

    Raises:
        NewerTables: this program cannot read them.
        PermanentError: each server refuses the connection.
    """
    connection = database.connect(timeout)
    try:
        version = schema_version(connection) or 0
        if version > NEWEST:
            raise NewerTables(
                f"the tables have version {version}, this program supports up to {NEWEST}: update teleinfo-monitor"
            )
    except DatabaseError:
        connection.close()
        raise
    return connection
