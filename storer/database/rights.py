"""What the storer's account may do."""

from common.database.mariadb import Connection
from common.database.rights import account_of, held_rights
from common.errors import PermanentError
from common.machine.deployment import here

#: The one table of which rows are deleted.
DELETES_FROM = "label_sets"


def require_delete(connection: Connection, name: str) -> None:
    """Refuse an account that may not delete rows of all tables of the database `name`: the storer's may not.

    Raises:
        PermanentError: with the statements that allow it for a while.
    """
    if "DELETE" not in held_rights(connection):
        account = account_of(connection)
        raise PermanentError(
            f"the account {account} may not delete. As administrator ({here('teleinfo-storer').sql()}): GRANT DELETE ON"
            f" {name}.* TO {account}; and after this command: REVOKE DELETE ON {name}.* FROM {account};"
        )


def may_delete_label_sets(connection: Connection) -> bool:
    """Return whether the account may delete rows of `label_sets`; rights of a role count."""
    sql = (
        "SELECT 1 FROM information_schema.table_privileges"
        " WHERE privilege_type = 'DELETE' AND table_schema = DATABASE() AND table_name = %s"
    )
    return "DELETE" in held_rights(connection) or bool(connection.query(sql, (DELETES_FROM,)))
