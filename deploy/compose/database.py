"""The SQL that MariaDB runs at each start, before it accepts connections: the database, its users, their rights.

One statement a line, as the server's `--init-file` requires. Passwords are hashed, as the server stores them. Every
statement can be repeated, and completes what an interrupted start left half done.
"""

from deploy.database_accounts import account_sql

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


def accounts_sql(accounts: list[tuple[str, str]]) -> str:
    """Return the statements for accounts, each given as its SQL of docs/database.md and its password.

    They are allowed from any host: the network of compose is the limit.

    Raises:
        ValueError: the SQL does not set exactly one password.
    """
    return _FIRST + "".join(account_sql(sql, password, "%") for sql, password in accounts) + _LAST
