"""The SQL of our accounts at the database: mariadb/*.sql, for another host and another way to identify."""

import hashlib
import re

DATABASE = "teleinfodb"
_PASSWORD = re.compile(r"IDENTIFIED BY '[^']*'")


def hashed(password: str) -> str:
    """Return the hash that the server stores for a password (mysql_native_password).

    >>> hashed("test")
    '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'
    """
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the protocol's choice
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def account_sql(sql: str, password: str | None, host: str) -> str:
    """Return the statements of an account, one a line: with this password, and allowed from `host`.

    Without a password, the account is for the user of the same name on this machine, and for root, through the socket.

    Raises:
        ValueError: the SQL does not set exactly one password.
    """
    statements = "".join(line for line in sql.splitlines(keepends=True) if not line.startswith("--"))
    identified = (
        "IDENTIFIED VIA unix_socket OR unix_socket AS 'root'"
        if password is None
        else f"IDENTIFIED VIA mysql_native_password USING '{hashed(password)}'"
    )
    statements, found = _PASSWORD.subn(identified, statements)
    if found != 1:
        raise ValueError("mariadb/*.sql: expected one account with one password")
    return statements.replace("'localhost'", f"'{host}'")
