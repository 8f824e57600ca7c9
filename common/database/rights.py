"""What an account may do in its database."""

from common.database.mariadb import Connection


def held_rights(connection: Connection) -> set[str]:
    """Return the rights on all tables of the database, such as SELECT; those of a role count."""
    rows = connection.query(
        "SELECT privilege_type FROM information_schema.user_privileges UNION SELECT privilege_type FROM"
        " information_schema.schema_privileges WHERE DATABASE() LIKE table_schema"
    )
    return {str(right) for (right,) in rows}


def account_of(connection: Connection) -> str:
    """Return the account as a GRANT names it: 'teleinfo'@'localhost'."""
    ((account,),) = connection.query("SELECT CURRENT_USER()")
    return "@".join(f"'{part}'" for part in str(account).rsplit("@", 1))
