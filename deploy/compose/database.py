"""Writes the SQL that MariaDB runs at each start, before it lets anybody in: the database, its users, their rights.

One statement a line, as the server's `--init-file` wants it. Passwords stand there as the server itself keeps them,
hashed. Everything may be repeated, and brings what was half done to its end.
"""

import hashlib
import re

from deploy.compose.accounts import SetupError

DATABASE = "teleinfodb"

# Whoever is `mysql` or `root` inside the container is the administrator. The image sets itself up through a server
# without network, as root without a password: that must go on until it is done. From then on root has to be root, and
# the other accounts that the image made are gone.
_FIRST = """\
CREATE USER IF NOT EXISTS mysql@localhost IDENTIFIED VIA unix_socket;
GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION;
"""
_LAST = """\
SET @strays = (SELECT GROUP_CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.global_priv\
 WHERE user = '' OR user = 'root' AND host <> 'localhost');
EXECUTE IMMEDIATE IF(@@skip_networking, 'DO 0', 'ALTER USER root@localhost IDENTIFIED VIA unix_socket');
EXECUTE IMMEDIATE IF(@@skip_networking OR @strays IS NULL, 'DO 0', CONCAT('DROP USER ', @strays));
"""
_PASSWORD = re.compile(r"IDENTIFIED BY '[^']*'")


def hashed(password: str) -> str:
    """Return what the server keeps of a password (mysql_native_password).

    >>> hashed("test")
    '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'
    """
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the protocol's choice
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def accounts_sql(accounts: list[tuple[str, str]]) -> str:
    """Write the statements for accounts: each the SQL of docs/database.md for it, and its password.

    Raises:
        SetupError: the SQL gives no account a password.
    """
    return _FIRST + "".join(_in_a_container(sql, password) for sql, password in accounts) + _LAST


def _in_a_container(sql: str, password: str) -> str:
    """Let the account come from anywhere: its own network is the limit."""
    statements = "".join(line for line in sql.splitlines(keepends=True) if not line.startswith("--"))
    secret = f"IDENTIFIED VIA mysql_native_password USING '{hashed(password)}'"
    statements, found = _PASSWORD.subn(secret, statements)
    if found != 1:
        raise SetupError("mariadb/*.sql: one account with one password is expected")
    return statements.replace("'localhost'", "'%'")
