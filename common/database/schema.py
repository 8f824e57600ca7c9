"""The version of the tables, which the storer has made."""

from common.database.mariadb import Connection


def schema_version(connection: Connection) -> int | None:
    """Return the version of the tables, None if there are no tables."""
    exists = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_version'"
    if not connection.query(exists):
        return None
    ((version,),) = connection.query("SELECT MAX(version) FROM schema_version")
    return version or None
