"""What the storer's account may do."""

from common.database.mariadb import Connection

#: The one table of which rows are deleted.
DELETES_FROM = "label_sets"

_OF_ALL = (
    "SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'DELETE'"
    " UNION SELECT 1 FROM information_schema.schema_privileges"
    " WHERE privilege_type = 'DELETE' AND DATABASE() LIKE table_schema"
)


def may_delete(connection: Connection) -> bool:
    """Return whether the account may delete rows of all tables; rights of a role count.

    Raises:
        DatabaseError: the database is unavailable.
    """
    return bool(connection.query(_OF_ALL))


def may_delete_label_sets(connection: Connection) -> bool:
    """Return whether the account may delete rows of `label_sets`; rights of a role count.

    Raises:
        DatabaseError: the database is unavailable.
    """
    rows = connection.query(
        f"{_OF_ALL} UNION SELECT 1 FROM information_schema.table_privileges"  # noqa: S608 - our own text
        " WHERE privilege_type = 'DELETE' AND table_schema = DATABASE() AND table_name = %s",
        (DELETES_FROM,),
    )
    return bool(rows)
