"""The SQL that MariaDB runs at each start, before it accepts connections: the database, its users, their rights.

One statement a line, as the server's `--init-file` requires. Passwords are hashed, as the server stores them. Every
statement can be repeated, and completes what an interrupted start left half done.
"""

import hashlib
import re

from deploy.compose.accounts import SetupError

DATABASE = "teleinfodb"

# The users `mysql` and `root` inside the container are administrators. The image sets itself up with a server without
# network, as root without a password, which must work until that is done. From then on root must be the user root, and
# the other accounts that the image made are dropped.
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
    """Return the hash that the server stores for a password (mysql_native_password).

    >>> hashed("test")
    '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'
    """
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the protocol's choice
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def accounts_sql(accounts: list[tuple[str, str]]) -> str:
    """Return the statements for accounts, each given as its SQL of docs/database.md and its password.

    Raises:
        SetupError: the SQL does not set exactly one password.
    """
    return _FIRST + "".join(_in_a_container(sql, password) for sql, password in accounts) + _LAST


def _in_a_container(sql: str, password: str) -> str:
    """Allow the account from any host: the network of compose is the limit."""
    statements = "".join(line for line in sql.splitlines(keepends=True) if not line.startswith("--"))
    secret = f"IDENTIFIED VIA mysql_native_password USING '{hashed(password)}'"
    statements, found = _PASSWORD.subn(secret, statements)
    if found != 1:
        raise SetupError("mariadb/*.sql: expected one account with one password")
    return statements.replace("'localhost'", "'%'")
