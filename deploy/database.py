"""Writes the SQL that MariaDB runs at each start, before it lets anybody in: the database, its users, their rights.

One statement a line, as the server's `--init-file` wants it. Passwords stand there as the server itself keeps them,
hashed. Everything may be repeated, and brings what was half done to its end.
"""

import hashlib

DATABASE = "teleinfodb"
_STORER_RIGHTS = "SELECT, INSERT, UPDATE, CREATE, ALTER, DROP, INDEX, CREATE VIEW, SHOW VIEW"
_READER_RIGHTS = "SELECT, SHOW VIEW"

# The image sets itself up through a server without network, as root without a password: that must go on until it is
# done. From then on root is whoever is root in the container, and the other accounts that the image made are gone.
_ONLY_WITH_NETWORK = "EXECUTE IMMEDIATE IF(@@skip_networking, 'DO 0', {statement});"
_STRAYS = (
    "SET @strays = (SELECT GROUP_CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.global_priv"
    " WHERE user = '' OR user = 'root' AND host <> 'localhost');"
)


def hashed(password: str) -> str:
    """Return what the server keeps of a password (mysql_native_password).

    >>> hashed("test")
    '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'
    """
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the protocol's choice
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def accounts_sql(storer: tuple[str, str], reader: tuple[str, str]) -> str:
    """Write the statements; each account is a name and a password."""
    lines = [
        f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;",
        "CREATE USER IF NOT EXISTS mysql@localhost IDENTIFIED VIA unix_socket;",
        "GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION;",
        *_user(*storer, _STORER_RIGHTS),
        *_user(*reader, _READER_RIGHTS),
        _STRAYS,
        _ONLY_WITH_NETWORK.format(statement="'ALTER USER root@localhost IDENTIFIED VIA unix_socket'"),
        _ONLY_WITH_NETWORK.format(statement="IF(@strays IS NULL, 'DO 0', CONCAT('DROP USER ', @strays))"),
    ]
    return "\n".join(lines) + "\n"


def _user(name: str, password: str, rights: str) -> list[str]:
    user = f"'{name}'@'%'"
    return [
        f"CREATE USER IF NOT EXISTS {user};",
        f"ALTER USER {user} IDENTIFIED VIA mysql_native_password USING '{hashed(password)}';",
        f"GRANT {rights} ON {DATABASE}.* TO {user};",
    ]
