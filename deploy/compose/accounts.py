"""The accounts at the broker and at the database, and the store of their passwords."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.files import write

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PASSWORD_BYTES = 24  # 192 bits
_LONGEST = 200


class SetupError(Exception):
    """Something that the user must correct; the message says what and how, in one line."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the broker or at the database."""

    name: str
    role: str  # a section of mosquitto/acl; "sql": at the database
    note: str  # for people
    file: str = ""  # in which its program finds the password; the folder is one of GROUPS
    sql: str = ""  # the template that creates it at the database


#: Those that always exist.
ACCOUNTS = (
    Account("reader", "reader", "the reader of compose", "reader/mqtt-password"),
    Account("storer", "storer", "the storer of compose", "storer/mqtt-password"),
    Account("monitor", "monitor", "the monitor of compose: reads", "monitor/mqtt-password"),
    Account("home-assistant", "home-assistant", "Home Assistant: reads, publishes its own status"),
    Account("phone", "phone", "a phone, a script: reads"),
    Account("health", "health", "the health check of mosquitto's container"),
    Account("console", "phone", "mosquitto_sub in mosquitto's container: reads"),
    Account("teleinfo", "sql", "the storer, at the database", "storer/database-password", "storer.sql"),
    Account("teleinfo-monitor", "sql", "the monitor: reads the database", "monitor/database-password", "monitor.sql"),
    Account("grafana", "sql", "Grafana, SQL: reads the database", "grafana/database-password", "people.sql"),
)
#: Folders that `setup` shares with a container each, and the group id of the container.
GROUPS = {"database": 999, "reader": 10001, "storer": 10002, "monitor": 10003, "grafana": 472}
#: Those whose client id at the broker is the name of their account: see mosquitto/mosquitto.conf.
GUESTS = ("home-assistant", "phone", "device")
#: Roles of accounts that are added.
ROLES = ("reader", "storer", "monitor", *GUESTS)
#: How the client ids of programs begin.
_CLIENT_ID = "teleinfo-"


class PasswordStore:
    """A folder with a file for each password; only `setup` can read it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def accounts(self) -> list[Account]:
        """Return all accounts, those that always exist first."""
        return [*ACCOUNTS, *self._added()]

    def find(self, name: str) -> Account:
        """Return an account.

        Raises:
            SetupError: there is no account of this name.
        """
        accounts = {account.name: account for account in self.accounts()}
        if name not in accounts:
            raise SetupError(f"unknown account {name!r}; known: {', '.join(accounts)}")
        return accounts[name]

    def password(self, account: Account) -> str:
        """Return the password of an account; create one when it has none."""
        file = self._file(account, "password")
        if not file.exists():
            self.renew(account)
        return file.read_text(encoding="utf-8").rstrip("\n")

    def renew(self, account: Account) -> None:
        """Create a new password for an account."""
        write(self._file(account, "password"), secrets.token_urlsafe(_PASSWORD_BYTES) + "\n")
        self._file(account, "given").unlink(missing_ok=True)

    def set_external(self, account: Account, password: str) -> None:
        """Set the password that an account has on the user's own broker or database.

        Raises:
            SetupError: it is not a valid password.
        """
        if not password or len(password) > _LONGEST or not password.isprintable():
            raise SetupError(f"a password must be one line of 1 to {_LONGEST} printable characters")
        write(self._file(account, "password"), password + "\n")
        self._file(account, "given").touch(mode=0o600)

    def is_external(self, account: Account) -> bool:
        """Return whether the password was set by `set_external`."""
        return self._file(account, "given").exists()

    def add(self, name: str, role: str) -> None:
        """Add an account of one of ROLES.

        Raises:
            SetupError: the name is taken or not valid.
        """
        if not _NAME.fullmatch(name):
            raise SetupError(f"{name!r} is not a valid name: use a-z, 0-9 and '-', such as reader-attic")
        if role in GUESTS and name.startswith(_CLIENT_ID):
            raise SetupError(f"the name of a {role} cannot begin with {_CLIENT_ID!r}: the programs' client ids do")
        if any(account.name == name for account in self.accounts()):
            raise SetupError(f"the account {name!r} already exists")
        write(self._folder / f"{name}.role", role + "\n")

    def remove(self, name: str) -> None:
        """Remove an account that was added.

        Raises:
            SetupError: it was not added.
        """
        account = next((account for account in self._added() if account.name == name), None)
        if account is None:
            raise SetupError(f"{name!r} is not an account that was added")
        for kind in ("password", "given", "role"):  # the role last: as long as it exists, this can be repeated
            self._file(account, kind).unlink(missing_ok=True)

    def _added(self) -> Iterator[Account]:
        for file in sorted(self._folder.glob("*.role")):
            yield Account(file.stem, file.read_text(encoding="utf-8").strip(), "added")

    def _file(self, account: Account, kind: str) -> Path:
        return self._folder / f"{account.name}.{kind}"
