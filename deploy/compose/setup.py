"""Writes the files of the containers: each gets its own passwords, the broker and the database all accounts."""

import os
import re
from pathlib import Path

from deploy.broker import ROLES, access_rules, passwords_file
from deploy.compose.accounts import GROUPS, Account, PasswordStore, SetupError
from deploy.compose.certificates import CertificateAuthority
from deploy.database_accounts import account_sql
from deploy.files import write

ACCOUNTS_SQL = "accounts-2.sql"  # compose.yaml names it, too
ZONES = Path("/usr/share/zoneinfo")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")

# What MariaDB runs at each start, before it accepts connections: one statement a line, as `--init-file` requires; each
# can be repeated. The users `mysql` and `root` inside the container are administrators. The image sets itself up with a
# server without network, as root without a password, which must work until that is done. From then on root must be the
# user root, and the other accounts that the image made are dropped.
_SQL_FIRST = """\
CREATE USER IF NOT EXISTS mysql@localhost IDENTIFIED VIA unix_socket;
GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION;
"""
_SQL_LAST = """\
SET @strays = (SELECT GROUP_CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.global_priv\
 WHERE user = '' OR user = 'root' AND host <> 'localhost');
EXECUTE IMMEDIATE IF(@@skip_networking, 'DO 0', 'ALTER USER root@localhost IDENTIFIED VIA unix_socket');
EXECUTE IMMEDIATE IF(@@skip_networking OR @strays IS NULL, 'DO 0', CONCAT('DROP USER ', @strays));
"""


class Setup:
    """The folders that `setup` shares with the containers, one for each, and `keep`, which only `setup` has."""

    def __init__(self, root: Path, templates: Path, names: tuple[str, ...]) -> None:
        self.vault = PasswordStore(root / "keep")
        self.authority = CertificateAuthority(root / "keep")
        self.names = names
        self._root = root
        self._templates = templates

    def prepare(self) -> bool:
        """Create what is missing and distribute it; return whether the broker's certificate is a new one.

        Raises:
            SetupError: openssl failed, or TZ is not a time zone.
        """
        renewed = self.authority.prepare(self.names)
        passwords = {account: self.vault.password(account) for account in self.vault.accounts()}
        self._write_broker({account: text for account, text in passwords.items() if account.role != "sql"})
        # Any host may use these accounts: the network of compose is the limit.
        statements = [
            account_sql(self._template(f"mariadb/{account.sql}"), password, "%")
            for account, password in passwords.items()
            if account.sql
        ]
        self._write("database/teleinfo.cnf", self._template("mariadb/small-machine.cnf"))
        # Last, as the server waits for it; so does mosquitto for `start`.
        self._write(f"database/{ACCOUNTS_SQL}", _SQL_FIRST + "".join(statements) + _SQL_LAST)
        for account, password in passwords.items():
            if account.file:
                self._write(account.file, password + "\n")
        folder = self._templates / "deploy/grafana"
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = f"grafana/provisioning/{file.relative_to(folder)}"
            (self._root / name).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._write(name, file.read_text())
        return renewed

    def password(self, name: str) -> str:
        """Return the password of an account."""
        return self.vault.password(self.vault.find(name))

    def _write_broker(self, passwords: dict[Account, str]) -> None:
        own = {account.name: password for account, password in passwords.items()}
        rules = access_rules(self._template("mosquitto/acl"), ((account.name, account.role) for account in passwords))
        self._write("broker/passwords", passwords_file(own))
        (self._root / "broker" / "roles").mkdir(exist_ok=True)
        for role in ROLES:
            _, _, of_role = access_rules(self._template("mosquitto/acl"), [(role, role)]).partition("\n")
            self._write(f"broker/roles/{role}", of_role)
        self._write("broker/acl", rules)
        (self._root / "broker" / "console").mkdir(exist_ok=True)
        # Options of mosquitto_sub: so its password is on no command line.
        for name, file in (("health", "mosquitto_sub"), ("console", "console/mosquitto_sub")):
            self._write(f"broker/{file}", f"-u {name}\n-P {self.password(name)}\n")
        if zone := os.environ.get("TZ"):
            self._write("broker/localtime", _zone_file(zone))
        self._write("broker/server.key", self.authority.server_key.read_text())
        self._write("broker/server.crt", self.authority.server_certificate.read_text())
        configuration = (self._template(f"mosquitto/{name}.conf") for name in ("mosquitto", "common"))
        self._write("broker/mosquitto.conf", "\n".join(configuration))
        self._write("broker/start", self._template("mosquitto/start"))

    def _write(self, name: str, content: str | bytes) -> None:
        write(self._root / name, content, group=GROUPS.get(name.partition("/")[0]))

    def _template(self, name: str) -> str:
        return (self._templates / name).read_text()


def _zone_file(name: str) -> bytes:
    """Return the file of a time zone, such as Europe/Paris, for mosquitto's image, which has none."""
    try:
        if not _ZONE.fullmatch(name):
            raise FileNotFoundError
        return (ZONES / name).read_bytes()
    except OSError as error:
        raise SetupError(f"TZ: {name!r} is not a time zone such as Europe/Paris: correct it in .env") from error
