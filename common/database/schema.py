"""The version of the tables, which the storer has made, and what an account may do in the database."""

from common.database.mariadb import Connection


def schema_version(connection: Connection) -> int | None:
    """Return the version of the tables, None if there are no tables."""
    exists = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_version'"
    if not connection.query(exists):
        return None
    ((version,),) = connection.query("SELECT MAX(version) FROM schema_version")
    return version or None


def held_rights(connection: Connection) -> set[str]:
    """Return the rights on all tables of the database, such as SELECT; those of a role count."""
    rows = connection.query(
        "SELECT privilege_type FROM information_schema.user_privileges UNION SELECT privilege_type FROM"
        " information_schema.schema_privileges WHERE DATABASE() LIKE table_schema"
    )
    return {str(right) for (right,) in rows}


def held_rights_on(connection: Connection, table: str) -> set[str]:
    """Return the rights on one table of the database, which may not be there yet."""
    sql = (
        "SELECT privilege_type FROM information_schema.table_privileges"
        " WHERE table_schema = DATABASE() AND table_name = %s"
    )
    return held_rights(connection) | {str(right) for (right,) in connection.query(sql, (table,))}


def account_of(connection: Connection) -> str:
    """Return the account as a GRANT names it: 'teleinfo'@'localhost'."""
    ((account,),) = connection.query("SELECT CURRENT_USER()")
    return "@".join(f"'{part}'" for part in str(account).rsplit("@", 1))
